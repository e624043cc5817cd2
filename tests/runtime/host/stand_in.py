"""What the tests of the host start from: a worker that only counts, and topics of a real Kafka."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from itertools import count

from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from runtime.engine.feed import Feed
from runtime.engine.observer import SILENT, Observer
from runtime.engine.partition import Status
from runtime.engine.records import Place, Record
from runtime.host.contract import Contract
from runtime.host.settings import Settings, read_settings
from tests.cluster.needed import RUN

PATIENCE = 15.0
"""Seconds after which a test gives up."""
_NUMBERS = count()
ANY_OBJECT = {"type": "object"}


class CountingWorker:
    """Takes partitions from offset 0 and says of every record at once that it is handled."""

    def __init__(self, feed: Feed, observer: Observer = SILENT, stop_seconds: float = 0.0) -> None:
        """Steer ``feed``; ``stop_seconds`` is how long it takes to let go."""
        self.broken = asyncio.Event()
        self.bug: BaseException | None = None
        self.records: list[tuple[Place, Record]] = []
        self.heard: list[tuple[str, frozenset[Place]]] = []
        self._feed = feed
        self._observer = observer
        self._stop_seconds = stop_seconds
        self._status: dict[Place, Status] = {}

    def assigned(self, places: Collection[Place]) -> None:
        """Take partitions, each from its first record."""
        self.heard.append(("assigned", frozenset(places)))
        for place in places:
            self._status[place] = Status.RUNNING
            self._feed.seek(place, 0)
        self._feed.resume(places)

    async def revoked(self, places: Collection[Place]) -> None:
        """Let go of partitions."""
        self.heard.append(("revoked", frozenset(places)))
        for place in places:
            self._status.pop(place, None)

    def deliver(self, place: Place, records: Sequence[Record]) -> None:
        """Keep records, and say that they are handled."""
        self.records += [(place, record) for record in records]
        self._observer.committed(place, len(records), 0.001)
        self._feed.handled(place, records[-1].offset + 1)

    async def stop(self) -> None:
        """Let go of everything."""
        self.heard.append(("stopped", frozenset(self._status)))
        await asyncio.sleep(self._stop_seconds)
        self._status.clear()

    def status(self) -> Mapping[Place, Status]:
        """Return what each partition is doing."""
        return self._status

    async def has(self, count: int) -> None:
        """Wait until so many records came."""
        await until(lambda: len(self.records) >= count)


async def until(is_so: Callable[[], bool]) -> None:
    """Wait until it is so."""
    async with asyncio.timeout(PATIENCE):
        while not is_so():  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.01)


def settings_of(broker: str, **others: str) -> Settings:
    """Return settings that lead to this broker and to any free port."""
    given = {
        "THERAPY_KAFKA_BOOTSTRAP_SERVERS": broker,
        "THERAPY_KAFKA_SESSION_TIMEOUT_MS": "6000",
        "THERAPY_HTTP_PORT": "0",
    }
    return read_settings(
        given | {f"THERAPY_{name.upper()}": text for name, text in others.items()}
    )


def contract_of(*topics: str) -> Contract:
    """Return a contract in which any object stands on each topic."""
    channels = {
        topic: {"address": topic, "messages": {"any": {"$ref": "#/components/messages/any"}}}
        for topic in topics
    }
    components = {"messages": {"any": {"payload": ANY_OBJECT}}}
    return Contract({"info": {"title": "t"}, "channels": channels, "components": components})


def new_name(kind: str) -> str:
    """Return a name of a topic or a group that no other test has, nor another run."""
    return f"{kind}-{RUN}-{next(_NUMBERS)}"


async def make_topic(broker: str, partitions: int = 1) -> str:
    """Make a topic, and return its name."""
    topic = new_name("topic")
    admin = AIOKafkaAdminClient(bootstrap_servers=broker)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(topic, partitions, 1)])
    finally:
        await admin.close()
    return topic


@asynccontextmanager
async def producing(
    broker: str, transactional_id: str | None = None
) -> AsyncIterator[AIOKafkaProducer]:
    """Yield a producer that is started."""
    producer = AIOKafkaProducer(bootstrap_servers=broker, transactional_id=transactional_id)
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()


async def fill(broker: str, topic: str, records: int, partitions: int = 1) -> None:
    """Write so many records to each partition; the value is the offset."""
    async with producing(broker) as producer:
        for number in range(records):
            for partition in range(partitions):
                await producer.send(topic, b"%d" % number, partition=partition)
        await producer.flush()
