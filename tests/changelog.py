"""What a changelog says, worked out apart from the engine."""

from collections.abc import Iterable

from runtime.engine.position import is_position
from runtime.engine.records import Record


def fold(changelog: Iterable[Record]) -> dict[str, bytes]:
    """Return the state values that the records of a changelog leave, by key."""
    values: dict[str, bytes] = {}
    for record in changelog:
        assert record.key is not None
        if is_position(record):
            continue
        if record.value is None:
            values.pop(record.key.decode(), None)
        else:
            values[record.key.decode()] = record.value
    return values
