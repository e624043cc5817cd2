"""What the engine tells of itself: counted as metrics in a process, checked in the tests."""

from collections.abc import Mapping, Sequence

import msgspec

from runtime.engine.records import Place
from schemas.envelope import Event


class Led(msgspec.Struct, frozen=True):
    """What one record led to; ``arrived``: ms since 1970 when its chain came onto the bus."""

    events: tuple[Event, ...]
    arrived: int
    letter: str | None = None
    """The reason of its dead letter."""
    trace: tuple[tuple[str, bytes], ...] = ()
    """The headers of the trace context that it came with."""


class Observer:
    """Hears what happens, after it happened; what is not overridden is not heard.

    Seconds are those of the event loop's clock. ``place`` is the input's partition.
    """

    def committed(self, place: Place, records: int, seconds: float) -> None:
        """Hear that a transaction over so many input records is seen by every reader."""

    def emitted(self, place: Place, events: Sequence[Event], arrived: int) -> None:
        """Hear what one input record led to; ``arrived``: ms since 1970 when its session came."""

    def traced(self, place: Place, led: Led, seconds: float) -> None:
        """Hear what a record with a trace context led to, in so many seconds of its batch."""

    def dead_lettered(self, place: Place, reason: str) -> None:
        """Hear that a record was kept as a dead letter."""

    def aborted(self, place: Place) -> None:
        """Hear that a transaction was given up before it was decided."""

    def fenced(self, place: Place) -> None:
        """Hear that a newer owner has the partition."""

    def denied(self, place: Place, why: str) -> None:
        """Hear that Kafka or Redis refused something, and what; a recovery follows."""

    def recovering(self, place: Place, why: str) -> None:
        """Hear that a recovery began, and the name of what led to it."""

    def recovered(self, place: Place, states: int, seconds: float) -> None:
        """Hear that it ended, with so many state values read from the changelog."""

    def standing(self, place: Place, tallies: Mapping[str, int]) -> None:
        """Hear how many state values of the partition count as what, after each transaction."""

    def resent(self, place: Place, records: int) -> None:
        """Hear that records of a decided transaction, whose markers were lost, were sent again."""

    def view_moved(self, place: Place) -> None:
        """Hear that the view was not where it was left: lost, rolled back, or another's."""

    def stopped(self, place: Place, why: str) -> None:
        """Hear that the partition waits for a person, and the reason by name."""


SILENT = Observer()
