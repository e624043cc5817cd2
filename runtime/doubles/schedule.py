"""One seed, one schedule: what goes wrong, at which call, and for how long.

Every call of a double over a worker's wire is a point of the schedule, before its effect and after
it; so is every marker of a decided transaction. The same seed over the same program gives the same
schedule, on a loop with virtual time.
"""

import asyncio
import math
import random
from bisect import bisect
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum, auto
from itertools import accumulate
from typing import NamedTuple, TypeVar, assert_never

from runtime.doubles.broker import ONCE_AT_ONCE
from runtime.doubles.wire import READ_MAX, Request, Restorable
from runtime.engine.records import Message, Place
from runtime.errors import EngineError, Indefinite

T = TypeVar("T")


class WorkerCrashed(BaseException):
    """The worker is no more: no exception of the engine, which must not catch it."""


class Fault(Enum):
    """What may happen at a call."""

    WAIT = auto()
    """A few milliseconds, in which others run."""
    SLOW = auto()
    """Up to 20 seconds, if nothing else is said: beyond any deadline of the engine."""
    FREEZE = auto()
    """All calls of the worker stand still, up to 100 seconds, if nothing else is said: it comes
    back as a zombie."""
    LOSE = auto()
    """The answer is lost."""
    CRASH = auto()
    """The worker stops for ever."""


class When(Enum):
    """Where it happens: before the call's effect, after it, or while the call is on its way."""

    BEFORE = auto()
    AFTER = auto()
    LATE = auto()
    """The effect comes later; only what is lost or crashes leaves a call on its way."""


class Choice(NamedTuple):
    """A fault and its instant."""

    fault: Fault
    when: When


class Took(NamedTuple):
    """One line of the trace: at which call, of whom, and when, what was chosen."""

    call: int
    worker: str
    what: str
    choice: Choice | None
    at: float


@dataclass(frozen=True, slots=True)
class Faults:
    """How likely each fault is, from 0 to 1: at each call, at each marker, at each view's call."""

    wait: float = 0.0
    slow: float = 0.0
    freeze: float = 0.0
    lose: float = 0.0
    crash: float = 0.0
    only: frozenset[str] | None = None
    """The calls that the five above are kept to; all, if none is named."""
    mixed: float = 0.0
    """An append whose places come in any order, and whose messages in two requests a place."""
    short: float = 0.0
    """A read that gives few records at a time, and a feed that gives some of them twice."""
    marker_lost: float = 0.0
    marker_late: float = 0.0
    marker_twice: float = 0.0
    """The second time is late: a marker of the same epoch may meet the next transaction."""
    view_back: float = 0.0
    """The view becomes any state that it had."""
    view_emptied: float = 0.0
    longest_slow: float = 20.0
    """In seconds."""
    longest_freeze: float = 100.0


QUIET = Faults()
_FAULTS = (Fault.WAIT, Fault.SLOW, Fault.FREEZE, Fault.LOSE, Fault.CRASH)
_IN_TIME = (When.BEFORE, When.AFTER)


class Schedule:
    """All choices of one run, from one source."""

    def __init__(
        self, seed: int, faults: Faults = QUIET, plan: Mapping[int, Choice] | None = None
    ) -> None:
        """Choose by ``faults``; ``plan`` decides the calls that it names by number, from 1."""
        self.random = random.Random(seed)  # noqa: S311 - a schedule is no secret
        self.calls = 0
        self.trace: list[Took] | None = None
        """Where every call is noted, once somebody puts a list here."""
        self.tally: Counter[str] = Counter()
        """How often each fault came."""
        self._plan = plan or {}
        self._set(faults)

    def calm(self) -> None:
        """Let nothing go wrong from now on; what is under way stays under way."""
        self._plan = {}
        self._set(QUIET)

    def _set(self, faults: Faults) -> None:
        self.faults = faults
        chances = (faults.wait, faults.slow, faults.freeze, faults.lose, faults.crash)
        self._limits = tuple(accumulate(chances))
        self._likely = self._limits[-1]
        # Spares a quiet schedule its draws.
        self._markers = bool(faults.marker_lost or faults.marker_late or faults.marker_twice)
        self._views = bool(faults.view_back or faults.view_emptied)

    def wire(self, worker: str) -> "FaultyWire":
        """Return a worker's way out."""
        return FaultyWire(self, worker)

    def choose(self, worker: str, what: str) -> Choice | None:
        """Return what goes wrong at the next call."""
        self.calls += 1
        choice = self._plan.get(self.calls) if self._plan else None
        if choice is None and self._likely:
            choice = self._draw(what)
        if choice is not None:
            self.tally[choice.fault.name.lower()] += 1
        if self.trace is not None:
            at = asyncio.get_running_loop().time()
            self.trace.append(Took(self.calls, worker, what, choice, at))
        return choice

    def _draw(self, what: str) -> Choice | None:
        only = self.faults.only
        if only is not None and what not in only:
            return None
        drawn = self.random.random()
        if drawn >= self._likely:
            return None
        fault = _FAULTS[bisect(self._limits, drawn)]
        leaves_a_call = fault is Fault.LOSE or fault is Fault.CRASH
        return Choice(fault, self.random.choice(tuple(When) if leaves_a_call else _IN_TIME))

    def marker(self, place: Place) -> Sequence[float]:  # noqa: ARG002 - the shape of a fate
        """Return when a marker lands: the broker's ``fate``."""
        if not self._markers:
            return ONCE_AT_ONCE
        faults, drawn = self.faults, self.random.random
        if drawn() < faults.marker_lost:
            self.tally["marker_lost"] += 1
            return ()
        once = 0.0
        if drawn() < faults.marker_late:
            self.tally["marker_late"] += 1
            once = self.seconds(0.001, 10)
        if drawn() < faults.marker_twice:
            self.tally["marker_twice"] += 1
            return once, once + self.seconds(0.001, 10)
        return (once,)

    def disturb(self, store: Restorable) -> None:
        """Put a view back, or empty it, or leave it alone."""
        if not self._views:
            return
        drawn = self.random.random()
        if drawn < self.faults.view_emptied:
            self.tally["view_emptied"] += 1
            store.restore(0)
        elif drawn < self.faults.view_emptied + self.faults.view_back:
            self.tally["view_back"] += 1
            versions = store.versions()
            # Half of the time it is a late one: the near misses are the dangerous ones.
            first = max(0, versions - 4) if self.random.random() < 1 / 2 else 0
            store.restore(self.random.randrange(first, versions))

    def seconds(self, least: float, most: float) -> float:
        """Return a time between two; short and long ones are as likely."""
        return math.exp(self.random.uniform(math.log(least), math.log(most)))

    def pieces(self, batches: Mapping[Place, Sequence[Message]]) -> list[Request]:
        """Return requests in any order of places, some places' messages in two of them."""
        waiting: dict[Place, list[Sequence[Message]]] = {}
        for place, messages in batches.items():
            cut = self.random.randrange(len(messages)) if messages else 0
            waiting[place] = [messages[cut:], messages[:cut]] if cut else [messages]
        order = [place for place, pieces in waiting.items() for _ in pieces]
        self.random.shuffle(order)
        return [(place, waiting[place].pop()) for place in order]


@dataclass(slots=True)
class FaultyWire:
    """One worker's way out, on a schedule. ``crash`` and ``freeze`` are for the outside too."""

    schedule: Schedule
    worker: str
    on_crash: Callable[[], object] | None = None
    """Called in the midst of the call: cancels the worker's tasks."""
    on_freeze: Callable[[float], object] | None = None
    """Hears for how many seconds it stands still: others may take its partitions over."""
    crashed: bool = field(default=False, init=False)
    thaws: float = field(default=0.0, init=False)

    async def call(self, what: str, effect: Callable[[], T]) -> T:
        """Do the effect, unless something goes wrong before it."""
        if self.crashed or self.thaws:
            await self.alive()
        choice = self.schedule.choose(self.worker, what)
        if choice is None:
            return effect()
        fault, when = choice
        if when is not When.AFTER:
            try:
                await self._suffer(fault, what)
            except (asyncio.CancelledError, EngineError, WorkerCrashed) as gone:
                if when is When.LATE or isinstance(gone, asyncio.CancelledError):
                    self._leave(effect)
                raise
            return effect()
        answer = effect()
        await self._suffer(fault, what)
        return answer

    def requests(self, batches: Mapping[Place, Sequence[Message]]) -> Iterable[Request]:
        """Return the requests of an append, mixed now and then."""
        schedule = self.schedule
        if schedule.faults.mixed and schedule.random.random() < schedule.faults.mixed:
            return schedule.pieces(batches)
        return batches.items()

    def read_max(self) -> int:
        """Return few offsets now and then."""
        schedule = self.schedule
        if schedule.faults.short and schedule.random.random() < schedule.faults.short:
            return schedule.random.randint(1, 8)
        return READ_MAX

    def again(self) -> int:
        """Return how many offsets a feed delivers a second time, now and then."""
        schedule = self.schedule
        if schedule.faults.short and schedule.random.random() < schedule.faults.short:
            return schedule.random.randint(1, 8)
        return 0

    def disturb(self, store: Restorable) -> None:
        """Let the schedule have its way with a view."""
        self.schedule.disturb(store)

    def crash(self) -> None:
        """Stop the worker: no call of it has an effect from now on."""
        if not self.crashed:
            self.crashed = True
            if self.on_crash is not None:
                self.on_crash()

    def freeze(self, seconds: float) -> None:
        """Let all calls of the worker stand still; they go on afterwards, as a zombie's."""
        self.thaws = asyncio.get_running_loop().time() + seconds
        if self.on_freeze is not None:
            self.on_freeze(seconds)

    async def alive(self) -> None:
        """Return once the worker runs: frozen, it waits, and crashed, it raises."""
        while self.thaws and not self.crashed:
            seconds = self.thaws - asyncio.get_running_loop().time()
            if seconds <= 0:
                self.thaws = 0.0
                break
            await asyncio.sleep(seconds)
        if self.crashed:
            raise WorkerCrashed

    async def _suffer(self, fault: Fault, what: str) -> None:
        schedule = self.schedule
        match fault:
            case Fault.WAIT:
                await asyncio.sleep(schedule.seconds(0.001, 0.02))
            case Fault.SLOW:
                await asyncio.sleep(schedule.seconds(0.1, schedule.faults.longest_slow))
            case Fault.FREEZE:
                self.freeze(schedule.seconds(1, schedule.faults.longest_freeze))
            case Fault.LOSE:
                raise Indefinite(f"{what}: the answer was lost")
            case Fault.CRASH:
                self.crash()
            case _:
                assert_never(fault)
        await self.alive()

    def _leave(self, effect: Callable[[], T]) -> None:
        """Leave a call on its way: it has its effect later, if ever, and nobody hears of it."""

        def land() -> None:
            with suppress(EngineError):
                effect()

        asyncio.get_running_loop().call_later(self.schedule.seconds(0.001, 20), land)
