"""Several consumers in one process, each reading what another one writes."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from msgspec.structs import replace

from runtime.consumer import Consumer
from runtime.ports import Log
from schemas.envelope import Event


class Way(NamedTuple):
    """Where the gateway takes an event: to another topic, under another key."""

    topic: str
    key: Callable[[Event], str]


@dataclass(frozen=True, slots=True)
class Stage:
    """A consumer between its input and its output topic."""

    consumer: Consumer
    reads: str
    writes: str
    forwarded: Mapping[str, Way] = field(default_factory=dict)
    """What the gateway takes from its output, by the type of event."""


@dataclass(frozen=True, slots=True)
class StepFailed:
    """A step that raised: the event had no effect there. ``kind`` is the exception's name."""

    source: str
    kind: str


class Pipeline:
    """Takes one event of the bus at a time through all stages, in order.

    What is forwarded goes through all stages after it, one event after the other, in the order
    in which it was emitted, until nothing is left to forward.
    """

    def __init__(self, stages: Sequence[Stage], log: Log) -> None:
        """Run ``stages`` over ``log``; what no stage reads is not kept, and not forwarded."""
        self._stages = stages
        self._log = log
        self._read = frozenset(stage.reads for stage in stages)
        self._ways = [
            {type_: way for type_, way in stage.forwarded.items() if way.topic in self._read}
            for stage in stages
        ]

    def run(self, event: Event) -> Iterator[Event | StepFailed]:
        """Yield every event that the consumers emit for this one, stage by stage.

        What a consumer only passes on is not yielded. A step that raises is yielded as
        ``StepFailed``, and the events behind it go on.
        """
        forwarded: deque[tuple[str, Event]] = deque()
        yield from self._pass(self._stages[0].reads, event, forwarded)
        while forwarded:
            yield from self._pass(*forwarded.popleft(), forwarded)

    def _pass(
        self, topic: str, event: Event, forwarded: deque[tuple[str, Event]]
    ) -> Iterator[Event | StepFailed]:
        """Take an event of a topic through the stages, and note what is to be forwarded."""
        log = self._log
        log.append(topic, (event,))
        for stage, ways in zip(self._stages, self._ways, strict=True):
            consumer, is_read = stage.consumer, stage.writes in self._read
            for arriving in log.take_all(stage.reads):
                try:
                    handled = consumer.handle(arriving)
                except Exception as error:  # noqa: BLE001 - a poison record must not stop the stream
                    yield StepFailed(consumer.source, type(error).__name__)
                    continue
                if is_read and handled.emitted:
                    log.append(stage.writes, handled.emitted)
                if is_read and handled.passes_on:
                    log.append(stage.writes, (arriving,))
                if ways:
                    forwarded.extend(_forwarded(ways, handled.emitted))
                yield from handled.emitted


def _forwarded(ways: Mapping[str, Way], emitted: Sequence[Event]) -> Iterator[tuple[str, Event]]:
    """Give the events that the gateway takes along, each with its topic and under its key."""
    for event in emitted:
        way = ways.get(event.type)
        if way is not None:
            yield way.topic, replace(event, partitionkey=way.key(event))
