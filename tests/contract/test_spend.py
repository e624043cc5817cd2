"""The contract's prose on the year's spend and KX, through the three consumers."""

from decimal import Decimal

import pytest

from tests.clinic import (
    Clinic,
    decision,
    document,
    missing,
    no_decision,
    of_type,
    plan_of_care,
    report,
    service,
    session,
    signature,
    types,
    unsigned,
)

GAIT = [service(1, "97116", 15)]
KX = {"statement": "reasonable and necessary", "threshold_group": "pt_slp", "year": 2026}
THRESHOLD = Decimal("2480.00")


@pytest.fixture
def planned(clinic: Clinic) -> Clinic:
    """Return a clinic that has the patient's certified plan of care."""
    assert clinic.receive(plan_of_care()) == []
    return clinic


def price_of_gait(clinic: Clinic) -> Decimal:
    """Return what one unit of gait training is allowed, from another patient's day."""
    emitted = clinic.complete(session("S-price", GAIT, patient_id="P-price"))
    return Decimal(of_type(emitted, "spend.accrued")[0]["total_allowed"])


def test_a_balance_exactly_at_the_threshold_is_not_over_it(planned: Clinic) -> None:
    """KX is for strictly more: one cent more, and the line needs it."""
    price = price_of_gait(planned)
    at = report(str(THRESHOLD - price), "2026-03-01T00:00:00Z")
    planned.accrue(at, time="2026-03-01T01:00:00Z")
    ready = decision(planned.complete(session("S-1", GAIT)))
    assert ready["spend"]["balance_after"] == "2480.00"
    assert ready["spend"]["over_kx"] is False
    assert ready["lines"][0]["modifiers"] == ["GP"]
    over = decision(planned.complete(session("S-2", GAIT, date_of_service="2026-03-03")))
    assert missing(over) == ["KX_ATTESTATION_MISSING"]


def test_the_line_that_crosses_and_every_later_one_carry_kx(planned: Clinic) -> None:
    """With an attestation on file KX stands after the discipline's modifier."""
    price = price_of_gait(planned)
    before = report(str(THRESHOLD - price), "2026-03-01T00:00:00Z")
    planned.accrue(before, time="2026-03-01T01:00:00Z")
    planned.receive(document("kx_attestation", "D-KX", KX))
    lines = [service(1, "97116", 15), service(2, "97110", 15), service(3, "97112", 15)]
    ready = decision(planned.complete(session("S-1", lines)))
    balance = Decimal(ready["spend"]["kx_balance"])
    for line in ready["lines"]:
        balance += Decimal(line["allowed_amount"])
        assert ("KX" in line["modifiers"]) is (balance > THRESHOLD)
    assert ready["lines"][-1]["modifiers"] == ["GP", "KX"]


def test_a_day_that_waited_past_the_threshold_then_needs_kx(planned: Clinic) -> None:
    """The payer counts claims as they come in: the balance when it is ready decides."""
    waiting = decision(planned.complete(unsigned("S-1", GAIT)))
    assert missing(waiting) == ["NOTE_NOT_SIGNED"]
    planned.accrue(report("2600.00", "2026-03-02T23:00:00Z"))
    still = decision(planned.receive(signature("S-1")))
    assert missing(still) == ["KX_ATTESTATION_MISSING"]
    ready = decision(planned.receive(document("kx_attestation", "D-KX", KX)))
    assert ready["lines"][0]["modifiers"] == ["GP", "KX"]
    assert Decimal(ready["spend"]["kx_balance"]) > THRESHOLD


def test_a_ready_day_keeps_the_balance_that_it_was_judged_on(planned: Clinic) -> None:
    """A later report that raises the balance does not put KX on a claim that is out."""
    ready = decision(planned.complete(session("S-1", GAIT), time="2026-03-02T12:00:00Z"))
    late = report("2600.00", "2026-03-01T00:00:00Z", includes_through="2026-03-01")
    emitted = planned.accrue(late, time="2026-03-05T12:00:00Z")
    (accrued,) = of_type(emitted, "spend.accrued")
    assert accrued["lines"][0]["requires_kx"] is True
    assert no_decision(emitted)
    amended = decision(planned.amend(session("S-1", [service(1, "97116", 30)], revision=2)))
    assert amended["lines"][0]["modifiers"] == ["GP"]
    assert amended["spend"]["kx_balance"] == ready["spend"]["kx_balance"]


def test_an_attestation_covers_its_own_year_group_and_dates_alone(planned: Clinic) -> None:
    """One for another group, year or earlier dates puts no KX on."""
    planned.accrue(report("2600.00", "2026-03-01T00:00:00Z"), time="2026-03-01T01:00:00Z")
    narrow = (
        {**KX, "threshold_group": "ot"},
        {**KX, "year": 2025},
        {**KX, "through": "2026-03-01"},
        {**KX, "from": "2026-03-03"},
        {**KX, "plan_of_care_id": "POC-2"},
    )
    for number, content in enumerate(narrow):
        planned.receive(document("kx_attestation", f"D-{number}", content))
    by_assistant = document("kx_attestation", "D-9", KX, author_role="assistant")
    planned.receive(by_assistant)
    decided = decision(planned.complete(session("S-1", GAIT)))
    assert missing(decided) == ["KX_ATTESTATION_MISSING"]
    covering = {**KX, "from": "2026-03-02", "through": "2026-03-02", "plan_of_care_id": "POC-1"}
    ready = decision(planned.receive(document("kx_attestation", "D-10", covering)))
    assert ready["kind"] == "ready"


def test_the_years_on_both_sides_of_a_boundary_have_their_own_ledgers(clinic: Clinic) -> None:
    """A December date of 2025 counts in 2025 even when it comes in 2026."""
    first = clinic.complete(session("S-1", GAIT, date_of_service="2025-12-31"))
    second = clinic.complete(session("S-2", GAIT, date_of_service="2026-01-05"))
    years = [of_type(each, "spend.accrued")[0]["spend"] for each in (first, second)]
    assert [each["year"] for each in years] == [2025, 2026]
    assert [each["kx_threshold"] for each in years] == ["2410.00", "2480.00"]
    assert years[1]["balance_before"] == "0.00"


def test_a_threshold_is_passed_up_and_down(planned: Clinic) -> None:
    """Each threshold is said once a crossing: upwards lowest first, downwards highest first."""
    planned.accrue(report("2200.00", "2026-03-01T00:00:00Z"), time="2026-03-01T01:00:00Z")
    lines = [service(1, "97116", 1000, units=None)]
    lines = [{**lines[0], "therapist_minutes": 1000}]
    up = planned.complete(session("S-1", lines))
    crossed = [(each["threshold"], each["direction"]) for each in of_type(up, "threshold.crossed")]
    assert crossed == [("approaching_kx", "up"), ("kx", "up"), ("review", "up")]
    (first, *_) = of_type(up, "threshold.crossed")
    assert first["amount_of_threshold"] == "2232.00"
    assert first["visit_day_id"] == of_type(up, "spend.accrued")[0]["visit_day_id"]
    down = planned.void("S-1")
    crossed = [
        (each["threshold"], each["direction"]) for each in of_type(down, "threshold.crossed")
    ]
    assert crossed == [("review", "down"), ("kx", "down"), ("approaching_kx", "down")]


def test_a_report_places_the_entries_after_it_again(planned: Clinic) -> None:
    """Only days whose balance moves by it are emitted, then the balance, then what was passed."""
    planned.complete(session("S-1", GAIT), time="2026-03-02T12:00:00Z")
    planned.complete(
        session("S-2", GAIT, date_of_service="2026-03-03"), time="2026-03-03T12:00:00Z"
    )
    emitted = planned.accrue(
        report("2470.00", "2026-03-02T18:00:00Z"), time="2026-03-04T12:00:00Z"
    )
    assert types(emitted)[:3] == ["spend.accrued", "spend.balance", "threshold.crossed"]
    (moved,) = of_type(emitted, "spend.accrued")
    assert moved["date_of_service"] == "2026-03-03"
    assert moved["spend"]["balance_before"] == "2470.00"
    assert (moved["spend"]["basis"], moved["revision"]) == ("reported", 2)
    assert [each["visit_day_id"] for each in of_type(emitted, "threshold.crossed")] == [None, None]


def test_an_ot_session_moves_the_price_of_a_pt_day(planned: Clinic) -> None:
    """Only one unit of the date keeps its whole practice expense, over all disciplines."""
    (alone,) = of_type(planned.complete(session("S-1", GAIT)), "spend.accrued")
    eval_day = session("S-2", [service(1, "97165", 30)], discipline="OT", plan_of_care_id=None)
    own, moved = of_type(planned.complete(eval_day), "spend.accrued")
    assert (own["discipline"], moved["discipline"]) == ("OT", "PT")
    assert moved["revision"] == 2
    assert moved["lines"][0]["price"]["mppr_reduced_units"] == 1
    assert Decimal(moved["total_allowed"]) < Decimal(alone["total_allowed"])
    assert moved["spend"]["balance_before"] == alone["spend"]["balance_before"]


def test_a_waiting_day_is_decided_on_its_own_new_price(planned: Clinic) -> None:
    """Where one cause prices it again and moves the total, no decision has the old price."""
    planned.accrue(report("2400.00", "2026-03-01T00:00:00Z"), time="2026-03-01T01:00:00Z")
    waits = session("S-1", [service(1, "97116", 30)], plan_of_care_id="POC-2")
    planned.complete(waits)
    speech = session("S-2", [service(1, "92526", 30)], discipline="SLP")
    planned.complete(speech)
    second = plan_of_care("POC-2", "D-POC-2")
    told = planned.receive(second)
    assert missing(decision(told)) == ["KX_ATTESTATION_MISSING"]
    emitted = planned.void("S-2")
    accrued = of_type(emitted, "spend.accrued")
    ready = of_type(emitted, "claim.ready")[-1]
    assert [each["discipline"] for each in accrued] == ["SLP", "PT"]
    assert ready["total_allowed"] == accrued[-1]["total_allowed"]
    assert ready["spend"]["kx_balance"] == "2400.00"


def test_a_session_that_moves_makes_no_other_day_ready(planned: Clinic) -> None:
    """Between the day left and the day entered the total dips, and nobody is judged on that."""
    planned.accrue(report("2400.00", "2026-03-01T00:00:00Z"), time="2026-03-01T01:00:00Z")
    planned.complete(session("S-1", [service(1, "97116", 30)], plan_of_care_id="POC-2"))
    other = session("S-2", [service(1, "97116", 30)], date_of_service="2026-03-03")
    planned.complete(other)
    waiting = decision(planned.receive(plan_of_care("POC-2", "D-POC-2")))
    assert missing(waiting) == ["KX_ATTESTATION_MISSING"]
    moved = {**other, "revision": 2, "date_of_service": "2026-03-04"}
    decided = [
        each["data"]["date_of_service"]
        for each in planned.amend(moved)
        if each["type"].startswith("therapy.claim.")
    ]
    assert "2026-03-02" not in decided


def test_an_undecided_code_is_not_bundled(clinic: Clinic) -> None:
    """A code that is not in the procedure table stays a line, whatever its status is."""
    emitted = clinic.complete(session("S-1", [service(1, "97602", 15)]))
    (day,) = of_type(emitted, "spend.accrued")
    assert [(line["code"], line["units"]) for line in day["lines"]] == [("97602", None)]
    assert day["lines"][0]["unpriced"] == {"reason": "undecided"}
    assert day["unbilled"] == []
