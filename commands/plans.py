"""Each consumer as the engine runs it: its law, its topics, and how its records are read."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from commands.composition import PROCESSORS, Service
from commands.dead_letters import letter_message
from commands.tallies import TALLIES
from reference.rulebook import RuleBook
from runtime.engine.codec import JsonCodec
from runtime.engine.plan import Plan, Unread
from runtime.engine.records import Record
from schemas.envelope import Event, write_data
from schemas.events import KEY_FIELDS, ON_TOPIC, Topic
from schemas.own_events import STRUCTS, OwnReader
from schemas.reading import Reader, Unreadable
from schemas.structs import reader_of
from schemas.values import DeadLetterReason
from services.claims import kinds as claims
from services.clinicians import kinds as clinicians
from services.spend import kinds as spend
from services.units import kinds as units

STRUCTURED = "application/cloudevents+json"
KINDS: Mapping[Service, tuple[Mapping[tuple[str, ...], Any], int]] = {
    Service.UNITS: (units.KINDS, units.SCHEMA),
    Service.SPEND: (spend.KINDS, spend.SCHEMA),
    Service.CLAIMS: (claims.KINDS, claims.SCHEMA),
    Service.CLINICIANS: (clinicians.KINDS, clinicians.SCHEMA),
}
"""The state values of each consumer by what their keys name, and the version of their types."""


def build_plan(service: Service, rulebook: RuleBook) -> Plan:
    """Return a consumer, ready to be run on any of its partitions."""
    processor_of, reads, writes = PROCESSORS[service]
    kinds, schema = KINDS[service]
    processor = processor_of(rulebook)
    return Plan(
        name=service.value,
        ordinal=list(Service).index(service),
        input=reads.value,
        output=writes.value,
        dead_letters=Topic.DEAD_LETTERS.value,
        processor=processor,
        rulebook=rulebook.version,
        read=reader_of_topic(reads),
        write_letter=partial(letter_message, processor.source),
        codec=JsonCodec(
            write_data, {(named[0], len(named)): reader_of(kind) for named, kind in kinds.items()}
        ),
        state_schema=schema,
        tally=TALLIES.get(service),
    )


def reader_of_topic(topic: Topic) -> Callable[[Record], Event | Unread]:
    """Return what reads a topic's records: closed what a hospital sends, open what is ours."""
    types = ON_TOPIC[topic]
    # On the first topic the hospital writes too, and what it sends is closed.
    is_first = topic is Topic.SESSIONS
    binary = OwnReader(types, key=KEY_FIELDS.get(topic, "patient_id"), closed=is_first)
    theirs = [each for each in types if each not in STRUCTS]
    # What a hospital sent in structured mode is passed on as it came.
    structured = Reader(theirs, closed=is_first) if theirs else None

    def read(record: Record) -> Event | Unread:
        event = _read(binary, structured, record)
        if isinstance(event, Unreadable):
            return Unread(event.reason, event.detail)
        return event

    return read


def _read(binary: OwnReader, structured: Reader | None, record: Record) -> Event | Unreadable:
    try:
        key = None if record.key is None else record.key.decode()
        headers = {name: value.decode() for name, value in record.headers if value is not None}
    except UnicodeDecodeError:
        return Unreadable(DeadLetterReason.NOT_A_CLOUD_EVENT, "the key or a header is not UTF-8")
    value = record.value or b""
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if structured is None or media_type != STRUCTURED:
        return binary.read_binary(headers, key, value)
    event = structured.read_structured(value)
    if isinstance(event, Event) and key is not None and event.partitionkey != key:
        return Unreadable(DeadLetterReason.KEY_MISMATCH, "partitionkey")
    return event
