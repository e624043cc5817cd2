"""Each port with every implementation of it: the one in memory, and the real one."""

from collections.abc import AsyncIterator

import pytest

from runtime.doubles.broker import Broker
from runtime.doubles.log import MemoryLog
from runtime.doubles.view import MemoryView
from runtime.engine.ports import Log, View
from runtime.kafka.log import KafkaLog
from runtime.kafka.settings import LARGEST_BATCH, KafkaSettings
from runtime.redis.view import RedisSettings, RedisView, connect
from tests.cluster.needed import RUN
from tests.runtime.engine.ports.spot import Spot, spots


@pytest.fixture(params=["memory", "kafka"])
async def log(request: pytest.FixtureRequest) -> AsyncIterator[Log]:
    """Yield an implementation of the log."""
    if request.param == "memory":
        yield MemoryLog(Broker(size_max=LARGEST_BATCH))
        return
    async with KafkaLog(KafkaSettings(request.getfixturevalue("broker"))) as kafka:
        yield kafka


@pytest.fixture
async def spot(request: pytest.FixtureRequest, log: Log) -> Spot:
    """Return two places that nobody has written to, and an id that nobody has used."""
    servers = request.getfixturevalue("broker") if isinstance(log, KafkaLog) else None
    return await spots.fresh(servers)


@pytest.fixture(params=["memory", "redis"])
async def view(request: pytest.FixtureRequest) -> AsyncIterator[View]:
    """Yield an implementation of the view, with nothing in it."""
    if request.param == "memory":
        yield MemoryView()
        return
    client = connect(RedisSettings(request.getfixturevalue("redis_url")))
    yield RedisView(client, f"{{contract:{RUN}:{request.node.name}}}")
    await client.aclose()
