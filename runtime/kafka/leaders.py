"""Asking the leaders of places, on one connection to each broker for a whole process."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TypeVar

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import (
    KafkaError,
    LeaderNotAvailableError,
    NoError,
    StaleMetadata,
    TopicAuthorizationFailedError,
    for_code,
)
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.protocol.offset import OffsetRequest

from runtime.engine.records import Place
from runtime.errors import Indefinite
from runtime.kafka.fetched import Fetched
from runtime.kafka.settings import KafkaSettings

LATEST, EARLIEST = -1, -2
# Of an answer: partition, error code, high watermark, last stable offset; the aborted
# transactions and the batches are the first list and the last part after them.
_HIGH_WATERMARK, _LAST_STABLE = 2, 3

Answer = TypeVar("Answer")


class Leaders:
    """Answers come from leaders only, and are asked for again while a leader is being found."""

    def __init__(self, settings: KafkaSettings) -> None:
        """Connect with the first question."""
        self._settings = settings
        self._client = AIOKafkaClient(
            **settings.connection(),
            request_timeout_ms=settings.read_timeout_ms,
            retry_backoff_ms=settings.retry_pause_ms,
        )
        self._connecting = asyncio.Lock()
        self._is_connected = False

    async def offsets(
        self, places: Iterable[Place], when: int, *, committed: bool
    ) -> dict[Place, int]:
        """Return the first or the last offsets (``when``) of places.

        A new leader that may not know how far the log reaches refuses to answer, and is asked
        again.
        """
        asked = tuple(places)
        return await self._insist(lambda: self._offsets(asked, when, committed=committed))

    async def fetch(self, place: Place, offset: int, *, committed: bool) -> Fetched:
        """Return what stands at an offset and after it, as much as there is now.

        Raises ``OffsetOutOfRangeError``.
        """
        return await self._insist(lambda: self._fetch(place, offset, committed=committed))

    async def close(self) -> None:
        """Close all connections."""
        await self._client.close()

    async def _offsets(
        self, places: Sequence[Place], when: int, *, committed: bool
    ) -> dict[Place, int]:
        by_leader: dict[int, dict[str, list[tuple[int, int]]]] = defaultdict(
            lambda: defaultdict(list)
        )
        for place in places:
            leader = await self._leader(place)
            by_leader[leader][place.topic].append((place.partition, when))
        answers = await asyncio.gather(
            *(
                self._client.send(leader, OffsetRequest(-1, int(committed), list(topics.items())))
                for leader, topics in by_leader.items()
            )
        )
        offsets: dict[Place, int] = {}
        for answer in answers:
            for topic, partitions in answer.topics:
                for partition, error, _timestamp, offset in partitions:
                    _check(error, topic)
                    offsets[Place(topic, partition)] = offset
        return offsets

    async def _fetch(self, place: Place, offset: int, *, committed: bool) -> Fetched:
        size = self._settings.fetch_bytes
        asked = [(place.topic, [(place.partition, offset, size)])]
        request = FetchRequest(0, 0, size, int(committed), asked)
        answer = await self._client.send(await self._leader(place), request)
        ((_topic, ((*found,),)),) = answer.topics
        _check(found[1], place.topic)
        end = found[_LAST_STABLE if committed else _HIGH_WATERMARK]
        aborted = next(part for part in found if part is None or isinstance(part, list))
        return Fetched(end, aborted or [], found[-1], committed)

    async def _leader(self, place: Place) -> int:
        """Return the node that leads a place."""
        cluster = self._client.cluster
        leader: int | None = cluster.leader_for_partition(place)
        if leader is None:
            self._client.add_topic(place.topic)
            await self._client.force_metadata_update()
            leader = cluster.leader_for_partition(place)
        if place.topic in cluster.unauthorized_topics:
            raise TopicAuthorizationFailedError(place.topic)
        if leader is None:
            raise StaleMetadata
        if leader == -1:
            raise LeaderNotAvailableError
        return leader

    async def _insist(self, ask: Callable[[], Awaitable[Answer]]) -> Answer:
        """Ask until there is an answer; raise ``Indefinite`` where there is none in time."""
        last: KafkaError | None = None
        try:
            async with asyncio.timeout(self._settings.deadline):
                while True:
                    try:
                        await self._connect()
                        return await ask()
                    except KafkaError as error:
                        if not error.retriable:
                            raise
                        last = error
                    if last.invalid_metadata and self._is_connected:
                        await self._client.force_metadata_update()
                    await asyncio.sleep(self._settings.retry_pause_ms / 1000)
        except TimeoutError:
            raise Indefinite(f"no answer in time: {type(last).__name__}") from None

    async def _connect(self) -> None:
        if not self._is_connected:
            async with self._connecting:
                if not self._is_connected:
                    await self._client.bootstrap()
                    self._is_connected = True


def _check(code: int, topic: str) -> None:
    error = for_code(code)
    if error is not NoError:
        raise error(topic)
