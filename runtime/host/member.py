"""One service's member of its consumer group, between FastStream's polling and the worker."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Protocol

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition

from runtime.engine.partition import Status
from runtime.engine.records import Place, Record
from runtime.host.feed import ConsumerFeed
from runtime.host.lag import Lag

POLLS_FAILED = 5
"""So many ends of the polling task are a record that aiokafka cannot read, or a bug of its own."""

log = structlog.get_logger(__name__)


class Works(Protocol):
    """What a member hands its partitions to: ``runtime.engine.worker.Worker``."""

    broken: asyncio.Event
    """Set where a partition ended by an exception that nobody foresaw."""
    bug: BaseException | None
    """That exception."""

    def assigned(self, places: Collection[Place]) -> None:
        """Take these partitions, and return at once."""
        ...

    async def revoked(self, places: Collection[Place]) -> None:
        """Let go of these partitions."""
        ...

    def deliver(self, place: Place, records: Sequence[Record]) -> None:
        """Take records, and return at once."""
        ...

    async def stop(self) -> None:
        """Let go of all partitions."""
        ...

    def status(self) -> Mapping[Place, Status]:
        """Tell what each partition is doing."""
        ...


class Hosted(Protocol):
    """What a process watches and tells of: a member of a group, with or without an engine."""

    @property
    def name(self) -> str:
        """The service's name."""
        ...

    @property
    def lag(self) -> Lag:
        """How far behind it is."""
        ...

    @property
    def has_joined(self) -> bool:
        """Whether the group has let it in."""
        ...

    def status(self) -> Mapping[Place, Status]:
        """Tell what each assigned partition is doing."""
        ...

    def partitions(self) -> int | None:
        """Return how many partitions its topic has; None while that is not known."""
        ...

    def is_ready(self) -> bool:
        """Tell whether it does its work on every partition that it has."""
        ...

    def death(self) -> str | None:
        """Return what ended that should run for ever, by name; None while all is alive."""
        ...


class Member(ConsumerRebalanceListener):  # type: ignore[misc]
    """Hears what the group assigns and takes away, and passes on what is polled."""

    def __init__(self, name: str, group: str, topic: str, lag: Lag) -> None:
        """Be the member ``name`` of ``group`` for the partitions of ``topic``."""
        self.name = name
        self.group = group
        self.topic = topic
        self.lag = lag
        self.feed = ConsumerFeed(lag)
        self.has_joined = False
        self._worker: Works | None = None
        self._consumer: Callable[[], AIOKafkaConsumer | None] = lambda: None
        self._polls: Callable[[], Iterable[asyncio.Task[object]]] = tuple
        self._leaving = False
        self._bug: BaseException | None = None

    def joins(
        self,
        consumer: Callable[[], AIOKafkaConsumer | None],
        polls: Callable[[], Iterable[asyncio.Task[object]]],
    ) -> None:
        """Learn where the consumer and the tasks that poll it are to be found, once they are."""
        self._consumer, self._polls = consumer, polls

    def works_with(self, worker: Works) -> None:
        """Hand partitions to ``worker`` from now on."""
        self._worker = worker

    def deliver(self, place: Place, records: Sequence[Record]) -> None:
        """Hand what was polled to the worker.

        What this raises is swallowed by FastStream, and the next poll passes over the records: so
        it is kept, and ends the process.
        """
        if self._worker is None or self._leaving or self._bug is not None:
            return
        try:
            self.lag.delivered(place, records)
            self._worker.deliver(place, records)
        except Exception as bug:
            self._bug = bug
            raise

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        """Pause them before anything is polled, then start their tasks; nothing is awaited here.

        No heartbeat is sent while this runs, and what it raises is only logged.
        """
        consumer = self._consumer()
        assert consumer is not None
        consumer.pause(*assigned)
        if self._leaving or self._worker is None:
            return
        places = [Place(*each) for each in sorted(assigned)]
        self.feed.steer(consumer)
        self.feed.assigned(places)
        self._worker.assigned(places)
        self.has_joined = True
        log.info("assigned", service=self.name, partitions=[each.partition for each in places])

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """Let the transactions in flight end; heartbeats go on meanwhile."""
        self.has_joined = False
        if self._worker is not None and revoked:
            places = [Place(*each) for each in sorted(revoked)]
            log.info("revoked", service=self.name, partitions=[each.partition for each in places])
            await self._worker.revoked(places)

    async def let_go(self) -> None:
        """Let go of every partition; the group may assign them again."""
        self.has_joined = False
        if self._worker is not None:
            await self._worker.stop()

    async def leave(self) -> None:
        """Take nothing more, finish what is in flight, and tell how far it came."""
        self._leaving = True
        consumer = self._consumer()
        if consumer is not None:
            self.feed.pause(Place(*each) for each in consumer.assignment())
        await self.let_go()

    def status(self) -> Mapping[Place, Status]:
        """Tell what each assigned partition is doing."""
        return {} if self._worker is None else self._worker.status()

    def partitions(self) -> int | None:
        """Return how many partitions its topic has; None while that is not known."""
        return partitions_of(self._consumer(), self.topic)

    def is_ready(self) -> bool:
        """Tell whether the group has let it in and every partition that it has is recovered."""
        return self.has_joined and all(
            status is Status.RUNNING for status in self.status().values()
        )

    def death(self) -> str | None:
        """Return what ended that should run for ever, by name; None while all is alive."""
        bug = self._bug
        if bug is None and self._worker is not None and self._worker.broken.is_set():
            bug = self._worker.bug
        if bug is not None:
            return f"bug: {type(bug).__name__}"
        consumer = self._consumer()
        if consumer is None:
            return None
        if (why := has_died(consumer)) is not None:
            return why
        # FastStream starts polling again where it raised, at once and for ever; else it has ended.
        polls = list(self._polls())
        if len(polls) > POLLS_FAILED:
            return "polling fails again and again"
        return "polling ended" if polls and _has_ended_quietly(polls[-1]) else None


def partitions_of(consumer: AIOKafkaConsumer | None, topic: str) -> int | None:
    """Return how many partitions a topic has, as far as the consumer has heard; else None."""
    known = None if consumer is None else consumer.partitions_for_topic(topic)
    return None if known is None else len(known)


def has_died(consumer: AIOKafkaConsumer) -> str | None:
    """Say so where a task of the consumer ended, after which it is silent."""
    if any(_has_ended(task) for task in _tasks_of(consumer)):
        return "the consumer's coordinator or fetcher ended"
    return None


def _tasks_of(consumer: AIOKafkaConsumer) -> Iterable[asyncio.Task[object] | None]:
    """Give the tasks that aiokafka keeps to itself, and whose end it may not tell."""
    coordinator, fetcher = consumer._coordinator, consumer._fetcher  # noqa: SLF001 - the watchdog
    if coordinator is not None:
        yield coordinator._coordination_task  # noqa: SLF001
    if fetcher is not None:
        yield fetcher._fetch_task  # noqa: SLF001


def _has_ended_quietly(task: asyncio.Task[object]) -> bool:
    return task.done() and (task.cancelled() or task.exception() is None)


def _has_ended(task: asyncio.Task[object] | None) -> bool:
    return task is not None and task.done()
