"""Making and checking the topics of the consumers on a real Kafka."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions

from commands.composition import Service
from commands.plans import build_plan
from reference.rulebook import RuleBook
from runtime.engine.history import last_position
from runtime.engine.plan import Plan
from runtime.errors import Refused
from runtime.host.connection import kafka_settings
from runtime.host.opening import StartRefused, shape_of
from runtime.host.provision import Provision, finish
from runtime.kafka.log import KafkaLog
from tests.runtime.host.stand_in import new_name, settings_of


def plans_of(rulebook: RuleBook) -> list[Plan]:
    """Return two consumers in a row, whose topics no other test has."""
    name = new_name("chain")
    topics = [f"{name}.sessions", f"{name}.units", f"{name}.spend"]
    return [
        replace(
            build_plan(service, rulebook),
            name=f"{name}-{service}",
            ordinal=ordinal,
            input=topics[ordinal],
            output=topics[ordinal + 1],
            dead_letters=f"{name}.letters",
        )
        for ordinal, service in enumerate((Service.UNITS, Service.SPEND))
    ]


def provision_of(broker: str, plans: Sequence[Plan]) -> Provision:
    """Return the provision of consumers on a broker."""
    return Provision(kafka_settings(settings_of(broker)), plans)


async def test_what_is_missing_is_made_and_begun(broker: str, rulebook: RuleBook) -> None:
    """The topics in the order of events, and position record 0 of every partition."""
    plans = plans_of(rulebook)
    provision = provision_of(broker, plans)
    made = await provision.create(3, 12, 1)
    first, second = plans
    assert made.topics == (
        first.input,
        first.output,
        second.output,
        first.changelog,
        second.changelog,
        first.dead_letters,
    )
    assert (made.partitions, made.begun) == (3, 6)
    assert await provision.check() == []
    place = first.places(2, 3).changelog
    async with KafkaLog(provision.kafka) as log:
        end = (await log.ends([place], committed=True))[place]
        position = (await last_position(log, place, end)).position
    assert (position.number, position.partitions, position.next_offset) == (0, 3, 0)


async def test_making_again_changes_nothing(broker: str, rulebook: RuleBook) -> None:
    """Without a number it is that of the topics that are there."""
    provision = provision_of(broker, plans_of(rulebook))
    await provision.create(None, 2, 1)
    again = await provision.create(None, 12, 1)
    assert (again.topics, again.partitions, again.begun) == ((), 2, 0)


async def test_another_number_of_partitions_is_refused(broker: str, rulebook: RuleBook) -> None:
    """Keys would be placed elsewhere: each topic is named with what it has."""
    plans = plans_of(rulebook)
    provision = provision_of(broker, plans)
    await provision.create(2, 12, 1)
    with pytest.raises(StartRefused) as refused:
        await provision.create(4, 12, 1)
    said = str(refused.value).splitlines()
    assert f"{plans[0].input}: partitions is 2, must be 4" in said
    assert f"{plans[0].dead_letters}: partitions is 4, must be 8" in said


async def test_more_replicas_than_brokers_are_refused(broker: str, rulebook: RuleBook) -> None:
    """The broker's reason is said."""
    with pytest.raises(Refused, match="InvalidReplicationFactorError"):
        await provision_of(broker, plans_of(rulebook)).create(1, 1, 9)


async def test_a_check_names_what_is_missing(broker: str, rulebook: RuleBook) -> None:
    """Topics that were never made are one line."""
    plans = plans_of(rulebook)
    (line,) = await provision_of(broker, plans).check()
    assert line == f"{plans[0].input}: there is no such topic; therapy topics create makes it"


async def test_a_check_sees_partitions_that_were_added(broker: str, rulebook: RuleBook) -> None:
    """Somebody grew every topic: what was recorded tells."""
    plans = plans_of(rulebook)
    provision = provision_of(broker, plans)
    await provision.create(1, 12, 1)
    first, second = plans
    grown = [first.input, first.output, second.output, first.changelog, second.changelog]
    admin = AIOKafkaAdminClient(bootstrap_servers=broker)
    await admin.start()
    try:
        await admin.create_partitions({name: NewPartitions(2) for name in grown})
        await admin.create_partitions({first.dead_letters: NewPartitions(4)})
    finally:
        await admin.close()
    # A broker answers before it shows them to others.
    while (await shape_of(provision.kafka, first.dead_letters))[0] < 4:  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    said = await provision.check()
    assert f"{first.changelog}-0: begun with 1 partitions, there are 2" in said
    assert f"{first.changelog}-1: changelog: no position record; were the topics made?" in said


def test_an_action_is_run_to_its_end() -> None:
    """In a loop of its own, for commands that know of none."""

    async def answer() -> int:
        return 42

    assert finish(answer()) == 42
