"""Making and checking what the consumers need in Kafka before they can start.

Making is safe to repeat and to interrupt: what is there stays, what is missing is added, and the
position record of a partition is written once.
"""

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from runtime.engine.founding import found_all
from runtime.engine.history import last_position
from runtime.engine.plan import Plan
from runtime.errors import PartitionStopped
from runtime.host.opening import StartRefused, shape_of
from runtime.kafka.log import KafkaLog
from runtime.kafka.settings import KafkaSettings
from runtime.kafka.topics import check_topics, create_topics, topics_of

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Made:
    """What was made: the topics by name, and how many partitions began."""

    topics: tuple[str, ...]
    partitions: int
    begun: int


@dataclass(frozen=True, slots=True)
class Provision:
    """The topics that the consumers ``plans`` share."""

    kafka: KafkaSettings
    plans: Sequence[Plan]

    async def create(self, partitions: int | None, otherwise: int, replicas: int) -> Made:
        """Make what is missing and begin each partition.

        None takes the number of partitions that is there, else ``otherwise``. Raises
        ``StartRefused`` where what is there is not as it must be: nothing begins then.
        """
        count = partitions or await self._there() or otherwise
        topics = topics_of(self.plans, count)
        made = await create_topics(self.kafka, topics, replicas)
        _there, found = await shape_of(self.kafka, self.plans[0].input)
        differences = await check_topics(self.kafka, topics, found)
        if differences:
            raise StartRefused("\n".join(map(str, differences)))
        async with KafkaLog(self.kafka) as log:
            begun = [await found_all(log, plan, count) for plan in self.plans]
        return Made(tuple(topic.name for topic in topics if topic.name in made), count, sum(begun))

    async def _there(self) -> int | None:
        try:
            partitions, _replicas = await shape_of(self.kafka, self.plans[0].input)
        except StartRefused:
            return None
        return partitions

    async def check(self) -> list[str]:
        """Return what is not as it must be, a line each."""
        try:
            partitions, replicas = await shape_of(self.kafka, self.plans[0].input)
        except StartRefused as missing:
            return [str(missing)]
        topics = topics_of(self.plans, partitions)
        differences = await check_topics(self.kafka, topics, replicas)
        if differences:
            return list(map(str, differences))
        async with KafkaLog(self.kafka) as log:
            recorded = [await self._recorded(log, plan, partitions) for plan in self.plans]
        return [line for lines in recorded for line in lines]

    async def _recorded(self, log: KafkaLog, plan: Plan, partitions: int) -> list[str]:
        """Compare with what each partition was begun with."""
        changelogs = [plan.places(each, partitions).changelog for each in range(partitions)]
        ends = await log.ends(changelogs, committed=True)
        wrong: list[str] = []
        for place, end in ends.items():
            try:
                begun = (await last_position(log, place, end)).position.partitions
            except PartitionStopped as stopped:
                wrong.append(f"{place.topic}-{place.partition}: {stopped}")
            else:
                if begun != partitions:
                    wrong.append(
                        f"{place.topic}-{place.partition}: begun with {begun} partitions, "
                        f"there are {partitions}"
                    )
        return wrong


def finish(action: Coroutine[Any, Any, T]) -> T:
    """Run an action to its end, in an event loop of its own."""
    return asyncio.run(action)
