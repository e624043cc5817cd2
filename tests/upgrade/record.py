"""Writes what this release leaves behind, for the releases after it.

``python -m tests.upgrade.record VERSION``, once for each release. A file that is there is never
written again.
"""

import sys

from commands.composition import Service, connect
from commands.plans import KINDS, build_plan
from reference.rulebook import load
from runtime.engine.batch import key_text
from runtime.engine.records import Message
from runtime.memory import MemoryStateView
from runtime.pipeline import StepFailed
from schemas.envelope import Event
from schemas.events import CLINICAL
from schemas.reading import Reader
from tests.upgrade.release import FOLDER, Release, write_release
from tests.upgrade.stream import upgrade_stream


def main() -> None:
    """Write the release's file."""
    (version,) = sys.argv[1:]
    path = FOLDER / f"{version}.jsonl.gz"
    if path.exists():
        sys.exit(f"{path.name} is there: a release is recorded once")
    write_release(path, record())


def record() -> Release:
    """Return what the consumers of this tree make of the stream's first half."""
    rulebook, reader = load(), Reader(CLINICAL)
    views = {service: MemoryStateView() for service in Service}
    pipeline = connect(rulebook, views)
    events = upgrade_stream().before
    for line in events:
        event = reader.read_structured(line)
        assert isinstance(event, Event)
        assert not any(isinstance(each, StepFailed) for each in pipeline.run(event))
    state = {}
    for service, view in views.items():
        codec = build_plan(service, rulebook).codec
        state[service] = [
            Message(key_text(key).encode(), codec.encode(key, value))
            for key, value in view.items()
        ]
    return Release({service: KINDS[service][1] for service in Service}, events, state)


if __name__ == "__main__":
    main()
