"""Several consumers in one process, each reading what the one before it writes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from runtime.consumer import Consumer
from runtime.ports import Log
from schemas.envelope import Event


@dataclass(frozen=True, slots=True)
class Stage:
    """A consumer between its input and its output topic."""

    consumer: Consumer
    reads: str
    writes: str


@dataclass(frozen=True, slots=True)
class StepFailed:
    """A step that raised: the event had no effect there. ``kind`` is the exception's name."""

    source: str
    kind: str


class Pipeline:
    """Takes one event of the bus at a time through all stages, in order."""

    def __init__(self, stages: Sequence[Stage], log: Log) -> None:
        """Run ``stages`` over ``log``; the last stage's topic is emptied after each event."""
        self._stages = stages
        self._log = log

    def run(self, event: Event) -> Iterator[Event | StepFailed]:
        """Yield every event that the consumers emit for this one, stage by stage.

        What a consumer only passes on is not yielded. A step that raises is yielded as
        ``StepFailed``, and the events behind it go on.
        """
        log = self._log
        log.append(self._stages[0].reads, (event,))
        for stage in self._stages:
            consumer = stage.consumer
            for arriving in log.take_all(stage.reads):
                try:
                    handled = consumer.handle(arriving)
                except Exception as error:  # noqa: BLE001 - a poison record must not stop the stream
                    yield StepFailed(consumer.source, type(error).__name__)
                    continue
                if handled.emitted:
                    log.append(stage.writes, handled.emitted)
                if handled.passes_on:
                    log.append(stage.writes, (arriving,))
                yield from handled.emitted
        log.take_all(self._stages[-1].writes)
