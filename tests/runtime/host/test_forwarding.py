"""The gateway on a real broker: what goes on, what stays, and what a crash leaves."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import count

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from aiokafka.partitioner import murmur2

from runtime.engine.messages import COMMIT
from runtime.engine.observer import Observer
from runtime.engine.partition import Status
from runtime.engine.records import Message, Place, Record
from runtime.errors import Indefinite
from runtime.host.forwarding import Forwarder, Forwarding, Unforwardable
from runtime.host.lag import Lag
from tests.runtime.host.stand_in import make_topic, new_name, producing, settings_of, until

WANTED = b"therapy.wanted.v1"
PARTITIONS = 2


async def always() -> None:
    """Find the topics as they must be."""


def npi_in(value: bytes) -> str:
    """Read the key from a value."""
    return str(json.loads(value)["npi"])


def way_of(reads: str, writes: str, group: str = "") -> Forwarding:
    """Return a way from one topic to another."""
    types = frozenset({WANTED})
    named = group or new_name("group")
    return Forwarding("gateway-tested", named, reads, writes, types, npi_in, always)


@dataclass
class Stops(Observer):
    """Keeps which partitions stopped, and why."""

    why: dict[Place, str] = field(default_factory=dict)

    def stopped(self, place: Place, why: str) -> None:
        """Keep it."""
        self.why[place] = why


class Looked(Lag):
    """A lag whose clock moves with every question, and that counts the looks at the log's ends."""

    def __init__(self) -> None:
        """Start before the first look."""
        super().__init__(count(1.0).__next__)
        self.looks = 0

    def ended(self, ends: Mapping[Place, int]) -> None:
        """Count it."""
        super().ended(ends)
        self.looks += 1

    def is_behind(self) -> bool:
        """Tell whether a partition is, or whether nobody has looked twice."""
        return self.looks < 2 or any(each.seconds for each in self.behind().values())


@dataclass
class Hop:
    """A way between two topics of a broker, and who runs it."""

    broker: str
    reads: str
    writes: str
    group: str = field(default_factory=lambda: new_name("group"))
    stops: Stops = field(default_factory=Stops)

    def forwarder(self, lag: Lag | None = None) -> Forwarder:
        """Return one that is not connected."""
        way = way_of(self.reads, self.writes, self.group)
        clock = asyncio.get_running_loop().time
        return Forwarder(way, settings_of(self.broker), lag or Lag(lambda: 0.0), clock)

    @asynccontextmanager
    async def running(self, lag: Lag | None = None) -> AsyncIterator[Forwarder]:
        """Run one until the end of the block, and let it end in order."""
        forwarder = self.forwarder(lag)
        task = asyncio.create_task(forwarder.run(self.stops))
        try:
            yield forwarder
        finally:
            forwarder.stop()
            await asyncio.wait_for(task, 10)

    async def send(self, *npis: str, type_: bytes = WANTED, partition: int = 0) -> None:
        """Write an event for each NPI, in order."""
        async with producing(self.broker) as producer:
            for number, npi in enumerate(npis):
                value = json.dumps({"npi": npi, "number": number}).encode() if npi else b"{"
                headers = [("ce_type", type_), ("ce_partitionkey", b"P-1"), (COMMIT, b"c/0")]
                await producer.send_and_wait(
                    self.reads, value, key=b"P-1", partition=partition, headers=headers
                )

    async def arrived(self, count: int) -> list[Record]:
        """Wait for so many records at the other end, and return all that are there."""
        places = [TopicPartition(self.writes, each) for each in range(PARTITIONS)]
        consumer = AIOKafkaConsumer(bootstrap_servers=self.broker, auto_offset_reset="earliest")
        async with consumer, asyncio.timeout(20):
            consumer.assign(places)
            found: list[Record] = []
            while len(found) < max(count, sum((await consumer.end_offsets(places)).values())):
                for place, records in (await consumer.getmany(timeout_ms=100)).items():
                    found += [Record(place.partition, r.key, r.value) for r in records]
            return found

    async def told(self) -> dict[int, int]:
        """Return what the group was told, by partition."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self.broker)
        await admin.start()
        try:
            offsets = await admin.list_consumer_group_offsets(self.group)
        finally:
            await admin.close()
        return {place.partition: each.offset for place, each in offsets.items()}


@pytest.fixture
async def tested(broker: str) -> Hop:
    """A way between two new topics."""
    reads, writes = await make_topic(broker, PARTITIONS), await make_topic(broker, PARTITIONS)
    return Hop(broker, reads, writes)


def test_an_event_goes_on_as_it_is_under_its_new_key() -> None:
    """Headers and value are kept; the mark of the transaction that wrote it is not."""
    headers = (("ce_type", WANTED), ("ce_partitionkey", b"P-1"), (COMMIT, b"c/0"), ("none", None))
    record = Record(7, b"P-1", b'{"npi":"1558888882"}', headers)
    assert way_of("a", "b").forwarded(record) == Message(
        b"1558888882",
        b'{"npi":"1558888882"}',
        (("ce_type", WANTED), ("ce_partitionkey", b"1558888882")),
    )


def test_other_events_stay() -> None:
    """Another type, or none."""
    way = way_of("a", "b")
    assert way.forwarded(Record(1, b"P-1", b"{}", (("ce_type", b"therapy.other.v1"),))) is None
    assert way.forwarded(Record(1, b"P-1", b"{}")) is None


@pytest.mark.parametrize("value", [b"{", b"", None])
def test_an_event_without_a_key_says_where_it_stands(value: bytes | None) -> None:
    """And nothing of what is in it."""
    record = Record(7, b"P-1", value, (("ce_type", WANTED),))
    with pytest.raises(Unforwardable, match=r"^offset 7: JSONDecodeError$"):
        way_of("a", "b").forwarded(record)


async def test_events_are_forwarded_in_order_to_where_their_key_belongs(tested: Hop) -> None:
    """By murmur2, as every producer places keys; and the group is told how far it came."""
    npis = [f"15588888{each:02}" for each in range(20)]
    await tested.send(*npis)
    await tested.send("1000000000", type_=b"therapy.other.v1", partition=1)
    async with tested.running() as forwarder:
        found = await tested.arrived(20)
        await until(lambda: sum(each.records for each in forwarder.lag.behind().values()) == 0)
        assert forwarder.is_ready()
        assert forwarder.death() is None
        assert forwarder.partitions() == PARTITIONS
        assert set(forwarder.status().values()) == {Status.RUNNING}
    assert [each.key for each in found if each.offset == 0] == [
        npi.encode() for npi in npis if (murmur2(npi.encode()) & 0x7FFFFFFF) % PARTITIONS == 0
    ]
    assert len(found) == 20
    assert await tested.told() == {0: 20, 1: 1}
    assert not forwarder.is_ready()


async def test_a_way_without_records_is_not_behind(tested: Hop) -> None:
    """Neither where nothing was ever written, nor where all was forwarded before a restart."""
    await tested.send("1")
    async with tested.running():
        await tested.arrived(1)
    lag = Looked()
    async with tested.running(lag):
        await until(lambda: not lag.is_behind())


async def test_who_takes_over_goes_on_where_the_last_one_ended(tested: Hop) -> None:
    """After an end in order nothing is taken again."""
    await tested.send("1", "2")
    async with tested.running():
        await tested.arrived(2)
    await tested.send("3")
    async with tested.running():
        found = await tested.arrived(3)
    assert sorted(each.key or b"" for each in found) == [b"1", b"2", b"3"]


async def test_a_crash_before_the_group_is_told_forwards_again(
    tested: Hop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each event arrives once or more; none is lost."""
    monkeypatch.setattr("runtime.host.forwarding.TELL_EVERY", 1_000.0)
    await tested.send("1", "2")
    crashing = asyncio.create_task(tested.forwarder().run(Observer()))
    assert len(await tested.arrived(2)) == 2
    crashing.cancel()
    with suppress(asyncio.CancelledError):
        await crashing
    assert await tested.told() == {}
    async with tested.running():
        found = await tested.arrived(4)
    assert sorted(each.key or b"" for each in found) == [b"1", b"1", b"2", b"2"]


async def test_what_is_not_committed_is_not_forwarded(tested: Hop) -> None:
    """An attempt that was given up never was."""
    async with producing(tested.broker, new_name("id")) as producer:
        for npi, is_kept in (("1", False), ("2", True)):
            await producer.begin_transaction()
            value, headers = json.dumps({"npi": npi}).encode(), [("ce_type", WANTED)]
            await producer.send_and_wait(tested.reads, value, partition=0, headers=headers)
            await (producer.commit_transaction() if is_kept else producer.abort_transaction())
    async with tested.running() as forwarder:
        assert [each.key for each in await tested.arrived(1)] == [b"2"]
        # Behind the last record stands its transaction's marker, which is no lag.
        await until(lambda: sum(each.records for each in forwarder.lag.behind().values()) == 0)
    assert (await tested.told())[0] == 4


async def test_a_record_that_cannot_be_forwarded_stops_its_partition(tested: Hop) -> None:
    """By name, before that record; the others go on, and a person is told."""
    await tested.send("1", "", "3")
    await tested.send("4", partition=1)
    place = Place(tested.reads, 0)
    async with tested.running() as forwarder:
        found = await tested.arrived(2)
        await until(lambda: place in tested.stops.why)
        assert forwarder.status()[place] is Status.STOPPED
        assert not forwarder.is_ready()
        await tested.send("5", partition=1)
        found = await tested.arrived(3)
    assert sorted(each.key or b"" for each in found) == [b"1", b"4", b"5"]
    assert tested.stops.why == {place: "it cannot be forwarded: offset 1: JSONDecodeError"}
    assert await tested.told() == {0: 1, 1: 2}


async def test_a_gap_in_the_input_stops_the_partition(tested: Hop) -> None:
    """Records that ran out before they were forwarded are never jumped over."""
    await tested.send("1")
    async with tested.running():
        await tested.arrived(1)
    await tested.send("2", "3")
    admin = AIOKafkaAdminClient(bootstrap_servers=tested.broker)
    await admin.start()
    try:
        await admin.delete_records({TopicPartition(tested.reads, 0): RecordsToDelete(2)})
    finally:
        await admin.close()
    place = Place(tested.reads, 0)
    async with tested.running() as forwarder:
        await until(lambda: place in tested.stops.why)
        assert forwarder.status()[place] is Status.STOPPED
    assert "no longer held" in tested.stops.why[place]
    assert len(await tested.arrived(1)) == 1


async def test_what_cannot_be_reached_is_tried_again() -> None:
    """And it ends when told all the same."""
    tries = 0

    async def never() -> None:
        nonlocal tries
        tries += 1
        raise Indefinite("not there yet")

    way = Forwarding("gateway-tested", "g", "a", "b", frozenset(), npi_in, never)
    clock = asyncio.get_running_loop().time
    forwarder = Forwarder(way, settings_of("127.0.0.1:1"), Lag(lambda: 0.0), clock)
    task = asyncio.create_task(forwarder.run(Observer()))
    await until(lambda: tries > 1)
    assert forwarder.death() is None
    assert not forwarder.is_ready()
    forwarder.stop()
    await asyncio.wait_for(task, 5)
