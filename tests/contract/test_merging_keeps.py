"""What a merge leaves as it was: claims that are out, and what was judged on their days."""

import pytest

from tests.clinic import (
    Clinic,
    Json,
    device_days,
    document,
    missing,
    of_type,
    plan_of_care,
    report,
    service,
    session,
)
from tests.services.claims.test_authorizations import authorization, visit

RETIRED, SURVIVOR = "P-1", "P-2"
READY, WITHDRAWN = "claim.ready", "claim.withdrawn"
DISTINCT = {"from_line": 1, "reason": "another region", "modifier": "59"}


def of(patient: str, data: Json) -> Json:
    """Return the data of another patient."""
    return {**data, "patient_id": patient}


def merge(clinic: Clinic, time: str | None = None) -> list[Json]:
    """Merge the two patients; return what comes of it."""
    data = {"patient_id": RETIRED, "surviving_id": SURVIVOR, "revision": 1}
    return clinic.send("patient.merged", data, time=time)


def treated(name: str, on: str, code: str = "97110", minutes: int = 20, **more: object) -> Json:
    """Return a session of one code on a date."""
    return session(name, [service(1, code, minutes)], date_of_service=on, **more)


def decisions(emitted: list[Json]) -> list[Json]:
    """Return the decisions among the events."""
    return [each for each in emitted if each["type"].startswith("therapy.claim.")]


@pytest.fixture
def planned(clinic: Clinic) -> Clinic:
    """Return a clinic that has the plan of care under both ids."""
    clinic.receive(plan_of_care())
    clinic.receive(of(SURVIVOR, plan_of_care()))
    return clinic


def test_a_claim_that_is_out_keeps_its_day_and_its_id(planned: Clinic) -> None:
    """The merge says nothing of it; its correction under either id is a replacement."""
    (out,) = of_type(planned.complete(treated("S-1", "2026-03-02")), READY)
    assert decisions(merge(planned)) == []
    (next_,) = of_type(planned.amend(treated("S-1", "2026-03-02", minutes=30, revision=2)), READY)
    assert next_["patient_id"] == SURVIVOR
    assert (next_["version"], next_["frequency_code"]) == (2, "7")
    assert [next_[name] for name in ("visit_day_id", "claim_id")] == [
        out[name] for name in ("visit_day_id", "claim_id")
    ]
    (third,) = of_type(planned.complete(of(SURVIVOR, treated("S-9", "2026-03-02"))), READY)
    assert (third["claim_id"], third["frequency_code"]) == (out["claim_id"], "7")
    assert third["session_ids"] == ["S-1", "S-9"]


def test_of_two_days_that_are_one_the_survivors_claim_stays(planned: Clinic) -> None:
    """The retired id's claim is withdrawn first, the survivor's replaced with units of both."""
    (left,) = of_type(planned.complete(treated("S-1", "2026-03-02", minutes=13)), READY)
    (kept,) = of_type(
        planned.complete(of(SURVIVOR, treated("S-1", "2026-03-02", minutes=13))), READY
    )
    withdrawn, replaced = decisions(merge(planned))
    assert withdrawn["data"]["claim_id"] == left["claim_id"]
    assert withdrawn["data"]["reason"] == "moved"
    assert replaced["data"]["claim_id"] == kept["claim_id"]
    assert [line["units"] for line in replaced["data"]["lines"]] == [2]
    assert len(set(replaced["data"]["session_ids"])) == 2


def test_a_day_that_only_waited_leaves_without_a_word(planned: Clinic) -> None:
    """Of a day of the retired id that never was ready nothing is withdrawn."""
    planned.complete(treated("S-1", "2026-03-02", note={"note_id": "N", "one_on_one": True}))
    planned.complete(of(SURVIVOR, treated("S-2", "2026-03-02")))
    (said,) = decisions(merge(planned))
    assert said["type"] == "therapy.claim.needs-documentation.v1"
    assert missing(said["data"]) == ["NOTE_NOT_SIGNED"]


def test_what_a_pair_puts_in_doubt_is_not_sent_on_the_way(planned: Clinic) -> None:
    """The days of a date are priced together: the first of them is never without the other."""
    both = [service(1, "97530", 15), service(2, "97150", 15)]
    planned.complete(session("S-1", both[:1], discipline="OT"))
    (doubted,) = decisions(planned.complete(session("S-2", both[1:])))[1:]
    assert missing(doubted["data"]) == ["NCCI_PAIR_NEEDS_DISTINCT_SERVICE"]
    merged = merge(planned)
    assert decisions(merged) == []
    assert len(of_type(merged, "spend.accrued")) == 2


def test_a_report_counts_a_day_once(planned: Clinic) -> None:
    """A day that was accrued before the payer's report is in it, before the merge and after."""
    planned.complete(treated("S-1", "2026-03-02"), time="2026-03-02T15:00:00Z")
    planned.accrue(report("500.00", "2026-03-05T00:00:00Z"), time="2026-03-05T01:00:00Z")
    (accrued,) = of_type(merge(planned, "2026-03-06T00:00:00Z"), "spend.accrued")
    assert accrued["spend"]["running_total"] == "500.00"


def test_the_balances_are_one(planned: Clinic) -> None:
    """The survivor's year has the days of both, and the next day stands behind them all."""
    (own,) = of_type(planned.complete(of(SURVIVOR, treated("S-1", "2026-03-02"))), "spend.accrued")
    planned.complete(treated("S-1", "2026-03-03"))
    (came,) = of_type(merge(planned), "spend.accrued")
    assert came["spend"]["balance_before"] == own["spend"]["balance_after"]
    (late,) = of_type(planned.complete(treated("S-2", "2026-03-04")), "spend.accrued")
    assert late["patient_id"] == SURVIVOR
    assert late["spend"]["balance_before"] == came["spend"]["running_total"]


def test_timely_filing_counts_from_the_first_event(planned: Clinic) -> None:
    """A day that came in time is not late because it was merged a year after."""
    note = {"note_id": "N", "one_on_one": True}
    planned.complete(treated("S-1", "2026-03-02", note=note), time="2026-03-02T15:00:00Z")
    merge(planned, "2027-06-01T00:00:00Z")
    content = {"session_id": "S-1", "signed_at": "2026-03-05T09:00:00-06:00"}
    signed = document("note_addendum", "A-1", content)
    (ready,) = of_type(planned.receive(signed, time="2027-06-02T00:00:00Z"), READY)
    assert ready["patient_id"] == SURVIVOR


def test_an_authorization_that_is_used_up_leaves_its_visits_where_they_are(clinic: Clinic) -> None:
    """A visit that took of it keeps that; the next visit under either id finds none left."""
    clinic.receive(authorization(quantity=1))
    clinic.receive(of(SURVIVOR, authorization(quantity=1)))
    assert of_type(clinic.complete(visit(1)), READY)
    assert of_type(clinic.complete(of(SURVIVOR, visit(2))), READY)
    assert decisions(merge(clinic)) == []
    (held,) = of_type(clinic.complete(visit(3)), "claim.held")
    assert [each["code"] for each in held["blocked_by"]] == ["AUTHORIZATION_EXHAUSTED"]


def test_kx_stays_judged_on_the_balance_that_it_was_judged_on(planned: Clinic) -> None:
    """A day that was ready below the threshold needs no KX for what the survivor's year has."""
    planned.complete(treated("S-1", "2026-03-02"))
    planned.accrue(of(SURVIVOR, report("3000.00", "2026-03-01T00:00:00Z")))
    assert decisions(merge(planned)) == []


def test_treatment_days_are_counted_together(planned: Clinic) -> None:
    """Six days under each id are twelve, and a progress report is due."""
    for number in range(6):
        planned.complete(treated(f"S-{number}", f"2026-03-{2 * number + 2:02}"))
        planned.complete(of(SURVIVOR, treated(f"S-{number}", f"2026-03-{2 * number + 3:02}")))
    due = [each["data"] for each in decisions(merge(planned))]
    assert sorted(each["date_of_service"] for each in due) == ["2026-03-12", "2026-03-13"]
    assert all(missing(each) == ["PROGRESS_REPORT_DUE"] for each in due)


def test_an_addendum_finds_its_session_after_the_merge(planned: Clinic) -> None:
    """Equal ids under both patients stay apart: it signs the note of its own patient's session."""
    note = {"note_id": "N", "one_on_one": True}
    planned.complete(treated("S-1", "2026-03-02", note=note))
    planned.complete(of(SURVIVOR, treated("S-1", "2026-03-04", note=note)))
    merge(planned)
    content = {"session_id": "S-1", "signed_at": "2026-03-05T09:00:00-06:00"}
    (first,) = of_type(planned.receive(document("note_addendum", "A-1", content)), READY)
    assert first["date_of_service"] == "2026-03-02"
    own = of(SURVIVOR, document("note_addendum", "A-1", content))
    (second,) = of_type(planned.receive(own), READY)
    assert second["date_of_service"] == "2026-03-04"


def test_what_overlaps_with_another_patient_goes_along(planned: Clinic) -> None:
    """The finding stays through the merge, and leaves when the other patient's time is right."""
    block = {"start": "2026-03-02T14:00:00-06:00", "end": "2026-03-02T14:20:00-06:00"}
    later = {"start": "2026-03-02T15:00:00-06:00", "end": "2026-03-02T15:20:00-06:00"}
    planned.receive(of("P-3", plan_of_care()))
    planned.complete(session("S-1", [service(1, "97110", 20, intervals=[block])]))
    other = of("P-3", session("S-1", [service(1, "97110", 20, intervals=[block])]))
    planned.complete(other)
    assert decisions(merge(planned)) == []
    moved = of("P-3", session("S-1", [service(1, "97110", 20, intervals=[later])], revision=2))
    ready = of_type(planned.amend(moved), READY)
    assert sorted(each["patient_id"] for each in ready) == [SURVIVOR, "P-3"]


def test_monitoring_goes_along(planned: Clinic) -> None:
    """A period's days under the retired id bill for the survivor's session."""
    planned.monitor(device_days("R-1", "2026-03-01", 20))
    merge(planned)
    done = [service(1, "98977", 0, monitoring={"period_from": "2026-03-01"})]
    late = session("S-1", done, date_of_service="2026-03-31", total_treatment_minutes=0)
    (computed,) = of_type(planned.complete(of(SURVIVOR, late)), "units.computed")
    assert [(line["code"], line["units"]) for line in computed["lines"]] == [("98977", 1)]


def test_a_merge_that_comes_again_changes_nothing(planned: Clinic) -> None:
    """Neither the same revision nor a higher one says anything of the same two ids."""
    planned.complete(treated("S-1", "2026-03-02"))
    merge(planned)
    assert merge(planned) == []
    data = {"patient_id": RETIRED, "surviving_id": SURVIVOR, "revision": 2}
    assert planned.send("patient.merged", data) == []
