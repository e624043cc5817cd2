"""The generated JSON Schemas are right by their own dialect and agree with the reader."""

import json
import re
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from schemas.events import CLINICAL, EventType
from schemas.json_schema import DIALECT, event_schema, event_schemas
from schemas.reading import Reader, Unreadable
from tests.schemas.examples import (
    CLINICAL_EVENTS,
    COMPLETED,
    CROSSED,
    Json,
    as_line,
    changed,
    one,
    without,
)
from tests.schemas.test_reading import INVALID_DATA, NOT_A_CLOUD_EVENT

READER = Reader(CLINICAL)
SAID_BY_THE_READER_ALONE = {
    "a date that is none",
    "a line number twice",
    "an addendum that names two sessions",
}
"""What JSON Schema cannot say, or says as a format, which a validator need not check."""


def validator(type_: str) -> Draft202012Validator:
    """Return what checks an event against the schema of a type."""
    return Draft202012Validator(event_schema(EventType(type_)))


def objects(schema: Any) -> list[Json]:  # noqa: ANN401 - any JSON
    """Return every schema of an object with stated fields, at any depth."""
    if isinstance(schema, list):
        return [found for part in schema for found in objects(part)]
    if not isinstance(schema, dict):
        return []
    below = [found for part in schema.values() for found in objects(part)]
    return [schema, *below] if isinstance(schema.get("properties"), dict) else below


@pytest.mark.parametrize("type_", EventType)
def test_every_schema_is_a_schema_of_2020_12(type_: EventType) -> None:
    """It keeps the metaschema that it names, and every reference leads somewhere."""
    schema = event_schema(type_)
    assert schema["$schema"] == DIALECT == Draft202012Validator.META_SCHEMA["$id"]
    Draft202012Validator.check_schema(schema)
    named = set(re.findall(r'"\$ref": "#/\$defs/([^"]+)"', json.dumps(schema)))
    assert named == set(schema.get("$defs", {}))


@pytest.mark.parametrize("name", CLINICAL_EVENTS)
def test_a_right_event_is_right_by_its_schema(name: str) -> None:
    """What the reader reads, the schema allows."""
    structured = CLINICAL_EVENTS[name] | {"traceparent": "00-ab-cd-01", "subject": None}
    assert not list(validator(structured["type"]).iter_errors(structured))


@pytest.mark.parametrize("name", sorted(set(INVALID_DATA) - SAID_BY_THE_READER_ALONE))
def test_wrong_data_are_wrong_by_their_schema(name: str) -> None:
    """What the reader refuses, the schema refuses."""
    structured, _ = INVALID_DATA[name]
    assert list(validator(structured["type"]).iter_errors(structured))


@pytest.mark.parametrize("name", sorted(SAID_BY_THE_READER_ALONE))
def test_what_a_schema_cannot_say_the_reader_says(name: str) -> None:
    """These few are right by the schema and refused all the same."""
    structured, _ = INVALID_DATA[name]
    assert not list(validator(structured["type"]).iter_errors(structured))
    assert isinstance(READER.read_structured(as_line(structured)), Unreadable)


@pytest.mark.parametrize("name", NOT_A_CLOUD_EVENT)
def test_wrong_attributes_are_wrong_by_the_schema(name: str) -> None:
    """The envelope is in the schema too."""
    structured, _ = NOT_A_CLOUD_EVENT[name]
    assert list(validator(COMPLETED["type"]).iter_errors(structured))


def test_what_the_hospital_sends_is_closed_at_every_depth() -> None:
    """No object of a clinical event's data takes a field that is not stated."""
    for type_ in CLINICAL:
        schema = event_schema(type_)
        inner = [each for each in objects(schema) if each is not schema]
        assert inner
        assert all(each["additionalProperties"] is False for each in inner)


def test_what_we_emit_is_open_at_every_depth() -> None:
    """A field of a later writer is right by the schema of today."""
    for type_ in set(EventType) - set(CLINICAL):
        schema = event_schema(type_)
        inner = [each for each in objects(schema) if each is not schema]
        assert not any("additionalProperties" in each for each in inner)


def test_an_event_of_ours_has_all_attributes() -> None:
    """Source and cause, chain and rulebook are always there and never null."""
    ours = {
        "subject": "V-1",
        "datacontenttype": "application/json",
        "causationid": "e-1",
        "correlationid": "e-1",
        "rulebook": "abc",
    }
    crossed = one("threshold.crossed", CROSSED | {"forecast": 1}, **ours)
    check = validator("therapy.threshold.crossed.v1")
    assert not list(check.iter_errors(crossed))
    for name in ours:
        assert list(check.iter_errors(without(crossed, name)))
        assert list(check.iter_errors(crossed | {name: None}))


def test_a_schema_describes_fields_in_our_own_words() -> None:
    """A sentence that stands below a field in its model is its description."""
    service = event_schema(EventType.SESSION_COMPLETED)["$defs"]["Service"]
    assert "assistant alone" in service["properties"]["assistant_minutes"]["description"]


def test_the_limits_of_the_models_are_in_the_schema() -> None:
    """A day has 1440 minutes in both."""
    minutes = event_schema(EventType.SESSION_COMPLETED)["$defs"]["Service"]["properties"]
    assert minutes["therapist_minutes"]["minimum"] == 0
    assert minutes["therapist_minutes"]["maximum"] == 1440
    assert not list(
        validator(COMPLETED["type"]).iter_errors(changed(total_treatment_minutes=1440))
    )


def test_the_schemas_come_in_the_order_of_the_contract() -> None:
    """One for every event type, the same ones each time."""
    assert list(event_schemas()) == [type_.value for type_ in EventType]
    assert json.dumps(event_schemas()) == json.dumps(event_schemas())
