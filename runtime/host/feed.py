"""The engine's feed on aiokafka's consumer: it pauses, resumes, seeks, and says what is done."""

import asyncio
from collections.abc import Collection, Iterable

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError

from runtime.engine.records import Place
from runtime.host.lag import Lag

EVERY = 1.0
"""Seconds between two commits of the group's offsets, which only tools read."""
WITHIN = 5.0
"""Seconds for requests that nothing waits for."""

log = structlog.get_logger(__name__)


class ConsumerFeed:
    """Steers the consumer that it was last given; without one it does nothing."""

    def __init__(self, lag: Lag) -> None:
        """Tell ``lag`` of what is sought and handled."""
        self._lag = lag
        self._consumer: AIOKafkaConsumer | None = None
        self._handled: dict[Place, int] = {}
        self._told: dict[Place, int] = {}

    def steer(self, consumer: AIOKafkaConsumer) -> None:
        """Steer this consumer from now on."""
        self._consumer = consumer

    def assigned(self, places: Collection[Place]) -> None:
        """Forget what was said of partitions before; it belongs to an older assignment."""
        self._handled.clear()
        self._told.clear()
        self._lag.assigned(places)

    def pause(self, places: Iterable[Place]) -> None:
        """Deliver nothing more from these places until they are resumed."""
        for consumer, place in self._held(places):
            consumer.pause(place)

    def resume(self, places: Iterable[Place]) -> None:
        """Go on delivering."""
        for consumer, place in self._held(places):
            consumer.resume(place)

    def seek(self, place: Place, offset: int) -> None:
        """Deliver from ``offset`` on."""
        for consumer, held in self._held((place,)):
            consumer.seek(held, offset)
            self._lag.sought(place, offset)

    def handled(self, place: Place, offset: int) -> None:
        """Note that everything below ``offset`` is done."""
        self._handled[place] = offset
        self._lag.handled(place, offset)

    async def tell(self) -> None:
        """Tell the broker once what is handled, for tools."""
        consumer = self._consumer
        if consumer is None:
            return
        held = consumer.assignment()
        news = {
            TopicPartition(*place): offset
            for place, offset in self._handled.items()
            if self._told.get(place) != offset and TopicPartition(*place) in held
        }
        if news:
            await consumer.commit(news)
            self._told |= {Place(*place): offset for place, offset in news.items()}

    async def look(self) -> None:
        """See where the log ends, for the lag."""
        consumer = self._consumer
        if consumer is not None and consumer.assignment():
            ends = await consumer.end_offsets(consumer.assignment())
            self._lag.ended({Place(*place): end for place, end in ends.items()})

    async def keep_telling(self) -> None:
        """Tell and look every second; a failure is said and forgotten."""
        while True:
            await asyncio.sleep(EVERY)
            try:
                async with asyncio.timeout(WITHIN):
                    await self._step_over_markers()
                    await self.tell()
                    await self.look()
            except (KafkaError, IllegalStateError, TimeoutError) as error:
                log.info("not_told", error=type(error).__name__)

    async def _step_over_markers(self) -> None:
        """Count the markers of transactions behind the last record as handled too."""
        consumer = self._consumer
        if consumer is None:
            return
        for place, offset in list(self._handled.items()):
            held = TopicPartition(*place)
            if held not in consumer.assignment() or held in consumer.paused():
                continue
            position = await consumer.position(held)
            if self._handled.get(place) == offset < position and not self._lag.is_waiting(place):
                self.handled(place, position)

    def _held(self, places: Iterable[Place]) -> Iterable[tuple[AIOKafkaConsumer, TopicPartition]]:
        """Give the places that are assigned; others are ignored."""
        consumer = self._consumer
        if consumer is None:
            return
        for place in places:
            held = TopicPartition(*place)
            if held in consumer.assignment():
                yield consumer, held
