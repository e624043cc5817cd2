"""Forgetting state values: a takeover of a partition that deletes some and does nothing else.

Whoever writes to a changelog owns its partition. So this opens a new epoch, settles and recovers
as every owner does, and commits one transaction without input or output; the worker that had the
partition is fenced, finds the view moved, and takes it back. Until compaction has passed over the
changelog, the values that were deleted still stand there.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec

from runtime.engine.commit import Committer
from runtime.engine.plan import Places, Plan
from runtime.engine.ports import Log, View
from runtime.engine.position import is_position
from runtime.engine.records import Place, Record
from runtime.engine.recover import recover
from runtime.errors import Fenced, Indefinite, ViewMoved
from runtime.processor import Key, Value

ATTEMPTS = 20
"""A worker that is busy takes its partition back at once, then waits longer each time."""
PAUSE = 0.2
"""Seconds between two."""

MayBeMeant = Callable[[Key, bytes], bool]
"""Tells of a live value by its bytes whether ``Choose`` is to see it."""
Choose = Callable[[Mapping[Key, Value]], Mapping[Key, Value]]
"""Gives what becomes of values; None deletes one."""


@dataclass(frozen=True, slots=True)
class Forgetting:
    """One consumer whose values are forgotten; ``token`` gives a word that was never given."""

    plan: Plan
    partitions: int
    log: Log
    view_of: Callable[[Place], View]
    token: Callable[[], str]

    async def forget(self, partition: int, is_meant: MayBeMeant, choose: Choose) -> int:
        """Change what is chosen of a partition; return how many values changed.

        Raises what ``runtime.errors`` draws; nothing is changed in part. What an attempt changed
        whose answer was lost is found changed by the next one, and not counted.
        """
        places = self.plan.places(partition, self.partitions)
        live = _Live(self.log, places.changelog, is_meant)
        for _ in range(ATTEMPTS - 1):
            try:
                return await self._forget(places, live, choose)
            except (Fenced, Indefinite, ViewMoved):
                await asyncio.sleep(PAUSE)
        return await self._forget(places, live, choose)

    async def _forget(self, places: Places, live: "_Live", choose: Choose) -> int:
        # The long way through the changelog is gone before the worker loses its partition.
        await live.read(await self.log.ends((places.changelog,), committed=True))
        token = self.token()
        writer = await self.log.writer(self.plan.transactional_id(places.input.partition))
        try:
            committer = Committer(
                self.plan,
                places,
                self.log,
                self.view_of(places.input),
                writer,
                lambda number: f"{number}-{token}",
            )
            standing = (await recover(committer, self.partitions)).standing
            await live.read({places.changelog: standing.offset + 1})
            decode = self.plan.codec.decode
            changes = choose({key: decode(key, raw) for key, raw in live.values.items()})
            if changes:
                outcome = await committer.change(standing, changes)
                await committer.write(standing, outcome, standing.last.next_offset)
            return len(changes)
        finally:
            writer.drop()


class _Live:
    """The live values of a changelog that may be meant, as far as it was read."""

    def __init__(self, log: Log, changelog: Place, is_meant: MayBeMeant) -> None:
        self.values: dict[Key, bytes] = {}
        self._log = log
        self._changelog = changelog
        self._is_meant = is_meant
        self._next = 0

    async def read(self, ends: Mapping[Place, int]) -> None:
        """Read on to the changelog's end of these."""
        end = ends[self._changelog]
        async for records in self._log.read(self._changelog, self._next, end, committed=True):
            for record in records:
                self._take(record)
        self._next = max(self._next, end)

    def _take(self, record: Record) -> None:
        if is_position(record):
            return
        key: Key = tuple(msgspec.json.decode(record.key or b"[]"))
        if record.value is not None and self._is_meant(key, record.value):
            self.values[key] = record.value
        else:
            self.values.pop(key, None)


def of_key(partition_key: str) -> MayBeMeant:
    """Mean every value of one partition key, which each state key names second."""
    return lambda key, _raw: key[1] == partition_key


def delete_all(values: Mapping[Key, Value]) -> Mapping[Key, Value]:
    """Choose to delete every value that is meant."""
    return dict.fromkeys(values)
