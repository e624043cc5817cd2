"""What a consumer is to the engine: its topics, its law, and how bytes are read and written."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import msgspec

from runtime.engine.records import Message, Place, Record
from runtime.processor import Key, Processor, Value
from schemas.envelope import Event


class Unread(msgspec.Struct, frozen=True):
    """Why a record is kept as a dead letter; neither part holds a value of the record."""

    reason: str
    detail: str


class Codec(Protocol):
    """State values as bytes, the same value as the same bytes."""

    def encode(self, key: Key, value: Value) -> bytes:
        """Return the bytes of a key's value."""
        ...

    def decode(self, key: Key, raw: bytes) -> Value:
        """Return the value of a key's kind; raises ``StateUnreadable``."""
        ...


Counts = tuple[tuple[str, int], ...]
"""What a state value counts as: how much under each name, and no name twice."""


def _as_they_are(tallies: Mapping[str, int], _at: int) -> Mapping[str, int]:
    return tallies


@dataclass(frozen=True, slots=True)
class Tally:
    """What a consumer's state values count as (``runtime.engine.tally``)."""

    version: int
    """From 1; another one has all values counted anew when a partition is taken over."""
    kinds: Mapping[str, Callable[[Key, Value], Counts]]
    """By the first part of the key; it must follow from key and value alone, for ever."""
    fold: Callable[[Mapping[str, int], int], Mapping[str, int]] = _as_they_are
    """Puts together what need not be told apart at a time, in ms since 1970."""


class Places(NamedTuple):
    """Where one partition of a consumer reads and writes; every name is a place of its own."""

    input: Place
    output: Place
    dead_letters: Place
    changelog: Place

    @property
    def outputs(self) -> tuple[Place, Place]:
        """The places that others read."""
        return self.output, self.dead_letters

    @property
    def written(self) -> tuple[Place, Place, Place]:
        """Every place that a transaction may write to."""
        return self.output, self.dead_letters, self.changelog


@dataclass(frozen=True, slots=True)
class Plan:
    """One consumer.

    ``ordinal`` counts the consumers from 0: each writes dead letters to partitions of its own, so
    that every partition of every topic has one writing transactional id.
    """

    name: str
    ordinal: int
    input: str
    output: str
    dead_letters: str
    processor: Processor
    rulebook: str
    read: Callable[[Record], Event | Unread]
    write_letter: Callable[[Place, Record, Unread], Message]
    codec: Codec
    state_schema: int
    tally: Tally | None = None

    @property
    def group(self) -> str:
        """The consumer group's id."""
        return f"therapy-{self.name}"

    @property
    def changelog(self) -> str:
        """The compacted topic of the state values."""
        return f"therapy.{self.name}.changelog"

    def transactional_id(self, partition: int) -> str:
        """Return the one id that writes for this partition of the input."""
        return f"{self.group}-{self.input}-{partition}"

    def places(self, partition: int, partitions: int) -> Places:
        """Return where a partition of the input, one of ``partitions``, reads and writes."""
        return Places(
            input=Place(self.input, partition),
            output=Place(self.output, partition),
            dead_letters=Place(self.dead_letters, self.ordinal * partitions + partition),
            changelog=Place(self.changelog, partition),
        )
