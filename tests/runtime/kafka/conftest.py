"""A log on the shared broker, and a broker that may be killed."""

from collections.abc import AsyncIterator, Iterator

import pytest

from runtime.kafka.log import KafkaLog
from runtime.kafka.settings import KafkaSettings
from tests.cluster import needed
from tests.cluster.kafka import Kafka
from tests.runtime.engine.ports.spot import Spot, spots


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
