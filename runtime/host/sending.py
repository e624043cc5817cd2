"""Records written as a hospital's bus writes them: by key, each once in its session, and no other.

Keys are placed by murmur2, aiokafka's default, as every producer must (docs/operations.md).
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from runtime.engine.records import Message, Place, Record
from runtime.errors import Indefinite
from runtime.host.connection import kafka_settings
from runtime.host.opening import partitions_of, shape_of
from runtime.host.settings import Settings
from runtime.kafka.denial import denied
from runtime.kafka.log import KafkaLog

TOGETHER = 500
"""Records that wait for the broker's answers at a time."""
LOOK_EVERY = 0.1
"""Seconds between two looks for an answer."""


def producer_of(settings: Settings) -> AIOKafkaProducer:
    """Return what writes each record once in its session; it is not connected."""
    kafka = kafka_settings(settings)
    return AIOKafkaProducer(
        **kafka.connection(),
        enable_idempotence=True,
        acks="all",
        request_timeout_ms=kafka.write_timeout_ms,
        retry_backoff_ms=kafka.retry_pause_ms,
        compression_type=kafka.compression,
        max_batch_size=kafka.batch_bytes,
        max_request_size=kafka.largest_batch,
    )


async def send_all(settings: Settings, topic: str, messages: Iterator[Message]) -> int:
    """Write messages in their order, as they come; return how many the broker took.

    Raises ``StartRefused`` where there is no such topic, and ``Indefinite`` where the broker did
    not answer for one of them: those before it may be there.
    """
    await shape_of(kafka_settings(settings), topic)
    sent, waiting = 0, list[asyncio.Future[Any]]()
    async with _producing(settings) as producer:
        # A pipe may keep the next message back for long: what came before it goes out meanwhile.
        while (message := await asyncio.to_thread(next, messages, None)) is not None:
            waiting.append(await _send(producer, topic, message))
            if len(waiting) >= TOGETHER:
                sent += await _answered(waiting)
                waiting.clear()
        return sent + await _answered(waiting)


async def ask(
    settings: Settings,
    message: Message,
    way: tuple[str, str],
    is_answer: Callable[[Record], bool],
    within: float,
) -> tuple[Place, Record] | None:
    """Write a message to the first topic of a way; return the first committed answer on the other.

    Both topics have as many partitions, and the answer the key's. None after ``within`` seconds;
    raises ``StartRefused`` and ``Indefinite``.
    """
    asked, answered = way
    kafka = kafka_settings(settings)
    count = await partitions_of(kafka, asked, answered)
    async with KafkaLog(kafka) as log:
        ends = await log.ends([Place(answered, number) for number in range(count)], committed=True)
        async with _producing(settings) as producer:
            taken = await (await _send(producer, asked, message))
        place = Place(answered, taken.partition)
        try:
            async with asyncio.timeout(within):
                return place, await _first(log, place, ends[place], is_answer)
        except TimeoutError:
            return None


async def _first(
    log: KafkaLog, place: Place, start: int, is_wanted: Callable[[Record], bool]
) -> Record:
    """Return the first committed record of a kind from an offset on, once there is one."""
    while True:
        async for records in log.read(place, start, sys.maxsize, committed=True):
            for record in records:
                if is_wanted(record):
                    return record
            start = records[-1].offset + 1
        await asyncio.sleep(LOOK_EVERY)


@asynccontextmanager
async def _producing(settings: Settings) -> AsyncIterator[AIOKafkaProducer]:
    """Connect a producer; what aiokafka raises becomes ``Denied`` or ``Indefinite``."""
    producer = producer_of(settings)
    try:
        await producer.start()
        yield producer
    except (KafkaError, OSError) as error:
        lost = Indefinite(f"sending: {type(error).__name__}")
        raise denied(error, "Write") or lost from None
    finally:
        await producer.stop()


async def _send(producer: AIOKafkaProducer, topic: str, message: Message) -> asyncio.Future[Any]:
    sending: asyncio.Future[Any] = await producer.send(
        topic, message.value, key=message.key, headers=list(message.headers)
    )
    return sending


async def _answered(waiting: Sequence[asyncio.Future[Any]]) -> int:
    """Wait for the broker's answers; return how many there are, or raise what one of them is."""
    return len(await asyncio.gather(*waiting))
