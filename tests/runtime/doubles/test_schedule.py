"""A schedule: each fault at each instant does what it says, and a seed says all."""

import asyncio
from collections.abc import Sequence

import pytest

from runtime.doubles.broker import Broker
from runtime.doubles.clock import run
from runtime.doubles.log import MemoryLog, MemoryWriter
from runtime.doubles.schedule import (
    Choice,
    Fault,
    Faults,
    FaultyWire,
    Schedule,
    Took,
    When,
    WorkerCrashed,
)
from runtime.errors import EngineError, Indefinite
from tests.runtime.doubles.virtual import (
    OWNER,
    A,
    B,
    message,
    on_virtual_time,
    seen,
    write,
)

COMMIT_CALL = 4
"""The number of the commit's call below, after init, add and produce."""
ALL = Faults(
    wait=0.2,
    slow=0.02,
    freeze=0.02,
    lose=0.05,
    crash=0.01,
    mixed=0.5,
    short=0.5,
    marker_lost=0.2,
    marker_late=0.3,
    marker_twice=0.1,
)


class Worker:
    """Commits one record, with one thing that goes wrong at the commit; seen by a straight log."""

    def __init__(self, fault: Fault, when: When) -> None:
        """Plan it."""
        self.schedule = Schedule(1, plan={COMMIT_CALL: Choice(fault, when)})
        self.log = MemoryLog()
        self.wire = FaultyWire(self.schedule, "w")
        self.mine = MemoryLog(self.log.broker, self.wire)

    async def ready(self) -> MemoryWriter:
        """Return a writer whose record waits for the commit."""
        writer = await self.mine.writer(OWNER)
        await write(writer, "1", A)
        return writer

    async def seen(self) -> list[str]:
        """Return what a reader sees."""
        return await seen(self.log, A)


@on_virtual_time
async def test_a_lost_answer_tells_nothing_of_the_effect() -> None:
    """It took no effect, or it did, or it does later, and the worker hears the same."""
    found = []
    for when in When:
        worker = Worker(Fault.LOSE, when)
        writer = await worker.ready()
        with pytest.raises(Indefinite):
            await writer.commit()
        at_once = await worker.seen()
        await asyncio.sleep(30)
        found.append((at_once, await worker.seen()))
    assert found == [([], []), (["1"], ["1"]), ([], ["1"])]


@on_virtual_time
async def test_a_late_effect_is_fenced_like_any_other() -> None:
    """A call on its way is nothing once a newer epoch is open."""
    worker = Worker(Fault.LOSE, When.LATE)
    writer = await worker.ready()
    with pytest.raises(Indefinite):
        await writer.commit()
    await worker.log.writer(OWNER)
    await asyncio.sleep(30)
    assert await worker.seen() == []


@on_virtual_time
async def test_a_crash_ends_all_tasks_of_a_worker_and_its_later_calls_do_nothing() -> None:
    """Its finally blocks still run here, where a process would be gone: they have no effect."""
    for when, left in ((When.BEFORE, []), (When.AFTER, ["1"])):
        worker = Worker(Fault.CRASH, when)
        writer = await worker.ready()
        other = asyncio.create_task(asyncio.sleep(1_000))
        worker.wire.on_crash = other.cancel
        with pytest.raises(WorkerCrashed):
            await writer.commit()
        with pytest.raises(asyncio.CancelledError):
            await other
        with pytest.raises(WorkerCrashed):
            await worker.mine.writer(OWNER)
        await asyncio.sleep(30)
        assert await worker.seen() == left


@on_virtual_time
async def test_a_frozen_worker_comes_back_as_a_zombie() -> None:
    """All of its calls stand still; what was on its lips is said afterwards."""
    worker = Worker(Fault.FREEZE, When.BEFORE)
    writer = await worker.ready()
    frozen: list[float] = []
    worker.wire.on_freeze = frozen.append
    commit = asyncio.create_task(writer.commit())
    await asyncio.sleep(0)
    other = asyncio.create_task(worker.mine.ends([A], committed=True))
    await asyncio.sleep(frozen[0] - 0.001)
    assert not commit.done()
    assert not other.done()
    await asyncio.sleep(0.01)
    await asyncio.gather(commit, other)
    assert await worker.seen() == ["1"]


@on_virtual_time
async def test_a_call_that_is_given_up_is_still_on_its_way() -> None:
    """A deadline of the worker's own leaves it as open as a lost answer."""
    worker = Worker(Fault.FREEZE, When.BEFORE)
    writer = await worker.ready()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await writer.commit()
    assert await worker.seen() == []
    await asyncio.sleep(30)
    assert await worker.seen() == ["1"]


@on_virtual_time
async def test_the_places_of_an_append_come_in_any_order_and_in_parts() -> None:
    """Each place's own messages keep their order."""
    orders = set()
    for seed in range(40):
        schedule = Schedule(seed, Faults(mixed=1))
        schedule.trace = []
        log = MemoryLog(Broker(), schedule.wire("w"))
        writer = await log.writer(OWNER)
        await writer.begin()
        firsts = await writer.append({A: [message(text) for text in "123"], B: [message("4")]})
        await writer.commit()
        assert (await seen(log, A), await seen(log, B)) == (["1", "2", "3"], ["4"])
        assert firsts == {A: 0, B: 0}
        orders.add((next(iter(firsts)), [took.what for took in schedule.trace].count("produce")))
    assert orders == {(A, 2), (A, 3), (B, 2), (B, 3)}


@on_virtual_time
async def test_reads_give_few_records_at_a_time() -> None:
    """A reader gets all of them, whatever the chunks."""
    log = MemoryLog(wire=Schedule(3, Faults(short=1)).wire("w"))
    log.append_plain(A, [message(str(number)) for number in range(100)])
    sizes = [len(chunk) async for chunk in log.read(A, 0, 100, committed=True)]
    assert sum(sizes) == 100
    assert max(sizes) <= 8


@on_virtual_time
async def test_faults_keep_to_the_calls_that_are_named_and_calm_ends_them() -> None:
    """Everything else goes its way."""
    schedule = Schedule(1, Faults(lose=1, only=frozenset({"commit"})))
    log = MemoryLog(wire=schedule.wire("w"))
    writer = await log.writer(OWNER)
    await write(writer, "1", A)
    with pytest.raises(Indefinite):
        await writer.commit()
    schedule.calm()
    writer = await log.writer(OWNER)
    await write(writer, "2", A)
    await writer.commit()
    assert (await seen(log, A))[-1] == "2"


@on_virtual_time
async def test_the_longest_times_are_settings_and_faults_are_counted() -> None:
    """A wire says too how many offsets a feed delivers again."""
    loop = asyncio.get_running_loop()
    schedule = Schedule(1, Faults(slow=0.5, freeze=0.5, longest_slow=2, longest_freeze=3, short=1))
    wire = schedule.wire("w")
    for _ in range(50):
        before = loop.time()
        await wire.call("ends", lambda: None)
        assert loop.time() - before <= 3.01
    assert schedule.tally["slow"] + schedule.tally["freeze"] == 50
    assert 1 <= wire.again() <= 8
    assert Schedule(1).wire("w").again() == 0


async def muddle(seed: int, trace: list[Took]) -> tuple[list[str], list[str]]:
    """Let two workers that know no better write by turns; return what is visible in the end."""
    schedule = Schedule(seed, ALL)
    schedule.trace = trace
    broker = Broker(fate=schedule.marker, clock=lambda: 0, timeout=15)

    async def work(name: str) -> None:
        wire = schedule.wire(name)
        log = MemoryLog(broker, wire)
        while not wire.crashed:
            try:
                writer = await log.writer(OWNER)
                for number in range(5):
                    await write(writer, f"{name}{number}", A, B)
                    await writer.commit()
                    await seen(log, A)
            except EngineError:
                await asyncio.sleep(1)
            except WorkerCrashed:
                return

    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        workers = [group.create_task(work(name)) for name in ("v", "w")]
        await asyncio.sleep(40)
        for worker in workers:
            worker.cancel()
    schedule.calm()
    await asyncio.sleep(60)
    log = MemoryLog(broker)
    return await seen(log, A), await seen(log, B)


def trace_of(seed: int) -> tuple[Sequence[Took], object]:
    """Return all that happened in a muddle, and what it came to."""
    trace: list[Took] = []
    visible = run(muddle(seed, trace))
    return trace, visible


def test_the_same_seed_gives_the_same_run() -> None:
    """Every call, every fault, every time and every record is the same; another seed's are not."""
    once, again = [[trace_of(seed) for seed in range(15)] for _ in range(2)]
    assert once == again
    assert len({str(trace) for trace, _ in once}) == 15


def test_a_muddle_meets_every_fault_and_tears_transactions() -> None:
    """Workers that settle nothing leave places that disagree: what the engine is there for."""
    runs = [trace_of(seed) for seed in range(30)]
    met = {took.choice for trace, _ in runs for took in trace if took.choice is not None}
    assert {choice.fault for choice in met} == set(Fault)
    assert {choice.when for choice in met} == set(When)
    assert any(isinstance(visible, tuple) and visible[0] != visible[1] for _, visible in runs)
