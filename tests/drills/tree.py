"""A copy of the tree to change, and what the change touched beside what CONTRIBUTING names."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from tests.clinic import Json
from tests.commands.files import read_lines, write_lines
from tests.docs.pages import ROOT, text_of

FACTS = ("reference", "docs/reference-data.md", "CHANGELOG.md")
"""What a change of figures or payers may touch."""
PROGRAM = ("schemas", "reference", "rules", "runtime", "services", "commands")
IN_BACKTICKS = re.compile(r"`([^`]+)`")
ROW = re.compile(r"^\| (?P<change>[^|]+) \| (?P<files>[^|]+) \|$", re.MULTILINE)
LEFT_OUT = shutil.ignore_patterns("__pycache__")


class CopiedTree:
    """Some of the tree's files and folders, copied; whatever differs later was touched."""

    def __init__(self, folder: Path, names: Iterable[str]) -> None:
        """Copy what is named by its path from the root."""
        self.folder = folder
        for name in names:
            source, copy = ROOT / name, folder / name
            if source.is_dir():
                shutil.copytree(source, copy, ignore=LEFT_OUT)
            else:
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, copy)
        self.begin()

    @property
    def reference(self) -> Path:
        """The reference data of the copy."""
        return self.folder / "reference"

    def begin(self) -> None:
        """Take the tree as it is for the one before the change."""
        self._before = self._digests()

    def append(self, name: str, text: str) -> None:
        """Add text to the end of a file, which need not be there."""
        path = self.folder / name
        before = path.read_text(encoding="utf-8") if path.exists() else ""
        path.write_text(before + text, encoding="utf-8")

    def replace(self, name: str, old: str, new: str) -> None:
        """Put words in the place of others, which are there."""
        path = self.folder / name
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{name} does not say {old!r}"
        path.write_text(text.replace(old, new), encoding="utf-8")

    def touched(self) -> set[str]:
        """Return the files that are new or changed."""
        after = self._digests()
        assert after.keys() >= self._before.keys(), "a change deletes nothing"
        return {name for name in after if after[name] != self._before.get(name)}

    def _digests(self) -> dict[str, str]:
        return {
            path.relative_to(self.folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in self.folder.rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        }

    def replay(self, events: Iterable[Json]) -> list[Json]:
        """Return what ``therapy replay`` of this tree makes of events."""
        file = write_lines(self.folder.parent / "in.jsonl", events)
        done = subprocess.run(
            [sys.executable, "-m", "commands.main", "replay", str(file)],
            cwd=self.folder,
            # The tree comes before the one that is installed.
            env=os.environ | {"PYTHONPATH": str(self.folder)},  # noqa: TID251 - a command's own
            capture_output=True,
            text=True,
            check=True,
        )
        return read_lines(done.stdout)


def named_for(change: str) -> set[str]:
    """Return the files and folders that CONTRIBUTING's table names for a change."""
    rows = {row["change"]: row["files"] for row in ROW.finditer(text_of("CONTRIBUTING.md"))}
    words = IN_BACKTICKS.findall(rows[change])
    return {word for word in words if (ROOT / word).exists()}


def stands_in(touched: Iterable[str], named: Iterable[str]) -> bool:
    """Say whether each file stands in a place that is named, and each place has one."""
    files, places = set(touched), set(named)
    homes = {file: _homes(file, places) for file in files}
    used = set().union(*homes.values()) if homes else set()
    return all(homes.values()) and used == places


def _homes(file: str, places: set[str]) -> set[str]:
    return {
        each for each in places if file == each or (each.endswith("/") and file.startswith(each))
    }
