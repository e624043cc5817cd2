"""Bytes to events: what is read, and for what does not, the reason and the fields it names."""

import json

import pytest

from schemas.envelope import write_structured
from schemas.events import CLINICAL, ON_TOPIC, Topic
from schemas.reading import VALUE_BYTES_MAX, Reader, read_time
from schemas.values import DeadLetterReason
from tests.clinic import device_days, interaction
from tests.schemas.examples import (
    CLINICAL_EVENTS,
    COMPLETED,
    CROSSED,
    DOCUMENTS,
    FULL_SESSION,
    TIME,
    Json,
    as_line,
    changed,
    expect_event,
    expect_unreadable,
    first_service,
    one,
    without,
)

READER = Reader(CLINICAL)
SPEND_READER = Reader(ON_TOPIC[Topic.SPEND], closed=False)

NOT_JSON: dict[str, bytes] = {
    "nothing": b"",
    "a broken object": b'{"specversion": "1.0",',
    "text after the object": as_line(COMPLETED) + b"x",
    "not UTF-8": b'{"specversion": "\xff"}',
    "a byte order mark": b"\xef\xbb\xbf" + as_line(COMPLETED),
    "half a surrogate pair": b'{"id": "\\ud800"}',
    "NaN": as_line(first_service(therapist_minutes=float("nan"))),
    "an infinite charge": as_line(first_service(charge=float("inf"))),
    "a nesting bomb": b"[" * 100_000,
    "a closed nesting bomb": b'{"data":' * 5_000 + b"1" + b"}" * 5_000,
    "a number of 5000 digits": b'{"data": ' + b"9" * 5_000 + b"}",
}

NOT_A_CLOUD_EVENT: dict[str, tuple[object, str]] = {
    "a list": ([COMPLETED], "the JSON is not an object"),
    "a text": ("event", "the JSON is not an object"),
    "no specversion": (without(COMPLETED, "specversion"), "specversion"),
    "no type": (without(COMPLETED, "type"), "type"),
    "no source": (without(COMPLETED, "source"), "source"),
    "no id": (without(COMPLETED, "id"), "id"),
    "no time": (without(COMPLETED, "time"), "time"),
    "no data": (without(COMPLETED, "data"), "data"),
    "neither id nor time": (without(COMPLETED, "id", "time"), "id, time"),
    "an older specversion": (COMPLETED | {"specversion": "0.3"}, "specversion"),
    "a type that is a number": (COMPLETED | {"type": 1}, "type"),
    "an empty id": (COMPLETED | {"id": ""}, "id"),
    "a time without an offset": (COMPLETED | {"time": "2026-03-02T15:05:00"}, "time"),
    "a time in seconds": (COMPLETED | {"time": 1772485500}, "time"),
    "a time in seconds as text": (COMPLETED | {"time": "1772485500"}, "time"),
    "a date for a time": (COMPLETED | {"time": "2026-03-02"}, "time"),
    "XML": (COMPLETED | {"datacontenttype": "application/xml"}, "datacontenttype"),
    "an empty key": (COMPLETED | {"partitionkey": ""}, "partitionkey"),
    "an extension that is a list": (COMPLETED | {"trace": []}, "an extension attribute"),
    "an extension that is a fraction": (COMPLETED | {"trace": 0.5}, "an extension attribute"),
    "an extension in capitals": (COMPLETED | {"Trace": "1"}, "an extension attribute"),
}

INVALID_DATA: dict[str, tuple[Json, str]] = {
    "data that is a text": (COMPLETED | {"data": "session"}, "data"),
    "data that is null": (COMPLETED | {"data": None}, "data"),
    "no session_id": (
        COMPLETED | {"data": without(FULL_SESSION, "session_id")},
        "data.session_id",
    ),
    "negative minutes": (
        first_service(therapist_minutes=-1),
        "data.services.0.therapist_minutes",
    ),
    "more minutes than a day has": (
        first_service(assistant_minutes=1441),
        "data.services.0.assistant_minutes",
    ),
    "minutes as text": (
        first_service(therapist_minutes="10"),
        "data.services.0.therapist_minutes",
    ),
    "half a minute": (
        first_service(therapist_minutes=10.5),
        "data.services.0.therapist_minutes",
    ),
    "minutes that are true": (
        first_service(therapist_minutes=True),
        "data.services.0.therapist_minutes",
    ),
    "money as a number": (first_service(charge=70.0), "data.services.0.charge"),
    "money of three places": (first_service(charge="70.001"), "data.services.0.charge"),
    "money below nothing": (first_service(charge="-70.00"), "data.services.0.charge"),
    "a code of four characters": (first_service(code="9753"), "data.services.0.code"),
    "revision 0": (changed(revision=0), "data.revision"),
    "an unknown discipline": (changed(discipline="ST"), "data.discipline"),
    "a date that is none": (changed(date_of_service="2026-02-30"), "data.date_of_service"),
    "an instant for a date": (changed(date_of_service=TIME), "data.date_of_service"),
    "no service": (changed(services=[]), "data.services"),
    "101 services": (changed(services=FULL_SESSION["services"] * 51), "data.services"),
    "a line number twice": (
        changed(services=[FULL_SESSION["services"][0]] * 2),
        "data.services.line",
    ),
    "an unknown field": (changed(mrn="1234"), "data.an unknown field"),
    "an unknown field of a service": (
        first_service(descriptor="x"),
        "data.services.0.an unknown field",
    ),
    "two wrong fields": (changed(revision="1", discipline=""), "data.revision, data.discipline"),
    "an unknown kind of document": (
        one("documentation.received", DOCUMENTS["plan_of_care"] | {"kind": "referral"}),
        "data.kind",
    ),
    "a document without its kind": (
        one("documentation.received", without(DOCUMENTS["plan_of_care"], "kind")),
        "data.kind",
    ),
    "a plan of care without an id": (
        one("documentation.received", without(DOCUMENTS["plan_of_care"], "plan_of_care_id")),
        "data.plan_of_care_id",
    ),
    "an authorization without a quantity": (
        one(
            "documentation.received",
            DOCUMENTS["authorization"]
            | {"content": without(DOCUMENTS["authorization"]["content"], "quantity")},
        ),
        "data.content.quantity",
    ),
    "an unknown kind of monitoring": (
        one("monitoring.recorded", device_days("R-1", "2026-03-05", 1, kind="call")),
        "data.kind",
    ),
    "days of another device": (
        one("monitoring.recorded", device_days("R-1", "2026-03-05", 1, content={"device": "x"})),
        "data.content.device, data.content.days",
    ),
    "more than a hundred days in a record": (
        one("monitoring.recorded", device_days("R-1", "2026-03-05", 101)),
        "data.content.days",
    ),
    "an interaction longer than a day": (
        one("monitoring.recorded", interaction("R-1", "2026-03-05", 1441)),
        "data.content.minutes",
    ),
    "a period that is no date": (
        first_service(monitoring={"period_from": "March"}),
        "data.services.0.monitoring.period_from",
    ),
    "an addendum that names two sessions": (
        one("documentation.received", DOCUMENTS["note_addendum"] | {"session_id": "S-2"}),
        "data.session_id",
    ),
}


@pytest.mark.parametrize("name", NOT_JSON)
def test_bytes_that_are_not_json_are_not_json(name: str) -> None:
    """Neither mode reads them, and the reason holds nothing of them."""
    headers = {
        f"ce_{name}": COMPLETED[name] for name in ("specversion", "type", "source", "id", "time")
    }
    for read in (
        READER.read_structured(NOT_JSON[name]),
        READER.read_binary(headers, None, NOT_JSON[name]),
    ):
        why = expect_unreadable(read)
        assert why.reason is DeadLetterReason.NOT_JSON
        assert why.detail == "the bytes are not JSON"


@pytest.mark.parametrize("name", NOT_A_CLOUD_EVENT)
def test_an_event_without_its_attributes_is_no_cloud_event(name: str) -> None:
    """The detail names the attributes that are missing or wrong."""
    structured, detail = NOT_A_CLOUD_EVENT[name]
    why = expect_unreadable(READER.read_structured(as_line(structured)))
    assert (why.reason, why.detail) == (DeadLetterReason.NOT_A_CLOUD_EVENT, detail)


@pytest.mark.parametrize(
    "type_",
    [
        "therapy.session.paused.v1",
        "therapy.session.completed.v2",
        "therapy.units.computed.v1",
        "therapy.session.completed",
        "",
    ],
)
def test_a_type_or_version_that_is_not_read_here_is_unknown(type_: str) -> None:
    """A type of ours is unknown on the hospital's topic; an empty one is no type at all."""
    why = expect_unreadable(READER.read_structured(as_line(COMPLETED | {"type": type_})))
    expected = DeadLetterReason.UNKNOWN_TYPE if type_ else DeadLetterReason.NOT_A_CLOUD_EVENT
    assert (why.reason, why.detail) == (expected, "type")


@pytest.mark.parametrize("name", INVALID_DATA)
def test_wrong_data_are_named_by_their_path(name: str) -> None:
    """Both modes give the same detail, without a value and without an unknown name."""
    structured, detail = INVALID_DATA[name]
    whole = expect_unreadable(READER.read_structured(as_line(structured)))
    headers, value = in_binary_mode(structured)
    split = expect_unreadable(READER.read_binary(headers, "P-1", value))
    assert (whole.reason, whole.detail) == (DeadLetterReason.INVALID_DATA, detail)
    assert split == whole


def test_at_most_ten_fields_are_named() -> None:
    """A record that is wrong throughout makes a short detail."""
    wrong = [FULL_SESSION["services"][0] | {"line": -1}] * 40
    why = expect_unreadable(READER.read_structured(as_line(changed(services=wrong))))
    assert why.detail.count(",") == 9


@pytest.mark.parametrize("key", ["P-2", "p-1", "P-1 "])
def test_a_key_that_is_not_the_patient_is_a_mismatch(key: str) -> None:
    """The attribute and the record's key must both be the ``patient_id``."""
    headers, value = in_binary_mode(COMPLETED)
    keyless = without(headers, "ce_partitionkey")
    for read in (
        READER.read_structured(as_line(COMPLETED | {"partitionkey": key})),
        READER.read_binary(headers, key, value),
        READER.read_binary(keyless, key, value),
        READER.read_binary(headers | {"ce_partitionkey": key}, "P-1", value),
    ):
        why = expect_unreadable(read)
        assert (why.reason, why.detail) == (DeadLetterReason.KEY_MISMATCH, "partitionkey")


def test_without_a_key_the_patient_stands_in() -> None:
    """In a file ``partitionkey`` is optional."""
    read = READER.read_structured(as_line(without(COMPLETED, "partitionkey")))
    assert expect_event(read).partitionkey == "P-1"


def test_a_value_is_at_most_512_kib() -> None:
    """A value of exactly the limit is read, and one byte more is too large."""
    line = as_line(COMPLETED)
    full = line + b" " * (VALUE_BYTES_MAX - len(line))
    assert VALUE_BYTES_MAX == 512 * 1024
    expect_event(READER.read_structured(full))
    for read in (READER.read_structured(full + b" "), READER.read_binary({}, "k", full + b" ")):
        assert expect_unreadable(read).reason is DeadLetterReason.TOO_LARGE


@pytest.mark.parametrize("name", CLINICAL_EVENTS)
def test_a_round_trip_keeps_the_event_as_it_came(name: str) -> None:
    """What is passed on says what was read: the same fields with the same values."""
    structured = CLINICAL_EVENTS[name] | {"subject": "S-1", "traceparent": "00-ab-cd-01"}
    written = write_structured(expect_event(READER.read_structured(as_line(structured))))
    assert json.loads(written) == structured | {"datacontenttype": "application/json"}


@pytest.mark.parametrize("name", CLINICAL_EVENTS)
def test_both_modes_read_the_same_event(name: str) -> None:
    """Attributes in headers and attributes beside the data are one event."""
    structured = CLINICAL_EVENTS[name] | {"subject": "S-1", "causationid": "e-0"}
    headers, value = in_binary_mode(structured)
    whole = expect_event(READER.read_structured(as_line(structured)))
    assert expect_event(READER.read_binary(headers, "P-1", value)) == whole


def test_extension_attributes_are_accepted_and_kept() -> None:
    """Texts, whole numbers and truth values under any name that CloudEvents allows."""
    extensions = {"traceparent": "00-ab-cd-01", "hop": 3, "sampled": True, "x" * 30: "long"}
    read = expect_event(READER.read_structured(as_line(COMPLETED | extensions)))
    assert read.extensions == extensions


def test_an_attribute_that_is_null_is_not_set() -> None:
    """As CloudEvents' JSON format says, of known and of extension attributes."""
    nulls = {"subject": None, "datacontenttype": None, "rulebook": None, "tracestate": None}
    read = expect_event(READER.read_structured(as_line(COMPLETED | nulls)))
    assert read == expect_event(READER.read_structured(as_line(COMPLETED)))


def test_readers_of_our_own_topics_ignore_fields_that_they_do_not_know() -> None:
    """A newer writer's field is left out, at any depth; the extension attributes stay."""
    plan = DOCUMENTS["plan_of_care"]
    newer = plan | {"ward": "x", "content": plan["content"] | {"tone": 1}}
    for kind, known, sent in (
        ("threshold.crossed", CROSSED, CROSSED | {"forecast": {"month": 5}}),
        ("documentation.received", plan, newer),
    ):
        structured = one(kind, sent, traceparent="00-ab-cd-01")
        headers, value = in_binary_mode(structured)
        for read in (
            SPEND_READER.read_structured(as_line(structured)),
            SPEND_READER.read_binary(headers, "P-1", value),
        ):
            written = json.loads(write_structured(expect_event(read)))
            assert written["data"] == known
            assert written["traceparent"] == "00-ab-cd-01"


def test_readers_of_our_own_topics_still_refuse_what_is_wrong() -> None:
    """Open is not lax: a value of the wrong type is a dead letter there too."""
    structured = one("threshold.crossed", CROSSED | {"balance": 2500})
    why = expect_unreadable(SPEND_READER.read_structured(as_line(structured)))
    assert (why.reason, why.detail) == (DeadLetterReason.INVALID_DATA, "data.balance")


@pytest.mark.parametrize("media_type", ["application/json", "Application/JSON; charset=utf-8"])
def test_the_media_type_may_have_parameters(media_type: str) -> None:
    """``content-type`` is compared as media types are: without parameters and case."""
    headers, value = in_binary_mode(COMPLETED)
    expect_event(READER.read_binary(headers | {"content-type": media_type}, "P-1", value))


def test_another_media_type_is_refused() -> None:
    """The value of a record in binary mode is JSON."""
    headers, value = in_binary_mode(COMPLETED)
    read = READER.read_binary(headers | {"content-type": "text/plain"}, "P-1", value)
    assert expect_unreadable(read).detail == "datacontenttype"


def test_a_header_that_is_no_text_is_refused() -> None:
    """Half a surrogate pair, which a lenient decoder leaves, stops nothing."""
    headers, value = in_binary_mode(COMPLETED)
    why = expect_unreadable(READER.read_binary(headers | {"ce_id": "\ud800"}, "P-1", value))
    assert why.reason is DeadLetterReason.NOT_A_CLOUD_EVENT


def test_other_headers_are_no_attributes() -> None:
    """What does not begin with ``ce_`` belongs to the transport."""
    headers, value = in_binary_mode(COMPLETED)
    read = expect_event(READER.read_binary(headers | {"retries": "2"}, "P-1", value))
    assert read.extensions == {}


def test_the_time_of_a_bad_line_is_read_where_it_has_one() -> None:
    """A dead letter takes it; nothing else than an instant counts."""
    read = read_time(as_line({"time": TIME}))
    assert read is not None
    assert read.isoformat() == TIME
    for bad in (b"", b"[]", b"1", b"{}", b'{"time": 1}', b'{"time": "noon"}', b'{"time": null}'):
        assert read_time(bad) is None


def in_binary_mode(structured: Json) -> tuple[dict[str, str], bytes]:
    """Return the headers and the value that say the same in binary mode."""
    attributes = without(structured, "data")
    headers = {f"ce_{name}": str(value) for name, value in attributes.items()}
    return headers | {"content-type": "application/json"}, as_line(structured["data"])
