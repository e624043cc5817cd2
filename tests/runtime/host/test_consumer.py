"""What aiokafka's consumer does under us, a test each, so that an upgrade tells what moved."""

import asyncio
import inspect
from collections.abc import Collection, Sequence

from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from aiokafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor

from runtime.engine.records import Place, Record
from runtime.host.app import POLL_RECORDS, build_broker, join
from runtime.host.lag import Lag
from runtime.host.member import Member
from runtime.host.settings import read_settings
from tests.runtime.host.ours import NOWHERE, Ours, running
from tests.runtime.host.stand_in import (
    ANY_OBJECT,
    CountingWorker,
    fill,
    make_topic,
    new_name,
    producing,
)


async def test_polling_gives_others_their_turn(broker: str) -> None:
    """Records at hand are polled without a pause, so after each poll the loop goes round."""
    topic, turns = await make_topic(broker), 0
    ours = Ours(broker, topic)
    await fill(broker, topic, 4 * POLL_RECORDS)
    at: list[int] = []

    class Noting(CountingWorker):
        def deliver(self, place: Place, records: Sequence[Record]) -> None:
            at.append(turns)
            super().deliver(place, records)

    worker = Noting(ours.member.feed)
    ours.member.works_with(worker)

    async def turn() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    turning = asyncio.create_task(turn())
    async with running(ours.broker):
        await worker.has(4 * POLL_RECORDS)
    turning.cancel()
    assert len(at) >= 4
    assert len(set(at)) == len(at)


def test_the_listener_is_asynchronous() -> None:
    """FastStream runs a listener that is not in a thread."""
    assert inspect.iscoroutinefunction(Member.on_partitions_assigned)
    assert inspect.iscoroutinefunction(Member.on_partitions_revoked)


async def test_partitions_are_paused_before_anything_is_delivered(broker: str) -> None:
    """When the worker hears of its partitions, all are paused, and stay so until resumed."""
    topic = await make_topic(broker, partitions=2)
    await fill(broker, topic, 5, partitions=2)
    ours = Ours(broker, topic)
    paused: list[set[Place]] = []

    class Waiting(CountingWorker):
        def assigned(self, places: Collection[Place]) -> None:
            assert ours.subscriber.consumer is not None
            paused.append({Place(*each) for each in ours.subscriber.consumer.paused()})
            assert paused[-1] == set(places)

    worker = Waiting(ours.member.feed)
    ours.member.works_with(worker)
    async with running(ours.broker):
        await asyncio.sleep(0.5)
        assert worker.records == []
        ours.member.feed.resume([Place(topic, 0)])
        await worker.has(5)
        await asyncio.sleep(0.1)
    assert [len(each) for each in paused] == [2]
    assert {place for place, _record in worker.records} == {Place(topic, 0)}


async def test_round_robin_is_the_only_assignor(broker: str) -> None:
    """The sticky one of aiokafka keeps its state on the class, for every consumer there is."""
    ours = Ours(broker, await make_topic(broker))
    async with running(ours.broker):
        assert ours.subscriber.consumer is not None
        assignors = ours.subscriber.consumer._coordinator._assignors  # noqa: SLF001
    assert assignors == (RoundRobinPartitionAssignor,)
    assert "member_assignment" in vars(StickyPartitionAssignor)


async def test_an_offset_out_of_range_is_reset_silently(broker: str) -> None:
    """A seek behind the end begins at the first record again: recovery must check before it."""
    topic = await make_topic(broker)
    await fill(broker, topic, 2)
    ours = Ours(broker, topic)
    async with running(ours.broker):
        await ours.worker.has(2)
        ours.member.feed.seek(Place(topic, 0), 10_000)
        await ours.worker.has(4)
    assert [record.offset for _place, record in ours.worker.records] == [0, 1, 0, 1]


async def test_only_what_is_committed_is_delivered(broker: str) -> None:
    """Records of a transaction come when it is decided, and never where it is aborted."""
    topic = await make_topic(broker)
    ours = Ours(broker, topic)
    async with running(ours.broker), producing(broker, new_name("tx")) as producer:
        for value, is_kept in ((b"aborted", False), (b"kept", True)):
            await producer.begin_transaction()
            await (await producer.send(topic, value, partition=0))
            await asyncio.sleep(0.2)
            assert ours.worker.records == []
            await (producer.commit_transaction() if is_kept else producer.abort_transaction())
        await ours.worker.has(1)
    assert [record.value for _place, record in ours.worker.records] == [b"kept"]


def test_kubernetes_pods_keep_their_partitions() -> None:
    """A name of its own goes to the group as the static member's, and is left out without one."""
    named = read_settings({"THERAPY_GROUP_INSTANCE_ID": "units-0"})
    member = Member("units", "g", "t", Lag(lambda: 0.0))
    subscriber = join(build_broker(named), named, member, {"any": ANY_OBJECT})
    assert subscriber._connection_args["group_instance_id"] == "units-0"  # noqa: SLF001
    assert Ours(NOWHERE).subscriber._connection_args["group_instance_id"] is None  # noqa: SLF001
