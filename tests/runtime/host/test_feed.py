"""The feed on a real consumer: it steers what is assigned, and tells tools how far it came."""

import asyncio

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from runtime.engine.records import Place
from runtime.host.app import build_broker, join
from runtime.host.feed import ConsumerFeed
from runtime.host.lag import Lag
from runtime.host.member import Member
from tests.runtime.host.stand_in import (
    ANY_OBJECT,
    PATIENCE,
    CountingWorker,
    fill,
    make_topic,
    new_name,
    producing,
    settings_of,
)


def test_a_feed_without_a_consumer_does_nothing() -> None:
    """Nothing is assigned yet, so nothing can be steered."""
    feed = ConsumerFeed(Lag(lambda: 0.0))
    feed.pause([Place("t", 0)])
    feed.resume([Place("t", 0)])
    feed.seek(Place("t", 0), 3)
    feed.handled(Place("t", 0), 3)


async def test_telling_without_a_consumer_does_nothing() -> None:
    """The process may end before it ever joined."""
    feed = ConsumerFeed(Lag(lambda: 0.0))
    feed.handled(Place("t", 0), 3)
    await feed.tell()
    await feed.look()


async def test_places_of_others_are_ignored(broker: str) -> None:
    """A partition that moved away may be steered by what still ends."""
    topic = await make_topic(broker)
    settings = settings_of(broker)
    consuming, member = build_broker(settings), Member("units", new_name("g"), topic, Lag(_now))
    worker = CountingWorker(member.feed)
    member.works_with(worker)
    join(consuming, settings, member, {"any": ANY_OBJECT})
    await fill(broker, topic, 1)
    try:
        await consuming.start()
        await worker.has(1)
        other = Place(topic, 7)
        member.feed.pause([other])
        member.feed.resume([other])
        member.feed.seek(other, 3)
        member.feed.handled(other, 3)
        await member.feed.tell()
    finally:
        await consuming.stop()


async def test_tools_see_how_far_it_came(broker: str) -> None:
    """The group's offset and the lag count the marker of a transaction as handled too."""
    topic, group = await make_topic(broker), new_name("group")
    settings = settings_of(broker)
    consuming, member = build_broker(settings), Member("units", group, topic, Lag(_now))
    worker = CountingWorker(member.feed)
    member.works_with(worker)
    join(consuming, settings, member, {"any": ANY_OBJECT})
    telling = asyncio.create_task(member.feed.keep_telling())
    place = Place(topic, 0)
    try:
        await consuming.start()
        async with producing(broker, new_name("tx")) as producer, producer.transaction():
            for _ in range(3):
                await producer.send(topic, b"x", partition=0)
        await worker.has(3)
        await _until_committed(4, broker, group, topic)
        await member.feed.look()
        assert member.lag.behind()[place].records == 0
        member.feed.pause([place])
        await fill(broker, topic, 5)
        await member.feed.look()
        assert member.lag.behind()[place].records == 5
    finally:
        telling.cancel()
        await consuming.stop()


async def _until_committed(offset: int, broker: str, group: str, topic: str) -> None:
    """Wait until a tool sees this offset of the group."""
    admin, place = AIOKafkaAdminClient(bootstrap_servers=broker), TopicPartition(topic, 0)
    await admin.start()
    try:
        async with asyncio.timeout(PATIENCE):
            told = None
            while told != offset:
                offsets = await admin.list_consumer_group_offsets(group)
                told = offsets[place].offset if place in offsets else None
    finally:
        await admin.close()


def _now() -> float:
    return 0.0
