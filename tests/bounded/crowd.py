"""A worker with every partition of a consumer, over the doubles, and what it holds and does.

Every answer takes a millisecond of the loop's clock, so that what one partition waits for shows in
the times of that partition, and in no others', exactly: on a virtual loop no machine is too slow.
"""

import asyncio
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from runtime.doubles.broker import Broker
from runtime.doubles.log import MemoryLog
from runtime.doubles.view import MemoryView
from runtime.doubles.wire import StraightWire
from runtime.engine.founding import found_all
from runtime.engine.observer import Observer
from runtime.engine.partition import Limits, Surroundings
from runtime.engine.plan import Plan
from runtime.engine.ports import View
from runtime.engine.records import Message, Place, Record
from runtime.engine.worker import Worker
from runtime.kafka.settings import LARGEST_BATCH

ANSWER_SECONDS = 0.001
POLL_RECORDS = 1_000
"""Taken by one poll, as ``runtime.host.app`` does."""
PATIENCE_SECONDS = 600.0

T = TypeVar("T")


class SlowWire(StraightWire):
    """A wire on which every answer takes as long."""

    def __init__(self, seconds: float = ANSWER_SECONDS) -> None:
        self.calls: Counter[str] = Counter()
        self._seconds = seconds

    async def call(self, what: str, effect: Callable[[], T]) -> T:
        """Take the time, and return what the effect returns."""
        self.calls[what] += 1
        await asyncio.sleep(self._seconds)
        return effect()


class Member(Observer):
    """Polls as a member of a consumer group does, and notes what is held and what happens."""

    def __init__(self, broker: Broker, places: Sequence[Place]) -> None:
        self.commits: dict[Place, list[int]] = defaultdict(list)
        """How many records each transaction handled."""
        self.through: dict[Place, float] = {}
        """When everything that a partition has was handled."""
        self.letters: list[tuple[Place, str]] = []
        self.trouble: Counter[str] = Counter()
        self.most: Counter[str] = Counter()
        """The most records and bytes of one partition, delivered and not handled."""
        self.places = places
        self._broker = broker
        self._next = dict.fromkeys(places, 0)
        self._paused: set[Place] = set()
        self._held: dict[Place, deque[Record]] = {place: deque() for place in places}

    def pause(self, places: Iterable[Place]) -> None:
        """Deliver nothing more from these."""
        self._paused.update(places)

    def resume(self, places: Iterable[Place]) -> None:
        """Go on."""
        self._paused.difference_update(places)

    def seek(self, place: Place, offset: int) -> None:
        """Go on from there."""
        self._next[place] = offset
        self._held[place].clear()

    def handled(self, place: Place, offset: int) -> None:
        """Let go of what is handled."""
        held = self._held[place]
        while held and held[0].offset < offset:
            held.popleft()
        if offset == self._broker.leaders[place].end(committed=True):
            self.through[place] = asyncio.get_running_loop().time()

    def committed(self, place: Place, records: int, seconds: float) -> None:  # noqa: ARG002 - an observer's shape
        """Note it."""
        self.commits[place].append(records)

    def dead_lettered(self, place: Place, reason: str) -> None:
        """Note it."""
        self.letters.append((place, reason))

    def aborted(self, place: Place) -> None:  # noqa: ARG002 - an observer's shape
        """Note it."""
        self.trouble["aborted"] += 1

    def recovering(self, place: Place, why: str) -> None:  # noqa: ARG002 - an observer's shape
        """Note all but the first."""
        if why != "assigned":
            self.trouble["recovering"] += 1

    def stopped(self, place: Place, why: str) -> None:  # noqa: ARG002 - an observer's shape
        """Note it."""
        self.trouble["stopped"] += 1

    async def poll(self, worker: Worker) -> None:
        """Poll until cancelled: one partition after the other, as they are fetched."""
        while True:
            for place in self._next:
                records = self._fetch(place)
                if records:
                    self._note(place, records)
                    worker.deliver(place, records)
            await asyncio.sleep(ANSWER_SECONDS)

    def _fetch(self, place: Place) -> list[Record]:
        if place in self._paused:
            return []
        start = self._next[place]
        leader = self._broker.leaders[place]
        records = leader.records_between(start, start + POLL_RECORDS, committed=True)
        if records:
            self._next[place] = records[-1].offset + 1
        return records

    def _note(self, place: Place, records: Sequence[Record]) -> None:
        held = self._held[place]
        held.extend(records)
        size = sum(len(record.value or b"") for record in held)
        self.most |= Counter(records=len(held), bytes=size)


class Crowd:
    """The worker, and what lies on its input."""

    def __init__(
        self,
        plan: Plan,
        partitions: int,
        limits: Limits | None = None,
        views: Callable[[Place], View] | None = None,
    ) -> None:
        """Lay it out; without ``views`` every partition has a quick one of its own."""
        self.plan = plan
        self.broker = Broker(size_max=LARGEST_BATCH)
        self.places = [Place(plan.input, partition) for partition in range(partitions)]
        self.wire = SlowWire()
        self.member = Member(self.broker, self.places)
        self._log = MemoryLog(self.broker, self.wire)
        tokens = iter(f"word{number}" for number in range(999))
        around = Surroundings(
            plan,
            partitions,
            self._log,
            self.member,
            self.member,
            tokens.__next__,
            limits or Limits(),
        )
        self.worker = Worker(around, views or (lambda _place: MemoryView(wire=self.wire)))

    async def run(self, traffic: Mapping[int, Sequence[Message]]) -> Member:
        """Put messages on the partitions, work until all are handled, and return what was seen."""
        await found_all(self._log, self.plan, len(self.places))
        for partition, messages in traffic.items():
            self._log.append_plain(self.places[partition], messages)
        polling = asyncio.create_task(self.member.poll(self.worker))
        self.worker.assigned(self.places)
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(self.member.through) < len(traffic):  # noqa: ASYNC110 - nothing tells of it
                await asyncio.sleep(ANSWER_SECONDS)
        await self.worker.stop()
        polling.cancel()
        return self.member

    def written(self, place: Place) -> list[Record]:
        """Return what a reader of committed records sees of a place."""
        leader = self.broker.leaders[place]
        return leader.records_between(0, leader.end(committed=True), committed=True)


def numbers(count: int, *, patients: int = 20, value: bytes = b"1") -> list[Message]:
    """Return so many records for the summing consumer, its keys taking turns."""
    return [Message(b"k%d" % (number % patients), value) for number in range(count)]
