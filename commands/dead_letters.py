"""Dead letters: a line or a record whole, with the reason why it could not be read or handled."""

import hashlib
from base64 import b64encode
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

import msgspec

from runtime.engine.plan import Unread
from runtime.engine.records import Message, Place, Record
from schemas.dead_letter import (
    DeadLetter,
    FileLine,
    KafkaRecord,
    LargeFileLine,
    LargeKafkaRecord,
)
from schemas.envelope import CONTENT_TYPE, SPEC_VERSION, write_data, write_line
from schemas.events import EventType
from schemas.reading import VALUE_BYTES_MAX, Unreadable, read_time
from schemas.values import DeadLetterReason

DEAD_LETTERS = UUID("b7b1f4f0-5a63-5b7e-9c39-6f0a6f1f0d55")
"""The namespace of the ids of dead letters."""
HEAD_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a file, counted from 1, without its end; of one over the limit only the head."""

    number: int
    head: bytes
    size: int
    sha256: str | None = None
    """Of the whole line, where it is over the limit."""


def write_dead_letter(line: Line, why: Unreadable, source: str) -> bytes:
    """Return the dead letter of ``line`` as one line of JSON; ``source`` is the consumer's."""
    sha256 = line.sha256 or hashlib.sha256(line.head).hexdigest()
    stated: dict[str, Any] = {
        "specversion": SPEC_VERSION,
        "type": EventType.DEAD_LETTER,
        "source": source,
        "id": str(uuid5(DEAD_LETTERS, f"{source}\x1f{line.number}\x1f{sha256}")),
    }
    time = read_time(line.head) if line.sha256 is None else None
    if time is not None:
        stated["time"] = time
    stated["datacontenttype"] = CONTENT_TYPE
    data = DeadLetter(reason=why.reason, detail=why.detail, record=_record(line, sha256))
    return write_line(stated, data)


def _record(line: Line, sha256: str) -> FileLine | LargeFileLine:
    if line.size > VALUE_BYTES_MAX:
        head = b64encode(line.head[:HEAD_BYTES]).decode()
        return LargeFileLine(line_number=line.number, size=line.size, sha256=sha256, head=head)
    try:
        return FileLine(line_number=line.number, text=line.head.decode())
    except UnicodeDecodeError:
        return FileLine(line_number=line.number, bytes=b64encode(line.head).decode())


def letter_message(source: str, place: Place, record: Record, why: Unread) -> Message:
    """Return the dead letter of a record of Kafka; ``source`` is the consumer's."""
    value = record.value or b""
    sha256 = hashlib.sha256(value).hexdigest()
    stood = f"{source}\x1f{place.topic}\x1f{place.partition}\x1f{record.offset}\x1f{sha256}"
    attributes = {
        "specversion": SPEC_VERSION,
        "type": EventType.DEAD_LETTER.value,
        "source": source,
        "id": str(uuid5(DEAD_LETTERS, stood)),
    }
    headers = [("content-type", CONTENT_TYPE.encode())]
    headers += [(f"ce_{name}", text.encode()) for name, text in attributes.items()]
    time = _time(record)
    if time is not None:
        headers.append(("ce_time", time))
    kept = _large(place, record, sha256) if len(value) > VALUE_BYTES_MAX else _whole(place, record)
    letter = DeadLetter(reason=DeadLetterReason(why.reason), detail=why.detail, record=kept)
    return Message(record.key, write_data(letter), tuple(headers))


def _time(record: Record) -> bytes | None:
    """Return the record's ``time``, in our own writing, where a right one can be read."""
    stated = dict(record.headers).get("ce_time")
    line = record.value if stated is None else b'{"time":"%b"}' % stated
    time = None if line is None or len(line) > VALUE_BYTES_MAX else read_time(line)
    return None if time is None else str(msgspec.to_builtins(time)).encode()


def _whole(place: Place, record: Record) -> KafkaRecord:
    return KafkaRecord(
        topic=place.topic,
        partition=place.partition,
        offset=record.offset,
        key=_base64(record.key),
        headers=tuple((name, _base64(value)) for name, value in record.headers),
        value=_base64(record.value),
    )


def _large(place: Place, record: Record, sha256: str) -> LargeKafkaRecord:
    value = record.value or b""
    return LargeKafkaRecord(
        topic=place.topic,
        partition=place.partition,
        offset=record.offset,
        size=len(value),
        sha256=sha256,
        head=b64encode(value[:HEAD_BYTES]).decode(),
    )


def _base64(raw: bytes | None) -> str | None:
    return None if raw is None else b64encode(raw).decode()
