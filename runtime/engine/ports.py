"""The two ports of the engine: the log that decides, and the view that is read.

Every method may raise ``Indefinite``: it took effect or it did not. A method that raises anything
else of ``runtime.errors`` took no effect. Cancelling a call leaves it indefinite too.
"""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

from runtime.engine.records import Message, Place, Record


class Writer(Protocol):
    """One epoch of a transactional id. One transaction at a time: begin, append, then decide.

    After ``Indefinite`` or ``Fenced`` a writer is of no more use: drop it.
    """

    @property
    def name(self) -> str:
        """The transactional id with producer id and epoch, for errors and logs."""
        ...

    async def begin(self) -> None:
        """Begin a transaction; touches nothing on the wire."""
        ...

    async def append(self, batches: Mapping[Place, Sequence[Message]]) -> dict[Place, int]:
        """Append each sequence to its place, in order, with acks=all; return the first offsets.

        Every record's own answer is awaited. A place with no message is left out. Raises
        ``Refused`` where a record can never be taken (what other places took stays in the open
        transaction), ``Fenced`` for an older epoch.
        """
        ...

    async def commit(self) -> None:
        """Decide the transaction; markers may become visible later."""
        ...

    async def abort(self) -> None:
        """Decide the transaction away; markers may become visible later."""
        ...

    def drop(self) -> None:
        """Close without flushing and without deciding: what is open stays for the next epoch."""
        ...


class Log(Protocol):
    """The broker, as far as the engine needs it."""

    async def writer(self, transactional_id: str) -> Writer:
        """Open a new epoch: older ones are fenced, their open transactions decided.

        The markers of what was decided may still be missing when this returns.
        """
        ...

    def read(
        self, place: Place, start: int, stop: int, *, committed: bool
    ) -> AsyncIterator[Sequence[Record]]:
        """Yield the records with ``start <= offset < stop`` that there are, in order, in chunks.

        ``committed`` leaves out what is aborted, and ends at the first undecided record (the last
        stable offset); without it all records come, aborted and undecided too. Markers are no
        records. It ends once nothing below ``stop`` is left to read: it never waits for more.
        A start below the beginning of the log reads from the beginning.
        """
        ...

    async def ends(self, places: Iterable[Place], *, committed: bool) -> dict[Place, int]:
        """Return each place's end: its last stable offset, or its high watermark."""
        ...

    async def beginnings(self, places: Iterable[Place]) -> dict[Place, int]:
        """Return each place's first offset that is still held."""
        ...


class ViewPosition(NamedTuple):
    """Where a view stands: the fold of the changelog below ``applied``."""

    applied: int
    """One past the position record that was applied last (``_w``)."""
    next_offset: int
    """The input's next offset by that record (``_n``)."""
    commit: str
    """Its commit id (``_c``)."""


class View(Protocol):
    """The state values of one partition, with the position that they stand at, in one place."""

    async def get(self, keys: Sequence[str]) -> tuple[ViewPosition | None, list[bytes | None]]:
        """Return position and values as of one instant; no position while none is complete."""
        ...

    async def apply(
        self, expected: ViewPosition, changes: Mapping[str, bytes | None], moved: ViewPosition
    ) -> bool:
        """Change values and move, where the position is ``expected``; None deletes a value.

        False, and nothing is changed, where it is not. All of it is one atomic step.
        """
        ...

    async def clear(self) -> None:
        """Forget everything, and begin a rebuild that has read up to 0."""
        ...

    async def load(self, expected: int, changes: Mapping[str, bytes | None], read: int) -> bool:
        """In a rebuild that has read up to ``expected``: change values, now read to ``read``."""
        ...

    async def finish(self, expected: int, moved: ViewPosition) -> bool:
        """End a rebuild that has read up to ``expected``: from now on the view has a position."""
        ...

    async def count(self) -> int:
        """Return how many state values there are."""
        ...
