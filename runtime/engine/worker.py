"""The partitions that one process owns, each with a task of its own."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from runtime.engine.partition import Partition, Status, Surroundings
from runtime.engine.ports import View
from runtime.engine.records import Place, Record

REVOKE_WITHIN = 2.0
"""Seconds that a partition has to finish its transaction when it is taken away."""
STOP_WITHIN = 5.0


@dataclass(slots=True)
class Owned:
    """A partition and the task that runs it."""

    partition: Partition
    task: asyncio.Task[None]


class Worker:
    """Starts, feeds and ends partitions as the consumer group assigns them.

    An exception that is none of ``runtime.errors`` is a bug: ``broken`` is set, ``bug`` says
    which, and the process should end; another one takes up where the log says.
    """

    def __init__(self, around: Surroundings, views: Callable[[Place], View]) -> None:
        """Own nothing yet; ``views`` makes the view of a partition."""
        self.broken = asyncio.Event()
        self.bug: BaseException | None = None
        self._around = around
        self._views = views
        self._owned: dict[Place, Owned] = {}

    def assigned(self, places: Collection[Place]) -> None:
        """Pause the partitions in the feed and start to recover each."""
        self._around.feed.pause(places)
        for place in places:
            if place in self._owned:
                continue
            partition = Partition(self._around, place, self._views(place))
            task = asyncio.create_task(partition.run(), name=f"{place.topic}-{place.partition}")
            task.add_done_callback(self._ended)
            self._owned[place] = Owned(partition, task)

    async def revoked(self, places: Collection[Place], within: float = REVOKE_WITHIN) -> None:
        """Finish the transactions in flight, for so many seconds at most, and let go."""
        leaving = [self._owned.pop(place) for place in places if place in self._owned]
        if not leaving:
            return
        for owned in leaving:
            owned.partition.finish()
        tasks = [owned.task for owned in leaving]
        _done, late = await asyncio.wait(tasks, timeout=within)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)

    def deliver(self, place: Place, records: Sequence[Record]) -> None:
        """Hand records of the feed to their partition; of others they are left out."""
        owned = self._owned.get(place)
        if owned is not None:
            owned.partition.deliver(records)

    async def stop(self) -> None:
        """Let go of everything, in at most 5 seconds."""
        await self.revoked(list(self._owned), within=STOP_WITHIN)

    def status(self) -> Mapping[Place, Status]:
        """Return what each partition is doing."""
        return {place: owned.partition.status for place, owned in self._owned.items()}

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (bug := task.exception()) is not None:
            self.bug = bug
            self.broken.set()
