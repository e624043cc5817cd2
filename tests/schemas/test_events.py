"""The table of events and topics is the contract's."""

import pytest

from schemas.events import (
    CLINICAL,
    CONSUMERS,
    DECISIONS,
    KEY_FIELDS,
    MODELS,
    ON_TOPIC,
    ROUTES,
    EventType,
    Route,
    Topic,
)

SESSIONS = (
    "therapy.session.completed.v1",
    "therapy.session.amended.v1",
    "therapy.session.voided.v1",
)
DOCUMENTS = "therapy.documentation.received.v1"
REPORTS = "therapy.accrual.reported.v1"
MONITORING = "therapy.monitoring.recorded.v1"
MERGES = "therapy.patient.merged.v1"
CARRIED = "therapy.patient.carried.v1"
REDECISIONS = "therapy.redecision.requested.v1"
CLINICIANS = "therapy.clinician.day.v1"
OVERLAPS = "therapy.clinician.overlap.v1"
CROSSINGS = "therapy.threshold.crossed.v1"
CLAIMS = (
    "therapy.claim.withdrawn.v1",
    "therapy.claim.not-billable.v1",
    "therapy.claim.held.v1",
    "therapy.claim.needs-documentation.v1",
    "therapy.claim.ready.v1",
)
CONTRACT = {
    "therapy.sessions": {
        *SESSIONS,
        DOCUMENTS,
        MONITORING,
        REPORTS,
        REDECISIONS,
        MERGES,
        OVERLAPS,
        CARRIED,
    },
    "therapy.units": {
        "therapy.units.computed.v1",
        CLINICIANS,
        CARRIED,
        DOCUMENTS,
        REPORTS,
        REDECISIONS,
    },
    "therapy.spend": {
        "therapy.spend.accrued.v1",
        "therapy.spend.balance.v1",
        CROSSINGS,
        CARRIED,
        DOCUMENTS,
        REDECISIONS,
    },
    "therapy.claims": {*CLAIMS, CROSSINGS, CARRIED},
    "therapy.clinicians": {CLINICIANS},
    "therapy.overlaps": {OVERLAPS},
    "therapy.dead-letters": {"therapy.dead-letter.v1"},
}


def test_the_topics_carry_what_the_contract_says() -> None:
    """No type more and no type less on any topic."""
    assert {topic.value: set(types) for topic, types in ON_TOPIC.items()} == CONTRACT


def test_every_event_type_has_a_model_and_a_topic() -> None:
    """A type that is listed can be read and is written somewhere."""
    assert set(MODELS) == set(EventType)
    assert {type_ for types in ON_TOPIC.values() for type_ in types} == set(EventType)


def test_decisions_are_in_the_order_in_which_they_are_tried() -> None:
    """The first of the contract's table that holds is the decision."""
    assert DECISIONS == CLAIMS


def test_each_consumer_reads_what_the_one_before_it_writes() -> None:
    """One stream runs from the sessions to the claims; the clinicians stand beside it."""
    chain = [CONSUMERS[name] for name in ("units", "spend", "claims")]
    reads, writes = [read for read, _ in chain], [written for _, written in chain]
    assert set(CONSUMERS) == {"units", "spend", "claims", "clinicians"}
    assert (reads[0], writes[-1]) == (Topic.SESSIONS, Topic.CLAIMS)
    assert reads[1:] == writes[:-1]


@pytest.mark.parametrize("route", ROUTES.values(), ids=list(ROUTES))
def test_the_gateway_goes_where_the_key_changes(route: Route) -> None:
    """What it takes stands on both topics; to the clinicians and back, and to a surviving id."""
    assert set(route.types) <= set(ON_TOPIC[route.reads]) & set(ON_TOPIC[route.writes])
    fields = [KEY_FIELDS.get(topic, "patient_id") for topic in (route.reads, route.writes)]
    assert (len(set(fields)) == 1) is (route.types == (EventType.PATIENT_CARRIED,))
    assert all(route.key in MODELS[type_].model_fields for type_ in route.types)


@pytest.mark.parametrize("type_", CLINICAL)
def test_what_the_hospital_sends_comes_in_on_one_topic(type_: EventType) -> None:
    """Everything clinical is on ``therapy.sessions``."""
    assert type_ in ON_TOPIC[Topic.SESSIONS]
