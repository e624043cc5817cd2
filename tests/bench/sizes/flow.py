"""A clinic through all consumers, one process after the other: bytes and CPU of a visit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from aiokafka import AIOKafkaProducer
from redis.asyncio import Redis

from commands.composition import Service
from commands.plans import build_plan
from reference.rulebook import RuleBook
from runtime.engine.messages import event_message
from runtime.engine.plan import Plan
from runtime.engine.records import Message, Place
from runtime.host.opening import view_key
from runtime.kafka.log import KafkaLog
from runtime.kafka.settings import KafkaSettings
from schemas.envelope import Event
from schemas.events import CLINICAL, Topic
from schemas.reading import Reader
from tests.bench.bus.echo import SETTINGS
from tests.bench.bus.events import by_partition, fill
from tests.bench.bus.servers import Bus, Process
from tests.bench.sizes.disk import bytes_of, compact
from tests.bench.stream import clinic_stream
from tests.chaos.check import read, wait_until_through

GATEWAY = "gateway"
TURNS = ("units", GATEWAY, "clinicians", "spend", "claims")
"""Each has its whole input when it starts."""
RECORDS, TRANSACTIONS = "therapy_records_total", "therapy_transactions_total"
PATIENCE_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Clinic:
    """Patients who come so often each, and the messages about them."""

    patients: int
    visits: int
    """Of all patients."""
    messages: Sequence[Message]


class Weight(NamedTuple):
    """What one process took for its part."""

    transactions: float
    cpu: float
    """Microseconds a visit, once it was ready."""
    memory: int
    """Bytes at most."""
    waited: float
    """The share of the time in which it could have run and had no CPU."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What one clinic took: bytes and numbers for all of it."""

    clinic: Clinic
    topics: Mapping[str, int]
    """Bytes on the broker's disk."""
    compacted: Mapping[str, int]
    """Those of the changelogs once they were compacted."""
    redis: Mapping[str, int]
    """Bytes in Redis by consumer."""
    values: Mapping[str, int]
    """State values by consumer."""
    weights: Mapping[str, Weight]


@dataclass(slots=True)
class Flow:
    """The servers, and the consumers that take their turns on them."""

    bus: Bus
    rulebook: RuleBook
    log: KafkaLog = field(init=False)
    plans: Mapping[str, Plan] = field(init=False)

    def __post_init__(self) -> None:
        """Connect when first used."""
        self.log = KafkaLog(KafkaSettings(self.bus.servers))
        self.plans = {each.value: build_plan(each, self.rulebook) for each in Service}

    @property
    def changelogs(self) -> list[str]:
        """Return the topics of state values."""
        return [plan.changelog for plan in self.plans.values()]

    @property
    def topics(self) -> list[str]:
        """Return every topic."""
        return [*(each.value for each in Topic), *self.changelogs]

    async def take(self, clinic: Clinic, *, singly: bool) -> Taken:
        """Send a clinic, let every consumer handle all of it, and return what that took.

        Singly, each message and each record is a batch and a transaction of its own, as they are
        where little comes.
        """
        before = bytes_of(self.bus, self.topics)
        if singly:
            self.bus.settings["THERAPY_BATCH_RECORDS"] = "1"
            await send_singly(self.bus.servers, clinic.messages, self.bus.partitions)
        else:
            await fill(self.bus.servers, clinic.messages, self.bus.partitions)
        weights = {name: await self._turn(name, clinic.visits) for name in TURNS}
        after = bytes_of(self.bus, self.topics)
        redis, values = await self._views()
        return Taken(
            clinic=clinic,
            topics={name: number - before[name] for name, number in after.items()},
            compacted=await compact(self.bus, self.changelogs),
            redis=redis,
            values=values,
            weights=weights,
        )

    async def _turn(self, name: str, visits: int) -> Weight:
        """Run one process until it is through its whole input."""
        process = self.bus.start_service(name)
        handled, begun = process.metric(RECORDS), process.used()[-1]
        await self._until_through(name, process)
        share = 1 - handled / process.metric(RECORDS)
        ended = process.used()[-1]
        weight = Weight(
            transactions=process.metric(TRANSACTIONS),
            cpu=1e6 * (ended.cpu - begun.cpu) / (share * visits),
            memory=max(each.memory for each in process.used()),
            waited=(ended.waited - begun.waited) / (ended.at - begun.at),
        )
        process.end()
        return weight

    async def _until_through(self, name: str, process: Process) -> None:
        """Wait until a process has handled all that there is for it."""
        if name in self.plans:
            listed = [self.plans[name]]
            await wait_until_through(self.log, listed, self.bus.partitions, PATIENCE_SECONDS)
            return
        places = [Place(Topic.UNITS, partition) for partition in range(self.bus.partitions)]
        coming = sum([len(await read(self.log, place)) for place in places])

        async def is_through() -> bool:
            return process.metric(RECORDS) >= coming

        await self.bus.until(is_through)

    async def _views(self) -> tuple[Mapping[str, int], Mapping[str, int]]:
        """Return bytes and state values that each consumer has in Redis."""
        sizes, values = {}, {}
        async with Redis.from_url(self.bus.redis.url) as client:
            for name, plan in self.plans.items():
                places = [Place(plan.input, each) for each in range(self.bus.partitions)]
                keys = [view_key(plan.group, place) for place in places]
                sizes[name] = sum([await client.memory_usage(key, 0) or 0 for key in keys])
                values[name] = sum([await client.hlen(key) for key in keys])
        return sizes, values


def clinic(patients: int, visits: int, name: str = "P") -> Clinic:
    """Return a clinic of patients who are called ``name`` and a number, each with its visits."""
    reader = Reader(CLINICAL)
    messages = []
    for line in clinic_stream(patients, visits):
        event = reader.read_structured(line.replace(b'"P-', b'"%s-' % name.encode()))
        assert isinstance(event, Event), event
        messages.append(event_message(event, ()))
    return Clinic(patients, patients * visits, messages)


async def send_singly(servers: str, messages: Sequence[Message], partitions: int) -> None:
    """Put messages on the bus, each in a batch of its own."""
    producer = AIOKafkaProducer(bootstrap_servers=servers, acks="all", **SETTINGS)
    await producer.start()
    try:
        for place, listed in by_partition(messages, partitions).items():
            for each in listed:
                await producer.send_and_wait(
                    place.topic,
                    each.value,
                    key=each.key,
                    partition=place.partition,
                    headers=list(each.headers),
                )
    finally:
        await producer.stop()
