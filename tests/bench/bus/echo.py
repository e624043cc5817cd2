"""The bare echo: records from one topic to another, as fast as aiokafka goes, and nothing else.

No transaction, no state, no reading of what a record says. Run with JSON: the brokers, the hops
(a topic read, a topic written), and for each hop the offset to begin at in each partition.
"""

import asyncio
import json
import signal
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from tests.bench.bus.measured import measured

SETTINGS = {"compression_type": "zstd", "max_batch_size": 1024 * 1024}
"""As the consumers write; the echo and the hospital write alike."""
POLL_MS = 200
POLL_RECORDS = 500


async def hop(
    servers: str, reads: str, writes: str, begins: Mapping[int, int], settings: Mapping[str, Any]
) -> None:
    """Echo one topic to another, partition by partition, until cancelled."""
    consumer = AIOKafkaConsumer(bootstrap_servers=servers, auto_offset_reset="earliest")
    producer = AIOKafkaProducer(bootstrap_servers=servers, acks="all", **settings)
    await consumer.start()
    await producer.start()
    try:
        consumer.assign([TopicPartition(reads, partition) for partition in begins])
        for partition, offset in begins.items():
            consumer.seek(TopicPartition(reads, partition), offset)
        while True:
            polled = await consumer.getmany(timeout_ms=POLL_MS, max_records=POLL_RECORDS)
            written = [
                each
                for place, records in polled.items()
                for each in await send_all(producer, writes, place.partition, records)
            ]
            await asyncio.gather(*written)
    finally:
        await producer.stop()
        await consumer.stop()


async def send_all(
    producer: AIOKafkaProducer, topic: str, partition: int, records: Sequence[Any]
) -> list[Any]:
    """Send records as they are, in batches; return what is to be awaited."""
    batches = [producer.create_batch()]
    for record in records:
        while not _appended(batches[-1], record):
            batches.append(producer.create_batch())
    return [await producer.send_batch(batch, topic, partition=partition) for batch in batches]


def _appended(batch: Any, record: Any) -> bool:  # noqa: ANN401 - untyped in aiokafka
    appended = batch.append(
        timestamp=None, key=record.key, value=record.value, headers=list(record.headers)
    )
    return appended is not None


async def _all(servers: str, hops: Sequence[Any], settings: Mapping[str, Any]) -> None:
    told = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, told.set)
    running = [
        asyncio.create_task(
            hop(servers, reads, writes, {int(each): at for each, at in begins.items()}, settings)
        )
        for reads, writes, begins in hops
    ]
    ending = asyncio.create_task(told.wait())
    await asyncio.wait({ending, *running}, return_when=asyncio.FIRST_COMPLETED)
    for task in running:
        task.cancel()
    await asyncio.wait(running)
    for task in running:
        # A hop that was not cancelled ended by an error.
        if not task.cancelled():
            task.result()


def _main() -> int:
    given = json.loads(sys.argv[1])
    asyncio.run(_all(given["servers"], given["hops"], given["settings"]))
    return 0


if __name__ == "__main__":
    sys.exit(measured(_main))
