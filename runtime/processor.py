"""What a consumer is: a pure function of an event and the state values that it asks for.

A processor is written as a generator. It yields the state keys that it wants, is sent their
values, may ask again where a key depends on a value, and returns a ``Step``. It has no clock, no
I/O and no memory of its own.
"""

from collections.abc import Generator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Protocol

import msgspec

from schemas.envelope import Event

Key = tuple[str, ...]
"""The name of a state value: its kind, then the ids that it belongs to."""

Value = Any
"""A frozen state value, of the type that the processor gives the kind of its key."""


NO_CHANGES: Mapping[Key, Value] = MappingProxyType({})


class Output(msgspec.Struct, frozen=True, gc=False):
    """An event to emit; the runtime gives it its id, source, time and causation."""

    type: str
    subject: str
    data: Any


class Step(msgspec.Struct, frozen=True, gc=False):
    """What one event did: values to keep (None deletes), events to emit, whether to pass it on.

    An event that is passed on goes out unchanged, after the outputs.
    """

    changes: Mapping[Key, Value] = NO_CHANGES
    outputs: Sequence[Output] = ()
    passes_on: bool = False


Steps = Generator[Sequence[Key], Mapping[Key, Value], Step]
"""Yields keys, is sent a mapping that has each of them (None where absent), returns the step."""


def pass_on() -> Steps:
    """Do nothing with an event but pass it on."""
    yield ()
    return Step(passes_on=True)


def leave_out() -> Steps:
    """Do nothing with an event: it is for another consumer."""
    yield ()
    return Step()


class Processor(Protocol):
    """One consumer's law: ``source`` names it in the events that it emits."""

    source: str

    def process(self, event: Event) -> Steps:
        """Handle one event."""
        ...
