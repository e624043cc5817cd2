"""The two ports in memory, for the embedded default and the tests: state view and log."""

from collections.abc import Iterable, Mapping, Sequence

from runtime.processor import Key, Value
from schemas.envelope import Event


class MemoryStateView:
    """State values by key, in a dictionary; it serves one consumer."""

    def __init__(self) -> None:
        """Start empty."""
        self._values: dict[Key, Value] = {}

    def get(self, keys: Iterable[Key]) -> dict[Key, Value]:
        """Return every key with its value, None where absent."""
        values = self._values
        return {key: values.get(key) for key in keys}

    def apply(self, changes: Mapping[Key, Value]) -> None:
        """Keep the values; None deletes."""
        for key, value in changes.items():
            if value is None:
                self._values.pop(key, None)
            else:
                self._values[key] = value

    def items(self) -> Iterable[tuple[Key, Value]]:
        """Return all that is kept, in the order in which keys first came."""
        return self._values.items()


class MemoryLog:
    """Topics as lists: an event is gone once it is taken, so only what is under way is held."""

    def __init__(self) -> None:
        """Start with no topic."""
        self._topics: dict[str, list[Event]] = {}

    def append(self, topic: str, events: Sequence[Event]) -> None:
        """Add events to the end of a topic."""
        waiting = self._topics.get(topic)
        if waiting is None:
            self._topics[topic] = list(events)
        else:
            waiting.extend(events)

    def take_all(self, topic: str) -> Sequence[Event]:
        """Take every event that waits in a topic, the oldest first."""
        return self._topics.pop(topic, ())
