"""The writer on a real broker: what is not answered ends it, and nothing is sent after that."""

import asyncio
import gc
from typing import Any

import pytest

from runtime.engine.commit import seen
from runtime.engine.records import Message
from runtime.errors import Fenced, Indefinite, Refused
from runtime.kafka.log import KafkaLog
from runtime.kafka.settings import LARGEST_BATCH, KafkaSettings
from tests.cluster.kafka import Kafka
from tests.runtime.engine.ports.spot import Spot, Spots, commit, end, message, texts, write

HURRIED = 1.5
at_victim = Spots()


async def quick(servers: str) -> KafkaSettings:
    """Return settings with a deadline that a test can wait for.

    The first transaction of a broker's life takes longer than that.
    """
    async with KafkaLog(KafkaSettings(servers)) as log:
        (await log.writer("the first of all")).drop()
    return KafkaSettings(servers, deadline=HURRIED)


async def test_a_connection_closed_within_a_transaction_ends_the_writer(victim: Kafka) -> None:
    """A broker that dies between an append and its commit leaves the transaction undecided."""
    spot = await at_victim.fresh(victim.bootstrap_servers)
    async with KafkaLog(KafkaSettings(victim.bootstrap_servers)) as log:
        writer = await log.writer(spot.owner)
        await writer.begin()
        await write(writer, spot.here, "open")
        victim.kill()
        async with asyncio.timeout(1):
            with pytest.raises(Indefinite):
                await writer.commit()
        victim.start()
        # Time enough for a producer that resends by itself.
        await asyncio.sleep(0.5)
        assert await end(log, spot.here) == 0
        successor = await log.writer(spot.owner)
        await seen(log, {spot.here: 0})
        assert await texts(log, spot.here) == []
        successor.drop()


async def test_a_connection_closed_between_transactions_does_not(victim: Kafka) -> None:
    """Where every answer has come nothing is lost, and the same epoch goes on."""
    spot = await at_victim.fresh(victim.bootstrap_servers)
    async with KafkaLog(KafkaSettings(victim.bootstrap_servers)) as log:
        writer = await log.writer(spot.owner)
        await commit(log, writer, spot.here, "before")
        victim.kill()
        # The writer must be there to see it close.
        await asyncio.sleep(0.1)
        victim.start()
        name = writer.name
        await commit(log, writer, spot.here, "after")
        assert await texts(log, spot.here) == ["before", "after"]
        assert writer.name == name
        writer.drop()


async def test_a_broker_that_hangs_is_indefinite_at_the_deadline(victim: Kafka) -> None:
    """Our own deadline ends the writer; when the broker goes on, nothing of ours comes late."""
    spot = await at_victim.fresh(victim.bootstrap_servers)
    async with KafkaLog(await quick(victim.bootstrap_servers)) as log:
        writer = await log.writer(spot.owner)
        await writer.begin()
        await write(writer, spot.here, "open")
        (node,) = victim.nodes
        node.pause()
        try:
            async with asyncio.timeout(2 * HURRIED):
                with pytest.raises(Indefinite):
                    await write(writer, spot.there, "unanswered")
        finally:
            node.resume()
        with pytest.raises(Indefinite):
            await writer.commit()
        successor = await log.writer(spot.owner)
        await seen(log, {spot.here: 0})
        assert await texts(log, spot.here) == []
        successor.drop()


async def test_a_deadline_is_that_of_the_whole_transaction(broker: str, spot: Spot) -> None:
    """Appends and the decision share one deadline, which runs from the first append."""
    async with KafkaLog(await quick(broker)) as log:
        writer = await log.writer(spot.owner)
        await writer.begin()
        await asyncio.sleep(HURRIED)
        await write(writer, spot.here, "late to begin")
        await asyncio.sleep(HURRIED)
        with pytest.raises(Indefinite):
            await write(writer, spot.here, "too late")


async def test_a_drop_sends_nothing_more(log: KafkaLog, spot: Spot) -> None:
    """A commit under way is indefinite for its caller, and what was not sent is never sent."""
    writer = await log.writer(spot.owner)
    await writer.begin()
    await write(writer, spot.here, "open")
    committing = asyncio.create_task(writer.commit())
    await asyncio.sleep(0)
    writer.drop()
    with pytest.raises(Indefinite):
        await committing
    await asyncio.sleep(0.2)
    assert await end(log, spot.here) == 0


async def test_a_cancelled_call_ends_the_writer(log: KafkaLog, spot: Spot) -> None:
    """Who cancels an append knows nothing of it, so the epoch is of no more use."""
    writer = await log.writer(spot.owner)
    await writer.begin()
    appending = asyncio.create_task(write(writer, spot.here, "cancelled"))
    await asyncio.sleep(0)
    appending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await appending
    with pytest.raises(Indefinite):
        await writer.commit()


async def test_nothing_is_committed_after_a_refusal(
    broker: str, log: KafkaLog, spot: Spot
) -> None:
    """Where a batch was refused aiokafka would commit the others; this writer does not."""
    # Larger than the topic takes, smaller than the writer was told.
    generous = KafkaSettings(
        broker, largest_batch=2 * LARGEST_BATCH, compression=None, batch_bytes=LARGEST_BATCH
    )
    async with KafkaLog(generous) as other:
        writer = await other.writer(spot.owner)
        await writer.begin()
        with pytest.raises(Refused):
            await writer.append(
                {spot.here: [message("x" * (LARGEST_BATCH + 1))], spot.there: [message("rest")]}
            )
        with pytest.raises(Indefinite):
            await writer.commit()
        successor = await other.writer(spot.owner)
        await commit(other, successor, spot.there, "next")
        assert await texts(log, spot.there) == ["next"]
        successor.drop()


async def test_a_refused_transaction_can_be_aborted(
    broker: str, log: KafkaLog, spot: Spot
) -> None:
    """After the broker's refusal an abort takes back what other places had taken."""
    generous = KafkaSettings(broker, largest_batch=2 * LARGEST_BATCH, compression=None)
    async with KafkaLog(generous) as other:
        writer = await other.writer(spot.owner)
        await writer.begin()
        with pytest.raises(Refused):
            await writer.append(
                {spot.here: [message("x" * (LARGEST_BATCH + 1))], spot.there: [message("rest")]}
            )
        await writer.abort()
        await seen(log, {spot.there: 0})
        assert await texts(log, spot.there) == []
        writer.drop()


async def test_a_fencing_leaves_no_error_that_nobody_heard(log: KafkaLog, spot: Spot) -> None:
    """What aiokafka keeps of its own failure is looked at, so that the logs stay quiet."""
    unheard: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, what: unheard.append(what))
    zombie, owner = await log.writer(spot.owner), await log.writer(spot.owner)
    await commit(log, owner, spot.here, "owner")
    await zombie.begin()
    with pytest.raises(Fenced):
        await write(zombie, spot.here, "zombie")
    owner.drop()
    await log.close()
    del zombie, owner
    gc.collect()
    await asyncio.sleep(0)
    assert unheard == []


@pytest.mark.parametrize("compression", ["zstd", "lz4", None])
async def test_every_compression_is_read_back(
    broker: str, spot: Spot, compression: str | None
) -> None:
    """What is written under each codec is read as it was."""
    async with KafkaLog(KafkaSettings(broker, compression=compression)) as log:
        writer = await log.writer(spot.owner)
        written = [f"{number} {'x' * 500}" for number in range(200)]
        await commit(log, writer, spot.here, *written)
        assert await texts(log, spot.here) == written
        writer.drop()


async def test_a_zombie_s_open_transaction_cannot_be_committed(log: KafkaLog, spot: Spot) -> None:
    """What an older epoch left open is aborted by the newer one, whatever the older tries."""
    zombie = await log.writer(spot.owner)
    await zombie.begin()
    await zombie.append({spot.here: [Message(b"k", b"zombie")], spot.there: [message("zombie")]})
    owner = await log.writer(spot.owner)
    with pytest.raises(Fenced):
        await zombie.commit()
    await commit(log, owner, spot.here, "owner")
    await seen(log, {spot.there: 0})
    assert await texts(log, spot.here) == ["owner"]
    assert await texts(log, spot.there) == []
    owner.drop()
