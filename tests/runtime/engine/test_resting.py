"""A quiet partition of an input whose last offsets are markers, of which nothing is left later."""

import asyncio

from runtime.doubles.log import MemoryWriter
from runtime.engine.partition import Limits, Status
from runtime.engine.records import Message
from tests.runtime.doubles.virtual import on_virtual_time
from tests.runtime.engine.test_partition import Running, running, status_of_heir
from tests.runtime.engine.toy import Bench


async def write(bench: Bench, writer: MemoryWriter, *, commit: bool = True) -> None:
    """Write a number to the bus in a transaction, as the consumer before this one does."""
    await writer.begin()
    await writer.append({bench.places.input: [Message(b"a", b"1")]})
    await (writer.commit() if commit else writer.abort())


def lose_the_input(bench: Bench) -> None:
    """Let all of the input expire, markers too."""
    leader = bench.broker.leaders[bench.places.input]
    leader.expire(leader.end(committed=True))


def at(run: Running) -> int:
    """Return the input's next offset by the view."""
    position = run.bench.hash.position
    assert position is not None
    return position.next_offset


@on_virtual_time
async def test_markers_behind_the_last_record_may_expire() -> None:
    """A quiet partition says that it is past them; then it goes on, and so does its heir."""
    run = await running(Limits(rest=60))
    writer = await run.bench.log.writer("the one before")
    await write(run.bench, writer)
    await write(run.bench, writer, commit=False)
    run.partition.deliver(run.bench.shown(run.bench.places.input))
    await asyncio.sleep(1)
    assert at(run) == 1
    await asyncio.sleep(70)
    assert at(run) == 4
    assert "handled 0 below 4" in run.member.heard
    lose_the_input(run.bench)
    await write(run.bench, writer)
    run.partition.deliver(run.bench.shown(run.bench.places.input))
    await asyncio.sleep(1)
    assert (run.partition.status, at(run)) == (Status.RUNNING, 5)
    await asyncio.sleep(130)
    await run.end()
    lose_the_input(run.bench)
    assert await status_of_heir(run.bench) is Status.RUNNING


@on_virtual_time
async def test_a_record_that_was_not_delivered_yet_is_not_passed_over() -> None:
    """A feed may be slow for longer than a partition waits to rest."""
    run = await running(Limits(rest=60))
    writer = await run.bench.log.writer("the one before")
    await write(run.bench, writer)
    await asyncio.sleep(200)
    assert at(run) == 0
    run.partition.deliver(run.bench.shown(run.bench.places.input))
    await asyncio.sleep(1)
    assert (at(run), len(run.bench.values(run.bench.places.output))) == (1, 1)
    await run.end()
