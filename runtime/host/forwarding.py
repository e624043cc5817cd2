"""The gateway: takes events from one topic to another, under another key.

A transaction of the engine writes to the partition that it reads, and to no other; an event that
changes its key changes its partition. So it is taken there by a consumer without state: it reads
what is committed, writes, and tells its group how far it came once the broker has answered for
every record. After a crash it takes some records again, so each arrives once or more, and nothing
is lost. Whoever reads them knows each by its revision, and a second one changes nothing.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRebalanceListener, TopicPartition
from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from aiokafka.errors import (
    CommitFailedError,
    IllegalStateError,
    KafkaError,
    NoOffsetForPartitionError,
    OffsetOutOfRangeError,
)

from runtime.engine.messages import COMMIT
from runtime.engine.observer import Observer
from runtime.engine.partition import Status
from runtime.engine.records import Message, Place, Record
from runtime.errors import Indefinite
from runtime.host.app import (
    MAX_POLL_INTERVAL_MS,
    POLL_RECORDS,
    REBALANCE_TIMEOUT_MS,
    REQUEST_TIMEOUT_MS,
)
from runtime.host.connection import kafka_settings
from runtime.host.lag import Lag
from runtime.host.member import has_died, partitions_of
from runtime.host.sending import producer_of
from runtime.host.settings import Settings
from runtime.kafka.denial import denied

POLL_MS = 200
"""How long a poll waits for records; it returns with the first."""
TELL_EVERY = 1.0
"""Seconds between two commits of the group's offsets."""
POSITION_WITHIN = 0.05
"""Seconds to say where a partition goes on; after that it is asked again at the next look."""
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
CLOSE_WITHIN = 2.0
"""Seconds to leave the group and to close a client."""
UNREACHABLE = (Indefinite, KafkaError, OSError, TimeoutError)
"""What it begins anew after: it takes again what its group was not told of."""
PARTITION_KEY = "ce_partitionkey"

log = structlog.get_logger(__name__)


class Unforwardable(Exception):  # noqa: N818 - named for what was found
    """A record that should be forwarded has no key that can be read; it says no value of it."""


@dataclass(frozen=True, slots=True)
class Forwarding:
    """One way: which records of a topic go where, and how the new key is read from a value."""

    name: str
    group: str
    reads: str
    writes: str
    types: frozenset[bytes]
    """The ``ce_type`` of what is forwarded; everything else is passed over."""
    key: Callable[[bytes], str]
    """Raises ``ValueError`` where a value has none."""
    check: Callable[[], Any]
    """Makes what raises where the topics are not as they must be, once awaited."""

    def forwarded(self, record: Record) -> Message | None:
        """Return a record as it goes on; None where it does not. Raises ``Unforwardable``."""
        headers = dict(record.headers)
        if headers.get("ce_type") not in self.types:
            return None
        try:
            key = self.key(record.value or b"").encode()
        except ValueError as error:
            raise Unforwardable(f"offset {record.offset}: {type(error).__name__}") from None
        # The mark of a transaction is not for another topic: there it would be a stranger's.
        kept = [
            (name, key if name == PARTITION_KEY else value)
            for name, value in record.headers
            if name != COMMIT and value is not None
        ]
        return Message(key, record.value, tuple(kept))


class Forwarder(ConsumerRebalanceListener):  # type: ignore[misc]
    """Runs one way of the gateway, for the partitions that its group gives it."""

    def __init__(
        self, way: Forwarding, settings: Settings, lag: Lag, clock: Callable[[], float]
    ) -> None:
        """Connect nothing yet; ``clock`` gives the event loop's seconds."""
        self.name = way.name
        self.lag = lag
        self.has_joined = False
        self._way = way
        self._settings = settings
        self._clock = clock
        self._consumer: AIOKafkaConsumer | None = None
        self._status: dict[Place, Status] = {}
        self._done: dict[TopicPartition, int] = {}
        """Everything below is forwarded, and the broker has answered for it."""
        self._told: Mapping[TopicPartition, int] = {}
        self._told_at = 0.0
        self._leaving = asyncio.Event()
        self._observer = Observer()

    async def run(self, observer: Observer) -> None:
        """Forward until told to stop; what cannot be reached is tried again. Raises ``Denied``."""
        self._observer = observer
        pause = FIRST_PAUSE
        while not self._leaving.is_set():
            try:
                await self._way.check()
                async with self._connected() as (consumer, producer):
                    pause = FIRST_PAUSE
                    while not self._leaving.is_set():
                        await self._forward(consumer, producer)
                    await self._tell(consumer)
            except UNREACHABLE as error:
                operation = "Write" if self._way.writes in error.args else "Read"
                if (denial := denied(error, operation)) is not None:
                    raise denial from None
                log.warning("not_reachable", what=self.name, again_in=pause, exc_info=error)
                await self._wait(pause)
                pause = min(2 * pause, LONGEST_PAUSE)

    def stop(self) -> None:
        """Take nothing more; ``run`` ends when the last answers are there."""
        self._leaving.set()

    def status(self) -> Mapping[Place, Status]:
        """Tell what each assigned partition is doing."""
        return self._status

    def partitions(self) -> int | None:
        """Return how many partitions its topic has; None while that is not known."""
        return partitions_of(self._consumer, self._way.reads)

    def is_ready(self) -> bool:
        """Tell whether the group has let it in and no partition waits for a person."""
        return self.has_joined and Status.STOPPED not in self._status.values()

    def death(self) -> str | None:
        """Return what ended that should run for ever, by name; None while all is alive."""
        return None if self._consumer is None else has_died(self._consumer)

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """Note nothing: who takes them takes what the group was not told of again."""
        del revoked
        self.has_joined = False

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        """Go on where the group's offsets say."""
        places = [Place(*each) for each in sorted(assigned)]
        self.lag.assigned(places)
        self._done.clear()
        self._status = dict.fromkeys(places, Status.RUNNING)
        self.has_joined = True
        log.info("assigned", service=self.name, partitions=[each.partition for each in places])

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[tuple[AIOKafkaConsumer, AIOKafkaProducer]]:
        """Connect a producer, then join the group; both are closed whatever happens."""
        producer = producer_of(self._settings)
        consumer = _consumer(self._settings, self._way.group)
        try:
            await producer.start()
            consumer.subscribe([self._way.reads], listener=self)
            await consumer.start()
            self._consumer = consumer
            yield consumer, producer
        finally:
            self._consumer, self.has_joined, self._status = None, False, {}
            self.lag.assigned(())
            await _close(consumer)
            await _close(producer)

    async def _forward(self, consumer: AIOKafkaConsumer, producer: AIOKafkaProducer) -> None:
        """Forward what one poll gives, and tell the group now and then how far that is."""
        begun = self._clock()
        polled = await self._poll(consumer)
        answers: list[asyncio.Future[Any]] = []
        for partition, records in polled.items():
            answers += await self._send(consumer, producer, partition, records)
        await _all_answered(answers)
        for partition in {*polled, *self._done} & consumer.assignment():
            self._note(partition, await consumer.position(partition))
        for partition, records in polled.items():
            took = self._clock() - begun
            self._observer.committed(Place(*partition), len(records), took)
        if self._clock() - self._told_at >= TELL_EVERY:
            await self._tell(consumer)
            await self._look(consumer)

    async def _poll(self, consumer: AIOKafkaConsumer) -> Mapping[TopicPartition, Sequence[Any]]:
        try:
            polled: Mapping[TopicPartition, Sequence[Any]] = await consumer.getmany(
                timeout_ms=POLL_MS, max_records=POLL_RECORDS
            )
        except NoOffsetForPartitionError as first:
            # Its group has never told of this partition: all that is held is taken.
            await consumer.seek_to_beginning(*first.args)
        except OffsetOutOfRangeError as gap:
            for partition in gap.args[0]:
                why = "input: records that were not forwarded are no longer held"
                self._stop_partition(consumer, partition, why)
        else:
            return polled
        return {}

    async def _send(
        self,
        consumer: AIOKafkaConsumer,
        producer: AIOKafkaProducer,
        partition: TopicPartition,
        polled: Sequence[Any],
    ) -> list[asyncio.Future[Any]]:
        """Send on what one partition gave, and return what the broker will answer."""
        answers = []
        records = [Record(r.offset, r.key, r.value, r.headers, r.timestamp) for r in polled]
        self.lag.delivered(Place(*partition), records)
        for record in records:
            try:
                message = self._way.forwarded(record)
            except Unforwardable as error:
                consumer.seek(partition, record.offset)
                self._stop_partition(consumer, partition, f"it cannot be forwarded: {error}")
                break
            if message is not None:
                sending = await producer.send(
                    self._way.writes,
                    message.value,
                    key=message.key,
                    headers=list(message.headers),
                )
                answers.append(sending)
        return answers

    def _stop_partition(
        self, consumer: AIOKafkaConsumer, partition: TopicPartition, why: str
    ) -> None:
        """Leave a partition to a person; the others go on."""
        if partition in consumer.assignment():
            consumer.pause(partition)
            self._status[Place(*partition)] = Status.STOPPED
            self._observer.stopped(Place(*partition), why)

    def _note(self, partition: TopicPartition, offset: int) -> None:
        self._done[partition] = offset
        self.lag.handled(Place(*partition), offset)

    async def _tell(self, consumer: AIOKafkaConsumer) -> None:
        """Tell the group how far everything is forwarded."""
        self._told_at = self._clock()
        done = {each: at for each, at in self._done.items() if each in consumer.assignment()}
        if not done or done == self._told:
            return
        try:
            await consumer.commit(done)
        except (CommitFailedError, IllegalStateError) as error:
            # Partitions move; who has them then takes these records again.
            log.info("not_told", service=self.name, error=type(error).__name__)
        else:
            self._told = done

    async def _look(self, consumer: AIOKafkaConsumer) -> None:
        """See where the log ends, and where a quiet partition goes on, for the lag."""
        if assigned := consumer.assignment():
            for partition in assigned - self._done.keys():
                if (offset := await _position(consumer, partition)) is not None:
                    self._note(partition, offset)
            ends = await consumer.end_offsets(assigned)
            self.lag.ended({Place(*place): end for place, end in ends.items()})

    async def _wait(self, seconds: float) -> None:
        """Wait for so many seconds, or until told to stop."""
        try:
            await asyncio.wait_for(self._leaving.wait(), seconds)
        except TimeoutError:
            return


def _consumer(settings: Settings, group: str) -> AIOKafkaConsumer:
    return AIOKafkaConsumer(
        **kafka_settings(settings).connection(),
        group_id=group,
        group_instance_id=settings.group_instance_id,
        enable_auto_commit=False,
        # Where nothing is known it is decided here, by name, and never jumped over.
        auto_offset_reset="none",
        isolation_level="read_committed",
        partition_assignment_strategy=(RoundRobinPartitionAssignor,),
        request_timeout_ms=REQUEST_TIMEOUT_MS,
        session_timeout_ms=settings.kafka_session_timeout_ms,
        heartbeat_interval_ms=settings.kafka_heartbeat_ms,
        rebalance_timeout_ms=REBALANCE_TIMEOUT_MS,
        max_poll_interval_ms=MAX_POLL_INTERVAL_MS,
        max_partition_fetch_bytes=settings.kafka_fetch_bytes,
    )


async def _all_answered(answers: Sequence[asyncio.Future[Any]]) -> None:
    """Wait for every answer; raise the first that is none, and all is taken again."""
    if answers:
        await asyncio.wait(answers)
    for answer in answers:
        answer.result()


async def _position(consumer: AIOKafkaConsumer, partition: TopicPartition) -> int | None:
    """Return the next offset to be fetched; None while that is being found out."""
    try:
        async with asyncio.timeout(POSITION_WITHIN):
            offset: int = await consumer.position(partition)
    except (TimeoutError, IllegalStateError):
        return None
    return offset


async def _close(client: AIOKafkaConsumer | AIOKafkaProducer) -> None:
    """Close a client within its time, whatever it says."""
    try:
        await asyncio.wait_for(client.stop(), CLOSE_WITHIN)
    except (KafkaError, OSError, TimeoutError) as error:
        log.info("not_closed", error=type(error).__name__)
