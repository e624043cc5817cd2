"""Notes through all consumers: what is compared with what, and what is kept of a patient."""

from msgspec.json import encode

from schemas.envelope import write_data
from schemas.structs import reader_of
from services.claims.kinds import KINDS
from services.claims.state import NotesState
from tests.clinic import (
    ACTIVITY,
    COMMERCIAL,
    Clinic,
    Json,
    decision,
    document,
    no_decision,
    plan_of_care,
    service,
    session,
)

GAIT = "Gait training with a rolling walker, 150 feet."
STAIRS = "Stairs, one flight, both rails, step by step."
COPIED = "NOTE_LOOKS_COPIED"


def visit(session_id: str, text: str, day: int = 2, **more: object) -> Json:
    """Return a signed session of March 2026 with a note of this text."""
    on = f"2026-03-{day:02}"
    note = {"signed_at": f"{on}T15:00:00-06:00", "one_on_one": True, "text": text}
    stated = {"date_of_service": on, "note": note, **more}
    return session(session_id, [service(1, "97110", 15, charge="70.00")], **stated)


def copied(decided: Json) -> list[Json]:
    """Return the findings on copied notes."""
    return [each for each in decided["findings"] if each["code"] == COPIED]


def test_a_copied_note_warns_and_the_day_is_ready(clinic: Clinic) -> None:
    """The second day with the note of the first is ready, with a warning."""
    clinic.receive(plan_of_care())
    assert copied(decision(clinic.complete(visit("S-1", GAIT)))) == []
    ready = decision(clinic.complete(visit("S-2", GAIT, 4)))
    assert ready["kind"] == "ready"
    assert [each["severity"] for each in copied(ready)] == ["warning"]


def test_a_day_that_waited_is_warned_of_as_when_it_came(clinic: Clinic) -> None:
    """The plan of care that makes the day ready leaves the warning of its note."""
    clinic.complete(visit("S-1", GAIT))
    waiting = decision(clinic.complete(visit("S-2", GAIT, 4)))
    later = clinic.receive(plan_of_care())
    ready = [each["data"] for each in later if each["data"]["session_ids"] == ["S-2"]]
    assert [copied(each) for each in ready] == [copied(waiting)]
    assert copied(waiting)


def test_an_earlier_note_that_comes_late_decides_nothing_again(clinic: Clinic) -> None:
    """The day whose note the late one is like stays as it is: a warning alone is no news."""
    clinic.receive(plan_of_care())
    clinic.complete(visit("S-2", GAIT, 4))
    late = clinic.complete(visit("S-1", GAIT))
    assert copied(decision(late)) == []
    assert decision(late)["session_ids"] == ["S-1"]


def test_a_new_text_is_judged_anew(clinic: Clinic) -> None:
    """An amendment with words of its own takes the warning away, with the next decision."""
    clinic.receive(plan_of_care())
    clinic.complete(visit("S-1", GAIT))
    assert copied(decision(clinic.complete(visit("S-2", GAIT, 4))))
    own = visit("S-2", STAIRS, 4, revision=2)
    assert no_decision(clinic.amend(own))
    billed = [service(1, "97110", 30, charge="70.00")]
    changed = {**own, "revision": 3, "services": billed, "total_treatment_minutes": 30}
    assert copied(decision(clinic.amend(changed))) == []


def test_a_session_entered_twice_is_a_copy_until_the_first_is_voided(clinic: Clinic) -> None:
    """What was sent again under another id is not compared with what is gone."""
    clinic.receive(plan_of_care())
    clinic.complete(visit("S-1", GAIT))
    clinic.void("S-1")
    assert copied(decision(clinic.complete(visit("S-2", GAIT)))) == []


def test_a_corrected_date_takes_the_note_along(clinic: Clinic) -> None:
    """A session that moved is compared at its new date, and not with itself."""
    clinic.receive(plan_of_care())
    clinic.complete(visit("S-1", GAIT))
    moved = clinic.amend(visit("S-1", GAIT, 6, revision=2))
    entered = [each["data"] for each in moved if each["type"].endswith("claim.ready.v1")]
    assert [copied(each) for each in entered] == [[]]
    assert copied(decision(clinic.complete(visit("S-2", GAIT, 4)))) == []
    assert copied(decision(clinic.complete(visit("S-3", GAIT, 9))))


def test_another_discipline_and_another_patient_are_not_compared(clinic: Clinic) -> None:
    """Each discipline of each patient has its own last notes."""
    clinic.complete(visit("S-1", GAIT))
    assert copied(decision(clinic.complete(visit("S-2", GAIT, 4, discipline="OT")))) == []
    assert copied(decision(clinic.complete(visit("S-3", GAIT, 4, patient_id="P-2")))) == []


def test_a_payer_that_compares_no_notes_keeps_none(clinic: Clinic) -> None:
    """A commercial payer's note is neither judged nor compared with."""
    clinic.complete(visit("S-1", GAIT, payer=COMMERCIAL))
    assert copied(decision(clinic.complete(visit("S-2", GAIT, 4)))) == []
    assert copied(decision(clinic.complete(visit("S-3", GAIT, 6, payer=COMMERCIAL)))) == []


def test_documentation_by_addendum_is_compared_too(clinic: Clinic) -> None:
    """What an addendum states of 97530 is the note's, and can be a copy."""
    clinic.receive(plan_of_care())
    activity = [service(1, "97530", 15, charge="70.00")]
    clinic.complete(session("S-1", activity))
    bare = [{**activity[0], "documentation": None}]
    clinic.complete(session("S-2", bare, date_of_service="2026-03-04"))
    lines = [{"line": 1, "documentation": ACTIVITY}]
    late = document("note_addendum", "A-1", {"session_id": "S-2", "lines": lines})
    (found,) = copied(decision(clinic.receive(late)))
    assert found["lines"] == [1]


def test_what_is_kept_of_notes_is_bounded() -> None:
    """Three notes of the most words are some kilobytes, however long their texts are."""
    assert ("notes", "patient", "discipline") in KINDS
    signs = "一" * 1024
    last = [[f"S-{number}", "2026-03-02", signs, []] for number in range(3)]
    kept = reader_of(NotesState)(encode({"last": last}))
    assert len(write_data(kept)) < 10_000
