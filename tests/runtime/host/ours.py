"""A subscriber as ``runtime.host.app`` makes it, with a worker that only counts."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from faststream.kafka import KafkaBroker

from runtime.host.app import build_broker, join
from runtime.host.lag import Lag
from runtime.host.member import Member
from tests.runtime.host.stand_in import ANY_OBJECT, CountingWorker, new_name, settings_of

NOWHERE = "127.0.0.1:1"


class Ours:
    """A member of its own group, on a broker of its own."""

    def __init__(self, servers: str, topic: str = "t") -> None:
        """Declare it; nothing is connected."""
        settings = settings_of(servers)
        self.broker = build_broker(settings)
        self.member = Member("units", new_name("group"), topic, Lag(lambda: 0.0))
        self.worker = CountingWorker(self.member.feed)
        self.member.works_with(self.worker)
        self.subscriber = join(self.broker, settings, self.member, {"any": ANY_OBJECT})


@asynccontextmanager
async def running(broker: KafkaBroker) -> AsyncIterator[None]:
    """Start a broker of FastStream, and stop it."""
    try:
        await broker.start()
        yield
    finally:
        await broker.stop()
