"""Files for the commands: events and decisions, one a line, and reference data to change."""

import json
import shutil
from collections.abc import Iterable
from pathlib import Path

from reference.rulebook import PACKAGE
from tests.clinic import Json, event


def write_events(path: Path, sent: Iterable[tuple[str, Json]]) -> Path:
    """Write events of these kinds and data, a minute apart; return the file."""
    events = [
        event(
            kind,
            data,
            time=f"2026-03-02T{8 + at // 60:02}:{at % 60:02}:00-06:00",
            event_id=f"e-{at}",
        )
        for at, (kind, data) in enumerate(sent)
    ]
    return write_lines(path, events)


def write_lines(path: Path, events: Iterable[Json]) -> Path:
    """Write JSON Lines; return the file."""
    path.write_text("".join(f"{json.dumps(each)}\n" for each in events), encoding="utf-8")
    return path


def read_lines(text: str) -> list[Json]:
    """Return the objects of JSON Lines."""
    return [json.loads(line) for line in text.splitlines()]


def copy_reference(folder: Path) -> Path:
    """Return a copy of the reference data, to be changed."""
    copy = folder / "reference"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    return copy
