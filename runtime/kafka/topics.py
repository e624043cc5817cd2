"""The topics that the engine needs, what must hold of each, and making and checking them.

Every one of these settings is a promise that the protocol stands on (docs/guarantee.md).
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import (
    KafkaConnectionError,
    KafkaError,
    NoError,
    TopicAlreadyExistsError,
    TopicAuthorizationFailedError,
    for_code,
)

from runtime.engine.plan import Plan
from runtime.errors import Denied, Indefinite, Refused
from runtime.kafka.denial import denied, refusal
from runtime.kafka.settings import LARGEST_BATCH, KafkaSettings

_HOUR = 3_600_000
_DAY = 24 * _HOUR
UNLIMITED = -1
_REPLICAS = 3
"""With so many a record needs two of them, and one may be lost."""
_HIDDEN = TopicAuthorizationFailedError.errno


@dataclass(frozen=True, slots=True)
class AtLeast:
    """A number that must be so high or higher; -1 is without limit."""

    number: int

    def __str__(self) -> str:
        """As the broker writes it."""
        return str(self.number)

    def holds(self, value: str) -> bool:
        """Tell whether a value of the broker is enough."""
        return int(value) == UNLIMITED or int(value) >= self.number


@dataclass(frozen=True, slots=True)
class Exactly:
    """A word that must stand there."""

    word: str

    def __str__(self) -> str:
        """As the broker writes it."""
        return self.word

    def holds(self, value: str) -> bool:
        """Tell whether the broker has this word."""
        return value == self.word


Demand = AtLeast | Exactly

EVERYWHERE: Mapping[str, Demand] = {
    # A replay of old events must not expire at once; and it carries the time on the bus.
    "message.timestamp.type": Exactly("LogAppendTime"),
    "max.message.bytes": AtLeast(LARGEST_BATCH),
    "unclean.leader.election.enable": Exactly("false"),
}
EVENTS: Mapping[str, Demand] = {
    **EVERYWHERE,
    "cleanup.policy": Exactly("delete"),
    "retention.ms": AtLeast(7 * _DAY),
    "retention.bytes": Exactly(str(UNLIMITED)),
}
DEAD_LETTERS: Mapping[str, Demand] = {**EVENTS, "retention.ms": AtLeast(30 * _DAY)}
CHANGELOG: Mapping[str, Demand] = {
    **EVERYWHERE,
    "cleanup.policy": Exactly("compact"),
    # Above the day after which the broker forgets a silent producer id: until then compaction
    # keeps a marker's batch without its marker.
    "min.compaction.lag.ms": AtLeast(25 * _HOUR),
    "delete.retention.ms": AtLeast(25 * _HOUR),
}


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic as it must be."""

    name: str
    partitions: int
    demands: Mapping[str, Demand]


@dataclass(frozen=True, slots=True)
class Difference:
    """Where a topic is not as it must be."""

    topic: str
    setting: str
    found: str
    wanted: str

    def __str__(self) -> str:
        """As a line for a person."""
        return f"{self.topic}: {self.setting} is {self.found}, must be {self.wanted}"


def topics_of(plans: Sequence[Plan], partitions: int) -> tuple[Topic, ...]:
    """Return the topics of all consumers, in the order in which events take them."""
    events = dict.fromkeys(name for plan in plans for name in (plan.input, plan.output))
    letters = dict.fromkeys(plan.dead_letters for plan in plans)
    return (
        *(Topic(name, partitions, EVENTS) for name in events),
        *(Topic(plan.changelog, partitions, CHANGELOG) for plan in plans),
        *(Topic(name, len(plans) * partitions, DEAD_LETTERS) for name in letters),
    )


async def create_topics(
    settings: KafkaSettings, topics: Sequence[Topic], replicas: int
) -> frozenset[str]:
    """Make the topics that are not there; return the names of those made.

    With three replicas or more a record needs two of them. Those that are there stay as they
    are: ``check_topics`` says what is wrong with them. Raises ``Refused`` and ``Indefinite``.
    """
    wanted = [
        NewTopic(topic.name, topic.partitions, replicas, topic_configs=_config(topic, replicas))
        for topic in topics
    ]
    async with _administration(settings) as admin:
        made = _made(await admin.create_topics(wanted))
        # The broker that made them is ahead of those that lead them.
        while len(await _partitions(admin, list(made))) < len(made):  # noqa: ASYNC110 - only it knows
            await asyncio.sleep(settings.retry_pause_ms / 1000)
    return made


async def shape_of(settings: KafkaSettings, name: str) -> tuple[int, int] | None:
    """Return partitions and replicas of a topic; None where there is none."""
    async with _administration(settings) as admin:
        (described,) = await _described(admin, [name])
    if described["error_code"] != NoError.errno:
        return None
    partitions = described["partitions"]
    return len(partitions), min(len(each["replicas"]) for each in partitions)


async def check_topics(
    settings: KafkaSettings, topics: Sequence[Topic], replicas: int
) -> list[Difference]:
    """Return every difference between the topics that are there and those that must be."""
    names = [topic.name for topic in topics]
    async with _administration(settings) as admin:
        there = await _partitions(admin, names)
        resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in there]
        answers = await admin.describe_configs(resources) if resources else []
    configs = _configs(answers)
    return [
        difference
        for topic in topics
        for difference in _differences(
            topic, there.get(topic.name), configs.get(topic.name, {}), replicas
        )
    ]


def _made(answer: Any) -> frozenset[str]:  # noqa: ANN401 - untyped in aiokafka
    made = set()
    hidden = {name for name, code, _message in answer.topic_errors if code == _HIDDEN}
    if hidden:
        raise _denied("Create", hidden)
    for name, code, _message in answer.topic_errors:
        error = for_code(code)
        if error is NoError:
            made.add(name)
        elif error is not TopicAlreadyExistsError:
            raise Refused(f"topic {name} cannot be made: {error.__name__}")
    return frozenset(made)


async def _partitions(admin: AIOKafkaAdminClient, names: list[str]) -> dict[str, int]:
    """Return how many partitions each topic has, of those that are there."""
    if not names:
        return {}
    return {
        topic["topic"]: len(topic["partitions"])
        for topic in await _described(admin, names)
        if topic["error_code"] == NoError.errno
    }


async def _described(admin: AIOKafkaAdminClient, names: list[str]) -> list[dict[str, Any]]:
    """Return what the broker says of topics; raises ``Denied`` where it may not be asked."""
    described: list[dict[str, Any]] = await admin.describe_topics(names)
    hidden = {each["topic"] for each in described if each["error_code"] == _HIDDEN}
    if hidden:
        raise _denied("Describe", hidden)
    return described


def _denied(operation: str, topics: set[str]) -> Denied:
    denial = denied(TopicAuthorizationFailedError(topics), operation)
    assert denial is not None
    return denial


def _config(topic: Topic, replicas: int) -> dict[str, str]:
    config = {name: str(demand) for name, demand in topic.demands.items()}
    config["min.insync.replicas"] = str(_in_sync(replicas))
    return config


def _in_sync(replicas: int) -> int:
    return 1 if replicas < _REPLICAS else 2


def _configs(answers: Iterable[Any]) -> dict[str, dict[str, str]]:
    """Return name and value of every setting, by topic; raises ``Denied``."""
    resources = [resource for answer in answers for resource in answer.resources]
    hidden = {resource[3] for resource in resources if resource[0] == _HIDDEN}
    if hidden:
        raise _denied("DescribeConfigs", hidden)
    return {resource[3]: {entry[0]: entry[1] for entry in resource[4]} for resource in resources}


def _differences(
    topic: Topic, partitions: int | None, config: Mapping[str, str], replicas: int
) -> Iterable[Difference]:
    if partitions is None:
        yield Difference(topic.name, "topic", "missing", "there")
        return
    if partitions != topic.partitions:
        yield Difference(topic.name, "partitions", str(partitions), str(topic.partitions))
    demands = {**topic.demands, "min.insync.replicas": AtLeast(_in_sync(replicas))}
    for setting, demand in demands.items():
        found = config.get(setting)
        if found is None or not demand.holds(found):
            at_least = "at least " if isinstance(demand, AtLeast) else ""
            yield Difference(topic.name, setting, found or "unknown", f"{at_least}{demand}")


@asynccontextmanager
async def _administration(settings: KafkaSettings) -> AsyncIterator[AIOKafkaAdminClient]:
    """Connect for one purpose; what aiokafka raises becomes ``Denied`` or ``Indefinite``."""
    admin = AIOKafkaAdminClient(
        **settings.connection(),
        request_timeout_ms=settings.read_timeout_ms,
        retry_backoff_ms=settings.retry_pause_ms,
    )
    try:
        async with asyncio.timeout(settings.deadline):
            await admin.start()
            yield admin
    except (KafkaError, OSError) as error:
        if isinstance(error, KafkaConnectionError) and (why := await refusal(settings)):
            raise why from None
        raise Indefinite(f"topics: {type(error).__name__}") from None
    finally:
        await admin.close()
