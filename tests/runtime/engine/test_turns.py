"""Turns: few partitions work at a time, the oldest records first, and nobody is left waiting."""

import asyncio
from collections.abc import Sequence

from runtime.engine.turns import LONGEST, PATIENCE, Turns
from tests.runtime.doubles.virtual import on_virtual_time

SECONDS = LONGEST / 10


class Floor:
    """Notes who works and in which order they began."""

    def __init__(self, turns: Turns) -> None:
        self.began: list[int] = []
        self.at_work = self.most = 0
        self._turns = turns

    async def work(self, since: int, seconds: float = SECONDS) -> None:
        """Work for so long on what is there since then."""
        async with self._turns.turn(since):
            self.began.append(since)
            self.at_work += 1
            self.most = max(self.most, self.at_work)
            await asyncio.sleep(seconds)
            self.at_work -= 1


async def all_of(floor: Floor, sinces: Sequence[int], seconds: float = SECONDS) -> None:
    """Let each ask in order, and wait until all have worked."""
    await asyncio.gather(*(floor.work(since, seconds) for since in sinces))


@on_virtual_time
async def test_few_work_at_a_time() -> None:
    """However many ask, no more than so many work, and every one does in the end."""
    floor = Floor(Turns(at_once=3))
    await all_of(floor, range(20))
    assert floor.most == 3
    assert sorted(floor.began) == list(range(20))


@on_virtual_time
async def test_the_oldest_goes_first() -> None:
    """Of those that wait, the one whose records are oldest begins next."""
    floor = Floor(Turns(at_once=1))
    await all_of(floor, [50, 30, 10, 20, 40])
    assert floor.began == [50, 10, 20, 30, 40]


@on_virtual_time
async def test_one_that_lasts_holds_up_nobody() -> None:
    """A turn that lasts longer than the longest lets another begin beside it, and goes on."""
    floor = Floor(Turns(at_once=1))
    slow = asyncio.create_task(floor.work(1, seconds=60))
    await asyncio.sleep(0)
    await asyncio.wait_for(floor.work(2), 2 * LONGEST)
    assert not slow.done()
    await slow
    # What the slow one gave up is not given up again when it ends.
    await all_of(floor, range(3, 9))
    assert floor.most == 2
    assert floor.at_work == 0


@on_virtual_time
async def test_an_old_backlog_starves_nobody() -> None:
    """Who has waited longest goes first after so many that are older."""
    floor = Floor(Turns(at_once=1))
    newest = 10 * PATIENCE
    await all_of(floor, [0, newest, *range(1, 3 * PATIENCE)])
    assert floor.began.index(newest) == PATIENCE + 1


@on_virtual_time
async def test_one_that_is_given_up_takes_no_turn() -> None:
    """Who is cancelled while waiting, or when just let in, leaves the turn to the next."""
    floor = Floor(Turns(at_once=1))
    first = asyncio.create_task(floor.work(1))
    waiting = asyncio.create_task(floor.work(2))
    await asyncio.sleep(0)
    waiting.cancel()
    await first
    let_in = asyncio.create_task(floor.work(3))
    await asyncio.sleep(0)
    let_in.cancel()
    await asyncio.wait({waiting, let_in})
    await asyncio.wait_for(floor.work(4), SECONDS * 2)
    assert floor.began == [1, 3, 4]
