"""A log on the shared broker, and a broker that may be killed; on the loop of a process."""

from asyncio import AbstractEventLoop
from collections.abc import AsyncIterator, Callable, Iterator, Mapping

import pytest
import uvloop

from runtime.kafka.log import KafkaLog
from runtime.kafka.settings import KafkaSettings
from tests.cluster import needed
from tests.cluster.kafka import Kafka
from tests.runtime.engine.ports.spot import Spot, spots


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], AbstractEventLoop]]:
    """Give these tests the event loop that ``therapy run`` has."""
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture
async def log(broker: str) -> AsyncIterator[KafkaLog]:
    """Yield a log on the shared broker."""
    async with KafkaLog(KafkaSettings(broker)) as kafka:
        yield kafka


@pytest.fixture
async def spot(broker: str) -> Spot:
    """Return places of the shared broker that nobody has written to."""
    return await spots.fresh(broker)


@pytest.fixture(scope="module")
def victim() -> Iterator[Kafka]:
    """Yield a broker of the module's own; each test leaves it running."""
    yield from needed.own_kafka()
