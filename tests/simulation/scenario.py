"""One seed: three consumers on a schedule, and what a reader sees in the end."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from runtime.doubles.broker import Broker
from runtime.doubles.clock import VirtualLoop, run
from runtime.doubles.log import MemoryLog
from runtime.doubles.schedule import Schedule
from runtime.engine.founding import found_all
from runtime.engine.plan import Plan
from runtime.engine.ports import ViewPosition
from runtime.engine.records import Message, Place
from tests.simulation.ending import (
    Broken,
    Seen,
    check_history,
    check_tallies,
    check_views,
    is_through,
    what_is_seen,
)
from tests.simulation.group import Group
from tests.simulation.mixes import Mix
from tests.simulation.process import Shared
from tests.simulation.streams import partition_of

TRANSACTION_SECONDS = 15.0
"""After so long the broker aborts a transaction that nobody decides."""
FAULTY_SECONDS = (4.0, 24.0)
"""How long things go wrong."""
CALM_SECONDS = 400.0
"""How long the consumers have to get to the end afterwards."""
SETTLING_SECONDS = 60.0
"""How much longer zombies and late calls have to do harm: the longest freeze is 30 s."""
ALLOWED_STOP = "settle: a transaction of"
"""A broker that loses every marker stops a partition by name; a person starts it again."""


@dataclass(frozen=True, slots=True)
class Ended:
    """What one run ended in."""

    seen: Seen
    tally: Counter[str]
    """What went wrong and what happened, how often."""
    calls: int
    """Of all processes, over their wires, while things could go wrong."""


@dataclass(frozen=True, slots=True)
class Setting:
    """Who reads what: some consumers over an input of so many partitions."""

    plans: Sequence[Plan]
    stream: Sequence[Message]
    partitions: int = 2


def simulate(setting: Setting, mix: Mix, schedule: Schedule) -> Ended:
    """Run a setting on a schedule; raise ``Broken`` where the end is not right in itself."""
    return run(Scenario(setting, mix, schedule).play())


class Scenario:
    """One run."""

    def __init__(self, setting: Setting, mix: Mix, schedule: Schedule) -> None:
        """Begin with an empty broker and an empty Redis."""
        self.schedule = schedule
        self.chance = schedule.random
        self.setting = setting
        self.mix = mix
        self.broker = Broker(timeout=TRANSACTION_SECONDS)
        if mix.size_max is not None:
            self.broker.sizes = {plan.output: mix.size_max for plan in setting.plans}
        self.shared = Shared(self.broker, setting.plans, setting.partitions)
        self.group = Group(self.shared, schedule)
        self.expired: Seen = {}

    async def play(self) -> Ended:
        """Run it, and return what it ended in."""
        await self._make_topics()
        await self.group.take_over()
        if self.mix.moves is None:
            await self._go_step_by_step()
        else:
            await self._go_wrong(self.mix.moves)
        await self.group.stop()
        self._check_stops()
        check_views(self.shared)
        check_history(self.shared)
        check_tallies(self.shared)
        seen = what_is_seen(self.shared)
        for name, shown in self.expired.items():
            seen[name] = [*shown, *seen.get(name, ())]
        return Ended(seen, self.shared.tally + self.schedule.tally, self.schedule.calls)

    async def _go_step_by_step(self) -> None:
        """Let each record come when the one before it is through, the last ones much later."""
        early, late = self._waves()
        for message in early:
            self._send((message,))
            await self._get_through()
        await asyncio.sleep(SETTLING_SECONDS)
        self._send(late)
        await self._get_through()

    async def _go_wrong(self, moves: float) -> None:
        """Let things go wrong while records come; the last ones find what harm was left."""
        early, late = self._waves()
        await self._disturb(early, moves)
        self.schedule.calm()
        await self.group.take_over()
        await self._get_through()
        await asyncio.sleep(SETTLING_SECONDS)
        check_history(self.shared)
        if self.chance.random() < 1 / 2:
            await self._let_weeks_pass()
        self._send(late)
        await self._get_through()
        if self.chance.random() < 1 / 4:
            # All partitions rest by then: nothing but a look will find what is wrong.
            await asyncio.sleep(SETTLING_SECONDS)
            self._change_views()
            await self._get_through()

    def _waves(self) -> tuple[Sequence[Message], Sequence[Message]]:
        """Return the records that come while things go wrong, and each partition's last one."""
        lasts = {partition_of(each, self.setting.partitions): each for each in self.setting.stream}
        late = list(lasts.values())
        return [each for each in self.setting.stream if each not in late], late

    async def _make_topics(self) -> None:
        """Found every changelog, and let things go wrong from then on."""
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        self.broker.clock = loop.milliseconds
        for plan in self.setting.plans:
            await found_all(MemoryLog(self.broker), plan, self.setting.partitions)
        self.broker.fate = self.schedule.marker

    def _send(self, messages: Sequence[Message]) -> None:
        for message in messages:
            partition = partition_of(message, self.setting.partitions)
            self.broker.write_plain(Place(self.setting.plans[0].input, partition), (message,))

    async def _disturb(self, messages: Sequence[Message], moves: float) -> None:
        """Let things go wrong while the messages come, at moments of the seed's choice."""
        loop = asyncio.get_running_loop()
        end = loop.time() + self.chance.uniform(*FAULTY_SECONDS)
        feeding = asyncio.create_task(self._feed(messages, (end - loop.time()) * 2 / 3))
        while loop.time() < end:
            await asyncio.sleep(self.chance.uniform(0.05, moves))
            await self._restart_stopped()
            if self.mix.compaction_lag is not None:
                self._compact(self.mix.compaction_lag)
            await self.group.rebalance()
        await feeding

    async def _feed(self, messages: Sequence[Message], seconds: float) -> None:
        begun = asyncio.get_running_loop().time()
        bursts = self.chance.choice((1, 3, len(messages)))
        at = [self.chance.uniform(0, seconds) for _ in range(bursts)]
        moments = sorted(self.chance.choice(at) for _ in messages)
        for moment, message in zip(moments, messages, strict=True):
            await asyncio.sleep(begun + moment - asyncio.get_running_loop().time())
            self._send((message,))

    def _compact(self, lag: float, *, keep_tombstones: bool = True) -> None:
        """Compact the changelogs, but for what is younger than so many seconds."""
        young = self.broker.clock() - 1_000 * lag
        for plan in self.setting.plans:
            for place in self.shared.inputs(plan):
                leader = self.broker.leaders[Place(plan.changelog, place.partition)]
                old = (each.offset for each in leader.records if each and each.timestamp > young)
                leader.compact(next(old, len(leader.records)), keep_tombstones=keep_tombstones)
        self.shared.tally["compactions"] += 1

    async def _let_weeks_pass(self) -> None:
        """Let all partitions rest; what they wrote and read expires, and Redis is another one."""
        await asyncio.sleep(SETTLING_SECONDS)
        self.expired = what_is_seen(self.shared)
        for place, leader in self.broker.leaders.items():
            if all(place.topic != plan.changelog for plan in self.setting.plans):
                leader.expire(leader.end(committed=True))
        self._compact(0, keep_tombstones=False)
        self._change_views()

    def _change_views(self) -> None:
        """Put some views back to what they were at some time, or to what another one is.

        That one is not ahead: a view that is ahead of its changelog stops its partition by name.
        """
        views = list(self.shared.hashes.values())
        for view in views:
            other = self.chance.choice(views)
            if _is_not_ahead(other.position, view.position) and self.chance.random() < 1 / 4:
                view.become(other.values, other.position)
            elif self.chance.random() < 1 / 3:
                view.restore(self.chance.randrange(view.versions()))

    async def _get_through(self) -> None:
        """Wait until everything is handled and every view stands there."""
        loop = asyncio.get_running_loop()
        end = loop.time() + CALM_SECONDS
        while not is_through(self.shared):
            if loop.time() > end:
                raise Broken("it never gets through")
            await self._restart_stopped()
            await asyncio.sleep(1)

    async def _restart_stopped(self) -> None:
        self._check_stops()
        stops, self.shared.stops = self.shared.stops, []
        for stop in stops:
            await self.group.restart(stop.consumer, stop.place)

    def _check_stops(self) -> None:
        for stop in self.shared.stops:
            if not stop.why.startswith(ALLOWED_STOP):
                raise Broken(f"{stop.consumer} {stop.place.partition} stopped: {stop.why}")


def _is_not_ahead(other: ViewPosition | None, view: ViewPosition | None) -> bool:
    return other is not None and view is not None and other.applied <= view.applied
