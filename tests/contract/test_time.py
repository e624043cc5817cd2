"""Start and stop times through all consumers: what they stop, and what clears it."""

import pytest

from tests.clinic import (
    Clinic,
    Json,
    decision,
    document,
    missing,
    plan_of_care,
    service,
    session,
)

CODES = ("97110", "97140")


def block(start: str, stop: str) -> Json:
    """Return an interval of 2026-03-02 in Texas."""
    return {"start": f"2026-03-02T{start}:00-06:00", "end": f"2026-03-02T{stop}:00-06:00"}


def timed(*blocks: Json, session_id: str = "S-1", code: str = "97110", **more: object) -> Json:
    """Return a session of 15 minutes of one code with these intervals."""
    stated = service(1, code, 15, charge="70.00", intervals=list(blocks))
    return session(session_id, [stated], **more)


def test_an_addendum_with_the_right_times_makes_the_day_ready(clinic: Clinic) -> None:
    """Times that came wrong are corrected by a signed addendum, and the day resumes by itself."""
    clinic.receive(plan_of_care())
    waiting = decision(clinic.complete(timed(block("14:00", "14:10"))))
    assert missing(waiting) == ["INTERVALS_DISAGREE_WITH_MINUTES"]
    lines = [{"line": 1, "intervals": [block("14:00", "14:15")]}]
    late = document("note_addendum", "A-1", {"session_id": "S-1", "lines": lines})
    assert decision(clinic.receive(late))["kind"] == "ready"


def test_an_addendum_that_came_first_is_merged_before_the_times_are_read(clinic: Clinic) -> None:
    """The right times hold though they came before the session that they correct."""
    clinic.receive(plan_of_care())
    lines = [{"line": 1, "intervals": [block("14:00", "14:15")]}]
    clinic.receive(document("note_addendum", "A-1", {"session_id": "S-1", "lines": lines}))
    assert decision(clinic.complete(timed(block("14:00", "14:10"))))["kind"] == "ready"


def test_a_second_session_at_the_same_time_puts_the_claim_in_doubt(clinic: Clinic) -> None:
    """One therapist's overlapping sessions of a day block it, until one of them is voided."""
    clinic.receive(plan_of_care())
    assert decision(clinic.complete(timed(block("14:00", "14:15"))))["kind"] == "ready"
    second = timed(block("14:10", "14:25"), session_id="S-2", code="97140")
    doubted = decision(clinic.complete(second))
    assert missing(doubted) == ["OVERLAPPING_INTERVALS"]
    assert doubted["missing"][0]["session_ids"] == ["S-1", "S-2"]
    assert doubted["outstanding"]["version"] == 1
    assert decision(clinic.void("S-2"))["kind"] == "ready"


def test_an_amendment_that_moves_the_times_apart_clears_the_day(clinic: Clinic) -> None:
    """The session of the highest revision is the one whose times are read."""
    clinic.receive(plan_of_care())
    both = [
        service(line, code, 15, charge="70.00", intervals=[block("14:00", "14:15")])
        for line, code in enumerate(CODES, 1)
    ]
    assert missing(decision(clinic.complete(session("S-1", both)))) == ["OVERLAPPING_INTERVALS"]
    apart = [both[0], {**both[1], "intervals": [block("14:15", "14:30")]}]
    assert decision(clinic.amend(session("S-1", apart, revision=2)))["kind"] == "ready"


@pytest.mark.parametrize("cut", [True, False])
def test_a_treatment_over_midnight_is_two_sessions(clinic: Clinic, *, cut: bool) -> None:
    """Each date bills its own minutes; its times are cut at midnight, or whole in both."""
    clinic.receive(plan_of_care())
    start, midnight, end = "2026-03-02T23:45", "2026-03-03T00:00", "2026-03-03T00:15"
    over, before, after = (
        {"start": f"{first}:00-06:00", "end": f"{last}:00-06:00"}
        for first, last in ((start, end), (start, midnight), (midnight, end))
    )
    whole = session("S-1", [service(1, "97110", 30, charge="70.00", intervals=[over])])
    assert missing(decision(clinic.complete(whole))) == ["INTERVALS_DISAGREE_WITH_MINUTES"]
    if not cut:
        before = after = over
    assert decision(clinic.amend(timed(before, revision=2)))["kind"] == "ready"
    rest = timed(after, session_id="S-2", date_of_service="2026-03-03")
    assert decision(clinic.complete(rest))["kind"] == "ready"


def test_a_payer_that_asks_for_times_waits_for_them(clinic: Clinic) -> None:
    """Texas Medicaid's profile asks for start and stop times, and an addendum brings them."""
    texas = {"payer_id": "tx-medicaid", "program": "medicaid"}
    done = [service(1, "97110", 15, charge="70.00")]
    waiting = decision(clinic.complete(session("S-1", done, payer=texas)))
    assert "INTERVALS_MISSING" in missing(waiting)
    lines = [{"line": 1, "intervals": [block("14:00", "14:15")]}]
    late = document("note_addendum", "A-1", {"session_id": "S-1", "lines": lines})
    assert "INTERVALS_MISSING" not in missing(decision(clinic.receive(late)))
