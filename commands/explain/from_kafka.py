"""The trail of a visit day from the topics, as a committed reader sees them.

Decisions name the visit day in a header, so only the records of one key are ever read whole: all
that led to a decision stands in the partition of the same number, under the same key.
"""

import sys
from collections.abc import AsyncIterator
from typing import NamedTuple

from commands.explain.trail import UPSTREAM, Seen, TrailKeeper
from commands.plans import reader_of_topic
from runtime.engine.plan import Unread
from runtime.engine.records import Place, Record
from runtime.host.connection import kafka_settings
from runtime.host.opening import partitions_of
from runtime.host.settings import Settings
from runtime.kafka.log import KafkaLog
from schemas.events import Topic

TOPICS = (*UPSTREAM, Topic.CLAIMS)


class Read(NamedTuple):
    """What was read of the topics."""

    unread: int
    """Records of the visit day's key that cannot be read."""
    begins: dict[Topic, int]
    """The first offset that each topic still holds in the visit day's partition, above 0."""


async def read_trail(settings: Settings, visit_day_id: str, keeper: TrailKeeper) -> Read:
    """Keep what the topics hold of a visit day's trail, up to the ends that there are now.

    Raises ``StartRefused`` where the topics are not as ours, ``Indefinite`` where Kafka fails.
    """
    kafka = kafka_settings(settings)
    partitions = await partitions_of(kafka, *TOPICS)
    async with KafkaLog(kafka) as log:
        found = await _find(log, visit_day_id, partitions)
        if found is None:
            return Read(0, {})
        partition, key = found
        unread = 0
        for topic in TOPICS:
            unread += await _take(log, topic, partition, key, keeper)
        places = {Place(topic.value, partition): topic for topic in TOPICS}
        begins = await log.beginnings(places)
        return Read(unread, {places[place]: first for place, first in begins.items() if first})


async def _find(log: KafkaLog, visit_day_id: str, partitions: int) -> tuple[int, bytes] | None:
    """Return the partition and the key of a visit day's decisions; None where there is none."""
    subject = ("ce_subject", visit_day_id.encode())
    for partition in range(partitions):
        async for record in _records(log, Place(Topic.CLAIMS.value, partition)):
            if subject in record.headers and record.key is not None:
                return partition, record.key
    return None


async def _take(
    log: KafkaLog, topic: Topic, partition: int, key: bytes, keeper: TrailKeeper
) -> int:
    """Keep a key's events on a topic; return how many of its records cannot be read."""
    read, unread = reader_of_topic(topic), 0
    place = Place(topic.value, partition)
    async for record in _records(log, place):
        if record.key != key:
            continue
        event = read(record)
        if isinstance(event, Unread):
            unread += 1
            continue
        seen = Seen(f"{place.topic}-{place.partition}, offset {record.offset}", event)
        keeper.take(topic, seen)
        if topic is Topic.SESSIONS:
            keeper.take_session(seen)
    return unread


async def _records(log: KafkaLog, place: Place) -> AsyncIterator[Record]:
    async for records in log.read(place, 0, sys.maxsize, committed=True):
        for record in records:
            yield record
