"""The hospital in a chaos run: a seeded clinic's events onto the bus, whatever becomes of it."""

import asyncio
import random
from collections.abc import Sequence

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from commands.plans import STRUCTURED
from runtime.engine.messages import event_message
from runtime.engine.records import Message
from schemas.envelope import Event, write_structured
from schemas.events import CLINICAL, Topic
from schemas.reading import Reader
from tests.bench.stream import clinic_stream

PATIENTS_PER_SECOND = 3
VISITS = 12
POISON = Message(b"P-0", b'{"patient_id":', (("content-type", b"application/json"),))
POISON_SHARE = 1 / 100
STRUCTURED_SHARE = 1 / 5
RETRY_SECONDS = 0.3


def clinic(seconds: float, seed: int) -> list[Message]:
    """Return as many events as a run of so many seconds should see; a few are no JSON."""
    chance = random.Random(seed)
    reader = Reader(CLINICAL)
    messages = []
    for line in clinic_stream(max(4, int(PATIENTS_PER_SECOND * seconds)), VISITS, seed):
        event = reader.read_structured(line)
        assert isinstance(event, Event)
        messages.append(_written(event, chance))
        if chance.random() < POISON_SHARE:
            messages.append(POISON)
    return messages


def _written(event: Event, chance: random.Random) -> Message:
    """Return an event in either mode of CloudEvents."""
    if chance.random() < STRUCTURED_SHARE:
        headers = (("content-type", STRUCTURED.encode()),)
        return Message(event.partitionkey.encode(), write_structured(event), headers)
    return event_message(event, ())


async def send(servers: str, messages: Sequence[Message], seconds: float) -> None:
    """Write the messages evenly over the time; one that may be lost is written again.

    So a record may be on the bus twice, as a hospital's may: what counts is what is on it.
    """
    pause = seconds / len(messages)
    producer = None
    for message in messages:
        while True:
            try:
                producer = producer or await _producer(servers)
                headers = [(name, value) for name, value in message.headers]
                await producer.send_and_wait(
                    Topic.SESSIONS, message.value, key=message.key, headers=headers
                )
                break
            except (KafkaError, OSError, TimeoutError):
                await _drop(producer)
                producer = None
                await asyncio.sleep(RETRY_SECONDS)
        await asyncio.sleep(pause)
    await _drop(producer)


async def _producer(servers: str) -> AIOKafkaProducer:
    producer = AIOKafkaProducer(
        bootstrap_servers=servers, enable_idempotence=True, request_timeout_ms=5_000
    )
    async with asyncio.timeout(5):
        await producer.start()
    return producer


async def _drop(producer: AIOKafkaProducer | None) -> None:
    if producer is not None:
        try:
            async with asyncio.timeout(2):
                await producer.stop()
        except (KafkaError, OSError, TimeoutError):
            return
