"""The view on a real Redis: what only a server does, and what happens when it goes away."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest
from redis.asyncio import Redis as Client

from runtime.engine.ports import ViewPosition
from runtime.errors import Indefinite, PartitionStopped
from runtime.redis.view import RedisSettings, RedisView, check_eviction, connect
from tests.cluster import needed
from tests.cluster.needed import RUN
from tests.cluster.redis import Redis

AT_TEN = ViewPosition(10, 5, "1-a")
AT_TWENTY = ViewPosition(20, 9, "2-a")
HURRIED = 0.5


@pytest.fixture(scope="module")
def victim() -> Iterator[Redis]:
    """Yield a Redis of the module's own; each test leaves it running."""
    yield from needed.own_redis()


@pytest.fixture
async def client(victim: Redis) -> AsyncIterator[Client]:
    """Yield a client of the module's own Redis that does not wait long."""
    connected = connect(RedisSettings(victim.url, timeout=HURRIED))
    await connected.flushall()
    yield connected
    await connected.aclose()


async def filled(client: Client, key: str = "{group:topic-0}") -> RedisView:
    """Return a view at position 10 with one value."""
    view = RedisView(client, key)
    await view.clear()
    assert await view.load(0, {"[1]": b"one"}, 10)
    assert await view.finish(10, AT_TEN)
    return view


async def test_values_and_position_are_one_key(client: Client) -> None:
    """The hash has the fields that the docs name, so that they are lost and restored together."""
    await filled(client)
    assert await client.keys() == [b"{group:topic-0}"]
    assert await client.hgetall("{group:topic-0}") == {
        b"_w": b"10",
        b"_n": b"5",
        b"_c": b"1-a",
        b"[1]": b"one",
    }


async def test_a_rebuild_has_its_own_field(client: Client) -> None:
    """While a rebuild is under way the hash says how far it has read, and no position."""
    view = await filled(client)
    await view.clear()
    assert await client.hgetall("{group:topic-0}") == {b"_r": b"0"}


async def test_two_partitions_do_not_share_anything(client: Client) -> None:
    """Each key is a view of its own."""
    one, two = await filled(client), await filled(client, "{group:topic-1}")
    await one.clear()
    assert (await two.get(["[1]"])) == (AT_TEN, [b"one"])


async def test_a_server_that_forgot_the_scripts_is_told_again(client: Client) -> None:
    """A restarted or failed-over server knows no script; that is no reason to recover."""
    view = await filled(client)
    await client.script_flush()
    assert await view.apply(AT_TEN, {"[1]": b"two"}, AT_TWENTY)
    assert await view.count() == 1


async def test_a_lost_hash_has_no_position(client: Client) -> None:
    """A key that was deleted behind the engine's back is found by the next read and apply."""
    view = await filled(client)
    await client.flushall()
    assert await view.get(["[1]"]) == (None, [None])
    assert not await view.apply(AT_TEN, {"[1]": b"two"}, AT_TWENTY)


@pytest.mark.parametrize("field", ["_w", "_n", "_c"])
async def test_half_a_position_is_none(client: Client, field: str) -> None:
    """Where a part of the position is missing or unreadable the view stands nowhere."""
    view = await filled(client)
    await client.hset("{group:topic-0}", field, b"\xff")
    assert (await view.get([]))[0] is None
    await client.hdel("{group:topic-0}", field)
    assert (await view.get([]))[0] is None


async def test_something_else_under_the_key_is_a_lost_view(client: Client) -> None:
    """What is no hash has no position, takes no apply, and is cleared away by a rebuild."""
    await client.set("{group:topic-0}", "a string")
    view = RedisView(client, "{group:topic-0}")
    assert await view.get(["[1]"]) == (None, [None])
    assert not await view.apply(AT_TEN, {}, AT_TWENTY)
    assert not await view.load(0, {}, 1)
    assert (await (await filled(client)).get(["[1]"])) == (AT_TEN, [b"one"])


async def test_a_server_that_is_gone_is_indefinite(victim: Redis, client: Client) -> None:
    """Every call says that it is not answered; after the restart the same view goes on."""
    view = await filled(client)
    # Its file is written once a second.
    await asyncio.sleep(1.2)
    victim.server.kill()
    with pytest.raises(Indefinite):
        await view.get(["[1]"])
    with pytest.raises(Indefinite):
        await view.apply(AT_TEN, {}, AT_TWENTY)
    with pytest.raises(Indefinite):
        await view.clear()
    victim.start()
    assert await view.get(["[1]"]) == (AT_TEN, [b"one"])
    assert await view.apply(AT_TEN, {}, AT_TWENTY)


async def test_a_server_that_lost_its_file_is_empty(victim: Redis, client: Client) -> None:
    """A Redis that comes back without its file has no position, and no error tells so."""
    view = await filled(client)
    victim.restart_empty()
    with pytest.raises(Indefinite):
        await view.get(["[1]"])
    assert await view.get(["[1]"]) == (None, [None])


async def test_a_server_that_hangs_is_indefinite(victim: Redis, client: Client) -> None:
    """A call waits for its answer as long as its settings say, and its answer is no other's."""
    view = await filled(client)
    victim.server.pause()
    try:
        async with asyncio.timeout(4 * HURRIED):
            with pytest.raises(Indefinite):
                await view.get(["[1]", "[2]", "[3]"])
    finally:
        victim.server.resume()
    assert await view.count() == 1
    assert await view.get(["[1]"]) == (AT_TEN, [b"one"])


async def test_an_answer_to_a_cancelled_call_is_nobody_s(victim: Redis, client: Client) -> None:
    """A call that was cancelled while it waited does not leave its answer to the next one."""
    view = await filled(client)
    victim.server.pause()
    reading = asyncio.create_task(view.get(["[1]", "[2]", "[3]"]))
    await asyncio.sleep(0.05)
    reading.cancel()
    victim.server.resume()
    with pytest.raises(asyncio.CancelledError):
        await reading
    for _ in range(3):
        assert await view.count() == 1


async def test_a_server_that_only_reads_is_indefinite(client: Client) -> None:
    """A replica takes no change, and the engine is told that nothing is known of it."""
    view = await filled(client)
    await client.execute_command("REPLICAOF", "127.0.0.1", "1")  # type: ignore[no-untyped-call]
    try:
        with pytest.raises(Indefinite, match="ReadOnly"):
            await view.apply(AT_TEN, {}, AT_TWENTY)
    finally:
        await client.execute_command("REPLICAOF", "NO", "ONE")  # type: ignore[no-untyped-call]


async def test_a_full_server_changes_nothing(client: Client) -> None:
    """Where the memory is full a change is refused as a whole, and reads go on."""
    view = await filled(client)
    await client.config_set("maxmemory", "1mb")
    try:
        with pytest.raises(Indefinite):
            await view.apply(AT_TEN, {"[2]": b"x" * 2_000_000}, AT_TWENTY)
        assert await view.get(["[1]", "[2]"]) == (AT_TEN, [b"one", None])
    finally:
        await client.config_set("maxmemory", "0")


async def test_a_server_that_evicts_is_refused(client: Client) -> None:
    """Only ``noeviction`` keeps what it was given; the refusal names what was found."""
    await check_eviction(client)
    await client.config_set("maxmemory-policy", "allkeys-lru")
    try:
        with pytest.raises(PartitionStopped, match="allkeys-lru"):
            await check_eviction(client)
    finally:
        await client.config_set("maxmemory-policy", "noeviction")


async def test_many_partitions_share_few_connections(victim: Redis) -> None:
    """More calls at once than connections wait their turn."""
    connected = connect(RedisSettings(victim.url, connections=4))
    views = [await filled(connected, f"{{{RUN}-{number}}}") for number in range(20)]
    answers = await asyncio.gather(*(view.get(["[1]"]) for view in views * 10))
    assert answers == [(AT_TEN, [b"one"])] * 200
    clients = await connected.info("clients")
    assert clients["connected_clients"] <= 8
    await connected.aclose()
