"""Forgetting what the consumers keep of one key, on Kafka and Redis."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from uuid import uuid4

from aiokafka.partitioner import DefaultPartitioner
from redis.asyncio import Redis

from runtime.engine.forgetting import Forgetting
from runtime.engine.plan import Plan
from runtime.engine.records import Place
from runtime.host.connection import kafka_settings, redis_settings
from runtime.host.opening import check_all, view_key
from runtime.host.settings import Settings
from runtime.kafka.log import KafkaLog
from runtime.redis.view import RedisView, check_rights, connect

place_key = DefaultPartitioner()
"""By murmur2, as every producer must (docs/operations.md)."""


def partition_of(key: str, partitions: int) -> int:
    """Return the partition in which the events of a key stand."""
    every = list(range(partitions))
    number: int = place_key(key.encode(), every, every)
    return number


@asynccontextmanager
async def forgetting(
    settings: Settings, plans: Sequence[Plan]
) -> AsyncIterator[Sequence[Forgetting]]:
    """Yield what forgets the values of each consumer; the topics are as they must be.

    Raises ``StartRefused``, ``Denied`` and ``Indefinite``.
    """
    kafka = kafka_settings(settings)
    client = connect(redis_settings(settings))
    try:
        async with KafkaLog(kafka) as log:
            made = []
            for plan in plans:
                partitions = await check_all(kafka, plans, plan.input)
                await check_rights(client, f"{{{plan.group}:rights}}")
                made.append(
                    Forgetting(
                        plan,
                        partitions,
                        log,
                        partial(_view, client, plan.group),
                        lambda: uuid4().hex,
                    )
                )
            yield made
    finally:
        await client.aclose()


def _view(client: Redis, group: str, place: Place) -> RedisView:
    return RedisView(client, view_key(group, place))
