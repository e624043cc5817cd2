"""One partition of the input: recovered, then worked through batch by batch, until it is taken.

It is a pipeline of its own: what goes wrong here, or is slow, pauses this partition and no other.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from runtime.engine.batch import NOTHING, STEP_FAILED, Outcome
from runtime.engine.commit import Committer, Standing
from runtime.engine.feed import Feed
from runtime.engine.messages import arrived, trace_of
from runtime.engine.observer import Led, Observer
from runtime.engine.plan import Places, Plan, Unread
from runtime.engine.ports import Log, View, Writer
from runtime.engine.records import Place, Record
from runtime.engine.recover import recover
from runtime.engine.turns import Turns
from runtime.errors import Denied, EngineError, Fenced, PartitionStopped, Refused, ViewMoved

ASSIGNED = "assigned"
"""Why a new owner recovers."""
FAILED_IN_A_ROW = 10
"""So many steps that raise one after the other are a bug or a bad release, not poison."""
TOO_LARGE_TO_WRITE = Unread(STEP_FAILED, "what it leads to is larger than the broker takes")


class Status(StrEnum):
    """What a partition is doing."""

    RECOVERING = "recovering"
    RUNNING = "running"
    STOPPED = "stopped"
    """It waits for a person."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much at a time: input records and their bytes, and seconds."""

    batch_records: int = 500
    batch_bytes: int = 4_194_304
    waiting_records: int = 2_000
    """More waiting pauses the partition; under half of it, it goes on."""
    waiting_bytes: int = 16_777_216
    idle: float = 1.0
    """A partition without records looks this often whether its view is still there."""
    rest: float = 60.0
    """After so long without records a partition rests (``Standing.is_rested``)."""
    first_pause: float = 0.1
    """Before a second recovery; it doubles to the longest, and a commit takes it back."""
    longest_pause: float = 30.0


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the partitions of one worker share; ``token`` gives a word that was never given."""

    plan: Plan
    partitions: int
    log: Log
    feed: Feed
    observer: Observer
    token: Callable[[], str]
    limits: Limits
    turns: Turns = field(default_factory=Turns)


class Waiting:
    """The records that were delivered and not handled yet, within bounds."""

    def __init__(self, limits: Limits) -> None:
        """Start empty, wanting records from offset 0."""
        self._limits = limits
        self._records: deque[Record] = deque()
        self._bytes = 0
        self.arrived = asyncio.Event()
        self.expected = 0
        """The next offset to be delivered; records below it were."""
        self.has_gap = False
        """Offsets were skipped: markers of transactions, or records that are gone."""

    def restart(self, offset: int) -> None:
        """Forget all, and want records from ``offset``."""
        self._records.clear()
        self._bytes = 0
        self.arrived.clear()
        self.expected, self.has_gap = offset, False

    def add(self, records: Sequence[Record]) -> None:
        """Take delivered records; those below the expected offset are left out."""
        new = [record for record in records if record.offset >= self.expected]
        if not new:
            return
        self.has_gap = self.has_gap or new[0].offset > self.expected
        self.expected = new[-1].offset + 1
        self._records.extend(new)
        self._bytes += sum(map(_size, new))
        self.arrived.set()

    def take(self, limit: int) -> list[Record]:
        """Return the next batch: at most ``limit`` records, and few enough bytes."""
        batch: list[Record] = []
        size = 0
        waiting = self._records
        while waiting and len(batch) < limit and size < self._limits.batch_bytes:
            record = waiting.popleft()
            size += _size(record)
            batch.append(record)
        self._bytes -= size
        if not waiting:
            self.arrived.clear()
        return batch

    def since(self) -> int:
        """Return when the first of them began its way on the bus, in ms since 1970."""
        return arrived(self._records[0])

    def fullness(self) -> float:
        """Return how full it is, 1 being the bound."""
        limits = self._limits
        return max(len(self._records) / limits.waiting_records, self._bytes / limits.waiting_bytes)


def _size(record: Record) -> int:
    return len(record.value or b"") + 200


class Partition:
    """Owns one partition from its assignment to its revocation."""

    def __init__(self, around: Surroundings, place: Place, view: View) -> None:
        """Work on ``place`` of the input over ``view``."""
        self.status = Status.RECOVERING
        self._around = around
        self._places: Places = around.plan.places(place.partition, around.partitions)
        self._view = view
        self._waiting = Waiting(around.limits)
        self._is_paused = True
        self._stopping = False
        self._pause = around.limits.first_pause
        self._batch_limit = around.limits.batch_records
        self._failed_in_a_row = 0
        self._busy_at = 0.0
        """When it last recovered or committed, by the loop's clock."""
        self._why = ASSIGNED
        """What led to the recovery that is under way, or to the last one."""
        self._refused: int | None = None
        """The offset of a record whose effects the broker refused when it came alone."""

    def deliver(self, records: Sequence[Record]) -> None:
        """Take records of the feed; those that come while the partition recovers come again."""
        if self.status is Status.RUNNING:
            self._waiting.add(records)
            if not self._is_paused and self._waiting.fullness() >= 1:
                self._is_paused = True
                self._around.feed.pause((self._places.input,))

    def finish(self) -> None:
        """Let ``run`` return after the transaction in flight."""
        self._stopping = True
        self._waiting.arrived.set()

    async def run(self) -> None:
        """Recover and work, again and again, until finished or stopped by name."""
        around, place = self._around, self._places.input
        while not self._stopping:
            around.observer.recovering(place, self._why)
            try:
                await self._own()
            except PartitionStopped as stop:
                self.status = Status.STOPPED
                around.observer.stopped(place, str(stop))
                return
            except EngineError as error:
                self._why = type(error).__name__
                if isinstance(error, Fenced):
                    around.observer.fenced(place)
                elif isinstance(error, ViewMoved):
                    around.observer.view_moved(place)
                elif isinstance(error, Denied):
                    around.observer.denied(place, str(error))
            if not self._stopping:
                await asyncio.sleep(self._pause)
                self._pause = min(2 * self._pause, around.limits.longest_pause)

    async def _own(self) -> None:
        """Recover, and work until an error or the end."""
        self._halt()
        around = self._around
        # A view that does not answer is found before an epoch is spent.
        await self._view.get(())
        writer = await around.log.writer(
            around.plan.transactional_id(self._places.input.partition)
        )
        try:
            committer, standing = await self._recover(writer)
            while not self._stopping:
                if await self._has_records():
                    async with around.turns.turn(self._waiting.since()):
                        if not self._stopping:
                            await self._handle(committer, standing)
                else:
                    await self._probe(committer, standing)
        finally:
            writer.drop()
            self._halt()

    def _halt(self) -> None:
        """Take nothing more until the next recovery; what waits is delivered again after it."""
        self.status = Status.RECOVERING
        self._waiting.restart(0)
        self._is_paused = True
        self._around.feed.pause((self._places.input,))

    async def _recover(self, writer: Writer) -> tuple[Committer, Standing]:
        around, place = self._around, self._places.input
        begun = asyncio.get_running_loop().time()
        token = around.token()
        committer = Committer(
            around.plan,
            self._places,
            around.log,
            self._view,
            writer,
            lambda number: f"{number}-{token}",
        )
        recovered = await recover(committer, around.partitions)
        seconds = asyncio.get_running_loop().time() - begun
        if recovered.resent:
            around.observer.resent(place, recovered.resent)
        if recovered.rebuilt and recovered.restored and self._why != ViewMoved.__name__:
            # It was lost while nobody looked; one that moved before our eyes is told already.
            around.observer.view_moved(place)
        around.observer.recovered(place, recovered.restored, seconds)
        standing = recovered.standing
        self._busy_at = asyncio.get_running_loop().time()
        around.observer.standing(place, standing.last.tallies)
        self._waiting.restart(standing.last.next_offset)
        self.status = Status.RUNNING
        around.feed.seek(place, standing.last.next_offset)
        around.feed.resume((place,))
        self._is_paused = False
        return committer, standing

    async def _has_records(self) -> bool:
        try:
            async with asyncio.timeout(self._around.limits.idle):
                await self._waiting.arrived.wait()
        except TimeoutError:
            return False
        return not self._stopping

    async def _probe(self, committer: Committer, standing: Standing) -> None:
        """See that the view is still there: a lost one must not stay lost on a quiet partition.

        After a while without records the partition rests: what its input and its outputs hold may
        expire, and nothing of it will ever be asked for.
        """
        position, _values = await self._view.get(())
        if position != standing.view:
            raise ViewMoved("the view is not at the last transaction")
        now = asyncio.get_running_loop().time()
        if now - self._busy_at < self._around.limits.rest:
            return
        self._busy_at = now
        handled = await self._handled_up_to(standing.last.next_offset)
        if handled > standing.last.next_offset or not standing.is_rested:
            await committer.write(standing, NOTHING, handled)
            # Markers of transactions would look like records that are not handled, for ever.
            self._around.feed.handled(self._places.input, handled)

    async def _handled_up_to(self, next_offset: int) -> int:
        """Return the input's end where no record is left, only markers; they expire too."""
        log, place = self._around.log, self._places.input
        end = (await log.ends((place,), committed=True))[place]
        async for _records in log.read(place, next_offset, end, committed=True):
            return next_offset
        return max(next_offset, end)

    async def _handle(self, committer: Committer, standing: Standing) -> None:
        """Take the next batch through one transaction."""
        around, place = self._around, self._places.input
        records = self._take()
        if self._waiting.has_gap:
            await self._check_gap(standing)
        begun = asyncio.get_running_loop().time()
        try:
            outcome = await self._step(committer, standing, records)
            await committer.write(standing, outcome, records[-1].offset + 1)
        except Refused:
            self._narrow(records)
            around.observer.aborted(place)
            raise
        except EngineError:
            around.observer.aborted(place)
            raise
        self._busy_at = asyncio.get_running_loop().time()
        seconds = self._busy_at - begun
        self._pause = around.limits.first_pause
        self._batch_limit = min(2 * self._batch_limit, around.limits.batch_records)
        around.feed.handled(place, standing.last.next_offset)
        around.observer.standing(place, standing.last.tallies)
        self._tell(outcome, len(records), seconds)

    def _take(self) -> list[Record]:
        records = self._waiting.take(self._batch_limit)
        if self._is_paused and self._waiting.fullness() < 1 / 2:
            self._is_paused = False
            self._around.feed.resume((self._places.input,))
        return records

    async def _check_gap(self, standing: Standing) -> None:
        """Tell markers of transactions, which take offsets, from records that are gone."""
        place = self._places.input
        begins = (await self._around.log.beginnings((place,)))[place]
        if begins > standing.last.next_offset:
            raise PartitionStopped("input: records that were not handled are no longer held")
        self._waiting.has_gap = False

    async def _step(
        self, committer: Committer, standing: Standing, records: Sequence[Record]
    ) -> Outcome:
        """Return what the batch leads to; stop where step after step raises."""
        if records[0].offset == self._refused:
            return self._letter(records[0])
        outcome = await committer.step(standing, records)
        for led in outcome.led:
            failed = led.letter == STEP_FAILED
            self._failed_in_a_row = self._failed_in_a_row + 1 if failed else 0
            if self._failed_in_a_row >= FAILED_IN_A_ROW:
                raise PartitionStopped("steps: one after the other raises")
        return outcome

    def _narrow(self, records: Sequence[Record]) -> None:
        """Halve a batch that the broker refused, down to the record that is to blame.

        The records come again after the recovery; one that was refused alone becomes a dead
        letter then, and a dead letter that is refused itself stops the partition.
        """
        if len(records) > 1:
            self._batch_limit = len(records) // 2
        elif records[0].offset == self._refused:
            raise PartitionStopped("a dead letter is larger than the broker takes")
        else:
            self._batch_limit, self._refused = 1, records[0].offset

    def _letter(self, record: Record) -> Outcome:
        plan, place = self._around.plan, self._places.input
        letter = plan.write_letter(place, record, TOO_LARGE_TO_WRITE)
        led = Led((), arrived(record), STEP_FAILED, trace_of(record))
        return Outcome([], [letter], {}, 0, [led])

    def _tell(self, outcome: Outcome, records: int, seconds: float) -> None:
        observer, place = self._around.observer, self._places.input
        observer.committed(place, records, seconds)
        for led in outcome.led:
            if led.letter is not None:
                observer.dead_lettered(place, led.letter)
            if led.events:
                observer.emitted(place, led.events, led.arrived)
            if led.trace:
                observer.traced(place, led, seconds)
