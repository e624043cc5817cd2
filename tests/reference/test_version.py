"""The rulebook's version."""

from pathlib import Path

from reference.version import rulebook_version


def test_the_version_is_short_and_the_same_again(folder: Path) -> None:
    """The same files give the same sixteen digits, wherever they lie."""
    version = rulebook_version(folder)
    assert len(version) == 16
    assert rulebook_version(folder) == version


def test_a_changed_value_changes_the_version(folder: Path) -> None:
    """A value that changes makes another rulebook."""
    version = rulebook_version(folder)
    path = folder / "parameters/thresholds/kx_threshold.yaml"
    path.write_text(path.read_text().replace("2480.00", "2490.00"))
    assert rulebook_version(folder) != version


def test_a_new_name_changes_the_version(folder: Path) -> None:
    """A release under another name makes another rulebook."""
    version = rulebook_version(folder)
    (folder / "tables/gpci/2026").rename(folder / "tables/gpci/other")
    assert rulebook_version(folder) != version


def test_line_ends_and_caches_do_not_change_the_version(folder: Path) -> None:
    """A checkout with other line ends, or with caches, is the same rulebook."""
    version = rulebook_version(folder)
    path = folder / "findings.yaml"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "left.yaml").write_text("left: over\n")
    assert rulebook_version(folder) == version
