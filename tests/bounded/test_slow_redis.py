"""A Redis that answers in 200 ms makes its own consumer slow, and no other, and holds little."""

import asyncio
from collections.abc import Awaitable

import pytest

from runtime.doubles.clock import run
from runtime.doubles.view import MemoryView
from runtime.engine.partition import Limits
from runtime.engine.records import Message, Place
from runtime.redis.view import RedisSettings, RedisView, connect
from tests.bounded.crowd import ANSWER_SECONDS as TURN_SECONDS
from tests.bounded.crowd import POLL_RECORDS, Crowd, Member, SlowWire, numbers
from tests.bounded.delayed import delayed
from tests.cluster.needed import RUN
from tests.runtime.engine.toy import summing_plan

SLOW_SECONDS = 0.2
PARTITIONS = 2
RECORDS = 6_000
ANSWERS_A_BATCH = 3
"""One or two reads, and the apply."""
ANSWERS_OF_A_RECOVERY = 9
LOG_SECONDS_A_BATCH = 0.05
REAL_RECORDS = 400
REAL_LIMITS = Limits(batch_records=100, waiting_records=200)
TICK_SECONDS = 0.05


def test_it_waits_a_few_answers_a_batch_whatever_is_in_it() -> None:
    """A batch takes as many answers as one record would; nothing is given up meanwhile."""
    slow = _slow()
    member = run(slow.run(_traffic()))
    batches = max(map(len, member.commits.values()))
    answers = ANSWERS_A_BATCH * batches + ANSWERS_OF_A_RECOVERY
    assert max(member.through.values()) < answers * SLOW_SECONDS + batches * LOG_SECONDS_A_BATCH
    assert not member.trouble


def test_it_holds_no_more_than_a_quick_one() -> None:
    """The partitions pause while they wait, and the records stay on the broker."""
    limits = Limits()
    member = run(_slow().run(_traffic()))
    bound = limits.waiting_records + POLL_RECORDS + limits.batch_records
    assert member.most["records"] <= bound


def test_a_consumer_with_another_redis_is_through_when_it_was() -> None:
    """Two consumers in one process: the slow one takes nothing from the other."""
    alone = run(_quick().run(_traffic()))
    quick, _slowed = run(_both(_quick().run(_traffic()), _slow().run(_traffic())))
    # In which turn of the loop a poll comes is no matter.
    assert quick.through == pytest.approx(alone.through, abs=10 * TURN_SECONDS)


async def test_a_real_one_blocks_nothing(redis_url: str) -> None:
    """The loop ticks on while every answer of Redis takes 200 ms, and all is handled."""
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(TICK_SECONDS)
            ticks += 1

    ticking = asyncio.create_task(tick())
    async with delayed(redis_url, SLOW_SECONDS) as url:
        client = connect(RedisSettings(url))
        crowd = Crowd(
            summing_plan(),
            PARTITIONS,
            REAL_LIMITS,
            lambda place: RedisView(client, f"{{slow-{RUN}:{place.partition}}}"),
        )
        member = await crowd.run({each: numbers(REAL_RECORDS) for each in range(PARTITIONS)})
        await client.aclose()
    ticking.cancel()
    assert not member.trouble
    batches = max(map(len, member.commits.values()))
    assert batches * ANSWERS_A_BATCH * SLOW_SECONDS > 1
    assert ticks > 10


def _slow() -> Crowd:
    wire = SlowWire(SLOW_SECONDS)

    def view(_place: Place) -> MemoryView:
        return MemoryView(wire=wire)

    return Crowd(summing_plan(), PARTITIONS, views=view)


def _quick() -> Crowd:
    return Crowd(summing_plan(), PARTITIONS)


def _traffic() -> dict[int, list[Message]]:
    return {partition: numbers(RECORDS) for partition in range(PARTITIONS)}


async def _both(one: Awaitable[Member], other: Awaitable[Member]) -> tuple[Member, Member]:
    return await asyncio.gather(one, other)
