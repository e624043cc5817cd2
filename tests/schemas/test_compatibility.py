"""What breaks the released schemas: each kind of break is planted and found at its path."""

from collections.abc import Callable
from copy import deepcopy

import pytest

from schemas.compatibility import breaks
from schemas.events import EventType
from schemas.json_schema import event_schema
from tests.schemas.examples import Json

SESSION = EventType.SESSION_COMPLETED.value
RELEASED: Json = {
    type_.value: event_schema(type_)
    for type_ in (
        EventType.SESSION_COMPLETED,
        EventType.DOCUMENTATION_RECEIVED,
        EventType.CLAIM_READY,
        EventType.DEAD_LETTER,
    )
}


def data(schemas: Json, type_: str = SESSION) -> Json:
    """Return the schema of an event type's data."""
    found: Json = schemas[type_]["properties"]["data"]
    return found


def definition(schemas: Json, name: str, type_: str = SESSION) -> Json:
    """Return one definition of an event type."""
    found: Json = schemas[type_]["$defs"][name]
    return found


def planted(change: Callable[[Json], object]) -> list[str]:
    """Return what is said of the schemas with one change."""
    current = deepcopy(RELEASED)
    change(current)
    assert current != RELEASED
    return list(breaks(RELEASED, current))


def test_the_same_schemas_break_nothing() -> None:
    """Nothing is said of what has not changed."""
    assert not list(breaks(RELEASED, deepcopy(RELEASED)))


COMPATIBLE: dict[str, Callable[[Json], object]] = {
    "a new optional field": lambda s: data(s)["properties"].update(ward={"type": "string"}),
    "a new optional field of a service": lambda s: definition(s, "Service")["properties"].update(
        side={"type": "string"}
    ),
    "a new optional field with a closed list": lambda s: (
        s[SESSION]["$defs"].update(Side={"enum": ["left", "right"]}),
        data(s)["properties"].update(side={"$ref": "#/$defs/Side"}),
    ),
    "a new optional attribute": lambda s: s[SESSION]["properties"].update(
        sequence={"type": "string"}
    ),
    "other words": lambda s: data(s).update(description="Something else."),
    "another name of a definition": lambda s: (
        s[SESSION]["$defs"].update(Who=definition(s, "Payer")),
        data(s)["properties"].update(payer={"$ref": "#/$defs/Who"}),
    ),
    "a definition put in its place": lambda s: data(s)["properties"].update(
        payer=s[SESSION]["$defs"].pop("Payer")
    ),
    "another order of a closed list": lambda s: definition(s, "Discipline")["enum"].reverse(),
    "a new event type": lambda s: s.update({"therapy.session.paused.v1": {"type": "object"}}),
}

BREAKING: dict[str, tuple[Callable[[Json], object], str]] = {
    "a field that is gone": (
        lambda s: data(s)["properties"].pop("unit_choice"),
        "data.unit_choice: the field is gone",
    ),
    "a field of a line that is gone": (
        lambda s: definition(s, "ClaimLine", "therapy.claim.ready.v1")["properties"].pop("charge"),
        "data.lines[].charge: the field is gone",
    ),
    "a new required field": (
        lambda s: (
            data(s)["properties"].update(ward={"type": "string"}),
            data(s)["required"].append("ward"),
        ),
        "data.ward: a new field must be optional",
    ),
    "a field newly required": (
        lambda s: data(s)["required"].append("note"),
        "data.note: was optional and is required",
    ),
    "a field no longer required": (
        lambda s: data(s, "therapy.claim.ready.v1")["required"].remove("claim_id"),
        "data.claim_id: was required and is optional",
    ),
    "a value that is gone": (
        lambda s: definition(s, "Discipline")["enum"].remove("SLP"),
        'data.discipline: the value "SLP" is gone',
    ),
    "a new value": (
        lambda s: definition(s, "Setting")["enum"].append("school"),
        'data.billing_provider.setting: the value "school" is new',
    ),
    "a closed list of what was free": (
        lambda s: definition(s, "Payer")["properties"]["payer_id"].update(enum=["one"]),
        'data.payer.payer_id: was any value and is one of ["one"]',
    ),
    "a constant that changed": (
        lambda s: s[SESSION]["properties"]["specversion"].update(const="2.0"),
        'specversion: the value "1.0" is gone',
    ),
    "another type": (
        lambda s: definition(s, "Service")["properties"]["line"].update(type="string"),
        'data.services[].line: type was "integer" and is "string"',
    ),
    "a narrower limit": (
        lambda s: definition(s, "Service")["properties"]["therapist_minutes"].update(maximum=600),
        "data.services[].therapist_minutes: maximum was 1440 and is 600",
    ),
    "a wider limit": (
        lambda s: data(s)["properties"]["services"].update(maxItems=200),
        "data.services: maxItems was 100 and is 200",
    ),
    "a new limit": (
        lambda s: data(s)["properties"]["clinicians"].update(minItems=1),
        "data.clinicians: minItems is new, 1",
    ),
    "a limit that is gone": (
        lambda s: definition(s, "Service")["properties"]["assistant_minutes"].pop("minimum"),
        "data.services[].assistant_minutes: minimum was 0 and is gone",
    ),
    "another pattern": (
        lambda s: definition(s, "Service")["properties"]["code"].update(pattern="^[0-9]{5}$"),
        'data.services[].code: pattern was "^[0-9A-Z]{5}$" and is "^[0-9]{5}$"',
    ),
    "a field that may no longer be null": (
        lambda s: data(s)["properties"].update(note={"$ref": "#/$defs/Note"}),
        "data.note: the alternative null is gone",
    ),
    "a field that may now be null": (
        lambda s: data(s)["properties"].update(
            payer={"anyOf": [{"$ref": "#/$defs/Payer"}, {"type": "null"}]}
        ),
        "data.payer: the alternative null is new",
    ),
    "a limit beside the alternatives": (
        lambda s: data(s)["properties"]["note"].update(maxProperties=1),
        "data.note: maxProperties is new, 1",
    ),
    "a kind of document that is gone": (
        lambda s: data(s, "therapy.documentation.received.v1")["oneOf"].pop(),
        "data: the alternative authorization is gone",
    ),
    "a limit within one kind of document": (
        lambda s: definition(s, "Goal", "therapy.documentation.received.v1")["required"].append(
            "measure"
        ),
        "data.content.goals[].measure: was optional and is required",
    ),
    "an object that is closed": (
        lambda s: data(s, "therapy.claim.ready.v1").update(additionalProperties=False),
        "data: additionalProperties is new, false",
    ),
    "an object that is opened": (
        lambda s: data(s).pop("additionalProperties"),
        "data: additionalProperties was false and is gone",
    ),
    "extension attributes that are refused": (
        lambda s: s[SESSION].update(additionalProperties=False),
        "the event: additionalProperties was ",
    ),
    "a pair that is a triple": (
        lambda s: definition(s, "KafkaRecord", "therapy.dead-letter.v1")["properties"]["headers"][
            "items"
        ]["prefixItems"].append({"type": "string"}),
        "data.record.headers[]: had 2 places and has 3",
    ),
    "another type within a pair": (
        lambda s: definition(s, "KafkaRecord", "therapy.dead-letter.v1")["properties"]["headers"][
            "items"
        ]["prefixItems"][0].update(type="integer"),
        'data.record.headers[][0]: type was "string" and is "integer"',
    ),
    "a list of anything": (
        lambda s: data(s)["properties"]["services"].pop("items"),
        "data.services: what it lists is no longer said the same way",
    ),
    "an event type that is gone": (
        lambda s: s.pop(SESSION),
        "the event type is gone",
    ),
}


@pytest.mark.parametrize("name", COMPATIBLE)
def test_a_compatible_change_breaks_nothing(name: str) -> None:
    """A new optional field or type, and what is not on the wire."""
    assert not planted(COMPATIBLE[name])


@pytest.mark.parametrize("name", BREAKING)
def test_every_other_change_breaks(name: str) -> None:
    """The sentence names the event type, the path and what changed."""
    change, expected = BREAKING[name]
    said = planted(change)
    assert any(
        sentence.partition(": ")[0] in RELEASED
        and sentence.partition(": ")[2].startswith(expected)
        for sentence in said
    ), said


def test_every_break_is_said() -> None:
    """Not the first alone."""

    def change(schemas: Json) -> None:
        data(schemas)["properties"].pop("note")
        data(schemas)["properties"].pop("unit_choice")
        schemas.pop("therapy.dead-letter.v1")

    assert planted(change) == [
        "therapy.session.completed.v1: data.note: the field is gone",
        "therapy.session.completed.v1: data.unit_choice: the field is gone",
        "therapy.dead-letter.v1: the event type is gone",
    ]
