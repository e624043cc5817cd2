"""The consumer groups: who owns which partition, and who hears of it, in time, late or never."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Coroutine, Iterable, Mapping
from functools import partial
from itertools import count
from typing import Any, NamedTuple

from runtime.doubles.schedule import Schedule
from runtime.engine.records import Place
from tests.simulation.process import Process, Shared

PROCESSES = 3
"""So many run at a time, but for those that were given up for lost."""
SESSION_SECONDS = (0.1, 6.0)
"""How long the group waits for a process that is silent."""
LATE_SECONDS = (2.0, 30.0)
"""When an owner hears at last that it is none any more."""


class Share(NamedTuple):
    """A partition of a consumer."""

    consumer: str
    place: Place


class Group:
    """The consumer groups of all consumers, which move together."""

    def __init__(self, shared: Shared, schedule: Schedule) -> None:
        self._shared = shared
        self._schedule = schedule
        self._chance = schedule.random
        self._processes: list[Process] = []
        self._owners: dict[Share, Process] = {}
        self._names = count()
        self._later: list[asyncio.Task[None]] = []

    async def take_over(self) -> None:
        """Start a process that owns everything; the others hear of it, once they hear again."""
        others = [*self._processes]
        heir = self._start()
        shares = [
            Share(plan.name, place)
            for plan in self._shared.plans
            for place in self._shared.inputs(plan)
        ]
        await self._assign(heir, shares)
        for other in others:
            self._let_go_later(other, shares)

    async def rebalance(self) -> None:
        """Move partitions between processes, told or not."""
        up = self._up()
        if len(up) < PROCESSES and (not up or self._chance.random() < 1 / 2):
            up.append(self._start())
        share = self._chance.choice(list(self._owners))
        owner, heir = self._owners[share], self._chance.choice(up)
        match self._chance.randrange(4):
            case 0:
                await self._deal_anew(share.consumer, up)
            case 1:
                await self._tell(owner, share)
                await self._assign(heir, (share,))
            case 2 if heir is not owner:
                await self._assign(heir, (share,))
                await asyncio.sleep(self._chance.uniform(0, 2))
                await self._tell(owner, share)
            case 3 if heir is not owner:
                await self._assign(heir, (share,))
                self._let_go_later(owner, (share,), self._chance.uniform(*LATE_SECONDS))

    async def restart(self, consumer: str, place: Place) -> None:
        """Start a partition again that stopped by name, as a person does."""
        share = Share(consumer, place)
        owner = self._owners[share]
        await self._tell(owner, share)
        await self._assign(owner if owner.is_up else self._an_heir(), (share,))

    async def stop(self) -> None:
        """Stop every process; raise what was a bug."""
        for task in self._later:
            if task.done():
                task.result()
        for process in self._processes:
            await process.stop()

    def _start(self) -> Process:
        name = f"worker-{next(self._names)}"
        tokens = count()
        wire = self._schedule.wire(name)
        process = Process(self._shared, wire, lambda: f"{name}-{next(tokens)}")
        wire.on_crash = lambda: self._do_later(lambda: self._fail_over(process))
        wire.on_freeze = lambda _seconds: self._do_later(lambda: self._fail_over(process))
        self._processes.append(process)
        return process

    def _up(self) -> list[Process]:
        return [process for process in self._processes if process.is_up]

    def _an_heir(self) -> Process:
        up = self._up()
        return self._chance.choice(up) if up else self._start()

    async def _fail_over(self, silent: Process) -> None:
        """Give what a process owns to another, unless it is heard of in time."""
        await asyncio.sleep(self._schedule.seconds(*SESSION_SECONDS))
        shares = [share for share, owner in self._owners.items() if owner is silent]
        if silent.is_up or not shares:
            return
        await self._assign(self._an_heir(), shares)
        self._let_go_later(silent, shares)

    async def _deal_anew(self, consumer: str, up: list[Process]) -> None:
        """Take a consumer's partitions from all who hear it, then give each to one of them."""
        shares = [share for share in self._owners if share.consumer == consumer]
        for process in up:
            await self._revoke(process, shares)
        for share in shares:
            await self._assign(self._chance.choice(up), (share,))

    async def _tell(self, owner: Process, share: Share) -> None:
        """Take a partition from its owner; one that does not hear is not waited for."""
        if owner.is_up:
            await self._revoke(owner, (share,))
        else:
            self._let_go_later(owner, (share,))

    async def _assign(self, heir: Process, shares: Iterable[Share]) -> None:
        """Name a new owner, who hears of it as soon as it hears anything."""
        for consumer, places in _by_consumer(shares).items():
            for place in places:
                self._owners[Share(consumer, place)] = heir
            self._do_later(partial(heir.assign, consumer, places))
        await asyncio.sleep(0)

    async def _revoke(self, owner: Process, shares: Iterable[Share]) -> None:
        for consumer, places in _by_consumer(shares).items():
            await owner.revoke(consumer, places)

    def _let_go_later(self, owner: Process, shares: Iterable[Share], seconds: float = 0.0) -> None:
        """Let a process hear some time that it owns no more what it does not own by then."""

        async def let_go() -> None:
            await asyncio.sleep(seconds)
            await self._revoke(owner, [each for each in shares if self._owners[each] is not owner])

        self._do_later(let_go)

    def _do_later(self, action: Callable[[], Coroutine[Any, Any, None]]) -> None:
        async def do() -> None:
            await action()

        self._later.append(asyncio.create_task(do()))


def _by_consumer(shares: Iterable[Share]) -> Mapping[str, list[Place]]:
    places: defaultdict[str, list[Place]] = defaultdict(list)
    for share in shares:
        places[share.consumer].append(share.place)
    return places
