"""``therapy rulebook``: what is in force, whether it can be read, and how new files come in."""

import argparse
import shutil
from pathlib import Path

import pytest

from commands import rulebook
from reference.errors import ReferenceFileError
from reference.rulebook import PACKAGE, load
from tests.reference.importers import official_files as official


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the reference data that a test may change."""
    copy = tmp_path / "reference"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    return copy


@pytest.fixture(autouse=True)
def wide_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every cell of a table is on one line."""
    monkeypatch.setenv("COLUMNS", "400")


def therapy(*words: str) -> int:
    """Run the command line with ``rulebook`` and the words after it."""
    parser = argparse.ArgumentParser()
    rulebook.add_arguments(parser.add_subparsers().add_parser("rulebook"))
    args = parser.parse_args(["rulebook", *words])
    status: int = args.run(args)
    return status


def row(output: str, name: str) -> list[str]:
    """The cells of the first row of a printed table that begins with the name."""
    lines = [line for line in output.splitlines() if line.startswith(f"│ {name} ")]
    return [cell.strip() for cell in lines[0].strip("│").split("│")]


def test_list_says_what_is_in_force(capsys: pytest.CaptureFixture[str]) -> None:
    """The list has dates, days left, file and source of what is in force on the day."""
    assert therapy("list", "--on", "2026-11-22") == 0
    output = capsys.readouterr().out
    name, first, through, left, file, source = row(output, "relative_values")
    assert (name, first, through, left) == ("relative_values", "2026-01-01", "2026-12-31", "39")
    assert (file, source[:3]) == ("rvu26c/release.yaml", "CMS")
    assert "rvu24a" not in output


def test_list_all_has_what_was_in_force_too(capsys: pytest.CaptureFixture[str]) -> None:
    """With --all the list has the past and the future."""
    therapy("list", "--on", "2026-11-22", "--all")
    assert "rvu24a/release.yaml" in capsys.readouterr().out


def test_list_says_what_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    """What has no value on the day stands in the list, and says so."""
    therapy("list", "--on", "2027-01-01")
    assert row(capsys.readouterr().out, "gpci")[1] == "NO VALUE IN FORCE"


def test_show_has_the_profile_and_the_values(capsys: pytest.CaptureFixture[str]) -> None:
    """A date and a program show the profile's policies and each value with its authority."""
    assert therapy("show", "2026-03-02", "medicare_ffs") == 0
    output = capsys.readouterr().out
    assert row(output, "unit_rule")[1] == "cms_total_time"
    assert row(output, "kx_threshold")[1] == "pt_slp 2480.00, ot 2480.00"
    assert "§1833(g)(7)(A)" in row(output, "kx_threshold")[4]
    assert row(output, "gpci")[1] == "109 rows"
    assert row(output, "filing due")[1] == "2027-03-02"


def test_show_has_what_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    """What is not in force on the date stands there all the same."""
    therapy("show", "2027-03-02", "medicare_ffs")
    assert row(capsys.readouterr().out, "relative_values")[1] == "NO VALUE IN FORCE"


def test_show_takes_an_id_with_its_program(capsys: pytest.CaptureFixture[str]) -> None:
    """An id without a profile of its own needs the program, whose profile it shows."""
    therapy("show", "2026-03-02", "BLUE-1", "--program", "commercial")
    assert row(capsys.readouterr().out, "name")[1] == "commercial"
    with pytest.raises(ReferenceFileError, match="name the program"):
        therapy("show", "2026-03-02", "BLUE-1")


def test_show_finds_a_payer_s_own_profile(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An id with a profile needs nothing else."""
    text = (folder / "payers/va.yaml").read_text()
    own = text.replace("profile: va", "profile: blue").replace("payer_ids: []", "payer_ids: [B1]")
    (folder / "payers/blue.yaml").write_text(own)
    therapy("show", "2026-03-02", "B1", "--reference", str(folder))
    assert row(capsys.readouterr().out, "name")[1] == "blue"


def test_check_prints_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    """A right folder gives its version, and status 0."""
    assert therapy("check", "--on", "2026-06-01") == 0
    assert capsys.readouterr().out.splitlines()[1] == f"version {load().version}"


@pytest.mark.parametrize(
    ("day", "says"),
    [
        ("2026-11-22", "gpci ends on 2026-12-31: load what follows"),
        ("2027-01-01", "gpci has no value in force on 2027-01-01"),
        ("2027-12-01", "timed_unit was verified on 2026-11-21: look at the authority again"),
    ],
)
def test_check_warns_of_what_ends(capsys: pytest.CaptureFixture[str], day: str, says: str) -> None:
    """What ends within sixty days, is missing or was verified a year ago is named; status 0."""
    assert therapy("check", "--on", day) == 0
    assert says in capsys.readouterr().out.splitlines()


def test_check_of_a_wrong_file_fails(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A wrong file gives its path, line and reason, and status 1."""
    path = folder / "payers/va.yaml"
    path.write_text(path.read_text().replace("cms_total_time", "by_feel"))
    assert therapy("check", "--reference", str(folder)) == 1
    assert f"{path}, line 11: values.0.unit_rule" in capsys.readouterr().err


def test_import_writes_a_release(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An official file becomes a folder, and the new version is printed."""
    path = folder.parent / "GPCI2027.csv"
    path.write_text(official.gpci_csv(official.table_rows("gpci", "2026")))
    dates = ("--from", "2027-01-01", "--through", "2027-12-31")
    where = ("--release", "2027", "--into", str(folder))
    assert therapy("import", "gpci", str(path), *dates, *where) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first == f"109 rows written to {folder / 'tables/gpci/2027'}"
    assert second.endswith(load(folder).version)


@pytest.mark.parametrize(
    "words",
    [
        ("show", "2026-02-30", "medicare_ffs"),
        ("show", "2026-03-02", "x", "--program", "free"),
        ("import", "opps", "file.csv", "--release", "x", "--from", "2027-01-01"),
        ("import", "rvu", "file.csv", "--release", "x", "--from", "2027-01-01"),
        (),
    ],
    ids=" ".join,
)
def test_wrong_usage_ends_with_status_2(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """A date, program or kind that there is not, or an option left out, is wrong usage."""
    with pytest.raises(SystemExit) as ended:
        therapy(*words)
    assert ended.value.code == 2
    assert "usage" in capsys.readouterr().err
