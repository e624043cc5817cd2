"""The locked requirements: whole, of one mind, and each file of every package by its hash."""

import re
import tomllib
from collections.abc import Mapping

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.docs.pages import ROOT, text_of

PINNED = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)(?:\[.*?\])?==(?P<version>[^\s;]+)", re.MULTILINE)
PROJECT = tomllib.loads(text_of("pyproject.toml"))
NEEDED: Mapping[str, list[str]] = {
    "runtime": PROJECT["project"]["dependencies"],
    "traces": [
        *PROJECT["project"]["dependencies"],
        *PROJECT["project"]["optional-dependencies"]["traces"],
    ],
    **{name: PROJECT["dependency-groups"][name] for name in ("build", "dev", "sbom", "audit")},
}
"""What each lock is made of."""


def pinned(lock: str) -> dict[str, str]:
    """Return the version of each package of a lock."""
    found = PINNED.finditer(text_of(f"requirements/{lock}.txt"))
    return {canonicalize_name(match["name"]): match["version"] for match in found}


def test_every_lock_is_looked_at() -> None:
    """None is made of anything else."""
    assert {path.stem for path in (ROOT / "requirements").glob("*.txt")} == set(NEEDED)


@pytest.mark.parametrize("lock", NEEDED)
def test_a_lock_has_all_that_is_needed(lock: str) -> None:
    """In a version that pyproject.toml allows; else ``make lock`` was forgotten."""
    versions = pinned(lock)
    for stated in NEEDED[lock]:
        needed = Requirement(stated)
        assert needed.specifier.contains(versions[canonicalize_name(needed.name)])


@pytest.mark.parametrize("lock", NEEDED)
def test_every_package_has_its_hashes(lock: str) -> None:
    """Pip takes nothing else then."""
    text = text_of(f"requirements/{lock}.txt")
    parts = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)[1:]
    assert len(parts) == len(pinned(lock))
    assert all("--hash=sha256:" in part for part in parts)


def test_what_runs_together_has_one_version() -> None:
    """The audit alone has an environment of its own."""
    seen: dict[str, str] = {}
    for lock in sorted(set(NEEDED) - {"audit", "sbom"}):
        for name, version in pinned(lock).items():
            assert seen.setdefault(name, version) == version, name
