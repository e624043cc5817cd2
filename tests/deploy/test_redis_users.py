"""Redis with TLS and a list of users: who lacks a command, a key or trust is told so."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from runtime.engine.ports import ViewPosition
from runtime.errors import Denied, EngineError
from runtime.host.connection import redis_settings
from runtime.host.settings import read_settings
from runtime.redis.view import RedisView, check_eviction, check_rights, connect
from tests.cluster.needed import secured_redis
from tests.cluster.ports import LOOPBACK
from tests.cluster.secured import SecuredRedis, password
from tests.deploy.acls import REDIS_USER
from tests.deploy.secured import is_discreet, redis_user

RIGHTS_KEY = "{therapy-units:rights}"
REDIS_LACKING = {
    "no-hdel": (redis_user("no-hdel", "+hdel"), "redis: this user has no permissions"),
    "no-keys": (redis_user("no-keys", "~{therapy-*", "~other*"), "redis: this user has no perm"),
    "no-info": (redis_user("no-info", "+info"), "redis: this user has no permissions"),
    "no-eval": (redis_user("no-eval", "+evalsha"), "redis: this user has no permissions"),
    "nobody": ("", "redis: it refuses the login, or wants one"),
}


@pytest.fixture(scope="module")
def redis() -> Iterator[SecuredRedis]:
    """Yield a server with our user, and users that lack something."""
    lines = [line for line, _why in REDIS_LACKING.values() if line]
    yield from secured_redis([REDIS_USER, redis_user("no-hset", "+hset"), *lines])


def told(redis: SecuredRedis, user: str, host: str = LOOPBACK) -> dict[str, str]:
    """Return the settings of a user."""
    return {
        "THERAPY_REDIS_URL": redis.url(user, host),
        "THERAPY_REDIS_PASSWORD": password(user),
        "THERAPY_REDIS_TLS_CA_FILE": str(redis.authority.certificates),
    }


async def opened(settings: Mapping[str, str]) -> None:
    """Do what a start does with Redis."""
    client = connect(redis_settings(read_settings(settings)))
    try:
        await check_eviction(client)
        await check_rights(client, RIGHTS_KEY)
        assert await RedisView(client, RIGHTS_KEY).get(("_r",)) == (None, [None])
    finally:
        await client.aclose()


@pytest.mark.parametrize("user", REDIS_LACKING)
async def test_redis_names_what_a_user_lacks(redis: SecuredRedis, user: str) -> None:
    """A command, a key or the login."""
    with pytest.raises(Denied, match=REDIS_LACKING[user][1]) as denied:
        await opened(told(redis, user))
    is_discreet(str(denied.value))


async def test_redis_is_trusted_by_its_name_and_authority(redis: SecuredRedis) -> None:
    """Another name and another authority are refused; what is right is not, and leaves nothing."""
    await opened(told(redis, "therapy"))
    with pytest.raises(Denied, match="not trusted: Hostname mismatch"):
        await opened(told(redis, "therapy", host="localhost"))
    strange = {"THERAPY_REDIS_TLS_CA_FILE": str(redis.authority.strange)}
    with pytest.raises(Denied, match="its certificate is not trusted"):
        await opened(told(redis, "therapy") | strange)


async def test_redis_may_want_a_certificate() -> None:
    """Who has none, or a stranger's, gets no answer; the server may reset before it says why."""
    for mutual in secured_redis([REDIS_USER], mutual=True):
        known = told(mutual, "therapy")
        for shown in ({}, _shown(mutual.authority.strange_client("therapy"))):
            with pytest.raises(EngineError, match=r"redis: (it does not agree on TLS|Connection)"):
                await opened(known | shown)
        await opened(known | _shown(mutual.authority.client("therapy")))


@pytest.mark.parametrize("user", ["no-hdel", "no-hset"])
async def test_a_change_that_is_denied_in_part_moves_nothing(
    redis: SecuredRedis, user: str
) -> None:
    """The position is set last, so a view never claims what it does not hold."""
    clients = [connect(redis_settings(read_settings(told(redis, u)))) for u in ("therapy", user)]
    whole, halved = (RedisView(client, f"{{therapy-{user}:x}}") for client in clients)
    start, moved = ViewPosition(1, 1, "a"), ViewPosition(2, 2, "b")
    try:
        await whole.clear()
        assert await whole.load(0, {"kept": b"1", "gone": b"1"}, 1)
        assert await whole.finish(1, start)
        with pytest.raises(EngineError, match="redis: "):
            await halved.apply(start, {"kept": b"2", "gone": None}, moved)
        assert (await whole.get(()))[0] == start
        assert await whole.apply(start, {"kept": b"2", "gone": None}, moved)
        assert await whole.get(("kept", "gone")) == (moved, [b"2", None])
    finally:
        for client in clients:
            await client.aclose()


def _shown(own: Path) -> dict[str, str]:
    """Return the settings that show a certificate."""
    return {"THERAPY_REDIS_TLS_CERT_FILE": str(own), "THERAPY_REDIS_TLS_KEY_FILE": str(own)}
