"""Each consumer reads its records in both modes of CloudEvents, and counts what it decided."""

import json

import pytest

from commands.composition import Service, build_pipeline
from commands.plans import STRUCTURED, build_plan
from reference.rulebook import RuleBook
from runtime.engine.messages import event_message
from runtime.engine.plan import Unread
from runtime.engine.records import Record
from schemas.envelope import Event, write_structured
from schemas.events import CLINICAL
from schemas.reading import Reader
from tests.clinic import Json, event, plan_of_care, service, session

HEADERS = (("content-type", STRUCTURED.encode()),)


def read_in(kind: str, data: Json) -> Event:
    """Return an event as it is read from a file."""
    stated = event(kind, data, time="2026-03-02T15:00:00-06:00", event_id="E-1")
    read = Reader(CLINICAL).read_structured(json.dumps(stated).encode())
    assert isinstance(read, Event)
    return read


def document() -> Event:
    """Return a plan of care as it came."""
    return read_in("documentation.received", plan_of_care())


def structured(each: Event, key: bytes = b"P-1") -> Record:
    """Return a record in structured mode."""
    return Record(0, key, write_structured(each), HEADERS)


@pytest.mark.parametrize("name", list(Service))
def test_a_document_is_read_in_both_modes_by_every_consumer(
    rulebook: RuleBook, name: Service
) -> None:
    """It is passed on as it came, so all of them meet the hospital's own writing."""
    plan, sent = build_plan(name, rulebook), document()
    key = sent.partitionkey.encode()
    message = event_message(sent, ())
    for record in (structured(sent, key), Record(0, key, message.value, message.headers)):
        read = plan.read(record)
        assert isinstance(read, Event)
        assert read.data == sent.data


def test_our_own_events_are_read_in_the_mode_that_we_write(rulebook: RuleBook) -> None:
    """In structured mode they are nobody's: a dead letter."""
    sent = read_in("session.completed", session("S-1", [service(1, "97110", 15)]))
    (computed,) = build_pipeline(rulebook, Service.UNITS).run(sent)
    assert isinstance(computed, Event)
    plan = build_plan(Service.SPEND, rulebook)
    message = event_message(computed, ())
    read = plan.read(Record(0, message.key, message.value, message.headers))
    assert isinstance(read, Event)
    assert read.data == computed.data
    unread = plan.read(structured(computed, message.key or b""))
    assert unread == Unread("unknown_type", "type")


def test_a_key_that_is_not_the_patient_is_a_dead_letter_in_both_modes(rulebook: RuleBook) -> None:
    """A session under another patient's key would be out of their order."""
    plan, sent = build_plan(Service.UNITS, rulebook), document()
    message = event_message(sent, ())
    for record in (
        structured(sent, b"somebody else"),
        Record(0, b"somebody else", message.value, message.headers),
    ):
        assert plan.read(record) == Unread("key_mismatch", "partitionkey")
