"""A worker process in the simulation: its consumers, each with its feed, over one faulty wire."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NamedTuple

from runtime.doubles.broker import Broker
from runtime.doubles.log import MemoryLog
from runtime.doubles.schedule import FaultyWire, WorkerCrashed
from runtime.doubles.view import Hash, MemoryView
from runtime.engine.observer import Observer
from runtime.engine.partition import Limits, Surroundings
from runtime.engine.plan import Plan
from runtime.engine.ports import View
from runtime.engine.records import Place
from runtime.engine.turns import Turns
from runtime.engine.worker import Worker
from runtime.errors import Indefinite

LIMITS = Limits(
    batch_records=3, waiting_records=8, idle=15.0, rest=20.0, first_pause=0.1, longest_pause=2.0
)
RETRY_SECONDS = 0.05
"""Before a feed asks again whose answer was lost."""


class Stop(NamedTuple):
    """A partition of a consumer that waits for a person, and why."""

    consumer: str
    place: Place
    why: str


@dataclass(slots=True)
class Shared:
    """What lives longer than a process: the broker, and the hashes of Redis."""

    broker: Broker
    plans: Sequence[Plan]
    partitions: int
    stops: list[Stop] = field(default_factory=list)
    tally: Counter[str] = field(default_factory=Counter)
    """What happened, how often."""
    hashes: dict[Place, Hash] = field(default_factory=dict)

    def hash_of(self, plan: Plan, place: Place) -> Hash:
        """Return a partition's hash, which every process shares."""
        return self.hashes.setdefault(Place(plan.name, place.partition), Hash())

    def inputs(self, plan: Plan) -> list[Place]:
        """Return the partitions that a consumer reads."""
        return [Place(plan.input, partition) for partition in range(self.partitions)]


class Heard(Observer):
    """Counts what a run has to show for itself."""

    def __init__(self, shared: Shared, consumer: str) -> None:
        self._shared = shared
        self._consumer = consumer

    def committed(self, place: Place, records: int, seconds: float) -> None:  # noqa: ARG002 - the observer's shape
        """Count a transaction."""
        self._shared.tally["transactions"] += 1

    def aborted(self, place: Place) -> None:  # noqa: ARG002 - the observer's shape
        """Count what was given up."""
        self._shared.tally["given up"] += 1

    def fenced(self, place: Place) -> None:  # noqa: ARG002 - the observer's shape
        """Count an owner that is none any more."""
        self._shared.tally["fenced"] += 1

    def recovered(self, place: Place, states: int, seconds: float) -> None:  # noqa: ARG002 - the observer's shape
        """Count a recovery."""
        self._shared.tally["recoveries"] += 1

    def resent(self, place: Place, records: int) -> None:  # noqa: ARG002 - the observer's shape
        """Count what was sent again."""
        self._shared.tally["records sent again"] += records

    def view_moved(self, place: Place) -> None:  # noqa: ARG002 - the observer's shape
        """Count a view that was not where it was left."""
        self._shared.tally["views found moved"] += 1

    def stopped(self, place: Place, why: str) -> None:
        """Keep why a partition stopped."""
        self._shared.tally["stops"] += 1
        self._shared.stops.append(Stop(self._consumer, place, why))


class WaitingFeed:
    """Waits for news of the assigned places, and hands what it reads to the worker."""

    def __init__(self, log: MemoryLog, wire: FaultyWire, places: Iterable[Place]) -> None:
        self._log = log
        self._wire = wire
        self._paused: set[Place] = set()
        self._next: dict[Place, int] = {}
        self._news = asyncio.Event()
        for place in places:
            log.broker.leaders[place].listeners.append(self._news.set)

    def pause(self, places: Iterable[Place]) -> None:
        """Deliver nothing more from these places."""
        self._paused.update(places)

    def resume(self, places: Iterable[Place]) -> None:
        """Go on delivering."""
        self._paused.difference_update(places)
        self._news.set()

    def seek(self, place: Place, offset: int) -> None:
        """Deliver from there on, now and then some again that were delivered before."""
        self._next[place] = max(0, offset - self._wire.again())
        self._news.set()

    def handled(self, place: Place, offset: int) -> None:
        """Nobody asks."""

    async def deliver_to(self, worker: Worker) -> None:
        """Deliver until cancelled."""
        while True:
            await self._news.wait()
            self._news.clear()
            for place in self._readable():
                try:
                    await self._read(place, worker)
                except Indefinite:
                    await asyncio.sleep(RETRY_SECONDS)
                    self._news.set()

    def _readable(self) -> Iterator[Place]:
        """Give the places that have more: a fetch that finds nothing waits at the broker."""
        leaders = self._log.broker.leaders
        for place in list(self._next):
            has_more = self._next[place] < leaders[place].end(committed=True)
            if has_more and place not in self._paused:
                yield place

    async def _read(self, place: Place, worker: Worker) -> None:
        """Deliver what is there of one place."""
        start = self._next[place]
        end = (await self._log.ends((place,), committed=True))[place]
        async for records in self._log.read(place, start, end, committed=True):
            if not self._is_wanted(place, start):
                return
            self._next[place] = start = records[-1].offset + 1
            worker.deliver(place, records)
        if self._is_wanted(place, start):
            # Markers and what is aborted stand behind the last record.
            self._next[place] = max(start, end)

    def _is_wanted(self, place: Place, start: int) -> bool:
        """Tell whether what was read from ``start`` on is what is to be delivered next."""
        return place not in self._paused and self._next[place] == start


class CountedView(MemoryView):
    """A view whose rebuilds are counted."""

    def __init__(self, shared: Shared, plan: Plan, place: Place, wire: FaultyWire) -> None:
        super().__init__(shared.hash_of(plan, place), wire)
        self._shared = shared

    async def clear(self) -> None:
        """Begin a rebuild."""
        self._shared.tally["rebuilds"] += 1
        await super().clear()


class Process:
    """One worker process; when its wire crashes, nothing of it goes on."""

    def __init__(self, shared: Shared, wire: FaultyWire, token: Callable[[], str]) -> None:
        self.wire = wire
        log = MemoryLog(shared.broker, wire)
        self._workers: dict[str, Worker] = {}
        self._joined: dict[str, asyncio.Lock] = {}
        self._feeding: list[asyncio.Task[None]] = []
        turns = Turns()
        for plan in shared.plans:
            feed = WaitingFeed(log, wire, shared.inputs(plan))
            heard = Heard(shared, plan.name)
            around = Surroundings(plan, shared.partitions, log, feed, heard, token, LIMITS, turns)
            worker = Worker(around, self._views(shared, plan))
            self._workers[plan.name] = worker
            self._joined[plan.name] = asyncio.Lock()
            task = asyncio.create_task(feed.deliver_to(worker))
            task.add_done_callback(_look)
            self._feeding.append(task)

    def _views(self, shared: Shared, plan: Plan) -> Callable[[Place], View]:
        return lambda place: CountedView(shared, plan, place, self.wire)

    @property
    def is_up(self) -> bool:
        """Whether it answers the consumer group's coordinator."""
        return not self.wire.crashed and self.wire.thaws <= asyncio.get_running_loop().time()

    async def assign(self, consumer: str, places: Iterable[Place]) -> None:
        """Give partitions of a consumer to this process; a frozen one hears of it later."""
        with suppress(WorkerCrashed):
            async with self._joined[consumer]:
                await self.wire.alive()
                self._workers[consumer].assigned(list(places))

    async def revoke(self, consumer: str, places: Iterable[Place]) -> None:
        """Take partitions away; a frozen process hears of it later."""
        with suppress(WorkerCrashed):
            async with self._joined[consumer]:
                await self.wire.alive()
                await self._workers[consumer].revoked(list(places))

    async def stop(self) -> None:
        """Let go of everything; raise what was a bug, the crashes of the schedule left out."""
        for task in self._feeding:
            task.cancel()
        for worker in self._workers.values():
            with suppress(WorkerCrashed):
                await worker.stop()
            if worker.bug is not None and not isinstance(worker.bug, WorkerCrashed):
                raise worker.bug


def _look(task: asyncio.Task[None]) -> None:
    """Take note of how a feed ended: a crash is no news."""
    if not task.cancelled() and (error := task.exception()) is not None:
        assert isinstance(error, WorkerCrashed), error
