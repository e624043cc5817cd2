"""An event loop whose time is counted, not lived through: sleeping costs nothing."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")
ZERO_MS = 1_767_225_600_000
"""What a virtual clock's first instant is in ms since 1970: the start of 2026, UTC."""


class Deadlock(Exception):  # noqa: N818 - it names what was found, as the engine's errors do
    """Nothing is ready and no timer runs: nothing will ever happen again."""


class OrderedTask(asyncio.Task[Any]):
    """A task hashed by its number: sets of tasks iterate the same way in every run."""

    def __init__(self, order: int, coro: Coroutine[Any, Any, Any], **named: Any) -> None:  # noqa: ANN401 - asyncio's own keywords
        # Before asyncio's, which puts the task into a set.
        self._order = order
        super().__init__(coro, **named)

    def __hash__(self) -> int:
        """Return how many tasks came before it, where a plain task has its address."""
        return self._order


class VirtualLoop(asyncio.BaseEventLoop):
    """Runs what is ready, then jumps to the next timer; it has no socket and no thread.

    Where nothing is ready and no timer runs, ``Deadlock`` comes out of ``run_until_complete``.
    """

    def __init__(self) -> None:
        super().__init__()
        self._now = 0.0
        # What BaseEventLoop asks for what happened outside; here that is only time.
        self._selector = self
        self._tasks: list[asyncio.Task[Any]] = []
        self.set_task_factory(lambda _loop, coro, **named: self._task(coro, **named))

    def _task(self, coro: Coroutine[Any, Any, Any], **named: Any) -> OrderedTask:  # noqa: ANN401 - asyncio's own keywords
        task = OrderedTask(len(self._tasks), coro, loop=self, **named)
        self._tasks.append(task)
        return task

    def end(self) -> None:
        """Cancel what is left, see it end, and close."""
        # asyncio.all_tasks looks through the tasks of every loop that there was.
        if left := [task for task in self._tasks if not task.done()]:
            for task in left:
                task.cancel()
            self.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        self._tasks.clear()
        self.close()

    def time(self) -> float:
        """Return the seconds that passed since the loop was made."""
        return self._now

    def milliseconds(self) -> int:
        """Return the time as ms since 1970, as a broker's clock gives it."""
        return ZERO_MS + int(self._now * 1000)

    def select(self, timeout: float | None) -> list[object]:
        """Let the time until the next timer pass at once."""
        if timeout is None:
            raise Deadlock("nothing is ready and no timer runs")
        if timeout:
            # A nanosecond more: no sleeper wakes a rounding error too early.
            self._now += timeout + 1e-9
        return []

    def _process_events(self, event_list: list[object]) -> None:
        """Nothing comes from outside."""

    def _write_to_self(self) -> None:
        """Nobody has to be woken: there is one thread."""


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end on a virtual loop of its own; what it leaves is cancelled."""
    loop = VirtualLoop()
    try:
        return loop.run_until_complete(main)
    finally:
        loop.end()
