"""What a correction of a document, a payer or a plan leaves behind: nothing of the old."""

import pytest

from tests.clinic import (
    COMMERCIAL,
    MEDICARE,
    Clinic,
    Json,
    decision,
    document,
    missing,
    plan_of_care,
    report,
    service,
    session,
    signature,
    unsigned,
)

GAIT = [service(1, "97116", 15)]


@pytest.fixture
def planned(clinic: Clinic) -> Clinic:
    """Return a clinic that has the patient's certified plan of care."""
    clinic.receive(plan_of_care())
    return clinic


@pytest.mark.parametrize("field", ["first_treated_on", "certified_from", "through"])
def test_a_plan_with_an_open_date_is_judged(clinic: Clinic, field: str) -> None:
    """The calendar's last day, as some systems write for open, breaks nothing."""
    clinic.receive(plan_of_care(**{field: "9999-12-31"}))
    assert decision(clinic.complete(session("S-1", GAIT)))


def test_a_plan_that_becomes_an_addendum_is_a_plan_no_more(planned: Clinic) -> None:
    """The highest revision of a document is the truth, whatever its kind."""
    assert planned.receive({**signature("S-9"), "document_id": "D-POC-1", "revision": 2}) == []
    decided = decision(planned.complete(session("S-1", GAIT)))
    assert missing(decided) == ["PLAN_OF_CARE_MISSING"]


def test_an_addendum_that_becomes_a_plan_signs_nothing_any_more(planned: Clinic) -> None:
    """The signature that it merged is taken out of the note."""
    planned.complete(unsigned("S-1", GAIT))
    assert decision(planned.receive(signature("S-1")))["kind"] == "ready"
    becomes = {**plan_of_care("POC-2"), "document_id": "A-S-1", "revision": 2}
    assert missing(decision(planned.receive(becomes))) == ["NOTE_NOT_SIGNED"]


def test_an_earlier_revision_of_another_kind_is_no_document(clinic: Clinic) -> None:
    """What was an addendum in revision 2 is no plan of care by revision 1."""
    clinic.receive({**signature("S-9"), "document_id": "D-POC-1", "revision": 2})
    clinic.receive(plan_of_care())
    decided = decision(clinic.complete(session("S-1", GAIT)))
    assert missing(decided) == ["PLAN_OF_CARE_MISSING"]


def test_a_day_that_stops_counting_releases_those_that_wait(planned: Clinic) -> None:
    """Without it the total is under the threshold, and the waiting day needs no attestation."""
    planned.accrue(report("2440.00", "2026-03-01T00:00:00Z"), time="2026-03-01T01:00:00Z")
    planned.complete(unsigned("S-1", GAIT))
    second = session("S-2", [service(1, "97116", 30)], date_of_service="2026-03-05")
    waits = [each for each in planned.complete(second) if "needs-doc" in each["type"]]
    codes = [missing(each["data"]) for each in waits]
    assert ["NOTE_NOT_SIGNED", "KX_ATTESTATION_MISSING"] in codes
    commercial = {**second, "revision": 2, "payer": {**MEDICARE, "program": "commercial"}}
    decided = _last_of_day(planned.amend(commercial), "2026-03-02")
    assert missing(decided) == ["NOTE_NOT_SIGNED"]


def test_a_payer_that_is_corrected_moves_the_day(planned: Clinic) -> None:
    """The Medicare claim is withdrawn, and the commercial day has a claim of its own."""
    planned.complete(session("S-1", GAIT))
    emitted = planned.amend(session("S-1", GAIT, revision=2, payer=COMMERCIAL))
    kinds = [each["type"] for each in emitted if each["type"].startswith("therapy.claim.")]
    assert kinds == ["therapy.claim.withdrawn.v1", "therapy.claim.ready.v1"]


def test_a_narrowed_attestation_asks_again(planned: Clinic) -> None:
    """A later revision that covers another year leaves the waiting day without one."""
    kx = {"statement": "necessary", "threshold_group": "pt_slp", "year": 2026}
    planned.accrue(report("2600.00", "2026-03-01T00:00:00Z"), time="2026-03-01T01:00:00Z")
    planned.receive(document("kx_attestation", "D-KX", kx))
    assert decision(planned.complete(session("S-1", GAIT)))["kind"] == "ready"
    narrowed = document("kx_attestation", "D-KX", {**kx, "year": 2025}, revision=2)
    assert missing(decision(planned.receive(narrowed))) == ["KX_ATTESTATION_MISSING"]


def _last_of_day(emitted: list[Json], date_of_service: str) -> Json:
    """Return the last decision among the events on a date of service."""
    decided: list[Json] = [
        each["data"]
        for each in emitted
        if each["type"].startswith("therapy.claim.")
        and each["data"]["date_of_service"] == date_of_service
    ]
    return decided[-1]


def test_a_session_that_leaves_for_another_payer_releases_those_that_wait(
    planned: Clinic,
) -> None:
    """The day entered counts in no ledger, so the waiting day is decided on the day left."""
    planned.accrue(report("2440.00", "2026-03-01T00:00:00Z"), time="2026-03-01T01:00:00Z")
    planned.complete(unsigned("S-1", GAIT))
    second = session("S-2", [service(1, "97116", 30)], date_of_service="2026-03-05")
    planned.complete(second)
    moved = {**second, "revision": 2, "payer": COMMERCIAL}
    assert missing(_last_of_day(planned.amend(moved), "2026-03-02")) == ["NOTE_NOT_SIGNED"]
