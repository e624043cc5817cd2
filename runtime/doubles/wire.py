"""What lies between a worker and its broker and Redis: every call of a double goes over it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol, TypeVar

from runtime.engine.records import Message, Place

T = TypeVar("T")
Request = tuple[Place, Sequence[Message]]
READ_MAX = 1_000
"""Offsets that one read request looks at."""


class Restorable(Protocol):
    """A store that can be put back to an earlier state of its own."""

    def versions(self) -> int:
        """Return how many states it has had; state 0 is the empty one."""
        ...

    def restore(self, version: int) -> None:
        """Become what it was then."""
        ...


class Wire(Protocol):
    """One worker's way out."""

    async def call(self, what: str, effect: Callable[[], T]) -> T:
        """Have the other side do ``effect`` in one step, and return its answer."""
        ...

    def requests(self, batches: Mapping[Place, Sequence[Message]]) -> Iterable[Request]:
        """Return the produce requests for these messages; each place's are in order."""
        ...

    def read_max(self) -> int:
        """Return how many offsets the next read request looks at."""
        ...

    def disturb(self, store: Restorable) -> None:
        """Put a store back behind its owner's back, or leave it alone."""
        ...


class StraightWire:
    """Nothing is lost, late or out of order, and no call lets anybody else run."""

    async def call(self, what: str, effect: Callable[[], T]) -> T:  # noqa: ARG002 - the wire's shape
        """Return what the effect returns."""
        return effect()

    def requests(self, batches: Mapping[Place, Sequence[Message]]) -> Iterable[Request]:
        """Return one request a place, in the order given."""
        return batches.items()

    def read_max(self) -> int:
        """Return the same number always."""
        return READ_MAX

    def disturb(self, store: Restorable) -> None:
        """Leave the store alone."""


STRAIGHT = StraightWire()
