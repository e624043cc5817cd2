"""A record that could not be read or handled, kept whole with the reason."""

from schemas.model import Struct, Text
from schemas.values import DeadLetterReason


class KafkaRecord(Struct, frozen=True):
    """A record as it stood on its topic; key, header values and value as base64."""

    topic: Text
    partition: int
    offset: int
    key: str | None
    headers: tuple[tuple[Text, str | None], ...]
    value: str | None


class LargeKafkaRecord(Struct, frozen=True):
    """A record over the size limit: its place, size in bytes, sha256 and first 4 KiB in base64."""

    topic: Text
    partition: int
    offset: int
    size: int
    sha256: str
    head: str


class FileLine(Struct, frozen=True):
    """A line of a file, counted from 1; ``bytes`` is base64 where the line is not UTF-8."""

    line_number: int
    text: str | None = None
    bytes: str | None = None


class LargeFileLine(Struct, frozen=True):
    """A line over the size limit: its size in bytes, sha256, and first 4 KiB as base64."""

    line_number: int
    size: int
    sha256: str
    head: str


class DeadLetter(Struct, frozen=True):
    """``detail`` names the known fields that are wrong, never a value or an unknown name."""

    reason: DeadLetterReason
    detail: Text
    record: KafkaRecord | LargeKafkaRecord | FileLine | LargeFileLine
