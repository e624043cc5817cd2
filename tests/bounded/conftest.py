"""A bus of the folder's own, whose workers are killed."""

from collections.abc import Iterator

import pytest

from tests.bench.bus.servers import Bus
from tests.cluster import needed

PARTITIONS = 4


@pytest.fixture(scope="module")
def bus() -> Iterator[Bus]:
    """Yield a real broker and a real Redis with our topics, and nothing that runs."""
    for kafka in needed.own_kafka():
        for redis in needed.own_redis():
            bus = Bus(kafka, redis, PARTITIONS)
            try:
                bus.make_topics()
                yield bus
            finally:
                bus.end()
