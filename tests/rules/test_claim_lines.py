"""What the services say of a claim's lines, against cases with the arithmetic."""

import msgspec
import pytest
from msgspec import json

from reference.rulebook import RuleBook
from rules.claim_lines import (
    DayLine,
    draft_line,
    modifiers_that_came,
    sessions_behind,
    total_charge,
    trace_lines,
    unite_diagnoses,
)
from schemas.values import DistinctModifier
from tests.rules.visit_days import Case, facts_of, load_cases, price_day


@pytest.mark.parametrize("case", load_cases(__file__), ids=lambda case: case["name"])
def test_a_line_is_made_of_its_services(case: Case, rulebook: RuleBook) -> None:
    """Each line has the case's charge, pointers and rendering provider."""
    facts = facts_of(rulebook, case)
    visit = price_day(case, facts)
    diagnoses = unite_diagnoses(visit.on_file.sessions)
    services = trace_lines(visit.priced.lines, visit.on_file.sessions)
    drafted = [
        draft_line(line, services[line.number], diagnoses, (), facts)
        for line in visit.priced.lines
    ]
    made = [
        {
            "charge": line.charge,
            "pointers": list(line.diagnosis_pointers),
            "npi": line.rendering_npi,
        }
        for line in drafted
    ]
    assert made == case["lines"]
    assert list(diagnoses) == case.get("diagnoses", ["M25.561"])


def test_a_line_kept_before_lines_were_split_is_read() -> None:
    """What was kept without the two fields of assistants is a line of no assistant."""
    kept = b'[1,"97110",2,true,"44.00",[]]'
    line = json.decode(kept, type=DayLine)
    assert (line.assistant, line.is_part) == (False, False)
    assert json.decode(json.encode(line), type=DayLine) == line


def test_what_came_keeps_its_order_of_arrival(rulebook: RuleBook) -> None:
    """A line has the modifiers of all its services, and the sessions behind it, each once."""
    came = [{"services": [[97110, 15, {"modifiers": each}]]} for each in (["GA"], ["95", "GA"])]
    visit = price_day({"sessions": came}, facts_of(rulebook, {}))
    lines, sessions = visit.priced.lines, visit.on_file.sessions
    services = trace_lines(lines, sessions)
    assert modifiers_that_came(sessions, services) == {1: ("GA", "95", "GA")}
    drafted = draft_line(lines[0], services[1], ("M25.561",), (), facts_of(rulebook, {}))
    assert sessions_behind([drafted]) == ("S-1", "S-2")


@pytest.mark.parametrize(
    ("assistant", "units", "charge"),
    [
        (False, 3, "210.00"),  # 15 -> 1 and 30 -> 2: 50.00 + 2 × 80.00
        (True, 3, "180.00"),  # 30 -> 2 and 15 -> 1: 2 × 50.00 + 80.00
    ],
)
def test_a_part_of_a_code_bears_the_minutes_of_its_side(
    units: int, charge: str, rulebook: RuleBook, *, assistant: bool
) -> None:
    """Of a code in two lines each line's units are counted by its own side's minutes."""
    services = [
        [[97110, 15, {"assistant_minutes": 30, "charge": "50.00"}]],
        [[97110, 30, {"assistant_minutes": 15, "charge": "80.00"}]],
    ]
    facts = facts_of(rulebook, {})
    visit = price_day({"sessions": [{"services": each} for each in services]}, facts)
    (whole,) = visit.priced.lines
    part = msgspec.structs.replace(whole, units=units, assistant=assistant, is_part=True)
    traced = trace_lines([part], visit.on_file.sessions)[1]
    assert total_charge(part, traced, facts) == charge


def test_a_line_that_was_kept_without_a_statement_is_read() -> None:
    """A line of the time before statements has no modifier of a distinct service."""
    kept = b'[1,"97110",2,true,"59.00",[{"session_id":"S-1","line":1}]]'
    line = msgspec.json.decode(kept, type=DayLine)
    assert (line.number, line.distinct_modifier) == (1, None)
    stated = msgspec.structs.replace(line, distinct_modifier=DistinctModifier.XE)
    assert msgspec.json.decode(msgspec.json.encode(stated), type=DayLine) == stated
