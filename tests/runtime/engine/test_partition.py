"""A partition recovers, works, and gives way, whatever comes."""

import asyncio
from collections.abc import Iterable

from runtime.engine.observer import Observer
from runtime.engine.partition import Limits, Partition, Status, Surroundings
from runtime.engine.records import Message, Place, Record
from tests.runtime.doubles.virtual import on_virtual_time
from tests.runtime.engine.toy import PARTITIONS, Bench

LIMITS = Limits(batch_records=4, waiting_records=8, idle=1.0)


class Member(Observer):
    """A feed that delivers by hand, and an ear for what happens."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.heard: list[str] = []

    def pause(self, places: Iterable[Place]) -> None:
        """Note it."""
        self.calls += [f"pause {place.partition}" for place in places]

    def resume(self, places: Iterable[Place]) -> None:
        """Note it."""
        self.calls += [f"resume {place.partition}" for place in places]

    def seek(self, place: Place, offset: int) -> None:
        """Note it."""
        self.calls.append(f"seek {place.partition} to {offset}")

    def handled(self, place: Place, offset: int) -> None:
        """Note it."""
        self.heard.append(f"handled {place.partition} below {offset}")

    def committed(self, place: Place, records: int, seconds: float) -> None:  # noqa: ARG002 - an observer's shape
        """Note it."""
        self.heard.append(f"committed {records}")

    def recovering(self, place: Place, why: str) -> None:  # noqa: ARG002 - an observer's shape
        """Note it."""
        self.heard.append(f"recovering: {why}")

    def view_moved(self, place: Place) -> None:  # noqa: ARG002 - an observer's shape
        """Note it."""
        self.heard.append("view moved")

    def stopped(self, place: Place, why: str) -> None:  # noqa: ARG002 - an observer's shape
        """Note it."""
        self.heard.append(f"stopped: {why}")

    def dead_lettered(self, place: Place, reason: str) -> None:  # noqa: ARG002 - an observer's shape
        """Note it."""
        self.heard.append(f"dead letter: {reason}")


class Running:
    """A partition with its task."""

    def __init__(self, bench: Bench, limits: Limits = LIMITS) -> None:
        self.bench, self.member = bench, Member()
        around = Surroundings(
            bench.plan,
            PARTITIONS,
            bench.log,
            self.member,
            self.member,
            iter(f"word{number}" for number in range(99)).__next__,
            limits,
        )
        self.partition = Partition(around, bench.places.input, bench.view)
        self.task = asyncio.create_task(self.partition.run())

    def deliver(self, *numbers: tuple[str, str]) -> list[Record]:
        """Write numbers to the bus and deliver them."""
        records = self.bench.numbers(*numbers)
        self.partition.deliver(records)
        return records

    async def end(self) -> None:
        """Finish, and see the task end."""
        self.partition.finish()
        await self.task


async def running(limits: Limits = LIMITS) -> Running:
    """Return a partition that has recovered."""
    bench = Bench()
    await bench.make_topics()
    run = Running(bench, limits)
    await asyncio.sleep(0.5)
    assert run.partition.status is Status.RUNNING
    return run


async def status_of_heir(bench: Bench) -> Status:
    """Return what the next owner of a partition does, once it had the time to recover."""
    heir = Running(bench)
    await asyncio.sleep(1)
    status = heir.partition.status
    await heir.end()
    return status


@on_virtual_time
async def test_it_seeks_where_the_position_record_says_before_it_resumes() -> None:
    """Nothing is delivered while it recovers."""
    run = await running()
    assert run.member.calls == ["pause 0", "seek 0 to 0", "resume 0"]
    await run.end()


@on_virtual_time
async def test_what_is_delivered_twice_is_handled_once() -> None:
    """Records below the expected offset are left out."""
    run = await running()
    records = run.deliver(("a", "1"), ("a", "2"))
    run.partition.deliver(records)
    await asyncio.sleep(1)
    assert len(run.bench.values(run.bench.places.output)) == 2
    await run.end()


@on_virtual_time
async def test_what_is_delivered_while_it_recovers_is_left_out() -> None:
    """It is delivered again after the seek."""
    bench = Bench()
    await bench.make_topics()
    run = Running(bench)
    run.deliver(("a", "1"))
    await asyncio.sleep(1)
    assert bench.values(bench.places.output) == []
    await run.end()


@on_virtual_time
async def test_a_full_partition_is_paused_and_goes_on_when_half_empty() -> None:
    """Only its own place is."""
    run = await running()
    run.deliver(*[("a", "1")] * 9)
    assert run.member.calls[-1] == "pause 0"
    await asyncio.sleep(1)
    assert run.member.calls[-1] == "resume 0"
    assert run.member.heard[-6:] == [
        "handled 0 below 4",
        "committed 4",
        "handled 0 below 8",
        "committed 4",
        "handled 0 below 9",
        "committed 1",
    ]
    await run.end()


@on_virtual_time
async def test_a_view_lost_on_a_quiet_partition_is_made_again() -> None:
    """The idle probe finds it."""
    run = await running()
    run.deliver(("a", "1"))
    await asyncio.sleep(0.5)
    before = dict(run.bench.hash.values)
    run.bench.hash.restore(0)
    await asyncio.sleep(5)
    assert run.bench.hash.values == before
    assert "recovering: ViewMoved" in run.member.heard
    assert run.member.heard.count("view moved") == 1
    await run.end()


@on_virtual_time
async def test_a_view_lost_while_nobody_looked_is_told() -> None:
    """By the next owner, once; to find it as it was left is no news, nor is a first start."""
    first = await running()
    first.deliver(("a", "1"))
    await asyncio.sleep(0.5)
    await first.end()
    heir = Running(first.bench)
    await asyncio.sleep(1)
    await heir.end()
    assert "view moved" not in (*first.member.heard, *heir.member.heard)
    first.bench.hash.restore(0)
    third = Running(first.bench)
    await asyncio.sleep(5)
    await third.end()
    assert third.member.heard.count("view moved") == 1


@on_virtual_time
async def test_a_quiet_partition_rests_so_that_its_outputs_may_expire() -> None:
    """After it, an output that holds nothing any more keeps no heir from taking over."""
    run = await running(Limits(rest=60))
    run.deliver(("a", "1"))
    await asyncio.sleep(70)
    changelog = len(run.bench.shown(run.bench.places.changelog))
    await asyncio.sleep(600)
    assert len(run.bench.shown(run.bench.places.changelog)) == changelog
    await run.end()
    for place in run.bench.places.outputs:
        leader = run.bench.broker.leaders[place]
        leader.expire(leader.end(committed=True))
    assert await status_of_heir(run.bench) is Status.RUNNING


@on_virtual_time
async def test_a_batch_that_is_refused_is_narrowed_to_its_poison() -> None:
    """The record whose effects are too large becomes a dead letter; the others are handled."""
    run = await running()
    run.bench.broker.size_max = 600
    big = ("x" * 400, "1")
    run.deliver(("a", "1"), ("b", "1"), big, ("c", "1"))
    for _ in range(60):
        await asyncio.sleep(1)
        handled = run.bench.hash.position
        if handled is not None and handled.next_offset < 4:
            waiting = run.bench.broker.leaders[run.bench.places.input]
            records = waiting.records_between(handled.next_offset, 4, committed=True)
            run.partition.deliver(records)
    assert "dead letter: step_failed" in run.member.heard
    assert len(run.bench.values(run.bench.places.output)) == 3
    await run.end()


@on_virtual_time
async def test_step_after_step_that_raises_stops_the_partition() -> None:
    """Ten in a row are a bug, and nothing of the last batch is written."""
    run = await running(Limits(batch_records=20, waiting_records=40))
    run.deliver(*[("a", "13")] * 12)
    await asyncio.sleep(1)
    assert run.partition.status is Status.STOPPED
    assert run.bench.values(run.bench.places.dead_letters) == []
    assert run.member.heard[-1] == "stopped: steps: one after the other raises"


@on_virtual_time
async def test_records_that_expire_while_they_wait_stop_the_partition() -> None:
    """A jump in the offsets is looked into."""
    run = await running()
    run.bench.numbers(("a", "1"), ("a", "1"))
    run.bench.broker.leaders[run.bench.places.input].expire(2)
    run.deliver(("a", "5"))
    await asyncio.sleep(1)
    assert (
        run.member.heard[-1] == "stopped: input: records that were not handled are no longer held"
    )


@on_virtual_time
async def test_a_state_that_cannot_be_read_stops_the_partition() -> None:
    """It is never taken for a poison record."""
    run = await running()
    run.deliver(("a", "1"))
    await asyncio.sleep(0.5)
    position = run.bench.hash.position
    assert position is not None
    run.bench.hash.apply(position, {'["sum","a"]': b"{"}, position)
    run.deliver(("a", "1"))
    await asyncio.sleep(1)
    assert run.member.heard[-1] == "stopped: state: a value of kind sum cannot be read"


@on_virtual_time
async def test_it_finishes_the_transaction_in_flight_when_it_has_to_go() -> None:
    """The task ends by itself, and what was delivered is either whole or not there."""
    run = await running()
    run.deliver(("a", "1"))
    await run.end()
    assert run.task.done()
    assert len(run.bench.values(run.bench.places.output)) in {0, 1}


@on_virtual_time
async def test_a_foreign_message_on_its_output_makes_it_recover_and_stop() -> None:
    """Two writers on one place are a case for a person."""
    run = await running()
    run.bench.log.append_plain(run.bench.places.output, [Message(b"a", b"foreign")])
    run.deliver(("a", "1"))
    await asyncio.sleep(2)
    assert run.member.heard[-1] == "stopped: sums: a record that is not this consumer's"
