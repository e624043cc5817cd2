"""The writer port on aiokafka's producer: one epoch of a transactional id.

What aiokafka does that must not decide anything here: it resends a request whose answer was lost
under the same epoch, for ever; it commits a transaction of which a batch failed; after a refused
batch its sequence numbers are wrong. So every answer is awaited, a connection that closes within a
transaction ends the producer at once, and so does our own deadline.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    InvalidProducerEpoch,
    KafkaError,
    MessageSizeTooLargeError,
    ProducerFenced,
    RecordListTooLargeError,
)

from runtime.engine.records import Message, Place
from runtime.errors import EngineError, Fenced, Indefinite, Refused
from runtime.kafka.denial import denied
from runtime.kafka.inside import Inside
from runtime.kafka.settings import KafkaSettings

# A batch's header, and what a record has besides key, value and headers.
_BATCH_OVERHEAD = 61
_RECORD_OVERHEAD = 21
_HEADER_OVERHEAD = 10
_FENCED = (ProducerFenced, InvalidProducerEpoch)
_REFUSED = (MessageSizeTooLargeError, RecordListTooLargeError)

Answer = TypeVar("Answer")


class KafkaWriter:
    """One epoch. ``background`` is given what is left to wait for when the producer is ended."""

    def __init__(
        self,
        settings: KafkaSettings,
        transactional_id: str,
        background: Callable[[Awaitable[None]], None],
    ) -> None:
        """Make a producer that is not connected yet."""
        self._settings = settings
        self._id = transactional_id
        self._background = background
        self._producer = AIOKafkaProducer(
            **settings.connection(),
            transactional_id=transactional_id,
            transaction_timeout_ms=settings.transaction_timeout_ms,
            request_timeout_ms=settings.write_timeout_ms,
            retry_backoff_ms=settings.retry_pause_ms,
            compression_type=settings.compression,
            max_batch_size=settings.batch_bytes,
            max_request_size=settings.largest_batch,
        )
        self._inside = Inside(self._producer, self._connection_lost)
        self._epoch = "?"
        self._waiting: asyncio.Timeout | None = None
        self._is_begun = False
        self._is_failed = False
        self._until: float | None = None
        """When the open transaction must be decided; None while nothing of it was sent."""
        self._ended: str | None = None
        """Why the producer is of no more use."""

    @property
    def name(self) -> str:
        """The transactional id with producer id and epoch."""
        return f"{self._id} ({self._epoch})"

    async def open(self) -> None:
        """Connect, and open a new epoch; raises ``Indefinite``."""
        await self._within("open", self._producer.start)
        self._epoch = self._inside.epoch

    async def begin(self) -> None:
        """Begin a transaction; nothing goes over the wire."""
        assert not self._is_begun, "one transaction at a time"
        await self._within("begin", self._producer.begin_transaction)
        self._is_begun, self._is_failed = True, False

    async def append(self, batches: Mapping[Place, Sequence[Message]]) -> dict[Place, int]:
        """Append and await every record's answer; return the first offsets."""
        assert self._is_begun, "a transaction has to begin first"
        built = {place: self._build(batches[place]) for place in batches if batches[place]}
        if not built:
            return {}
        self._start_clock()
        self._is_failed = True
        answers = await self._within("append", lambda: self._send_all(built))
        self._is_failed = False
        return dict(zip(built, answers, strict=True))

    async def commit(self) -> None:
        """Decide for the transaction."""
        assert self._is_begun, "a transaction has to begin first"
        if self._is_failed:
            self.drop()
            raise Indefinite("commit: a record of the transaction was not taken")
        await self._decide("commit", self._producer.commit_transaction)

    async def abort(self) -> None:
        """Decide against the transaction."""
        assert self._is_begun, "a transaction has to begin first"
        await self._decide("abort", self._producer.abort_transaction)

    def drop(self) -> None:
        """End the producer without flushing or deciding; calls under way are indefinite."""
        self._end("the writer was dropped")

    def _build(self, messages: Sequence[Message]) -> list[Any]:
        """Return the messages as batches; refuse one that no batch may hold."""
        batches: list[Any] = []
        batch: Any = None
        for message in messages:
            headers = list(message.headers)
            if _size(message) > self._settings.largest_batch:
                raise Refused("append: a record is larger than the broker takes")
            while batch is None or not _appended(batch, message, headers):
                batch = self._producer.create_batch()
                batches.append(batch)
        return batches

    async def _send_all(self, built: Mapping[Place, list[Any]]) -> list[int]:
        """Send all places' batches side by side, and raise the worst of what went wrong."""
        sending = (self._send(place, batches) for place, batches in built.items())
        answers = await asyncio.gather(*sending, return_exceptions=True)
        firsts = [answer for answer in answers if isinstance(answer, int)]
        errors = [answer for answer in answers if isinstance(answer, BaseException)]
        for error in sorted(errors, key=lambda error: isinstance(error, _REFUSED)):
            raise error
        return firsts

    async def _send(self, place: Place, batches: list[Any]) -> int:
        """Send one place's batches one after the other; return the first record's offset."""
        first: int | None = None
        expected = 0
        for batch in batches:
            records = batch.record_count()
            taken = await self._producer.send_batch(batch, place.topic, partition=place.partition)
            offset = (await taken).offset
            if offset < 0 or (first is not None and offset != expected):
                raise Indefinite("append: the offsets of what was written are not known")
            first = offset if first is None else first
            expected = offset + records
        assert first is not None
        return first

    async def _decide(self, what: str, decide: Callable[[], Awaitable[None]]) -> None:
        self._start_clock()
        await self._within(what, decide)
        self._is_begun, self._until = False, None

    def _start_clock(self) -> None:
        if self._until is None:
            self._until = asyncio.get_running_loop().time() + self._settings.deadline

    async def _within(self, what: str, ask: Callable[[], Awaitable[Answer]]) -> Answer:
        """Return the answer; end the producer and raise one of our errors where there is none."""
        if self._ended is not None:
            raise Indefinite(f"{what}: {self._ended}")
        until = self._until or asyncio.get_running_loop().time() + self._settings.deadline
        try:
            async with asyncio.timeout_at(until) as waiting:
                self._waiting = waiting
                try:
                    return await ask()
                finally:
                    self._waiting = None
        except TimeoutError:
            error: EngineError = Indefinite(f"{what}: {self._why()}")
        except _REFUSED:
            # Nothing of the transaction is to be kept, but it can still be aborted.
            raise Refused(f"{what}: a record is larger than the broker takes") from None
        except _FENCED:
            error = Fenced(f"{what}: a newer epoch is open")
        except EngineError as known:
            error = known
        except (KafkaError, OSError, AssertionError) as unknown:
            lost = Indefinite(f"{what}: {type(unknown).__name__}")
            error = denied(unknown, "Write") or lost
        except asyncio.CancelledError:
            self._end("a call was cancelled")
            raise
        self._end(str(error))
        raise error

    def _connection_lost(self) -> None:
        """Within a transaction nobody knows what became of it; between two nothing is lost."""
        if self._is_begun or self._waiting is not None:
            self._end("a connection was closed")

    def _why(self) -> str:
        return self._ended or "no answer in time"

    def _end(self, why: str) -> None:
        if self._ended is None:
            self._ended = why
        left = self._inside.close()
        if left is not None:
            self._background(left)
            if self._waiting is not None:
                self._waiting.reschedule(asyncio.get_running_loop().time())


def _appended(batch: Any, message: Message, headers: list[tuple[str, bytes]]) -> bool:  # noqa: ANN401 - untyped in aiokafka
    appended = batch.append(timestamp=None, key=message.key, value=message.value, headers=headers)
    return appended is not None


def _size(message: Message) -> int:
    """Return how many bytes a batch needs at most for this record alone."""
    size = _BATCH_OVERHEAD + _RECORD_OVERHEAD + len(message.key or b"") + len(message.value or b"")
    for name, value in message.headers:
        # A character is up to four bytes long.
        size += _HEADER_OVERHEAD + 4 * len(name) + len(value)
    return size
