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
EVENTS_A_VISIT = 1.11
"""With what is amended, voided and signed late."""
DOCUMENTS = 2
"""Of each patient."""


def clinics(name: str, events: int, parts: int = 1) -> list[list[Message]]:
    """Return so many streams of about ``events`` events each, every one with patients of its own.

    Patients are called ``name`` and a number: what was sent before would change nothing.
    """
    patients = parts * max(1, round(events / (VISITS * EVENTS_A_VISIT + DOCUMENTS)))
    reader = Reader(CLINICAL)
    streams: list[list[Message]] = [[] for _ in range(parts)]
    for line in clinic_stream(patients, VISITS):
        event = reader.read_structured(line.replace(b'"P-', b'"%s-' % name.encode()))
        assert isinstance(event, Event), event
        number = int(event.partitionkey.rpartition("-")[2])
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
