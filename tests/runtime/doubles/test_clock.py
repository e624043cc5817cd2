"""Virtual time: sleeping costs nothing, the order is always the same, and nothing hangs."""

import asyncio

import pytest

from runtime.doubles.clock import ZERO_MS, Deadlock, VirtualLoop, run
from tests.runtime.doubles.virtual import on_virtual_time


@on_virtual_time
async def test_time_jumps_to_the_next_timer() -> None:
    """Whoever sleeps less wakes first, and a sleep is never too short."""
    loop = asyncio.get_running_loop()
    woken = []

    async def sleep(seconds: float) -> None:
        until = loop.time() + seconds
        await asyncio.sleep(seconds)
        assert loop.time() >= until
        woken.append(seconds)

    lengths = [86_400 * 9, 0.3, 0.1, 1e-9, 1 / 3, 0]
    await asyncio.gather(*map(sleep, lengths))
    assert woken == sorted(lengths)
    assert loop.time() == pytest.approx(86_400 * 9)


@on_virtual_time
async def test_a_deadline_strikes_at_its_time() -> None:
    """Timeouts of asyncio run on virtual time."""
    loop = asyncio.get_running_loop()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(8):
            await asyncio.Event().wait()
    assert loop.time() == pytest.approx(8)
    assert isinstance(loop, VirtualLoop)
    assert loop.milliseconds() == ZERO_MS + 8_000


def test_waiting_for_nothing_is_found() -> None:
    """Where nothing is ready and no timer runs, the run ends with an error."""

    async def wait() -> None:
        await asyncio.Event().wait()

    with pytest.raises(Deadlock):
        run(wait())


@on_virtual_time
async def test_a_set_of_tasks_has_an_order() -> None:
    """What asyncio does with a set of tasks is the same in every run."""
    tasks = [asyncio.create_task(asyncio.sleep(0)) for _ in range(100)]
    assert list(set(tasks[50:] + tasks[:50])) == tasks
    done, _ = await asyncio.wait(tasks)
    assert list(done) == tasks


def test_what_is_left_running_is_cancelled() -> None:
    """A run ends clean, with its tasks' finally blocks through."""
    ended = []

    async def stay() -> None:
        try:
            await asyncio.sleep(1_000)
        finally:
            ended.append(1)

    async def leave() -> int:
        task = asyncio.create_task(stay())
        await asyncio.sleep(1)
        assert not task.done()
        return 7

    assert run(leave()) == 7
    assert ended == [1]
