"""Small seeded streams of real sessions and documents, a few patients each."""

from itertools import count
from typing import NamedTuple

from runtime.engine.messages import ARRIVED, event_message
from runtime.engine.records import Message
from schemas.envelope import Event
from schemas.events import CLINICAL
from schemas.reading import Reader
from tests.bench.stream import clinic_stream

STREAMS = 16
SIZES = ((2, 1), (2, 2), (3, 1), (2, 3))
"""Patients, and how often each comes."""
ONE_OF = (b"session.voided", b"session.amended", b"note_addendum", b"session.completed")
"""What there is at least one of: by turns, since each is rare."""
NOT_JSON = Message(b"P-0", b"{", (("content-type", b"application/json"),))


class Stream(NamedTuple):
    """One input: as the lines of a file, and as the records of the bus."""

    lines: list[bytes]
    messages: list[Message]
    """One of them is no JSON, which the lines leave out."""


def streams() -> list[Stream]:
    """Return the input of every stream, in the order of the bus."""
    reader = Reader(CLINICAL)
    return [_stream(reader, number) for number in range(STREAMS)]


def _stream(reader: Reader, number: int) -> Stream:
    patients, visits = SIZES[number % len(SIZES)]
    wanted = ONE_OF[number // len(SIZES) % len(ONE_OF)]
    tries = (clinic_stream(patients, visits, seed) for seed in count(1_000 * number))
    lines = next(lines for lines in tries if any(wanted in line for line in lines))
    messages = [event_message(_read(reader, line), ()) for line in lines]
    messages.insert(number % len(messages), NOT_JSON)
    return Stream(lines, [_arriving(number, each) for number, each in enumerate(messages)])


def _arriving(number: int, message: Message) -> Message:
    """Say when it came, so that what it leads to says the same in every run."""
    return Message(message.key, message.value, (*message.headers, (ARRIVED, str(number).encode())))


def _read(reader: Reader, line: bytes) -> Event:
    event = reader.read_structured(line)
    assert isinstance(event, Event)
    return event


def partition_of(message: Message, partitions: int) -> int:
    """Return where a message goes; the same key, the same partition."""
    assert message.key is not None
    return message.key[-1] % partitions
