"""The log on a real broker: what only a broker does."""

import asyncio

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.records_to_delete import RecordsToDelete
from aiokafka.structs import TopicPartition

from runtime.engine.records import Message, Place
from runtime.errors import Indefinite
from runtime.kafka.log import KafkaLog
from runtime.kafka.settings import KafkaSettings
from tests.cluster.kafka import Kafka
from tests.cluster.needed import RUN
from tests.runtime.engine.ports.spot import Spot, commit, end, gather, texts, write

COMPACTED = {
    "cleanup.policy": "compact",
    "segment.ms": "100",
    "min.cleanable.dirty.ratio": "0.0",
    "max.compaction.lag.ms": "100",
    "delete.retention.ms": "0",
}
HURRIED = 1.5
"""Seconds of a deadline that a test can wait for."""


async def test_a_start_below_the_beginning_reads_from_the_beginning(
    broker: str, log: KafkaLog, spot: Spot
) -> None:
    """Where retention took the first records, a read begins at those that are still held."""
    writer = await log.writer(spot.owner)
    await commit(log, writer, spot.here, "0", "1", "2", "3")
    admin = AIOKafkaAdminClient(bootstrap_servers=broker)
    await admin.start()
    await admin.delete_records({TopicPartition(*spot.here): RecordsToDelete(2)})
    await admin.close()
    assert (await log.beginnings((spot.here,)))[spot.here] == 2
    assert await texts(log, spot.here) == ["2", "3"]
    writer.drop()


async def test_a_marker_that_compaction_emptied_does_not_stop_a_read(
    broker: str, log: KafkaLog
) -> None:
    """What compaction leaves of a fencing's marker stops aiokafka's consumer, but not this."""
    place = Place(f"compacted-{RUN}", 0)
    admin = AIOKafkaAdminClient(bootstrap_servers=broker)
    await admin.start()
    await admin.create_topics([NewTopic(place.topic, 1, 1, topic_configs=COMPACTED)])
    await admin.close()
    writer = await log.writer(f"compacted-{RUN}")
    await writer.begin()
    await writer.append({place: [Message(b"fenced", b"never seen")]})
    writer.drop()
    fencing = await log.writer(f"compacted-{RUN}")
    other = await log.writer(f"compacting-{RUN}")
    async with asyncio.timeout(60):
        # The aborted record goes first, its marker later; the batch of the marker stays.
        while len(await gather(log, place, committed=False)) != 2 or await end(log, place) < 12:
            await commit(log, other, place, "again")
            await asyncio.sleep(0.3)
    assert set(await texts(log, place)) == {"again"}
    fencing.drop()
    other.drop()


async def test_a_broker_that_is_not_there_is_indefinite() -> None:
    """Where nobody answers, every call says so within its deadline."""
    place = Place("nowhere", 0)
    async with KafkaLog(KafkaSettings("127.0.0.1:1", deadline=HURRIED)) as log:
        async with asyncio.timeout(4 * HURRIED):
            with pytest.raises(Indefinite):
                await log.ends((place,), committed=True)
            with pytest.raises(Indefinite):
                await log.writer("nobody")
            with pytest.raises(Indefinite):
                await gather(log, place)


async def test_a_topic_that_is_not_there_is_indefinite(broker: str) -> None:
    """A topic may still be on its way to every broker, so that its absence is no answer."""
    async with KafkaLog(KafkaSettings(broker, deadline=HURRIED)) as log:
        with pytest.raises(Indefinite):
            await log.beginnings((Place(f"never-made-{RUN}", 0),))


async def test_a_log_goes_on_when_its_broker_comes_back(victim: Kafka) -> None:
    """After a kill and a restart the same log reads on, and what was committed is there."""
    place, owner = Place("comes-back", 0), "comes-back"
    admin = AIOKafkaAdminClient(bootstrap_servers=victim.bootstrap_servers)
    await admin.start()
    await admin.create_topics([NewTopic(place.topic, 1, 1)])
    await admin.close()
    async with KafkaLog(KafkaSettings(victim.bootstrap_servers, deadline=HURRIED)) as log:
        writer = await log.writer(owner)
        await commit(log, writer, place, "before")
        victim.kill()
        with pytest.raises(Indefinite):
            await log.ends((place,), committed=True)
        victim.start()
        assert await texts(log, place) == ["before"]
        writer.drop()
        after = await log.writer(owner)
        await commit(log, after, place, "after")
        assert await texts(log, place) == ["before", "after"]
        after.drop()


async def test_nothing_is_left_when_a_log_is_closed(broker: str, spot: Spot) -> None:
    """Closing ends every task and connection, those of dropped writers too."""
    before = asyncio.all_tasks()
    log = KafkaLog(KafkaSettings(broker))
    writer = await log.writer(spot.owner)
    await writer.begin()
    await write(writer, spot.here, "open")
    writer.drop()
    await log.close()
    assert asyncio.all_tasks() == before
