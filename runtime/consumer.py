"""One consumer at work: an event in, its step, the state kept, the events out."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import msgspec

from runtime.ports import StateView
from runtime.processor import Key, Output, Processor, Step, Value
from schemas.envelope import Event, emitted_id

NO_VALUES: Mapping[Key, Value] = MappingProxyType({})


class Handled(msgspec.Struct, frozen=True, gc=False):
    """What one event led to: the events emitted, and whether the event is passed on."""

    emitted: tuple[Event, ...]
    passes_on: bool


class Consumer:
    """Runs a processor over a state view; knows no billing."""

    def __init__(self, processor: Processor, view: StateView, rulebook: str) -> None:
        """Stamp what is emitted with ``rulebook``, the version that decides."""
        self.source = processor.source
        self._processor = processor
        self._view = view
        self._rulebook = rulebook

    def handle(self, event: Event) -> Handled:
        """Handle one event: all of its state is kept, or, when the step raises, none of it."""
        step = self._run(event)
        if step.changes:
            self._view.apply(step.changes)
        emitted: tuple[Event, ...] = ()
        if step.outputs:
            emitted = stamp(self.source, self._rulebook, event, step.outputs)
        return Handled(emitted, step.passes_on)

    def _run(self, event: Event) -> Step:
        steps = self._processor.process(event)
        try:
            keys = next(steps)
            while True:
                keys = steps.send(self._view.get(keys) if keys else NO_VALUES)
        except StopIteration as done:
            step: Step = done.value
            return step


def stamp(
    source: str, rulebook: str, cause: Event, outputs: Sequence[Output]
) -> tuple[Event, ...]:
    """Return the events of one step, with the attributes that follow from what caused them."""
    emitted = []
    ordinals: dict[str, int] = {}
    for output in outputs:
        type_, subject = output.type, output.subject
        ordinal = ordinals.get(type_, 0)
        ordinals[type_] = ordinal + 1
        event = Event(
            type=type_,
            source=source,
            id=emitted_id(type_, subject, cause, ordinal),
            time=cause.time,
            partitionkey=cause.partitionkey,
            data=output.data,
            subject=subject,
            causationid=cause.id,
            correlationid=cause.correlationid or cause.id,
            rulebook=rulebook,
        )
        emitted.append(event)
    return tuple(emitted)
