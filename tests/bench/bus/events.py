"""What is put on the bus: the clinic's stream of the other benchmark, as a hospital sends it."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence

from aiokafka import AIOKafkaProducer
from aiokafka.partitioner import DefaultPartitioner

from runtime.engine.messages import event_message
from runtime.engine.records import Message, Place
from schemas.envelope import Event
from schemas.events import CLINICAL, Topic
from schemas.reading import Reader
from tests.bench.bus.echo import SETTINGS, send_all
from tests.bench.stream import clinic_stream

VISITS = 12
EVENTS_PER_VISIT = 1.11
"""So many events the stream has for a visit: documents, amendments and voids too."""


def clinics(events: int, parts: int, visits: int = VISITS) -> list[list[Message]]:
    """Return so many streams, each of about ``events`` events, whose patients are their own."""
    patients = parts * max(1, round(events / (visits * EVENTS_PER_VISIT + 2)))
    reader = Reader(CLINICAL)
    streams: list[list[Message]] = [[] for _ in range(parts)]
    for line in clinic_stream(patients, visits):
        event = reader.read_structured(line)
        assert isinstance(event, Event), event
        number = int(event.partitionkey.removeprefix("P-"))
        streams[number % parts].append(event_message(event, ()))
    return streams


def by_partition(messages: Sequence[Message], partitions: int) -> Mapping[Place, list[Message]]:
    """Return each partition's messages, by their keys."""
    every = list(range(partitions))
    partition_of = DefaultPartitioner()
    found: dict[Place, list[Message]] = defaultdict(list)
    for message in messages:
        partition = partition_of(message.key, every, every)
        found[Place(Topic.SESSIONS.value, partition)].append(message)
    return found


async def fill(servers: str, messages: Sequence[Message], partitions: int) -> None:
    """Put the messages on the bus, as fast as it goes."""
    producer = AIOKafkaProducer(bootstrap_servers=servers, acks="all", **SETTINGS)
    await producer.start()
    try:
        for place, listed in by_partition(messages, partitions).items():
            sent = await send_all(producer, place.topic, place.partition, listed)
            await asyncio.gather(*sent)
    finally:
        await producer.stop()


async def send_evenly(
    servers: str, topic: str, messages: Sequence[Message], partitions: int, rate: float
) -> None:
    """Put the messages on a topic one by one, so many a second, by their keys."""
    every = list(range(partitions))
    partition_of = DefaultPartitioner()
    producer = AIOKafkaProducer(bootstrap_servers=servers, acks="all", **SETTINGS)
    await producer.start()
    try:
        begun = time.monotonic()
        sent = []
        for number, message in enumerate(messages):
            await asyncio.sleep(max(0.0, begun + number / rate - time.monotonic()))
            sent.append(
                await producer.send(
                    topic,
                    message.value,
                    key=message.key,
                    partition=partition_of(message.key, every, every),
                    headers=list(message.headers),
                )
            )
        await asyncio.gather(*sent)
    finally:
        await producer.stop()
