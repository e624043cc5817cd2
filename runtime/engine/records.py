"""Records and places of the log, as the engine sees them."""

from typing import NamedTuple

import msgspec


class Place(NamedTuple):
    """A partition of a topic."""

    topic: str
    partition: int


class Message(msgspec.Struct, frozen=True, gc=False):
    """A record to write; no value is a tombstone."""

    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()


class Record(msgspec.Struct, frozen=True, gc=False):
    """A record of a place; ``timestamp`` is when the broker took it, in ms since 1970."""

    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...] = ()
    timestamp: int = 0
