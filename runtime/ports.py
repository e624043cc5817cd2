"""The two ports of a consumer: where its state is read, and where its events come from and go."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from runtime.processor import Key, Value
from schemas.envelope import Event


class StateView(Protocol):
    """What a consumer remembers, by key."""

    def get(self, keys: Iterable[Key]) -> dict[Key, Value]:
        """Return every key with its value, None where absent."""
        ...

    def apply(self, changes: Mapping[Key, Value]) -> None:
        """Keep the values of one step; None deletes."""
        ...


class Log(Protocol):
    """Ordered topics of events."""

    def append(self, topic: str, events: Sequence[Event]) -> None:
        """Add events to the end of a topic."""
        ...

    def take_all(self, topic: str) -> Sequence[Event]:
        """Take every event that waits in a topic, the oldest first."""
        ...
