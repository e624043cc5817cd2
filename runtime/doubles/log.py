"""The log port in memory: a worker's side of the broker, over a wire."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from runtime.doubles.broker import Broker
from runtime.doubles.wire import STRAIGHT, Wire
from runtime.engine.records import Message, Place, Record
from runtime.errors import Indefinite

RETRY_SECONDS = 0.3
"""Between two tries to add places while older markers are on their way."""


@dataclass(slots=True)
class MemoryLog:
    """The log as one worker sees it; workers that share a broker see one log."""

    broker: Broker = field(default_factory=Broker)
    wire: Wire = STRAIGHT

    async def writer(self, transactional_id: str) -> "MemoryWriter":
        """Open a new epoch."""
        producer, epoch = await self.wire.call("init", partial(self.broker.init, transactional_id))
        return MemoryWriter(self.broker, self.wire, transactional_id, producer, epoch)

    def read(
        self, place: Place, start: int, stop: int, *, committed: bool
    ) -> AsyncIterator[Sequence[Record]]:
        """Yield the records of a span that are readable now."""
        return _Chunks(self, place, (start, stop), committed)

    async def ends(self, places: Iterable[Place], *, committed: bool) -> dict[Place, int]:
        """Return last stable offsets or high watermarks."""
        ends = partial(self.broker.ends, tuple(places), committed=committed)
        return await self.wire.call("ends", ends)

    async def beginnings(self, places: Iterable[Place]) -> dict[Place, int]:
        """Return the first offsets that are still held."""
        beginnings = partial(self.broker.beginnings, tuple(places))
        return await self.wire.call("beginnings", beginnings)

    def append_plain(self, place: Place, messages: Sequence[Message]) -> int:
        """Append as a producer without transactions does; return the first offset."""
        return self.broker.write_plain(place, messages)


@dataclass(slots=True)
class _Chunks:
    """A read under way. No generator: what is left early needs no closing."""

    log: MemoryLog
    place: Place
    span: tuple[int, int]
    committed: bool

    def __aiter__(self) -> AsyncIterator[Sequence[Record]]:
        return self

    async def __anext__(self) -> Sequence[Record]:
        broker, wire = self.log.broker, self.log.wire
        most = wire.read_max()
        fetch = partial(broker.fetch, self.place, self.span, most, committed=self.committed)
        found = await wire.call("read", fetch)
        if found is None:
            raise StopAsyncIteration
        records, upto = found
        self.span = upto, self.span[1]
        return records


@dataclass(slots=True)
class MemoryWriter:
    """One epoch of a transactional id."""

    broker: Broker
    wire: Wire
    transactional_id: str
    producer: int
    epoch: int
    _begun: bool = False
    _dropped: bool = False
    _added: set[Place] = field(default_factory=set)

    @property
    def name(self) -> str:
        """The transactional id with producer id and epoch."""
        return f"{self.transactional_id} {self.producer}/{self.epoch}"

    async def begin(self) -> None:
        """Begin a transaction; nothing goes over the wire."""
        assert not self._begun, "one transaction at a time"
        self._begun = True

    async def append(self, batches: Mapping[Place, Sequence[Message]]) -> dict[Place, int]:
        """Add new places to the transaction, then write place by place.

        Where one place refuses, others may have what was written to them: the transaction is to
        be aborted.
        """
        assert self._begun, "a transaction has to begin first"
        self._check_open()
        new = [place for place in batches if batches[place] and place not in self._added]
        if new:
            await self._add(new)
        firsts: dict[Place, int] = {}
        name, epoch = self.transactional_id, self.epoch
        for place, messages in self.wire.requests(batches):
            if messages:
                produce = partial(self.broker.produce, name, epoch, place, messages)
                first = await self.wire.call("produce", produce)
                firsts.setdefault(place, first)
        return firsts

    async def commit(self) -> None:
        """Decide for the transaction; without a record nothing goes over the wire."""
        await self._finish("commit", visible=True)

    async def abort(self) -> None:
        """Decide against the transaction; without a record nothing goes over the wire."""
        await self._finish("abort", visible=False)

    def drop(self) -> None:
        """Close; what is open stays open."""
        self._dropped = True

    async def _add(self, places: Sequence[Place]) -> None:
        add = partial(self.broker.add, self.transactional_id, self.epoch, places)
        while True:
            if await self.wire.call("add", add):
                break
            await asyncio.sleep(RETRY_SECONDS)
        self._added.update(places)

    async def _finish(self, what: str, *, visible: bool) -> None:
        assert self._begun, "a transaction has to begin first"
        self._check_open()
        self._begun = False
        if self._added:
            self._added.clear()
            name, epoch = self.transactional_id, self.epoch
            await self.wire.call(what, partial(self.broker.finish, name, epoch, visible=visible))

    def _check_open(self) -> None:
        if self._dropped:
            raise Indefinite("the writer was dropped")
