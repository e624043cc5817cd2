"""What a worker is opened on, and what refuses a start."""

from dataclasses import replace

import pytest
from redis.asyncio import Redis

from commands.composition import Service
from commands.plans import build_plan
from reference.rulebook import RuleBook
from runtime.engine.observer import SILENT
from runtime.engine.plan import Plan
from runtime.engine.records import Place
from runtime.engine.worker import Worker
from runtime.errors import Indefinite, PartitionStopped
from runtime.host.connection import kafka_settings
from runtime.host.feed import ConsumerFeed
from runtime.host.lag import Lag
from runtime.host.opening import Opening, StartRefused, limits_of, shape_of, view_key
from runtime.host.provision import Provision
from runtime.host.settings import Settings, read_settings
from tests.cluster.needed import own_redis
from tests.runtime.host.stand_in import make_topic, new_name, settings_of

NOWHERE = {"THERAPY_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1"}


def plan_of(rulebook: RuleBook) -> Plan:
    """Return a consumer whose topics no other test has."""
    name = new_name("units")
    return replace(
        build_plan(Service.UNITS, rulebook),
        name=name,
        input=f"{name}.input",
        output=f"{name}.output",
        dead_letters=f"{name}.letters",
    )


async def opened(settings: Settings, plan: Plan) -> Worker:
    """Open a worker, close what it stands on, and return it."""
    async with Opening(settings, plan, [plan]).worker(ConsumerFeed(Lag(_now)), SILENT) as worker:
        return worker


def _now() -> float:
    return 0.0


async def test_a_worker_is_opened_where_all_is_as_it_must_be(
    broker: str, redis_url: str, rulebook: RuleBook
) -> None:
    """It owns nothing until the group assigns it something."""
    settings, plan = settings_of(broker, redis_url=redis_url), plan_of(rulebook)
    await Provision(kafka_settings(settings), [plan]).create(2, 2, 1)
    worker = await opened(settings, plan)
    assert worker.status() == {}


async def test_a_topic_that_is_missing_refuses_the_start(
    broker: str, redis_url: str, rulebook: RuleBook
) -> None:
    """It says what makes it."""
    settings = settings_of(broker, redis_url=redis_url)
    with pytest.raises(StartRefused, match="there is no such topic; therapy topics create"):
        await opened(settings, plan_of(rulebook))


async def test_a_topic_that_is_not_as_it_must_be_refuses_the_start(
    broker: str, redis_url: str, rulebook: RuleBook
) -> None:
    """Every difference is named."""
    settings = settings_of(broker, redis_url=redis_url)
    plan = replace(plan_of(rulebook), input=await make_topic(broker))
    with pytest.raises(StartRefused) as refused:
        await opened(settings, plan)
    assert "message.timestamp.type is CreateTime, must be LogAppendTime" in str(refused.value)
    assert f"{plan.output}: topic is missing" in str(refused.value)


async def test_a_redis_that_evicts_refuses_the_start(broker: str, rulebook: RuleBook) -> None:
    """State that is dropped of its own accord would be made again and again."""
    for own in own_redis():
        settings, plan = settings_of(broker, redis_url=own.url), plan_of(rulebook)
        await Provision(kafka_settings(settings), [plan]).create(1, 1, 1)
        await _evict(own.url)
        with pytest.raises(PartitionStopped, match="maxmemory-policy is allkeys-lru"):
            await opened(settings, plan)


async def _evict(url: str) -> None:
    async with Redis.from_url(url) as client:
        await client.config_set("maxmemory-policy", "allkeys-lru")


async def test_a_broker_that_is_not_there_refuses_nothing(rulebook: RuleBook) -> None:
    """Whether it will be is not known: the start tries again."""
    with pytest.raises(Indefinite, match="KafkaConnectionError"):
        await opened(read_settings(NOWHERE), plan_of(rulebook))


async def test_the_shape_of_a_topic_is_asked_of_the_broker(broker: str) -> None:
    """Partitions and replicas."""
    topic = await make_topic(broker, partitions=3)
    assert await shape_of(kafka_settings(settings_of(broker)), topic) == (3, 1)


def test_a_partition_has_one_key_in_redis() -> None:
    """In braces, so that a cluster keeps it on one node."""
    key = view_key("therapy-units", Place("therapy.sessions", 3))
    assert key == "{therapy-units:therapy.sessions-3}"


def test_limits_are_those_of_the_settings() -> None:
    """How much a transaction takes, and how much waits."""
    limits = limits_of(
        read_settings({"THERAPY_BATCH_RECORDS": "7", "THERAPY_WAITING_BYTES": "70000"})
    )
    assert (limits.batch_records, limits.waiting_bytes) == (7, 70_000)
