"""The contract's prose on decisions, sentence by sentence, through the three consumers."""

import pytest

from tests.clinic import (
    COMMERCIAL,
    MEDICARE,
    PROVIDER,
    Clinic,
    Json,
    decision,
    missing,
    no_decision,
    of_type,
    plan_of_care,
    service,
    session,
    signature,
    types,
    unsigned,
)

GAIT = [service(1, "97116", 15)]


@pytest.fixture
def planned(clinic: Clinic) -> Clinic:
    """Return a clinic that has the patient's certified plan of care."""
    assert clinic.receive(plan_of_care()) == []
    return clinic


def test_a_documented_day_is_ready(planned: Clinic) -> None:
    """Nothing blocks it: an original claim with its lines, modifiers and plan."""
    ready = decision(planned.complete(session("S-1", [service(1, "97116", 15, charge="70.00")])))
    assert (ready["kind"], ready["version"], ready["frequency_code"]) == ("ready", 1, "1")
    assert ready["session_ids"] == ["S-1"]
    assert ready["diagnoses"] == ["M25.561"]
    (line,) = ready["lines"]
    assert (line["code"], line["units"], line["modifiers"]) == ("97116", 1, ["GP"])
    assert (line["charge"], line["diagnosis_pointers"]) == ("70.00", [1])
    assert ready["plan_of_care"] == {
        "plan_of_care_id": "POC-1",
        "established_on": "2026-01-05",
        "first_treated_on": "2026-01-05",
    }
    assert ready["certifying_npi"] == "1222222220"
    assert "replaces" not in ready


def test_a_second_delivery_decides_nothing(planned: Clinic) -> None:
    """The same session, document and void again emit nothing at any consumer."""
    first = session("S-1", GAIT)
    planned.complete(first)
    assert planned.complete(first) == []
    assert planned.receive(plan_of_care()) == []
    planned.void("S-1")
    assert planned.void("S-1") == []


def test_a_conflict_is_a_finding_that_alone_emits_no_decision(planned: Clinic) -> None:
    """The day's units and spend carry the warning; the ready claim stays as it is."""
    planned.complete(session("S-1", GAIT))
    emitted = planned.complete(session("S-1", [service(1, "97110", 30)]))
    assert types(emitted) == ["units.computed", "spend.accrued"]
    codes = [finding["code"] for finding in of_type(emitted, "spend.accrued")[0]["findings"]]
    assert "SESSION_REVISION_CONFLICT" in codes


def test_an_amendment_replaces_an_outstanding_claim(planned: Clinic) -> None:
    """Frequency code 7 with the same claim id and the version that it replaces."""
    first = decision(planned.complete(session("S-1", GAIT)))
    amended = session("S-1", [service(1, "97116", 30)], revision=2)
    second = decision(planned.amend(amended))
    assert (second["frequency_code"], second["claim_id"]) == ("7", first["claim_id"])
    assert second["replaces"] == {"claim_id": first["claim_id"], "version": 1}
    assert second["version"] == 2


def test_an_amendment_of_what_is_not_on_the_claim_emits_no_decision(planned: Clinic) -> None:
    """Minutes that earn the same units change the arithmetic and not the claim."""
    planned.complete(session("S-1", GAIT))
    emitted = planned.amend(session("S-1", [service(1, "97116", 16)], revision=2))
    assert types(emitted) == ["units.computed", "spend.accrued"]


def test_a_void_withdraws_the_claim_that_is_out(planned: Clinic) -> None:
    """Frequency code 8 with the claim's id; another void, or a later revision, says nothing."""
    ready = decision(planned.complete(session("S-1", GAIT)))
    withdrawn = decision(planned.void("S-1"))
    assert (withdrawn["kind"], withdrawn["reason"]) == ("withdrawn", "voided")
    assert (withdrawn["frequency_code"], withdrawn["claim_id"]) == ("8", ready["claim_id"])
    assert withdrawn["version"] == 2
    assert planned.amend(session("S-1", GAIT, revision=99)) == []


def test_a_voided_day_that_never_was_ready_emits_nothing(clinic: Clinic) -> None:
    """Without a claim that is out there is nothing to withdraw."""
    assert decision(clinic.complete(session("S-1", GAIT)))["kind"] == "needs-documentation"
    assert no_decision(clinic.void("S-1"))


def test_a_withdrawn_day_is_billed_again_as_an_original(planned: Clinic) -> None:
    """The next ready claim has another claim id and replaces nothing."""
    first = decision(planned.complete(session("S-1", GAIT)))
    planned.void("S-1")
    again = decision(planned.complete(session("S-2", GAIT)))
    assert (again["kind"], again["frequency_code"], again["version"]) == ("ready", "1", 3)
    assert again["claim_id"] != first["claim_id"]
    assert again["visit_day_id"] == first["visit_day_id"]
    assert "replaces" not in again


def test_a_moved_session_withdraws_one_day_and_makes_another(planned: Clinic) -> None:
    """The day that was left is withdrawn as moved, then the entered day is ready."""
    planned.complete(session("S-1", GAIT))
    moved = session("S-1", GAIT, revision=2, date_of_service="2026-03-03")
    left, entered = [
        each for each in planned.amend(moved) if each["type"].startswith("therapy.claim.")
    ]
    assert left["type"] == "therapy.claim.withdrawn.v1"
    assert left["data"]["reason"] == "moved"
    assert entered["type"] == "therapy.claim.ready.v1"
    assert entered["data"]["date_of_service"] == "2026-03-03"


def test_a_claim_whose_units_go_away_is_withdrawn(planned: Clinic) -> None:
    """A day that is amended below the first unit has no unit left to bill."""
    planned.complete(session("S-1", GAIT))
    emitted = planned.amend(session("S-1", [service(1, "97116", 7)], revision=2))
    withdrawn = decision(emitted)
    assert (withdrawn["kind"], withdrawn["reason"]) == ("withdrawn", "no_unit")


def test_a_day_without_a_unit_is_not_billable(planned: Clinic) -> None:
    """It is said once, with the minutes that stay in the note."""
    decided = decision(planned.complete(session("S-1", [service(1, "97116", 7)])))
    assert decided["kind"] == "not-billable"
    assert decided["unbilled"] == [{"code": "97116", "minutes": 7, "reason": "no_unit_earned"}]
    assert no_decision(planned.amend(session("S-1", [service(1, "97116", 6)], revision=2)))


def test_three_sessions_make_one_claim(planned: Clinic) -> None:
    """Diagnoses are united, pointers follow them, and every session is named."""
    emitted: list[Json] = []
    for number, diagnosis in enumerate(("M25.561", "R26.89", "M25.561"), 1):
        emitted = planned.complete(session(f"S-{number}", GAIT, diagnoses=[diagnosis]))
    ready = decision(emitted)
    assert ready["session_ids"] == ["S-1", "S-2", "S-3"]
    assert ready["diagnoses"] == ["M25.561", "R26.89"]
    assert ready["lines"][0]["diagnosis_pointers"] == [1, 2]
    assert ready["lines"][0]["units"] == 3


def test_sessions_that_disagree_hold_the_day(planned: Clinic) -> None:
    """No document cures it, and the earlier claim is named as in doubt."""
    first = decision(planned.complete(session("S-1", GAIT)))
    other = session("S-2", GAIT, billing_provider={**PROVIDER, "setting": "rehab_agency"})
    held = decision(planned.complete(other))
    assert held["kind"] == "held"
    assert "SESSIONS_DISAGREE" in [each["code"] for each in held["blocked_by"]]
    assert held["outstanding"] == {"claim_id": first["claim_id"], "version": 1}


def test_a_day_resumes_when_its_document_comes(planned: Clinic) -> None:
    """An unsigned day waits for the therapist, and is ready by itself after the addendum."""
    waiting = decision(planned.complete(unsigned("S-1", GAIT)))
    assert (waiting["kind"], missing(waiting)) == ("needs-documentation", ["NOTE_NOT_SIGNED"])
    assert waiting["missing"][0]["owner"] == "therapist"
    assert waiting["missing"][0]["session_ids"] == ["S-1"]
    assert waiting["amount_held"] == waiting["spend"]["amount"]
    ready = decision(planned.receive(signature("S-1")))
    assert (ready["kind"], ready["version"], ready["frequency_code"]) == ("ready", 2, "1")


def test_a_document_may_come_before_its_session(planned: Clinic) -> None:
    """The day is ready at once."""
    planned.receive(signature("S-1"))
    assert decision(planned.complete(unsigned("S-1", GAIT)))["kind"] == "ready"


def test_a_plan_of_care_clears_every_day_that_waited_for_it(clinic: Clinic) -> None:
    """Days are decided again in the order of their dates, whatever order they came in."""
    for name, on in (("S-2", "2026-03-04"), ("S-1", "2026-03-02")):
        waiting = decision(clinic.complete(session(name, GAIT, date_of_service=on)))
        assert missing(waiting) == ["PLAN_OF_CARE_MISSING"]
    ready = of_type(clinic.receive(plan_of_care()), "claim.ready")
    assert [each["date_of_service"] for each in ready] == ["2026-03-02", "2026-03-04"]


def test_a_revised_plan_puts_a_ready_claim_in_doubt(planned: Clinic) -> None:
    """Whatever a decision rests on, when it changes the decision is made again."""
    ready = decision(planned.complete(session("S-1", GAIT)))
    revised = plan_of_care(certification="none", certified_on=None)
    doubted = decision(planned.receive({**revised, "revision": 2}))
    assert doubted["kind"] == "needs-documentation"
    assert missing(doubted) == ["PLAN_OF_CARE_NOT_CERTIFIED"]
    assert doubted["missing"][0]["due"] == "2026-02-04"
    assert doubted["outstanding"] == {"claim_id": ready["claim_id"], "version": 1}
    back = decision(planned.receive({**plan_of_care(), "revision": 3}))
    assert (back["kind"], back["frequency_code"]) == ("ready", "7")


def test_a_date_without_values_is_held_by_their_names(planned: Clinic) -> None:
    """Nothing of 2026 is carried forward to 2027."""
    held = decision(planned.complete(session("S-1", GAIT, date_of_service="2027-01-04")))
    assert held["kind"] == "held"
    assert [each["code"] for each in held["blocked_by"]] == ["NO_VALUE_IN_FORCE"]
    assert held["lines"][0]["allowed_amount"] is None
    assert held["amount_held"] is None
    told = " ".join(finding["message"] for finding in held["findings"])
    assert "relative values" in told
    assert "KX threshold" in told


def test_a_payer_without_a_fee_schedule_bills_at_the_charge(clinic: Clinic) -> None:
    """The lines are unpriced with their reason, spend is null, and the day is ready."""
    lines = [service(1, "97116", 15, charge="70.00")]
    ready = decision(clinic.complete(session("S-1", lines, payer=COMMERCIAL)))
    assert ready["kind"] == "ready"
    assert ready["spend"] is None
    assert ready["lines"][0]["allowed_amount"] is None
    assert ready["lines"][0]["charge"] == "70.00"
    assert "LINE_NOT_PRICED" in [finding["code"] for finding in ready["findings"]]


def test_an_evaluation_is_its_own_plan_of_care(clinic: Clinic) -> None:
    """A day of evaluations alone needs no plan; with treatment beside it, it does."""
    evaluation = session("S-1", [service(1, "97161", 30)], plan_of_care_id=None)
    assert decision(clinic.complete(evaluation))["kind"] == "ready"
    treated = session("S-1", [service(1, "97161", 30), *[service(2, "97116", 15)]], revision=2)
    assert missing(decision(clinic.amend(treated))) == ["PLAN_OF_CARE_MISSING"]


def test_a_commercial_claim_does_not_move_with_a_plan_of_care(clinic: Clinic) -> None:
    """Where the payer asks for no plan, one that comes changes nothing on the claim."""
    clinic.complete(session("S-1", GAIT, payer=COMMERCIAL))
    assert clinic.receive(plan_of_care()) == []


def test_a_program_s_own_profile_serves_an_unknown_payer(clinic: Clinic) -> None:
    """The payer id picks a profile where one has it; here none has."""
    payer = {**MEDICARE, "payer_id": "never-heard-of"}
    (day,) = of_type(clinic.complete(session("S-1", GAIT, payer=payer)), "units.computed")
    assert day["payer"]["profile"] == "medicare_ffs"
