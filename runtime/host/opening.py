"""What a worker stands on: topics and Redis that are as they must be, a log and a view.

A start is refused, by name, where they are not: the protocol stands on every one of them.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from runtime.engine.feed import Feed
from runtime.engine.observer import Observer
from runtime.engine.partition import Limits, Surroundings
from runtime.engine.plan import Plan
from runtime.engine.ports import View
from runtime.engine.records import Place
from runtime.engine.turns import Turns
from runtime.engine.worker import Worker
from runtime.errors import EngineError
from runtime.host.connection import kafka_settings, redis_settings
from runtime.host.settings import Settings
from runtime.kafka import topics
from runtime.kafka.log import KafkaLog
from runtime.kafka.settings import KafkaSettings
from runtime.redis.view import RedisView, check_eviction, check_rights, connect


class StartRefused(EngineError):  # noqa: N818 - named for what happened, as the others are
    """Something outside is not as it must be; the message names it."""


@dataclass(frozen=True, slots=True)
class Opening:
    """How the worker of one consumer is opened; ``plans`` are all consumers that share topics."""

    settings: Settings
    plan: Plan
    plans: Sequence[Plan]
    turns: Turns = field(default_factory=Turns)
    """Shared by all workers of a process."""

    @asynccontextmanager
    async def worker(self, feed: Feed, observer: Observer) -> AsyncIterator[Worker]:
        """Check, connect, and yield a worker that owns nothing yet.

        Raises ``StartRefused``, ``Denied`` and ``PartitionStopped``, and ``Indefinite`` where it
        cannot be known: ask again.
        """
        kafka = kafka_settings(self.settings)
        partitions = await check_all(kafka, self.plans, self.plan.input)
        client = connect(redis_settings(self.settings))
        try:
            await check_eviction(client)
            await check_rights(client, f"{{{self.plan.group}:rights}}")
            async with KafkaLog(kafka) as log:
                places = self.plan.places(0, partitions)
                await log.check_readable((places.input, *places.written))
                around = Surroundings(
                    plan=self.plan,
                    partitions=partitions,
                    log=log,
                    feed=feed,
                    observer=observer,
                    token=lambda: uuid4().hex,
                    limits=limits_of(self.settings),
                    turns=self.turns,
                )
                yield Worker(around, self._view_of(client))
        finally:
            await client.aclose()

    def _view_of(self, client: Any) -> Callable[[Place], View]:  # noqa: ANN401 - redis' own
        return lambda place: RedisView(client, view_key(self.plan.group, place))


async def check_all(kafka: KafkaSettings, plans: Sequence[Plan], reads: str) -> int:
    """Return how many partitions a topic has, once the topics of all plans are as they must be.

    Raises ``StartRefused``, and ``Indefinite`` where it cannot be known: ask again.
    """
    partitions, replicas = await shape_of(kafka, reads)
    wanted = topics.topics_of(plans, partitions)
    differences = await topics.check_topics(kafka, wanted, replicas)
    if differences:
        raise StartRefused("; ".join(map(str, differences)))
    return partitions


def view_key(group: str, place: Place) -> str:
    """Return the name of a partition's hash; in braces, so that it stays on one node."""
    return f"{{{group}:{place.topic}-{place.partition}}}"


def limits_of(settings: Settings) -> Limits:
    """Return how much at a time."""
    return Limits(
        batch_records=settings.batch_records,
        batch_bytes=settings.batch_bytes,
        waiting_records=settings.waiting_records,
        waiting_bytes=settings.waiting_bytes,
    )


async def partitions_of(kafka: KafkaSettings, *names: str) -> int:
    """Return how many partitions each of the topics has.

    Raises ``StartRefused`` where one is not there, or has another number than the others.
    """
    counts = {(await shape_of(kafka, name))[0] for name in names}
    if len(counts) > 1:
        raise StartRefused(f"{' and '.join(names)} have other numbers of partitions")
    (count,) = counts
    return count


async def shape_of(kafka: KafkaSettings, topic: str) -> tuple[int, int]:
    """Return partitions and replicas of a topic; raises ``StartRefused`` where there is none."""
    shape = await topics.shape_of(kafka, topic)
    if shape is None:
        raise StartRefused(f"{topic}: there is no such topic; therapy topics create makes it")
    return shape
