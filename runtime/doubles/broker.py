"""A broker in memory: places with their leaders, and the coordinators of transactions.

As Kafka 4.2 and 4.3 do it. A coordinator decides; its decision becomes visible place by place, by
markers that may come late, be lost (KAFKA-20734) or come twice. A leader knows only what it saw:
it refuses an epoch once it knows a newer one, and a marker decides all that its producer id has
open there, whichever transaction wrote it. Every method is one indivisible step.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from runtime.engine.records import Message, Place, Record
from runtime.errors import Fenced, Refused

Fate = Callable[[Place], Sequence[float]]
"""When a marker lands at a place, in seconds from its decision: never, once or again."""
ONCE_AT_ONCE = (0.0,)


def always_at_once(_place: Place) -> Sequence[float]:
    """Return the fate of markers on a good day."""
    return ONCE_AT_ONCE


def milliseconds() -> int:
    """Return the machine's time in ms since 1970."""
    return time.time_ns() // 1_000_000


@dataclass(slots=True, eq=False)
class Run:
    """What one producer id wrote to a place between two markers of its own there."""

    first: int
    visible: bool = False
    """Whether it is committed; undecided and aborted are both invisible."""


VISIBLE = Run(0, visible=True)
"""The run of what is in no transaction, markers included."""


class Leader:
    """The log of one place; offsets are indexes."""

    def __init__(self) -> None:
        """Start empty, knowing no producer."""
        self.beginning = 0
        self.records: list[Record | None] = []
        """By offset; None is a marker, or what compaction took."""
        self.listeners: list[Callable[[], object]] = []
        """Called whenever more may be readable: how a reader waits for news."""
        self._runs: list[Run] = []
        self._open: dict[int, Run] = {}
        """What is undecided by producer id, the earliest first."""
        self._epochs: dict[int, int] = {}
        """The newest epoch that this leader has seen of each producer id."""

    def end(self, *, committed: bool) -> int:
        """Return the last stable offset, or the high watermark."""
        if committed and self._open:
            return next(iter(self._open.values())).first
        return len(self.records)

    def check(self, producer: int, epoch: int) -> None:
        """Refuse an epoch older than one that this leader has seen."""
        if epoch < self._epochs.get(producer, 0):
            raise Fenced("this place knows a newer epoch")

    def has_open(self, producer: int) -> bool:
        """Tell whether something of this producer id waits for a marker here."""
        return producer in self._open

    def write(self, producer: int, epoch: int, messages: Sequence[Message], now: int) -> int:
        """Append to what the producer id has open here; return the first offset."""
        first = len(self.records)
        run = self._open.get(producer)
        if run is None:
            run = self._open[producer] = Run(first)
        self._epochs[producer] = epoch
        self._append(run, messages, now)
        return first

    def write_plain(self, messages: Sequence[Message], now: int) -> int:
        """Append outside of any transaction; return the first offset."""
        first = len(self.records)
        self._append(VISIBLE, messages, now)
        self._tell()
        return first

    def _append(self, run: Run, messages: Sequence[Message], now: int) -> None:
        offset = len(self.records)
        self.records += [
            Record(offset + index, message.key, message.value, message.headers, now)
            for index, message in enumerate(messages)
        ]
        self._runs += [run] * len(messages)

    def mark(self, producer: int, epoch: int, *, visible: bool) -> None:
        """Decide all that the producer id has open here; a marker of an older epoch is nothing."""
        if epoch < self._epochs.get(producer, 0):
            return
        self._epochs[producer] = epoch
        run = self._open.pop(producer, None)
        if run is not None:
            run.visible = visible
        self.records.append(None)
        self._runs.append(VISIBLE)
        self._tell()

    def _tell(self) -> None:
        for listener in self.listeners:
            listener()

    def records_between(self, start: int, stop: int, *, committed: bool) -> list[Record]:
        """Return what is readable there; the caller keeps below ``end``."""
        records = self.records[start:stop]
        if not committed:
            return [record for record in records if record is not None]
        runs = self._runs[start:stop]
        return [
            record
            for record, run in zip(records, runs, strict=True)
            if record is not None and run.visible
        ]

    def expire(self, before: int) -> None:
        """Lose everything below an offset, as retention does."""
        self.beginning = max(self.beginning, min(before, len(self.records)))
        self.records[: self.beginning] = [None] * self.beginning

    def compact(self, before: int, *, keep_tombstones: bool = True) -> None:
        """Keep below an offset only the last committed record of each key.

        What stands there or later is too young: it takes nothing away either.
        """
        stop = min(before, self.end(committed=True))
        last = {
            record.key: record.offset for record in self.records_between(0, stop, committed=True)
        }
        for offset in range(stop):
            record = self.records[offset]
            if record is None:
                continue
            is_old = record.value is None and not keep_tombstones
            if is_old or last.get(record.key) != offset:
                self.records[offset] = None


@dataclass(slots=True, eq=False)
class Coordinator:
    """One transactional id: its newest epoch, its open transaction, its markers on the way."""

    producer: int
    epoch: int = 0
    places: dict[Place, None] = field(default_factory=dict)
    in_flight: int = 0
    timer: asyncio.TimerHandle | None = None


@dataclass(slots=True)
class Broker:
    """All places and all transactional ids; a place is there once it is named."""

    fate: Fate = always_at_once
    clock: Callable[[], int] = milliseconds
    """What records are stamped with, in ms since 1970."""
    size_max: int | None = None
    """Bytes of key, value and headers above which a record is refused."""
    sizes: Mapping[str, int] = field(default_factory=dict)
    """The same for topics that have a limit of their own."""
    timeout: float | None = None
    """Seconds after which a transaction is aborted, and its epoch fenced, by the broker."""
    leaders: defaultdict[Place, Leader] = field(default_factory=lambda: defaultdict(Leader))
    _coordinators: dict[str, Coordinator] = field(default_factory=dict)

    def init(self, transactional_id: str) -> tuple[int, int]:
        """Open the next epoch and abort what is undecided; return producer id and epoch."""
        coordinator = self._coordinators.get(transactional_id)
        if coordinator is None:
            coordinator = Coordinator(producer=len(self._coordinators) + 1)
            self._coordinators[transactional_id] = coordinator
        coordinator.epoch += 1
        self._decide(coordinator, visible=False)
        return coordinator.producer, coordinator.epoch

    def add(self, transactional_id: str, epoch: int, places: Iterable[Place]) -> bool:
        """Add places to the transaction; False while markers of the one before are on the way."""
        coordinator = self._current(transactional_id, epoch)
        if coordinator.in_flight:
            return False
        if not coordinator.places and self.timeout is not None:
            loop = asyncio.get_running_loop()
            coordinator.timer = loop.call_later(self.timeout, self._time_out, coordinator)
        coordinator.places.update(dict.fromkeys(places))
        return True

    def produce(
        self, transactional_id: str, epoch: int, place: Place, messages: Sequence[Message]
    ) -> int:
        """Append to a place that was added; return the first offset. Only its leader is asked."""
        coordinator, leader = self._coordinators[transactional_id], self.leaders[place]
        leader.check(coordinator.producer, epoch)
        open_here = leader.has_open(coordinator.producer)
        if epoch == coordinator.epoch and place not in coordinator.places and not open_here:
            raise Fenced("the place is in no transaction of this epoch")
        self._check_sizes(place, messages)
        return leader.write(coordinator.producer, epoch, messages, self.clock())

    def finish(self, transactional_id: str, epoch: int, *, visible: bool) -> None:
        """Decide the transaction: from now on it is committed, or aborted, whatever happens."""
        self._decide(self._current(transactional_id, epoch), visible=visible)

    def write_plain(self, place: Place, messages: Sequence[Message]) -> int:
        """Append for a producer without transactions; return the first offset."""
        self._check_sizes(place, messages)
        return self.leaders[place].write_plain(messages, self.clock())

    def fetch(
        self,
        place: Place,
        span: tuple[int, int],
        most: int,
        *,
        committed: bool,
    ) -> tuple[list[Record], int] | None:
        """Return the next records of a span, and where to go on; None at its end."""
        leader = self.leaders[place]
        start, stop = max(span[0], leader.beginning), min(span[1], leader.end(committed=committed))
        while start < stop:
            upto = min(start + most, stop)
            if found := leader.records_between(start, upto, committed=committed):
                return found, upto
            start = upto
        return None

    def ends(self, places: Iterable[Place], *, committed: bool) -> dict[Place, int]:
        """Return each place's last stable offset, or its high watermark."""
        return {place: self.leaders[place].end(committed=committed) for place in places}

    def beginnings(self, places: Iterable[Place]) -> dict[Place, int]:
        """Return each place's first offset that is still held."""
        return {place: self.leaders[place].beginning for place in places}

    def _current(self, transactional_id: str, epoch: int) -> Coordinator:
        coordinator = self._coordinators[transactional_id]
        if epoch != coordinator.epoch:
            raise Fenced("the transactional id has a newer epoch")
        return coordinator

    def _check_sizes(self, place: Place, messages: Sequence[Message]) -> None:
        most = self.sizes.get(place.topic, self.size_max)
        if most is not None and any(_size(each) > most for each in messages):
            raise Refused("a record is too large")

    def _decide(self, coordinator: Coordinator, *, visible: bool) -> None:
        """End the transaction, if there is one, and send its markers off."""
        if coordinator.timer is not None:
            coordinator.timer.cancel()
            coordinator.timer = None
        places, coordinator.places = coordinator.places, {}
        marker = coordinator.producer, coordinator.epoch, visible
        for place in places:
            for nth, seconds in enumerate(self.fate(place)):
                waited_for = coordinator if nth == 0 else None
                if seconds <= 0:
                    self._land(place, marker, None)
                    continue
                if waited_for is not None:
                    waited_for.in_flight += 1
                loop = asyncio.get_running_loop()
                loop.call_later(seconds, self._land, place, marker, waited_for)

    def _land(
        self, place: Place, marker: tuple[int, int, bool], waited_for: Coordinator | None
    ) -> None:
        producer, epoch, visible = marker
        self.leaders[place].mark(producer, epoch, visible=visible)
        if waited_for is not None:
            waited_for.in_flight -= 1

    def _time_out(self, coordinator: Coordinator) -> None:
        coordinator.epoch += 1
        self._decide(coordinator, visible=False)


def _size(message: Message) -> int:
    headers = sum(len(name) + len(value) for name, value in message.headers)
    return len(message.key or b"") + len(message.value or b"") + headers
