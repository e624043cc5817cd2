"""Topics on a real broker: made as they must be, and every difference named."""

import asyncio

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from runtime.errors import Indefinite, Refused
from runtime.kafka.settings import KafkaSettings
from runtime.kafka.topics import (
    CHANGELOG,
    DEAD_LETTERS,
    EVENTS,
    AtLeast,
    Topic,
    check_topics,
    create_topics,
)
from tests.cluster.needed import RUN


def topics(name: str) -> list[Topic]:
    """Return one topic of each kind."""
    return [
        Topic(f"{name}-events-{RUN}", 2, EVENTS),
        Topic(f"{name}-changelog-{RUN}", 2, CHANGELOG),
        Topic(f"{name}-dead-letters-{RUN}", 6, DEAD_LETTERS),
    ]


async def test_topics_that_were_made_are_as_they_must_be(broker: str) -> None:
    """What is made passes the check; made again, nothing is."""
    settings, wanted = KafkaSettings(broker), topics("made")
    assert await create_topics(settings, wanted, replicas=1) == {each.name for each in wanted}
    assert await check_topics(settings, wanted, replicas=1) == []
    assert await create_topics(settings, wanted, replicas=1) == frozenset()


async def test_a_topic_that_is_missing_is_named(broker: str) -> None:
    """Every topic that is not there is a difference."""
    wanted = topics("missing")
    found = await check_topics(KafkaSettings(broker), wanted, replicas=1)
    assert [str(each) for each in found] == [
        f"{topic.name}: topic is missing, must be there" for topic in wanted
    ]


async def test_every_difference_is_named(broker: str) -> None:
    """A topic made by hand differs in what its maker did not think of, and each is said."""
    name = f"by-hand-{RUN}"
    admin = AIOKafkaAdminClient(bootstrap_servers=broker)
    await admin.start()
    config = {"retention.ms": "3600000", "max.message.bytes": "9000000"}
    await admin.create_topics([NewTopic(name, 3, 1, topic_configs=config)])
    while name not in await admin.list_topics():  # noqa: ASYNC110 - only the broker knows
        await asyncio.sleep(0.05)
    await admin.close()
    differences = await check_topics(
        KafkaSettings(broker), [Topic(name, 2, EVENTS), Topic(name, 3, CHANGELOG)], replicas=3
    )
    assert [str(each) for each in differences] == [
        f"{name}: partitions is 3, must be 2",
        f"{name}: message.timestamp.type is CreateTime, must be LogAppendTime",
        f"{name}: retention.ms is 3600000, must be at least 604800000",
        f"{name}: min.insync.replicas is 1, must be at least 2",
        f"{name}: message.timestamp.type is CreateTime, must be LogAppendTime",
        f"{name}: cleanup.policy is delete, must be compact",
        f"{name}: min.compaction.lag.ms is 0, must be at least 90000000",
        f"{name}: delete.retention.ms is 86400000, must be at least 90000000",
        f"{name}: min.insync.replicas is 1, must be at least 2",
    ]


async def test_what_the_cluster_cannot_make_is_refused(broker: str) -> None:
    """More replicas than brokers is refused with the topic's name."""
    with pytest.raises(Refused, match="refused-events-"):
        await create_topics(KafkaSettings(broker), topics("refused"), replicas=99)


async def test_no_broker_is_indefinite() -> None:
    """Where nobody answers nothing is said about topics."""
    nobody = KafkaSettings("127.0.0.1:1", deadline=1.0)
    with pytest.raises(Indefinite):
        await check_topics(nobody, topics("nowhere"), replicas=1)


def test_no_limit_is_enough() -> None:
    """A number without limit is at least any other."""
    assert AtLeast(7).holds("-1")
    assert AtLeast(7).holds("7")
    assert not AtLeast(7).holds("6")
