"""What FastStream does by itself, a test each, so that an upgrade tells what moved.

``theirs`` is a subscriber with FastStream's defaults, ``ours`` what ``runtime.host.app`` makes.
"""

import asyncio
import inspect
import threading
import tomllib
from collections.abc import MutableMapping
from importlib.metadata import requires, version
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition, codec
from faststream import AckPolicy
from faststream.asgi import make_ping_asgi
from faststream.asgi.handlers import GetHandler
from faststream.kafka import KafkaBroker, testing
from faststream.kafka.annotations import KafkaMessage
from faststream.kafka.parser import AioKafkaBatchParser
from faststream.kafka.subscriber.usecase import BatchSubscriber

from runtime.engine.records import Place
from runtime.host.app import POLL_MS
from tests.runtime.host.ours import NOWHERE, Ours, running
from tests.runtime.host.stand_in import (
    PATIENCE,
    fill,
    make_topic,
    new_name,
    until,
)
from tests.style.tree import ROOT


def theirs(broker: KafkaBroker, topic: str = "t", **options: Any) -> BatchSubscriber:  # noqa: ANN401
    """Return a subscriber to batches with FastStream's defaults, but for ``options``."""
    subscriber = broker.subscriber(topic, batch=True, group_id=new_name("group"), **options)
    assert isinstance(subscriber, BatchSubscriber)
    return subscriber


def test_records_are_acknowledged_before_they_are_handled() -> None:
    """By default offsets are committed as records come, at most once; ours never are."""
    default = theirs(KafkaBroker(NOWHERE))
    assert default.ack_policy is AckPolicy.ACK_FIRST
    assert default._connection_args["enable_auto_commit"] is True  # noqa: SLF001
    ours = Ours(NOWHERE).subscriber
    assert ours.ack_policy is AckPolicy.MANUAL
    assert ours._connection_args["enable_auto_commit"] is False  # noqa: SLF001


async def test_what_a_handler_raises_is_swallowed(broker: str) -> None:
    """The next batch comes as if nothing was, and its commit passes over the lost one."""
    topic, came = await make_topic(broker), asyncio.Event()
    theirs_broker = KafkaBroker(broker, logger=None)
    subscriber = theirs(
        theirs_broker,
        topic,
        max_records=1,
        auto_offset_reset="earliest",
        ack_policy=AckPolicy.MANUAL,
    )
    values: list[bytes] = []

    @subscriber
    async def handle(body: object, message: KafkaMessage) -> None:
        values.append(message.raw_message[0].value)
        if len(values) == 1:
            raise ValueError(body)
        await message.ack()
        came.set()

    await fill(broker, topic, 2)
    async with running(theirs_broker), asyncio.timeout(PATIENCE):
        await came.wait()
        assert subscriber.consumer is not None
        committed = await subscriber.consumer.committed(TopicPartition(topic, 0))
    assert (values, committed) == ([b"0", b"1"], 2)


async def test_what_handing_over_raises_ends_the_process(broker: str) -> None:
    """FastStream swallows it, so the member remembers it and is dead; nothing more is taken."""
    topic = await make_topic(broker)
    ours = Ours(broker, topic)
    del ours.worker.records
    await fill(broker, topic, 1)
    async with running(ours.broker):
        await until(lambda: ours.member.death() is not None)
    assert ours.member.death() == "bug: AttributeError"


async def test_a_batch_mixes_partitions(broker: str) -> None:
    """One poll brings records of several partitions; we take them apart, each in its order."""
    topic, came = await make_topic(broker, partitions=2), asyncio.Event()
    await fill(broker, topic, 3, partitions=2)
    theirs_broker, ours = KafkaBroker(broker, logger=None), Ours(broker, topic)
    subscriber = theirs(theirs_broker, topic, auto_offset_reset="earliest")

    @subscriber
    async def handle(body: object, message: KafkaMessage) -> None:
        del body
        if len({record.partition for record in message.raw_message}) == 2:
            came.set()

    async with running(theirs_broker), asyncio.timeout(PATIENCE):
        await came.wait()
    async with running(ours.broker):
        await ours.worker.has(6)
    for partition in range(2):
        values = [r.value for place, r in ours.worker.records if place == Place(topic, partition)]
        assert values == [b"0", b"1", b"2"]


async def test_an_acknowledgement_commits_every_partition(broker: str) -> None:
    """A message of one partition acknowledges what was polled of the others too."""
    topic = await make_topic(broker, partitions=2)
    await fill(broker, topic, 1, partitions=2)
    theirs_broker, came = KafkaBroker(broker, logger=None), asyncio.Event()
    subscriber = theirs(
        theirs_broker,
        topic,
        max_records=1,
        auto_offset_reset="earliest",
        ack_policy=AckPolicy.MANUAL,
    )
    polled: list[int] = []

    @subscriber
    async def handle(body: object, message: KafkaMessage) -> None:
        del body
        polled.append(message.raw_message[0].partition)
        if len(polled) == 2:
            await message.ack()
            came.set()

    async with running(theirs_broker), asyncio.timeout(PATIENCE):
        await came.wait()
        consumer = subscriber.consumer
        assert consumer is not None
        committed = [await consumer.committed(TopicPartition(topic, each)) for each in range(2)]
    assert (sorted(polled), committed) == ([0, 1], [1, 1])


async def test_a_negative_acknowledgement_winds_back_the_whole_batch(broker: str) -> None:
    """Every record of the batch comes again, those that were handled too."""
    topic, came = await make_topic(broker), asyncio.Event()
    await fill(broker, topic, 3)
    theirs_broker = KafkaBroker(broker, logger=None)
    subscriber = theirs(
        theirs_broker, topic, auto_offset_reset="earliest", ack_policy=AckPolicy.MANUAL
    )
    batches: list[list[int]] = []

    @subscriber
    async def handle(body: object, message: KafkaMessage) -> None:
        del body
        batches.append([record.offset for record in message.raw_message])
        if len(batches) == 1:
            await message.nack()
        else:
            came.set()

    async with running(theirs_broker), asyncio.timeout(PATIENCE):
        await came.wait()
    assert batches[:2] == [[0, 1, 2], [0, 1, 2]]


async def test_an_empty_poll_waits_twice(broker: str) -> None:
    """It waits for records, then sleeps as long again, deaf to them; ours is 10 ms."""
    topic = await make_topic(broker)
    theirs_broker = KafkaBroker(broker, logger=None)
    subscriber = theirs(theirs_broker, topic, batch_timeout_ms=150)
    async with running(theirs_broker):
        assert subscriber.consumer is not None
        begun = asyncio.get_running_loop().time()
        assert await subscriber.get_msg(subscriber.consumer) == ()
        waited = asyncio.get_running_loop().time() - begun
    assert 0.3 <= waited < 2
    assert Ours(NOWHERE).subscriber.batch_timeout_ms == POLL_MS == 10


def test_a_new_group_begins_at_the_end() -> None:
    """By default what was written before the first start is never read; we read from the first."""
    default = inspect.signature(KafkaBroker.subscriber).parameters["auto_offset_reset"].default
    assert default == "latest"
    ours = Ours(NOWHERE).subscriber._connection_args  # noqa: SLF001
    assert ours["auto_offset_reset"] == "earliest"


def test_topics_are_made_with_one_partition() -> None:
    """A topic that is only named is made, with one partition; we declare none."""
    default = theirs(KafkaBroker(NOWHERE)).topics_to_create
    assert [(topic.num_partitions, topic.declare) for topic in default] == [(1, True)]
    ours = Ours(NOWHERE)
    assert ours.subscriber.topics_to_create == []
    assert ours.broker.config.broker_config.allow_auto_create_topics is False


async def test_the_ping_is_green_while_the_consumer_is_dead(broker: str) -> None:
    """FastStream's probe asks the cluster, not the consumer; ours sees the consumer's end."""
    topic = await make_topic(broker)
    theirs_broker, ours = KafkaBroker(broker, logger=None), Ours(broker, topic)
    subscriber = theirs(theirs_broker, topic)
    ping = make_ping_asgi(theirs_broker, timeout=5)
    async with running(theirs_broker), running(ours.broker):
        assert ours.member.death() is None
        for consumer in (subscriber.consumer, ours.subscriber.consumer):
            assert consumer is not None
            await _end_coordinator(consumer)
        assert await _status_of(ping) == 204
        assert ours.member.death() == "the consumer's coordinator or fetcher ended"


async def _status_of(page: GetHandler) -> int:
    statuses: list[int] = []

    async def send(message: MutableMapping[str, Any]) -> None:
        if "status" in message:
            statuses.append(message["status"])

    async def receive() -> MutableMapping[str, Any]:
        return {}

    await page({"type": "http", "method": "GET"}, receive, send)
    return statuses[0]


async def _end_coordinator(consumer: AIOKafkaConsumer) -> None:
    task = consumer._coordinator._coordination_task  # noqa: SLF001
    task.cancel()
    await asyncio.wait([task])


async def test_polling_that_is_cancelled_is_not_started_again(broker: str) -> None:
    """A coordinator that was cancelled ends the polling task too, and nobody says so but we."""
    topic = await make_topic(broker)
    ours = Ours(broker, topic)
    async with running(ours.broker), asyncio.timeout(PATIENCE):
        for task in ours.subscriber.tasks:
            task.cancel()
            await asyncio.wait([task])
        await asyncio.sleep(0.1)
        assert all(task.done() for task in ours.subscriber.tasks)
        assert ours.member.death() == "polling ended"


async def test_polling_that_fails_is_started_again_for_ever(broker: str) -> None:
    """What is no error of Kafka (a header that is not UTF-8) makes it spin, so we end it."""
    topic = await make_topic(broker)
    ours = Ours(broker, topic)

    async def fail(**_: object) -> None:
        raise UnicodeDecodeError("utf-8", b"", 0, 1, "")

    async with running(ours.broker):
        assert ours.subscriber.consumer is not None
        ours.subscriber.consumer.getmany = fail
        await until(lambda: ours.member.death() is not None)
        assert ours.member.death() == "polling fails again and again"


async def test_the_test_broker_knows_no_offsets() -> None:
    """Its records all stand at offset 0, and nothing can be sought, committed or paused."""
    theirs_broker = KafkaBroker()
    offsets: list[int] = []

    @theirs_broker.subscriber("t", batch=True)
    async def handle(body: object, message: KafkaMessage) -> None:
        del body
        offsets.extend(record.offset for record in message.raw_message)

    async with testing.TestKafkaBroker(theirs_broker) as pretended:
        for _ in range(2):
            await pretended.publish("x", "t")
    assert offsets == [0, 0]
    for method in ("seek", "commit", "pause", "resume"):
        assert not hasattr(testing.FakeConsumer, method)


def test_the_extra_brings_no_codec() -> None:
    """``faststream[kafka]`` cannot read zstd by itself; we ask for the codecs."""
    assert not any("cramjam" in each for each in requires("faststream") or ())
    assert _dependency("cramjam")
    assert codec.has_zstd()


def test_the_version_is_the_one_that_was_read() -> None:
    """Another minor version of FastStream is read again before it is used."""
    assert _dependency("faststream") == "faststream[kafka]>=0.7.8,<0.8"
    assert version("faststream").startswith("0.7.")


def _dependency(name: str) -> str:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (stated,) = (each for each in project["dependencies"] if each.startswith(name))
    return str(stated)


async def test_its_parser_dies_of_a_header_without_a_value() -> None:
    """The batch is lost with it, silently; ours looks at no header."""
    record: ConsumerRecord[bytes, bytes] = ConsumerRecord(
        "t", 0, 7, 0, 0, b"k", b"v", None, 1, 1, (("h", None),)
    )
    parser = AioKafkaBatchParser(KafkaMessage, None)
    with pytest.raises(AttributeError):
        await parser.parse_batch((record,))
    ours = Ours(NOWHERE)
    await _consume(ours.subscriber, (record,))
    assert [each.headers for _place, each in ours.worker.records] == [(("h", None),)]


async def _consume(subscriber: BatchSubscriber, polled: tuple[Any, ...]) -> None:
    """Take what was polled through the subscriber, as if it were started."""
    subscriber._outer_config.logger._setup(subscriber._outer_config.context)  # noqa: SLF001
    subscriber._build_fastdepends_model()  # noqa: SLF001
    subscriber.running = True
    await subscriber.consume(polled)


async def test_injection_runs_in_threads() -> None:
    """A handler that takes the message by annotation costs threads; ours takes none."""
    record: ConsumerRecord[bytes, bytes] = ConsumerRecord(
        "t", 0, 7, 0, 0, b"k", b"v", None, 1, 1, ()
    )
    await _consume(Ours(NOWHERE).subscriber, (record,))
    before = threading.active_count()
    default = theirs(KafkaBroker(NOWHERE, logger=None))

    @default
    async def handle(body: object, message: KafkaMessage) -> None:
        del body, message

    await _consume(default, (record,))
    assert threading.active_count() > before
