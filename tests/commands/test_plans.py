"""Each consumer reads its records in both modes of CloudEvents, and counts what it decided."""

import json

import pytest
from msgspec.structs import replace

from commands.composition import CHAIN, Service, build_pipeline, connect, forwarded_from
from commands.plans import STRUCTURED, build_plan
from reference.rulebook import RuleBook
from runtime.engine.messages import event_message
from runtime.engine.plan import Plan, Unread
from runtime.engine.records import Record
from runtime.memory import MemoryStateView
from schemas.envelope import Event, write_structured
from schemas.events import CLINICAL, Topic
from schemas.reading import Reader
from tests.clinic import THERAPIST, Json, event, plan_of_care, service, session

CARRIED = "therapy.patient.carried.v1"
NEXT = {
    "/therapy/units": Service.SPEND,
    "/therapy/spend": Service.CLAIMS,
    "/therapy/claims": Service.UNITS,
}
"""Who reads what a consumer says of a retired id."""
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


@pytest.mark.parametrize("name", CHAIN)
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


def test_what_is_forwarded_is_read_under_its_new_key(rulebook: RuleBook) -> None:
    """A clinician's time by the NPI; what overlaps among the hospital's own, and open."""
    way = forwarded_from(Topic.UNITS)["therapy.clinician.day.v1"]
    block = {"start": "2026-03-02T14:00:00-06:00", "end": "2026-03-02T14:15:00-06:00"}
    pipeline, emitted = build_pipeline(rulebook), list[Event]()
    for number in (1, 2):
        data = session(f"S-{number}", [service(1, "97110", 15, intervals=[block])])
        sent = read_in("session.completed", {**data, "patient_id": f"P-{number}"})
        emitted = [each for each in pipeline.run(sent) if isinstance(each, Event)]
    told = next(each for each in emitted if each.type == "therapy.clinician.day.v1")
    forwarded = replace(told, partitionkey=way.key(told))
    assert (way.topic, forwarded.partitionkey) == ("therapy.clinicians", THERAPIST)
    assert read_again(build_plan(Service.CLINICIANS, rulebook), forwarded) == told.data
    assert read_again(build_plan(Service.CLINICIANS, rulebook), told) == Unread(
        "key_mismatch", "partitionkey"
    )
    said = next(each for each in emitted if each.type == "therapy.clinician.overlap.v1")
    back = forwarded_from(Topic.OVERLAPS)["therapy.clinician.overlap.v1"]
    assert (said.partitionkey, back.key(said)) == (THERAPIST, said.data.patient_id)
    units = build_plan(Service.UNITS, rulebook)
    assert read_again(units, replace(said, partitionkey=back.key(said))) == said.data
    assert units.read(structured(said, said.data.patient_id.encode())) == Unread(
        "unknown_type", "type"
    )


def test_what_is_carried_is_read_as_it_was_written_by_each_consumer_on_its_way(
    rulebook: RuleBook,
) -> None:
    """Under the retired id through its consumers, under the surviving one to the first again."""
    views = {service: MemoryStateView() for service in CHAIN}
    pipeline, way = connect(rulebook, views), forwarded_from(Topic.CLAIMS)[CARRIED]
    merged = {"patient_id": "P-1", "surviving_id": "P-2", "revision": 1}
    done = session("S-1", [service(1, "97110", 15)])
    for kind, data in (
        ("documentation.received", plan_of_care()),
        ("session.completed", done),
        ("session.completed", {**done, "patient_id": "P-2", "date_of_service": "2026-03-03"}),
        ("patient.merged", merged),
        ("session.amended", {**done, "revision": 2}),
    ):
        emitted = [each for each in pipeline.run(read_in(kind, data)) if isinstance(each, Event)]
        for each in emitted:
            if each.type == CARRIED:
                reads = NEXT[each.source]
                moved = reads is Service.UNITS
                met = replace(each, partitionkey=way.key(each)) if moved else each
                assert read_again(build_plan(reads, rulebook), met) == each.data
    for name, view in views.items():
        written, again = build_plan(name, rulebook).codec, build_plan(name, rulebook).codec
        for key, value in view.items():
            assert again.decode(key, written.encode(key, value)) == value


def test_the_hospital_is_read_closed_where_it_writes(rulebook: RuleBook) -> None:
    """A field that nobody knows is refused by ``units``, and left out by who reads ours."""
    message = event_message(document(), ())
    value = (message.value or b"")[:-1] + b',"mrn":"1"}'
    record = Record(0, message.key, value, message.headers)
    assert build_plan(Service.UNITS, rulebook).read(record) == Unread(
        "invalid_data", "data.an unknown field"
    )
    assert isinstance(build_plan(Service.SPEND, rulebook).read(record), Event)


def read_again(plan: Plan, event: Event) -> object:
    """Return the data of an event as a consumer reads it, or why it does not."""
    message = event_message(event, ())
    read = plan.read(Record(0, message.key, message.value, message.headers))
    return read.data if isinstance(read, Event) else read
