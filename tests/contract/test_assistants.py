"""Assistants on a claim: split lines, their modifiers, charges and prices, and who may treat."""

import shutil
from pathlib import Path

import pytest

from reference.rulebook import PACKAGE, RuleBook, load
from tests.clinic import (
    COMMERCIAL,
    THERAPIST,
    Clinic,
    Json,
    decision,
    document,
    of_type,
    plan_of_care,
    report,
    service,
    session,
)

ASSISTANT = "1777777772"
STUDENT = "1888888886"
BOTH: list[Json] = [
    {"npi": THERAPIST, "role": "therapist"},
    {"npi": ASSISTANT, "role": "assistant"},
]
KX = {"statement": "reasonable and necessary", "threshold_group": "pt_slp", "year": 2026}


@pytest.fixture
def planned(clinic: Clinic) -> Clinic:
    """Return a clinic that has the patient's certified plan of care."""
    assert clinic.receive(plan_of_care()) == []
    return clinic


def helped(code: str, therapist: int, assistant: int, **more: object) -> Json:
    """Return a service that therapist and assistant furnished."""
    return service(1, code, therapist, assistant_minutes=assistant, charge="90.00", **more)


def day_of(services: list[Json], session_id: str = "S-1", **more: object) -> Json:
    """Return a session that names a therapist and an assistant."""
    return session(session_id, services, **{"clinicians": BOTH, **more})


def said(decided: Json, *names: str) -> list[list[object]]:
    """Return these fields of a decision's lines."""
    return [[line.get(name) for name in names] for line in decided["lines"]]


def codes(decided: Json) -> list[str]:
    """Return the codes of a decision's findings, those of every day left out."""
    return [each["code"] for each in decided["findings"] if each["code"] != "BALANCE_IS_A_FLOOR"]


def test_a_code_of_both_is_two_claim_lines(planned: Clinic) -> None:
    """The therapist's line keeps the whole unit's price, the assistant's has CQ; both a charge."""
    ready = decision(planned.complete(day_of([helped("97530", 15, 15)])))
    assert ready["kind"] == "ready"
    # One unit in all keeps its whole practice expense: 35.08 and 25.10, not 35.08 twice.
    assert said(ready, "line", "modifiers", "units", "charge", "allowed_amount") == [
        [1, ["GP"], 1, "90.00", "35.08"],
        [2, ["GP", "CQ"], 1, "90.00", "25.10"],
    ]
    came = [{"session_id": "S-1", "line": 1}]
    assert said(ready, "services", "rendering_npi", "diagnosis_pointers") == [
        [came, THERAPIST, [1]],
        [came, THERAPIST, [1]],
    ]
    assert codes(ready) == []


def test_an_occupational_therapy_assistant_has_co(planned: Clinic) -> None:
    """CO stands behind GO."""
    ready = decision(planned.complete(day_of([helped("97535", 0, 15)], discipline="OT")))
    assert said(ready, "modifiers", "units") == [[["GO", "CO"], 1]]


def test_a_payer_that_does_not_ask_for_it_has_one_line(clinic: Clinic) -> None:
    """A commercial payer's line has no CQ and no estimate."""
    ready = decision(clinic.complete(day_of([helped("97110", 15, 15)], payer=COMMERCIAL)))
    assert said(ready, "modifiers", "units", "estimate") == [[["GP"], 2, None]]


def test_the_estimate_stands_beside_the_allowed_amount(planned: Clinic) -> None:
    """The year's spend takes the full allowed amounts; what is paid is an estimate by line."""
    ready = decision(planned.complete(day_of([helped("97530", 15, 15)])))
    estimates = said(ready, "estimate")
    # 0.80 × 35.08 = 28.06; 0.02 × 28.06 = 0.56
    assert estimates[0] == [
        {
            "medicare_share": "28.06",
            "assistant_reduction": "0.00",
            "sequestration": "0.56",
            "patient_share": "7.02",
            "total": "34.52",
        }
    ]
    # 0.80 × 25.10 = 20.08; 0.15 × 20.08 = 3.01; 0.02 × 17.07 = 0.34
    assert estimates[1] == [
        {
            "medicare_share": "20.08",
            "assistant_reduction": "3.01",
            "sequestration": "0.34",
            "patient_share": "5.02",
            "total": "21.75",
        }
    ]
    assert ready["total_allowed"] == ready["spend"]["amount"] == "60.18"  # 35.08 + 25.10


def test_what_came_with_a_split_service_agrees_with_either_line(planned: Clinic) -> None:
    """The hospital's CQ stands on the one line of both; CO is on neither."""
    agrees = helped("97530", 15, 15, modifiers=["GP", "CQ"])
    assert codes(decision(planned.complete(day_of([agrees])))) == []
    strays = helped("97530", 15, 15, modifiers=["CO", "95"])
    decided = decision(planned.amend(day_of([strays], revision=2)))
    assert codes(decided) == ["MODIFIER_DISAGREES"] * 2
    found = [each for each in decided["findings"] if each["code"] == "MODIFIER_DISAGREES"]
    assert [each["lines"] for each in found] == [[1], [2]]
    assert said(decided, "modifiers") == [[["GP", "95"]], [["GP", "CQ", "95"]]]


def test_a_modifier_of_an_assistant_who_did_not_treat_disagrees(planned: Clinic) -> None:
    """CQ on a therapist's minutes is left off, and said."""
    alone = service(1, "97110", 15, charge="70.00", modifiers=["CQ"])
    ready = decision(planned.complete(day_of([alone])))
    assert codes(ready) == ["MODIFIER_DISAGREES"]
    assert said(ready, "modifiers") == [[["GP"]]]


def test_the_line_that_crosses_the_threshold_may_be_the_assistants(planned: Clinic) -> None:
    """KX stands behind CQ, on the assistant's line alone."""
    planned.accrue(report("2444.92", "2026-03-01T00:00:00Z"), time="2026-03-01T01:00:00Z")
    planned.receive(document("kx_attestation", "D-KX", KX))
    ready = decision(planned.complete(day_of([helped("97530", 15, 15)])))
    # 2444.92 + 35.08 = 2480.00, not over it; + 25.10 is
    assert said(ready, "modifiers") == [[["GP"]], [["GP", "CQ", "KX"]]]


def test_each_line_has_the_charges_of_its_side(planned: Clinic) -> None:
    """Sessions that state different charges bear the units of the minutes on the line."""
    planned.complete(day_of([service(1, "97110", 15, charge="50.00")]))
    by_both = service(1, "97110", 15, assistant_minutes=30, charge="80.00")
    ready = decision(planned.complete(day_of([by_both], "S-2")))
    # 30 minutes of the therapist: one unit at 50.00, one at 80.00; 30 of the assistant at 80.00
    assert said(ready, "modifiers", "units", "charge") == [
        [["GP"], 2, "130.00"],
        [["GP", "CQ"], 2, "160.00"],
    ]


def test_a_corrected_side_replaces_the_claim_and_a_void_withdraws_it(planned: Clinic) -> None:
    """Minutes that were the therapist's after all make one line of two."""
    first = decision(planned.complete(day_of([helped("97530", 15, 15)])))
    second = decision(planned.amend(day_of([helped("97530", 30, 0)], revision=2)))
    assert (second["kind"], second["frequency_code"]) == ("ready", "7")
    assert second["claim_id"] == first["claim_id"]
    assert said(second, "modifiers", "units") == [[["GP"], 2]]
    withdrawn = decision(planned.void("S-1"))
    assert (withdrawn["kind"], withdrawn["claim_id"]) == ("withdrawn", first["claim_id"])


def test_a_second_session_makes_the_day_a_day_of_both(planned: Clinic) -> None:
    """A therapist's morning and an assistant's afternoon are two lines of one day's pool."""
    planned.complete(day_of([service(1, "97530", 10, charge="90.00")]))
    ready = decision(planned.complete(day_of([helped("97530", 0, 13)], "S-2")))
    # 23 minutes are 2 units: 10 and 13, one of each
    assert said(ready, "modifiers", "units") == [[["GP"], 1], [["GP", "CQ"], 1]]
    assert [line["services"][0]["session_id"] for line in ready["lines"]] == ["S-1", "S-2"]


def test_minutes_of_nobody_hold_the_day_until_they_are_corrected(planned: Clinic) -> None:
    """An assistant whom the session does not name holds it; the amendment lets it go."""
    services = [helped("97110", 0, 15)]
    unnamed = day_of(services, clinicians=BOTH[:1])
    held = decision(planned.complete(unnamed))
    assert held["kind"] == "held"
    assert held["blocked_by"] == [{"code": "STUDENT_OR_AIDE_MINUTES", "lines": [1]}]
    ready = decision(planned.amend(day_of(services, revision=2)))
    assert (ready["kind"], ready["frequency_code"]) == ("ready", "1")


def test_a_late_interval_of_a_student_puts_the_claim_in_doubt(planned: Clinic) -> None:
    """An addendum that names a student as who treated holds a day that was ready."""
    clinicians = [*BOTH, {"npi": STUDENT, "role": "student"}]
    ready = decision(planned.complete(day_of([helped("97110", 15, 0)], clinicians=clinicians)))
    assert ready["kind"] == "ready"
    interval = {"start": "2026-03-02T14:00:00-06:00", "end": "2026-03-02T14:15:00-06:00"}
    lines = [{"line": 1, "intervals": [{**interval, "clinician": STUDENT}]}]
    content = {"session_id": "S-1", "lines": lines}
    held = decision(planned.receive(document("note_addendum", "A-1", content)))
    assert held["kind"] == "held"
    assert held["outstanding"] == {"claim_id": ready["claim_id"], "version": 1}
    assert [each["code"] for each in held["blocked_by"]] == ["STUDENT_OR_AIDE_MINUTES"]


def test_speech_has_no_assistant_to_pay(planned: Clinic) -> None:
    """The day is held by the edit, and has neither a second line nor a modifier."""
    held = decision(planned.complete(day_of([helped("92507", 10, 20)], discipline="SLP")))
    assert held["blocked_by"] == [{"code": "ASSISTANT_WRONG_DISCIPLINE", "lines": [1]}]
    assert said(held, "modifiers", "units") == [[["GN"], 1]]


def test_an_assistant_does_not_evaluate(planned: Clinic) -> None:
    """Neither an evaluation nor a re-evaluation goes out with assistant minutes."""
    for number, code in enumerate(("97161", "97164"), 1):
        data = day_of([helped(code, 30, 1)], f"S-{number}", date_of_service=f"2026-03-0{number}")
        held = decision(planned.complete(data))
        assert held["blocked_by"] == [{"code": "EVALUATION_BY_ASSISTANT", "lines": [1]}]


def _with_share(folder: Path, share: str) -> RuleBook:
    """Return the rulebook with another share of an assistant's line in the year's spend."""
    shutil.copytree(PACKAGE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    path = folder / "parameters" / "thresholds" / "assistant_accrual_share.yaml"
    path.write_text(path.read_text("utf-8").replace('"1.00"', f'"{share}"'), "utf-8")
    return load(folder)


def test_the_spend_may_take_an_assistants_line_after_the_cut(
    planned: Clinic, tmp_path: Path
) -> None:
    """By our default the full amount counts and needs KX; by the other reading 85 % of it."""
    other = Clinic(_with_share(tmp_path / "reference", "0.85"))
    other.receive(plan_of_care())
    said_of = []
    for clinic in (planned, other):
        clinic.accrue(report("2420.00", "2026-03-01T00:00:00Z"), time="2026-03-01T01:00:00Z")
        emitted = clinic.complete(day_of([helped("97530", 15, 15)]))
        (accrued,) = of_type(emitted, "spend.accrued")
        requires = [line["requires_kx"] for line in accrued["lines"]]
        spend = accrued["spend"]
        said_of.append([accrued["total_allowed"], spend["amount"], requires])
        assert decision(emitted)["kind"] == ("needs-documentation" if any(requires) else "ready")
    # 2420.00 + 60.18 = 2480.18, over 2480.00; 35.08 + 0.85 × 25.10 = 56.42 (21.335 is 21.34)
    assert said_of == [["60.18", "60.18", [False, True]], ["60.18", "56.42", [False, False]]]
