"""What the topics take on the broker's disk, as appended and once the changelogs are compacted."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from tests.bench.bus.servers import Bus, Failed

COMPACT_NOW = {
    "cleanup.policy": "compact",
    "min.compaction.lag.ms": "0",
    "min.cleanable.dirty.ratio": "0.001",
    "segment.bytes": str(1024 * 1024),
    "segment.ms": "1",
}
"""Instead of waiting a day; the active segment is never compacted, so it is made small."""
SETTLED_SECONDS = 5.0
PATIENCE_SECONDS = 120.0


def bytes_of(bus: Bus, topics: Sequence[str]) -> dict[str, int]:
    """Return the bytes of each topic's records on the broker's disk, all partitions together."""
    data = bus.kafka.folder / "node-1" / "data"
    return {
        topic: sum(_size(each) for each in data.glob(f"{topic}-[0-9]*/*.log")) for topic in topics
    }


async def compact(bus: Bus, topics: Sequence[str]) -> Mapping[str, int]:
    """Let the broker compact these topics now, and return their bytes when it is through.

    It leaves a record without a state value in each partition, so no consumer may run after it.
    """
    before = bytes_of(bus, topics)
    await _configure(bus, topics)
    await _roll(bus, topics)
    end = time.monotonic() + PATIENCE_SECONDS
    seen, since = before, time.monotonic()
    while not (_is_smaller(seen, before) and time.monotonic() - since > SETTLED_SECONDS):
        if time.monotonic() > end:
            raise Failed(f"the broker does not compact: {seen}")
        await asyncio.sleep(0.5)
        now = bytes_of(bus, topics)
        if now != seen:
            seen, since = now, time.monotonic()
    return seen


def _is_smaller(now: Mapping[str, int], before: Mapping[str, int]) -> bool:
    return all(now[topic] < before[topic] for topic in before)


def _size(path: Path) -> int:
    # A segment may be deleted between being listed and being looked at.
    return path.stat().st_size if path.exists() else 0


async def _configure(bus: Bus, topics: Sequence[str]) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bus.servers)
    await admin.start()
    try:
        kind = ConfigResourceType.TOPIC
        await admin.alter_configs([ConfigResource(kind, each, COMPACT_NOW) for each in topics])
    finally:
        await admin.close()


async def _roll(bus: Bus, topics: Sequence[str]) -> None:
    """Append once to each partition: the segment that was active until now is closed."""
    producer = AIOKafkaProducer(bootstrap_servers=bus.servers, acks="all")
    await producer.start()
    try:
        for topic in topics:
            for partition in range(bus.partitions):
                await producer.send_and_wait(topic, b"", key=b"-", partition=partition)
    finally:
        await producer.stop()
