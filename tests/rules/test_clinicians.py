"""A clinician's time over visit days: cases, and what holds for any blocks."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import to_json

from reference.facts import Facts
from reference.rulebook import RuleBook
from rules.clinicians import blocks_by_clinician, hours_of, overlapping, report_overlaps
from schemas.clinicians import Block
from schemas.session import Session
from schemas.units import ServiceReference, UnitsLine
from schemas.values import FindingCode, Program
from tests.clinic import THERAPIST, service, session
from tests.rules.visit_days import Case, load_cases

START = datetime(2026, 3, 2, 14, tzinfo=UTC)
NPIS = {"therapist": THERAPIST, "assistant": "1558888890", "student": "1558888891"}
BLOCKS = st.lists(
    st.tuples(st.integers(0, 300), st.integers(1, 90), st.integers(1, 3)).map(
        lambda drawn: _block(*drawn)
    ),
    max_size=6,
)


def _block(start: int, minutes: int, line: int) -> Block:
    begins = START + timedelta(minutes=start)
    return Block("S-1", line, begins, begins + timedelta(minutes=minutes))


@pytest.fixture(scope="module")
def facts(rulebook: RuleBook) -> Facts:
    """What is in force on the cases' date."""
    return rulebook.on(date(2026, 3, 2), "medicare-b-tx", Program.MEDICARE_FFS)


def read_session(name: str, stated: Mapping[str, Any]) -> Session:
    """Return the session of a case, of one service."""
    npi = stated.get("clinician", THERAPIST)
    named = {} if npi == "none" else {"clinician": npi}
    intervals = [{"start": _at(a), "end": _at(b), **named} for a, b in stated["times"]]
    treated = [{"npi": NPIS[role], "role": role} for role in stated.get("treated", ["therapist"])]
    done = [service(1, stated["code"], 10, intervals=intervals)]
    on = str(stated.get("date", "2026-03-02"))
    data = session(name, done, clinicians=treated, date_of_service=on)
    return Session.model_validate_json(to_json(data))


def _at(stated: str) -> str:
    if "T" in stated:
        return stated
    return f"2026-03-02T{stated}{'' if stated.count(':') > 1 else ':00'}-06:00"


@pytest.mark.parametrize("case", load_cases(__file__), ids=lambda case: case["name"])
def test_a_clinician_is_with_one_patient_at_a_time(case: Case, facts: Facts) -> None:
    """Both services are named where they overlap, and none where they do not."""
    one, other = (
        blocks_by_clinician([read_session(name, case[name])], facts).get(THERAPIST, ())
        for name in ("one", "other")
    )
    mine, theirs = overlapping(one, other)
    assert mine == ((ServiceReference("one", 1),) if case["overlap"] else ())
    assert theirs == ((ServiceReference("other", 1),) if case["overlap"] else ())


def test_each_clinician_has_their_own_blocks(facts: Facts) -> None:
    """By NPI, each with the session's own line numbers."""
    stated = read_session("S-1", {"code": "97110", "times": [["14:00", "14:10"]]})
    assistant = {"code": "97140", "times": [["14:10", "14:20"]], "clinician": "1000000000"}
    found = blocks_by_clinician([stated, read_session("S-2", assistant)], facts)
    assert list(found) == ["1000000000", THERAPIST]
    assert [each.session_id for each in found["1000000000"]] == ["S-2"]
    assert [each.session_id for each in found[THERAPIST]] == ["S-1"]


@pytest.mark.parametrize(("alone", "npis"), [("student", []), ("assistant", ["1558888890"])])
def test_a_student_alone_has_no_blocks(facts: Facts, alone: str, npis: list[str]) -> None:
    """Where nobody is named and one alone treated it is theirs, but for a student or an aide."""
    stated = {"code": "97110", "times": [["14:00", "14:10"]], "clinician": "none"}
    found = blocks_by_clinician([read_session("S-1", {**stated, "treated": [alone]})], facts)
    assert list(found) == npis


def test_a_time_that_ends_at_midnight_leaves_the_next_date_without_a_block(facts: Facts) -> None:
    """From midnight to midnight is no time, and keeps no hour."""
    stated = {"code": "97110", "times": [["23:50", "2026-03-03T00:00:00-06:00"]]}
    assert (
        blocks_by_clinician([read_session("S-1", {**stated, "date": "2026-03-03"})], facts) == {}
    )


def test_a_group_hides_no_block_after_it(facts: Facts) -> None:
    """A session's later services count where an earlier one is no one-on-one time."""
    group = read_session("S-1", {"code": "97150", "times": [["14:00", "14:10"]]})
    alone = read_session("S-2", {"code": "97110", "times": [["14:10", "14:20"]]})
    both = (*group.services, alone.services[0].model_copy(update={"line": 2}))
    found = blocks_by_clinician([group.model_copy(update={"services": both})], facts)
    assert [(each.session_id, each.line) for each in found[THERAPIST]] == [("S-1", 2)]


@given(BLOCKS, BLOCKS)
def test_an_overlap_is_the_same_from_both_sides(ours: list[Block], theirs: list[Block]) -> None:
    """Whoever looks, the same services of the same days are named, minute by minute."""
    mine, others = overlapping(ours, theirs)
    assert overlapping(theirs, ours) == (others, mine)
    together = _minutes(ours) & _minutes(theirs)
    lines = {each.line for each in ours if _minutes([each]) & together}
    assert [each.line for each in mine] == sorted(lines)


@given(BLOCKS, BLOCKS)
def test_blocks_that_overlap_share_an_hour(ours: list[Block], theirs: list[Block]) -> None:
    """So a look at the hours of a day finds every day that it can overlap with."""
    if overlapping(ours, theirs)[0]:
        assert set(hours_of(ours)) & set(hours_of(theirs))
    assert hours_of(ours) == sorted({minute // 60 for minute in _minutes(ours)})


def _minutes(blocks: list[Block]) -> set[int]:
    """Return the minutes since 1970 that the blocks take."""
    return {
        minute
        for block in blocks
        for minute in range(int(block.start.timestamp()) // 60, int(block.end.timestamp()) // 60)
    }


@pytest.mark.parametrize(
    ("services", "lines"),
    [([("S-1", 1)], [2]), ([("S-1", 1), ("S-9", 1)], [2]), ([("S-1", 2)], None), ([], None)],
)
def test_what_the_day_does_not_have_any_more_is_not_reported(
    facts: Facts, services: list[tuple[str, int]], lines: list[int] | None
) -> None:
    """An amended session may have lost the line, and another may have left the day."""
    stated = read_session("S-1", {"code": "97110", "times": [["14:00", "14:10"]]})
    line = UnitsLine(
        2, "97110", 1, 10, timed=True, assistant=False, services=(ServiceReference("S-1", 1),)
    )
    named = [ServiceReference(*each) for each in services]
    found = report_overlaps(named, [stated], [line], facts)
    assert [list(each.lines) for each in found] == ([] if lines is None else [lines])


def test_minutes_that_earned_no_unit_count_too(facts: Facts) -> None:
    """They may have earned another code's unit: the day waits all the same."""
    stated = read_session("S-1", {"code": "97110", "times": [["14:00", "14:05"]]})
    (found,) = report_overlaps([ServiceReference("S-1", 1)], [stated], [], facts)
    assert (found.code, found.lines) == (FindingCode.OVERLAPPING_INTERVALS, ())
    assert found.message.endswith("overlap with those on another visit day.")
