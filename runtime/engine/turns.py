"""Turns: a few partitions of a process work at a time, those with the oldest records first.

One core serves all of a process. Where every partition that has something works at once, each
transaction lasts as long as all of them together. Where a few do, each is soon through, what comes
meanwhile is one larger batch, and what has come far goes on first. It is politeness and nothing
else: no safety rests on it.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

AT_ONCE = 4
"""While some wait for an answer of the broker, another computes."""
LONGEST = 0.05
"""Seconds after which another may begin beside one that lasts: a slow broker holds up nobody."""
PATIENCE = 32
"""So many may go before the one that has waited longest: an old backlog does not starve others."""


@dataclass(slots=True, eq=False)
class Turn:
    """One turn, asked for or under way; ``since`` says how old what it works on is."""

    since: int
    begun: asyncio.Future[None]


class Turns:
    """Shared by all partitions of a process."""

    def __init__(
        self, at_once: int = AT_ONCE, longest: float = LONGEST, patience: int = PATIENCE
    ) -> None:
        """Let ``at_once`` work, and another one for each that ends or lasts ``longest``."""
        self._at_once = at_once
        self._longest = longest
        self._patience = patience
        self._working: set[Turn] = set()
        self._waiting: list[Turn] = []
        """Who asked first stands first."""
        self._passed = 0
        """How many went before the first of those who wait."""

    @asynccontextmanager
    async def turn(self, since: int) -> AsyncIterator[None]:
        """Wait for a turn to work on what is there since then, in ms since 1970."""
        loop = asyncio.get_running_loop()
        turn = Turn(since, loop.create_future())
        self._waiting.append(turn)
        self._let_begin()
        ending: asyncio.TimerHandle | None = None
        try:
            await turn.begun
            ending = loop.call_later(self._longest, self._end, turn)
            yield
        finally:
            if ending is not None:
                ending.cancel()
            self._end(turn)

    def _end(self, turn: Turn) -> None:
        """End a turn; one that has ended, or that was given up before it began, is no more."""
        if turn in self._waiting:
            self._waiting.remove(turn)
        self._working.discard(turn)
        self._let_begin()

    def _let_begin(self) -> None:
        while self._waiting and len(self._working) < self._at_once:
            turn = self._waiting.pop(self._next())
            self._working.add(turn)
            if not turn.begun.done():
                turn.begun.set_result(None)

    def _next(self) -> int:
        """Return who comes next: the oldest, but now and then who has waited longest."""
        waiting = self._waiting
        index = min(range(len(waiting)), key=lambda at: waiting[at].since)
        if index == 0 or self._passed >= self._patience:
            self._passed = 0
            return 0
        self._passed += 1
        return index
