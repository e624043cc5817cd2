"""The log port on Kafka."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Iterable, Sequence
from types import TracebackType
from typing import Self, TypeVar

from aiokafka.errors import KafkaError, OffsetOutOfRangeError

from runtime.engine.records import Place, Record
from runtime.errors import Indefinite
from runtime.kafka.denial import denied
from runtime.kafka.fetched import readable
from runtime.kafka.leaders import EARLIEST, LATEST, Leaders
from runtime.kafka.settings import KafkaSettings
from runtime.kafka.writer import KafkaWriter

_EMPTY_PAUSE = 0.025
_EMPTY_ANSWERS = 4
"""So many in a row, below the end, say that compaction has left nothing there."""
_ANSWERS_BEHIND = 200
"""So many in a row by a leader that does not know its own end, and nobody can say."""

Answer = TypeVar("Answer")


class KafkaLog:
    """One for a process: reads share a connection to each broker, a writer has its own."""

    def __init__(self, settings: KafkaSettings) -> None:
        """Connect when it is first used."""
        self._settings = settings
        self._leaders = Leaders(settings)
        self._closing: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        """Return itself."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close."""
        await self.close()

    async def close(self) -> None:
        """Close all connections; wait for those of dropped writers."""
        if self._closing:
            await asyncio.wait(self._closing)
        await self._leaders.close()

    async def writer(self, transactional_id: str) -> KafkaWriter:
        """Open a new epoch."""
        writer = KafkaWriter(self._settings, transactional_id, self._finish)
        await writer.open()
        return writer

    def read(
        self, place: Place, start: int, stop: int, *, committed: bool
    ) -> AsyncIterator[Sequence[Record]]:
        """Yield the records of a span, up to the end of what is readable when it begins."""
        return _Reading(self._leaders, place, (start, stop), committed=committed)

    async def ends(self, places: Iterable[Place], *, committed: bool) -> dict[Place, int]:
        """Return last stable offsets or high watermarks."""
        return await _definite(self._leaders.offsets(places, LATEST, committed=committed))

    async def beginnings(self, places: Iterable[Place]) -> dict[Place, int]:
        """Return the first offsets that are still held."""
        return await _definite(self._leaders.offsets(places, EARLIEST, committed=False))

    async def check_readable(self, places: Iterable[Place]) -> None:
        """Raise ``Denied`` where the records of one of these places may not be read."""
        for place in places:
            end = (await self.ends((place,), committed=False))[place]
            await _definite(self._leaders.fetch(place, end, committed=False))

    def _finish(self, left: Awaitable[None]) -> None:
        task = asyncio.ensure_future(left)
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


class _Reading:
    """A read under way. No generator: what is left early needs no closing."""

    def __init__(
        self, leaders: Leaders, place: Place, span: tuple[int, int], *, committed: bool
    ) -> None:
        self._leaders = leaders
        self._place = place
        self._position, self._stop = span
        self._committed = committed
        self._has_end = False
        self._empty = 0

    def __aiter__(self) -> AsyncIterator[Sequence[Record]]:
        return self

    async def __anext__(self) -> Sequence[Record]:
        """Return the next records; positions move over markers and what was aborted."""
        records = await _definite(self._next())
        if not records:
            raise StopAsyncIteration
        return records

    async def _next(self) -> list[Record]:
        if not self._has_end:
            ends = await self._leaders.offsets((self._place,), LATEST, committed=self._committed)
            # A fetch's own end may be behind after a change of leaders; this one is not.
            self._stop = min(self._stop, ends[self._place])
            self._has_end = True
        while self._position < self._stop:
            records = await self._fetch()
            if records:
                return records
        return []

    async def _fetch(self) -> list[Record]:
        try:
            fetched = await self._leaders.fetch(
                self._place, self._position, committed=self._committed
            )
        except OffsetOutOfRangeError:
            await self._begin_at_the_beginning()
            return []
        records, position = readable(fetched, self._position, self._stop)
        if position == self._position:
            await self._look_again(fetched.end)
        else:
            self._position, self._empty = position, 0
        return records

    async def _begin_at_the_beginning(self) -> None:
        begins = await self._leaders.offsets((self._place,), EARLIEST, committed=False)
        if begins[self._place] <= self._position:
            raise Indefinite("read: the log ends before its end")
        self._position = begins[self._place]

    async def _look_again(self, end: int) -> None:
        """Nothing came: a leader that is behind will catch up; else nothing is left below stop."""
        self._empty += 1
        if end >= self._stop and self._empty >= _EMPTY_ANSWERS:
            self._position = self._stop
        elif self._empty >= _ANSWERS_BEHIND:
            raise Indefinite("read: the leader is behind its own end")
        else:
            await asyncio.sleep(_EMPTY_PAUSE)


async def _definite(asked: Awaitable[Answer]) -> Answer:
    """Return the answer, or raise ``Denied`` or ``Indefinite`` in place of aiokafka's errors."""
    try:
        return await asked
    except (KafkaError, LookupError, OSError) as error:
        if (denial := denied(error, "Read")) is not None:
            raise denial from None
        raise Indefinite(f"read: {type(error).__name__}") from None
