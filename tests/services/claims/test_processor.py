"""The consumer ``claims`` over events in the order in which a patient's stream brings them."""

import pytest

from tests.clinic import (
    COMMERCIAL,
    Clinic,
    Json,
    document,
    of_type,
    plan_of_care,
    report,
    service,
    session,
    types,
)

NEEDS, READY, HELD = "claim.needs-documentation", "claim.ready", "claim.held"


def visit(session_id: str = "S-1", minutes: int = 15, **more: object) -> Json:
    """Return a session of 97110."""
    return session(session_id, [service(1, "97110", minutes, charge="70.00")], **more)


def decisions(emitted: list[Json]) -> list[str]:
    """Return the types of the decisions alone."""
    return [each for each in types(emitted) if each.startswith("claim.")]


def progress_report(first: str, last: str) -> Json:
    """Return a therapist's progress report on PT under POC-1."""
    content = {"period_from": first, "period_to": last}
    return document("progress_report", "D-PR", content, discipline="PT", plan_of_care_id="POC-1")


def attestation(revision: int = 1, **content: object) -> Json:
    """Return an attestation for PT and SLP in 2026."""
    stated = {"statement": "necessary", "threshold_group": "pt_slp", "year": 2026, **content}
    return document("kx_attestation", "D-KX", stated, revision=revision)


def test_a_day_waits_for_its_plan_and_resumes_by_itself(clinic: Clinic) -> None:
    """The plan of care that a day waits for makes it ready, under the plan's own event."""
    assert decisions(clinic.complete(visit())) == [NEEDS]
    emitted = clinic.receive(plan_of_care())
    assert decisions(emitted) == [READY]
    (ready,) = of_type(emitted, READY)
    assert ready["version"] == 2
    assert ready["plan_of_care"]["plan_of_care_id"] == "POC-1"


def test_a_document_before_its_session_serves_it(clinic: Clinic) -> None:
    """A plan of care that came first is there when the session comes."""
    assert clinic.receive(plan_of_care()) == []
    assert decisions(clinic.complete(visit())) == [READY]


def test_a_plan_decides_its_days_again_by_date_of_service(clinic: Clinic) -> None:
    """Forty waiting days become ready in the order of their dates, whatever their arrival."""
    days = [f"2026-{month:02}-{day:02}" for month in (2, 3) for day in range(1, 21)]
    for number, day in enumerate(reversed(days)):
        clinic.complete(visit(f"S-{number}", date_of_service=day))
    clinic.receive(progress_report("2026-01-05", "2026-03-20"))
    emitted = clinic.receive(plan_of_care())
    assert [each["date_of_service"] for each in of_type(emitted, READY)] == days


def test_an_earlier_or_equal_revision_of_a_document_changes_nothing(clinic: Clinic) -> None:
    """Only a higher revision of a document replaces it."""
    clinic.receive({**plan_of_care(), "revision": 2})
    clinic.complete(visit())
    uncertified = plan_of_care(certification="none", certified_on=None)
    assert clinic.receive({**uncertified, "revision": 1}) == []
    assert clinic.receive({**uncertified, "revision": 2}) == []
    assert decisions(clinic.receive({**uncertified, "revision": 3})) == [NEEDS]


def test_a_document_that_moves_to_another_plan_decides_both_plans_days_again(
    clinic: Clinic,
) -> None:
    """A revised document serves the days of its new plan, and no longer those of its old one."""
    clinic.receive(plan_of_care("POC-1"))
    clinic.complete(visit("S-1"))
    clinic.complete(visit("S-2", date_of_service="2026-03-03", plan_of_care_id="POC-2"))
    emitted = clinic.receive({**plan_of_care("POC-2"), "revision": 2})
    assert decisions(emitted) == [NEEDS, READY]


@pytest.mark.parametrize("role", ["assistant", "student", "aide"])
def test_a_plan_that_no_clinician_wrote_is_none(clinic: Clinic, role: str) -> None:
    """A plan of care of an assistant, a student or an aide serves no day."""
    clinic.complete(visit())
    assert decisions(clinic.receive({**plan_of_care(), "author_role": role})) == []
    named = {**plan_of_care(), "revision": 2, "author_role": "npp"}
    assert decisions(clinic.receive(named)) == [READY]
    taken_over = {**plan_of_care(), "revision": 3, "author_role": role}
    (needs,) = of_type(clinic.receive(taken_over), NEEDS)
    assert "PLAN_OF_CARE_MISSING" in [each["code"] for each in needs["missing"]]


def test_other_documents_are_kept_and_decide_nothing_again(clinic: Clinic) -> None:
    """No decision rests on an authorization yet."""
    content = {
        "number": "A-1",
        "payer_id": "medicare-b-tx",
        "unit": "visit",
        "quantity": 10,
        "valid_from": "2026-01-01",
        "valid_through": "2026-12-31",
    }
    clinic.complete(visit())
    assert clinic.receive(document("authorization", "D-9", content)) == []


def test_an_attestation_makes_a_day_over_the_threshold_ready(clinic: Clinic) -> None:
    """A day over the threshold waits for its attestation, and then carries KX."""
    clinic.receive(plan_of_care())
    clinic.accrue(report("2480.00", "2026-03-01T00:00:00-06:00"))
    emitted = clinic.complete(visit())
    (waiting,) = of_type(emitted, NEEDS)
    assert [each["code"] for each in waiting["missing"]] == ["KX_ATTESTATION_MISSING"]
    (ready,) = of_type(clinic.receive(attestation()), READY)
    assert ready["lines"][0]["modifiers"] == ["GP", "KX"]
    assert ready["spend"]["kx_balance"] == "2480.00"


def test_an_attestation_that_no_longer_covers_takes_kx_back(clinic: Clinic) -> None:
    """A revised attestation that leaves a ready day out puts its claim in doubt."""
    clinic.receive(plan_of_care())
    clinic.accrue(report("2480.00", "2026-03-01T00:00:00-06:00"))
    clinic.receive(attestation())
    clinic.complete(visit())
    (doubted,) = of_type(clinic.receive(attestation(2, through="2026-03-01")), NEEDS)
    assert doubted["outstanding"]["version"] == 1


def test_a_day_that_waited_past_the_threshold_needs_kx(clinic: Clinic) -> None:
    """A report that takes the running total over the threshold is felt by the day that waits."""
    clinic.complete(visit())
    later = report("2480.00", "2026-03-02T23:00:00-06:00", includes_through="2026-03-01")
    (waiting,) = of_type(clinic.accrue(later), NEEDS)
    assert "KX_ATTESTATION_MISSING" in [each["code"] for each in waiting["missing"]]
    assert decisions(clinic.receive(plan_of_care())) == [NEEDS]


def test_a_ready_day_keeps_the_balance_that_it_was_ready_on(clinic: Clinic) -> None:
    """What the payer reports later does not put KX on a claim that is out."""
    clinic.receive(plan_of_care())
    clinic.complete(visit())
    clinic.accrue(report("2480.00", "2026-03-02T23:00:00-06:00", includes_through="2026-03-01"))
    (replaced,) = of_type(clinic.amend(visit(minutes=30, revision=2)), READY)
    assert replaced["lines"][0]["modifiers"] == ["GP"]
    assert replaced["spend"]["kx_balance"] == "0.00"


def test_another_days_spend_can_make_a_waiting_day_need_kx(clinic: Clinic) -> None:
    """The day that crosses the threshold comes first, then the day that waited under it."""
    clinic.receive(plan_of_care("POC-2", "D-2"))
    clinic.complete(visit("S-1"))
    clinic.accrue(report("2420.00", "2026-03-02T23:00:00-06:00", includes_through="2026-03-01"))
    emitted = clinic.complete(
        visit("S-2", 60, date_of_service="2026-03-03", plan_of_care_id="POC-2")
    )
    decided = of_type(emitted, NEEDS)
    assert [each["session_ids"] for each in decided] == [["S-2"], ["S-1"]]
    codes = [[missing["code"] for missing in each["missing"]] for each in decided]
    assert codes == [
        ["KX_ATTESTATION_MISSING"],
        ["PLAN_OF_CARE_MISSING", "KX_ATTESTATION_MISSING"],
    ]


def test_a_withdrawn_day_says_nothing_more_until_it_is_billed_again(clinic: Clinic) -> None:
    """A void withdraws the claim once, and the next session of the day is an original."""
    clinic.receive(plan_of_care())
    (first,) = of_type(clinic.complete(visit()), READY)
    (withdrawn,) = of_type(clinic.void("S-1"), "claim.withdrawn")
    assert (withdrawn["claim_id"], withdrawn["reason"]) == (first["claim_id"], "voided")
    assert clinic.receive({**plan_of_care(), "revision": 2}) == []
    (again,) = of_type(clinic.complete(visit("S-2")), READY)
    assert (again["frequency_code"], again["version"]) == ("1", 3)
    assert again["claim_id"] != first["claim_id"]


def test_a_day_that_never_was_ready_is_voided_in_silence(clinic: Clinic) -> None:
    """Nothing is said of a day that no claim was made of."""
    clinic.complete(visit())
    assert decisions(clinic.void("S-1")) == []


def test_a_session_that_moves_away_withdraws_the_claim_of_its_day(clinic: Clinic) -> None:
    """The day that was left is withdrawn as moved before the day that was entered is decided."""
    clinic.receive(plan_of_care())
    clinic.complete(visit())
    emitted = clinic.amend(visit(revision=2, date_of_service="2026-03-04"))
    assert decisions(emitted) == ["claim.withdrawn", READY]
    assert of_type(emitted, "claim.withdrawn")[0]["reason"] == "moved"


def test_too_few_minutes_are_not_billable_once(clinic: Clinic) -> None:
    """A day without a unit is not billable, and is not said to be so again."""
    assert decisions(clinic.complete(visit(minutes=5))) == ["claim.not-billable"]
    assert decisions(clinic.amend(visit(minutes=6, revision=2))) == []


def test_a_code_pair_over_two_disciplines_takes_column_two_back(clinic: Clinic) -> None:
    """A speech session with column one is ready; the PT day that bills column two waits."""
    clinic.receive(plan_of_care())
    clinic.complete(visit())
    speech = session("S-2", [service(1, "92507", 45, charge="90.00")], discipline="SLP")
    emitted = clinic.complete(speech)
    assert decisions(emitted) == [READY, NEEDS]
    (waiting,) = of_type(emitted, NEEDS)
    assert (waiting["discipline"], waiting["outstanding"]["version"]) == ("PT", 1)
    (missing,) = waiting["missing"]
    assert (missing["code"], missing["lines"], missing["session_ids"]) == (
        "NCCI_PAIR_NEEDS_DISTINCT_SERVICE",
        [1],
        ["S-1"],
    )
    assert decisions(clinic.void("S-2")) == ["claim.withdrawn", READY]


def test_a_payer_without_code_pairs_holds_nothing(clinic: Clinic) -> None:
    """A commercial payer's days of one date do not touch one another."""
    clinic.complete(visit(payer=COMMERCIAL))
    speech = session("S-2", [service(1, "92507", 45)], discipline="SLP", payer=COMMERCIAL)
    assert decisions(clinic.complete(speech)) == [READY]


def test_held_days_are_decided_again_on_request_without_news(clinic: Clinic) -> None:
    """A request under the same rulebook finds the same decisions, so nothing is emitted."""
    clinic.receive(plan_of_care())
    (held,) = of_type(clinic.complete(visit(date_of_service="2027-01-05")), HELD)
    request = {"patient_id": "P-1", "reason": "new reference data"}
    assert clinic.send("redecision.requested", request) == []
    named = {**request, "visit_day_id": held["visit_day_id"]}
    assert clinic.send("redecision.requested", named) == []
