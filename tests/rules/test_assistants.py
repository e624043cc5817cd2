"""How units fall to therapist and assistant, against cases that a biller can check."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from reference.facts import AssistantSplit, Facts, InPart, NoValueInForce, TimedUnit
from reference.rulebook import RuleBook, load
from rules.assistants import Share, divide_lines, is_in_part, split_units
from rules.units import allocate_by_total_time
from rules.visit_day import count_day
from schemas.units import UnitsLine
from schemas.values import FindingCode
from tests.rules.visit_days import Case, facts_of, load_cases, sessions_of

CASES = load_cases(__file__)
RULEBOOK: RuleBook = load()
MINUTES = st.integers(0, 60)


def facts(case: Case) -> Facts:
    """Return the case's facts; a profile that follows the modifiers where the case says so."""
    found = facts_of(RULEBOOK, case)
    if not case.get("follows"):
        return found
    return replace(found, profile=replace(found.profile, assistant_modifiers=True))


def split_rule() -> AssistantSplit:
    """Return how units are split in 2026."""
    rule = facts({}).assistant_split
    assert not isinstance(rule, NoValueInForce)
    return rule


def timed_unit() -> TimedUnit:
    """Return what a timed unit is in 2026."""
    found = facts({}).timed_unit
    assert not isinstance(found, NoValueInForce)
    return found


def said(line: UnitsLine) -> list[Any]:
    """Return a line in the words of the cases."""
    came = [f"{at.session_id}/{at.line}" for at in line.services]
    return [int(line.code), line.units, line.minutes, line.assistant, came]


@pytest.mark.parametrize("case", CASES["days"], ids=lambda case: case["name"])
def test_a_day_is_divided(case: Case) -> None:
    """Lines, where they come from, findings and steps are the case's."""
    counted = count_day(sessions_of(case), facts(case))
    assert [said(line) for line in counted.lines] == case["lines"]
    assert [line.line for line in counted.lines] == list(range(1, len(counted.lines) + 1))
    assert [each.code for each in counted.findings] == case.get("findings", [])
    if "about" in case:
        assert [list(each.lines) for each in counted.findings] == [case["about"]]
    if "steps" in case:
        assert list(counted.steps) == case["steps"]


@pytest.mark.parametrize(
    "case", CASES["units"], ids=lambda case: f"{case['minutes']} in {case['units']}"
)
def test_units_of_a_code_are_split(case: Case) -> None:
    """Each side has the case's units, and a choice is told where there is one."""
    split = split_units(
        Share("97110", case["units"], *case["minutes"]), timed_unit(), split_rule()
    )
    assert [split.therapist_units, split.assistant_units] == case["split"]
    assert split.is_choice == case.get("choice", False)


@pytest.mark.parametrize(
    ("therapist", "assistant", "first"),
    [(8, 8, "therapist"), (14, 8, "therapist"), (8, 14, "assistant")],
)
def test_a_choice_says_who_takes_the_first_unit(
    therapist: int, assistant: int, first: str
) -> None:
    """Who has more minutes left takes the first of two units, and of as many the therapist."""
    share = Share("97110", 2, therapist, assistant)
    assert split_units(share, timed_unit(), split_rule()).steps[1] == (
        f"97110: {therapist} and {assistant} minutes are left for 2 units:"
        f" the {first}, with more, takes the first."
    )


@pytest.mark.parametrize(
    "case", CASES["in_part"], ids=lambda case: f"{case['assistant']} of {case['total']}"
)
def test_more_than_a_tenth_has_two_readings(case: Case) -> None:
    """The exact ratio, our default, and the simple way answer as the case says."""
    rule = split_rule()
    assert rule.in_part is InPart.EXACT_RATIO
    assert is_in_part(case["assistant"], case["total"], rule) == case["exact"]
    simple = replace(rule, in_part=InPart.SIMPLE)
    assert is_in_part(case["assistant"], case["total"], simple) == case["simple"]


def test_the_simple_way_changes_who_has_the_unit() -> None:
    """Of 7 and 1 minutes the unit is the assistant's by the ratio, the therapist's otherwise."""
    sessions = sessions_of({"sessions": [{"services": [[97110, 7, {"assistant_minutes": 1}]]}]})
    ours = facts({})
    simple = replace(ours, assistant_split=replace(split_rule(), in_part=InPart.SIMPLE))
    assert [line.assistant for line in count_day(sessions, ours).lines] == [True]
    counted = count_day(sessions, simple)
    assert [line.assistant for line in counted.lines] == [False]
    assert counted.steps[-1] == (
        "97110: the unit left is the therapist's: of the minutes left 1 of 8 are the assistant's,"
        " not as many as the 2 that count."
    )


@pytest.mark.parametrize("name", ["assistants", "assistant_split"])
def test_a_day_without_the_rule_is_held(name: str) -> None:
    """Where CQ and CO or the split have no value in force, the assistant's lines name that."""
    stated = {"services": [[97140, 15], [97110, 0, {"assistant_minutes": 15}]]}
    sessions = sessions_of({"sessions": [stated]})
    missing = NoValueInForce("the split", date(2026, 3, 2))
    counted = count_day(sessions, replace(facts({}), **{name: missing}))  # type: ignore[arg-type]
    assert [(each.code, each.lines) for each in counted.findings] == [
        (FindingCode.NO_VALUE_IN_FORCE, (2,))
    ]
    alone = sessions_of({"sessions": [{"services": [[97140, 15]]}]})
    bare = replace(facts({}), **{name: missing})  # type: ignore[arg-type]
    nothing = divide_lines(count_day(alone, facts({})).lines, alone, bare)
    assert nothing.findings == ()


@pytest.mark.parametrize(("assistant", "is_assistants"), [(2, False), (3, True)])
def test_units_not_counted_by_service_are_of_one_service(
    assistant: int, *, is_assistants: bool
) -> None:
    """Such a code goes to one side as a whole: 2 × 10 of 22 are no part, 3 × 10 of 23 are."""
    stated = {"services": [[97150, 20], [97150, 0, {"assistant_minutes": assistant}]]}
    sessions = sessions_of({"sessions": [stated]})
    (line,) = count_day(sessions, facts({"program": "va"})).lines
    counted_once = structs.replace(line, units=1)
    (found,) = divide_lines((counted_once,), sessions, facts({})).lines
    assert (found.units, found.assistant) == (1, is_assistants)


@given(MINUTES, MINUTES, st.integers(0, 9))
def test_no_unit_is_lost_or_made(therapist: int, assistant: int, units: int) -> None:
    """Both sides together have the units allotted, and none has fewer than zero."""
    split = split_units(Share("97110", units, therapist, assistant), timed_unit(), split_rule())
    assert split.therapist_units + split.assistant_units == units
    assert min(split.therapist_units, split.assistant_units) >= 0


@given(MINUTES, MINUTES, MINUTES)
def test_each_side_has_its_whole_units(therapist: int, assistant: int, other: int) -> None:
    """By Medicare's rule a side has at least its whole units, and at most one more."""
    minutes = {"97110": therapist + assistant, "97140": other}
    units = allocate_by_total_time(minutes, timed_unit()).units["97110"]
    length = timed_unit().minutes_per_unit
    split = split_units(Share("97110", units, therapist, assistant), timed_unit(), split_rule())
    assert split.therapist_units - therapist // length in {0, 1}
    assert split.assistant_units - assistant // length in {0, 1}
    if not assistant:
        assert split.assistant_units == 0
    if not therapist:
        assert split.therapist_units == 0
