"""The view port on one Redis hash a partition: state values and their position in one key.

Fields: ``_w`` changelog position applied, ``_n`` the input's next offset, ``_c`` the commit id;
while a rebuild is under way ``_r`` instead, how far it has read. All else are state values by
their key. They are lost, evicted, moved and restored together. Nothing is retried here: whatever
is not answered is indefinite, and the engine recovers.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from ssl import SSLCertVerificationError, SSLError
from typing import Any, TypeVar

from hiredis import pack_command
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import (
    AuthenticationError,
    NoPermissionError,
    NoScriptError,
    RedisError,
    ResponseError,
)

from runtime.engine.ports import ViewPosition
from runtime.errors import Denied, Indefinite, PartitionStopped
from runtime.redis.scripts import CHANGE, CLEAR, COUNT, Script

APPLIED, NEXT_OFFSET, COMMIT, READ = "_w", "_n", "_c", "_r"
POSITION = (APPLIED, NEXT_OFFSET, COMMIT)
NO_EVICTION = "noeviction"
_COMMANDS = (
    ("HSET", READ, 0),
    ("HGET", READ),
    ("HMGET", READ),
    ("HEXISTS", READ),
    ("HLEN",),
    ("HDEL", READ),
    ("UNLINK",),
)
"""What we do with a hash, by itself or in a script."""

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class RedisSettings:
    """Where Redis is, and how long is waited for it, in seconds."""

    url: str = field(repr=False)
    """May hold a password."""
    timeout: float = 5.0
    """For a connection and an answer on it."""
    connect_timeout: float = 2.0
    connections: int = 32
    """So many partitions ask at the same time; others wait their turn."""


def connect(settings: RedisSettings) -> Redis:
    """Return a client for a whole process; it connects when it is first used."""
    pool = BlockingConnectionPool.from_url(
        settings.url,
        max_connections=settings.connections,
        timeout=settings.timeout,
        # Ours is around each call: theirs starts a task for each command.
        socket_timeout=None,
        socket_connect_timeout=settings.connect_timeout,
        retry=Retry(NoBackoff(), 0),
    )
    return Redis.from_pool(pool)


def _pool_of(client: Redis) -> Any:  # noqa: ANN401 - half of it has no types
    """Return the pool that ``connect`` made."""
    return client.connection_pool


async def check_eviction(client: Redis) -> None:
    """Refuse a Redis that drops keys of its own accord when its memory is full."""
    asked = asyncio.wait_for(client.info("memory"), _pool_of(client).timeout)
    memory = await _definite(asked)
    policy = memory.get("maxmemory_policy")
    if policy != NO_EVICTION:
        raise PartitionStopped(f"redis: maxmemory-policy is {policy}, must be {NO_EVICTION}")


async def check_rights(client: Redis, key: str) -> None:
    """Do with ``key`` all that a view does, and leave nothing; raises ``Denied``.

    A right that is missing would else be found in the midst of a script, which names none.
    """
    ask: Callable[..., Awaitable[Any]] = client.execute_command
    try:
        for command, *arguments in _COMMANDS:
            await _definite(ask(command, key, *arguments))
        await _definite(ask("EVAL", COUNT.source, 1, key))
        await _definite(ask("EVALSHA", COUNT.sha, 1, key))
    except _NotOurs:
        raise PartitionStopped(f"redis: {key} is a key of ours, and no hash") from None


class RedisView:
    """The view of one partition, under one key."""

    def __init__(self, client: Redis, key: str) -> None:
        """Stand on the hash ``key``; in braces, it stays on one node of a cluster."""
        self._pool = _pool_of(client)
        self._key = key

    async def get(self, keys: Sequence[str]) -> tuple[ViewPosition | None, list[bytes | None]]:
        """Return position and values as of one instant."""
        try:
            held: list[bytes | None] = await _definite(
                self._ask("HMGET", self._key, *POSITION, *keys)
            )
        except _NotOurs:
            return None, [None] * len(keys)
        return _position(held), held[len(POSITION) :]

    async def apply(
        self, expected: ViewPosition, changes: Mapping[str, bytes | None], moved: ViewPosition
    ) -> bool:
        """Change values and move, where ``_w``, ``_n`` and ``_c`` are ``expected``."""
        return await self._change(_fields(expected), changes, _fields(moved))

    async def clear(self) -> None:
        """Forget everything, and begin a rebuild."""
        await self._run(CLEAR, READ)

    async def load(self, expected: int, changes: Mapping[str, bytes | None], read: int) -> bool:
        """Change values in a rebuild, where ``_r`` is ``expected``."""
        return await self._change((READ, expected), changes, (READ, read))

    async def finish(self, expected: int, moved: ViewPosition) -> bool:
        """End a rebuild, where ``_r`` is ``expected``."""
        return await self._change((READ, expected), {READ: None}, _fields(moved))

    async def count(self) -> int:
        """Return how many state values there are."""
        return await self._run(COUNT, *POSITION, READ)

    async def _change(
        self,
        guards: Sequence[str | int],
        changes: Mapping[str, bytes | None],
        then: Sequence[str | int],
    ) -> bool:
        """Set and delete fields where all guarded ones hold their value; ``then`` is set last."""
        pairs: list[str | bytes | int] = []
        gone: list[str] = []
        for key, value in changes.items():
            if value is None:
                gone.append(key)
            else:
                pairs += (key, value)
        pairs += then
        try:
            sized = (len(guards), *guards, len(pairs), *pairs)
            return bool(await self._run(CHANGE, *sized, *gone))
        except _NotOurs:
            return False

    async def _run(self, script: Script, *arguments: str | bytes | int) -> int:
        """Run a script by its name, or by its text where the server does not know it yet."""
        try:
            return int(await _definite(self._ask("EVALSHA", script.sha, 1, self._key, *arguments)))
        except NoScriptError:
            return int(await _definite(self._ask("EVAL", script.source, 1, self._key, *arguments)))

    async def _ask(self, *command: str | bytes | int) -> Any:  # noqa: ANN401 - Redis answers many things
        """Return the answer to a command; one that is not waited for to its end is nobody's.

        Below redis-py's ``execute_command``, which takes twice the CPU: it packs in Python what
        hiredis packs in C, and offers retries and observers, which nobody here wants.
        """
        pool = self._pool
        async with asyncio.timeout(pool.timeout):
            connection = await pool.get_connection()
            try:
                packed = pack_command(command)  # type: ignore[arg-type]  # its stub has one
                await connection.send_packed_command(packed, check_health=False)
                return await connection.read_response()
            finally:
                await pool.release(connection)


class _NotOurs(Exception):  # noqa: N818 - what is there in place of the hash is no error of ours
    """Under the key stands something that is no hash: the view is lost."""


async def _definite(asked: Awaitable[Answer]) -> Answer:
    try:
        return await asked
    except NoScriptError:
        raise
    except ResponseError as error:
        if "WRONGTYPE" in str(error):
            raise _NotOurs from None
        raise _denied(error) or Indefinite(f"redis: {type(error).__name__}") from None
    except (RedisError, OSError) as error:
        raise _denied(error) or Indefinite(f"redis: {type(error).__name__}") from None


def _denied(error: BaseException) -> Denied | None:
    """Return the denial that an error of the client's is; None where it is another one."""
    cause = error.__context__
    match error:
        case NoPermissionError():
            # The server names the user and the command, and no value.
            return Denied(f"redis: {error}")
        case AuthenticationError():
            return Denied("redis: it refuses the login, or wants one")
        case RedisError() if isinstance(cause, SSLCertVerificationError):
            return Denied(f"redis: its certificate is not trusted: {cause.verify_message}")
        case RedisError() if isinstance(cause, SSLError):
            return Denied(f"redis: it does not agree on TLS: {cause.reason}")
        case _:
            return None


def _position(held: Sequence[bytes | None]) -> ViewPosition | None:
    """Return the position that the first three fields are; None where they are none."""
    applied, next_offset, commit = held[:3]
    if applied is None or next_offset is None or commit is None:
        return None
    try:
        return ViewPosition(int(applied), int(next_offset), commit.decode())
    except ValueError:
        return None


def _fields(moved: ViewPosition) -> tuple[str | int, ...]:
    return APPLIED, moved.applied, NEXT_OFFSET, moved.next_offset, COMMIT, moved.commit
