"""Events as they cross the bus, for the tests of the words: each is right unless changed."""

import json
from typing import Any

from schemas.envelope import Event
from schemas.reading import Unreadable
from tests.clinic import (
    device_days,
    document,
    event,
    interaction,
    plan_of_care,
    report,
    service,
    session,
)

Json = dict[str, Any]
TIME = "2026-03-02T15:05:00-06:00"
INTERVAL = {
    "start": "2026-03-02T14:00:00-06:00",
    "end": "2026-03-02T14:10:00-06:00",
    "clinician": "1558888882",
}
FULL_SERVICE = service(
    2,
    "97140",
    10,
    units=1,
    intervals=[INTERVAL],
    distinct={"from_line": 1, "reason": "another region of the body", "modifier": "59"},
    charge="70.00",
    modifiers=["GP", "GA"],
    rendering_npi="1558888882",
    contract_price="12.34",
    necessity="two regions",
    monitoring={"period_from": "2026-03-01", "episode_id": "E-1"},
)
FULL_SESSION = session(
    "S-1",
    [service(1, "97530", 10), FULL_SERVICE],
    started_at="2026-03-02T14:00:00-06:00",
    ended_at="2026-03-02T14:35:00.500000Z",
    unit_choice=["97530", "97140"],
    filing_exception="the payer answered late",
    place_of_service="11",
    authorization={"number": "A-1"},
    merged_from="P-0",
)
VOID = {"session_id": "S-1", "revision": 2, "patient_id": "P-1", "reason": "entered twice"}
DOCUMENTS = {
    "plan_of_care": plan_of_care(),
    "progress_report": document(
        "progress_report",
        "D-2",
        {"period_from": "2026-03-01", "period_to": "2026-03-20", "justifies": ["97110"]},
    ),
    "kx_attestation": document(
        "kx_attestation",
        "D-3",
        {"statement": "skilled", "threshold_group": "pt_slp", "year": 2026, "from": "2026-03-01"},
    ),
    "note_addendum": document(
        "note_addendum",
        "D-4",
        {"session_id": "S-1", "one_on_one": True, "lines": [{"line": 1, "necessity": "so"}]},
    ),
    "authorization": document(
        "authorization",
        "D-5",
        {
            "number": "A-1",
            "payer_id": "commercial-one",
            "unit": "unit_15",
            "quantity": 12,
            "valid_from": "2026-01-01",
            "valid_through": "2026-06-30",
        },
    ),
}
REPORT = report("1200.00", "2026-03-02T00:00:00Z", includes_through="2026-02-20")
REDECISION = {"patient_id": "P-1", "visit_day_id": "V-1", "reason": "new fee schedule"}
MERGED = {"patient_id": "P-1", "surviving_id": "P-2", "revision": 1}
CROSSED = {
    "patient_id": "P-1",
    "year": 2026,
    "threshold_group": "pt_slp",
    "threshold": "kx",
    "direction": "up",
    "balance": "2500.00",
    "amount_of_threshold": "2480.00",
    "visit_day_id": None,
}


def one(kind: str, data: Json, **attributes: object) -> Json:
    """Return a structured event with one data; ``attributes`` change or add attributes."""
    return {**event(kind, data, time=TIME, event_id="e-1"), **attributes}


COMPLETED = one("session.completed", FULL_SESSION)
CLINICAL_EVENTS: dict[str, Json] = {
    "session.completed": COMPLETED,
    "session.amended": one("session.amended", FULL_SESSION),
    "session.voided": one("session.voided", VOID),
    "device_days": one("monitoring.recorded", device_days("R-1", "2026-03-05", 3)),
    "interaction": one("monitoring.recorded", interaction("R-2", "2026-03-05", 20)),
    "accrual.reported": one("accrual.reported", REPORT),
    "redecision.requested": one("redecision.requested", REDECISION),
    "patient.merged": one("patient.merged", MERGED),
    **{kind: one("documentation.received", data) for kind, data in DOCUMENTS.items()},
}


def as_line(structured: object) -> bytes:
    """Return any JSON as a line, without its end."""
    return json.dumps(structured).encode()


def changed(**data: object) -> Json:
    """Return the completed event with some of its data changed."""
    return {**COMPLETED, "data": {**FULL_SESSION, **data}}


def first_service(**change: object) -> Json:
    """Return the completed event with its first service changed."""
    first, second = FULL_SESSION["services"]
    return changed(services=[{**first, **change}, second])


def without(structured: Json, *names: str) -> Json:
    """Return an object without some of its names."""
    return {name: value for name, value in structured.items() if name not in names}


def expect_event(read: Event | Unreadable) -> Event:
    """Return the event that was read."""
    assert isinstance(read, Event), read
    return read


def expect_unreadable(read: Event | Unreadable) -> Unreadable:
    """Return why nothing was read."""
    assert isinstance(read, Unreadable), read
    return read
