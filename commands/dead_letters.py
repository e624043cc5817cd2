"""Dead letters of a file: the line whole, with the reason why it could not be read or handled."""

import hashlib
from base64 import b64encode
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from schemas.dead_letter import DeadLetter, FileLine, LargeFileLine
from schemas.envelope import CONTENT_TYPE, SPEC_VERSION, write_line
from schemas.events import EventType
from schemas.reading import VALUE_BYTES_MAX, Unreadable, read_time

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
