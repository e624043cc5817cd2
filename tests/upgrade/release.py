"""What a release left behind: a clinic's events, and the state values that it made of them.

One file for each release, written by it (``python -m tests.upgrade.record``) and never again: the
releases after it must read its state values and go on where it stopped.
"""

import gzip
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from commands.composition import Service
from runtime.engine.records import Message

FOLDER = Path(__file__).resolve().parent / "releases"


class Release(NamedTuple):
    """A release's legacy."""

    schemas: Mapping[Service, int]
    """The version of each consumer's state values."""
    events: Sequence[bytes]
    """What had come in, a line each."""
    state: Mapping[Service, Sequence[Message]]
    """Every state value that was live then: its key's text and its bytes."""


def releases() -> list[Path]:
    """Return the files of all releases, the oldest first."""
    return sorted(FOLDER.glob("*.jsonl.gz"))


def write_release(path: Path, release: Release) -> None:
    """Write a release's file; the same release gives the same bytes."""
    lines: list[object] = [{"schemas": release.schemas}]
    lines += [{"event": line.decode()} for line in release.events]
    lines += [
        {"state": [service, _text(message.key), _text(message.value)]}
        for service, messages in release.state.items()
        for message in messages
    ]
    text = "".join(f"{json.dumps(each)}\n" for each in lines)
    path.write_bytes(gzip.compress(text.encode(), mtime=0))


def read_release(path: Path) -> Release:
    """Read a release's file."""
    head, *lines = map(json.loads, gzip.decompress(path.read_bytes()).splitlines())
    state: dict[Service, list[Message]] = {Service(name): [] for name in head["schemas"]}
    events = []
    for line in lines:
        if "event" in line:
            events.append(line["event"].encode())
        else:
            name, key, value = line["state"]
            state[Service(name)].append(Message(key.encode(), value.encode()))
    schemas = {Service(name): version for name, version in head["schemas"].items()}
    return Release(schemas, events, state)


def _text(raw: bytes | None) -> str:
    assert raw is not None
    return raw.decode()
