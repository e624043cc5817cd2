"""The unit rules against a biller's cases, and against what must hold for any minutes."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from reference.facts import TimedUnit
from rules.units import (
    UNIT_RULES,
    allocate_by_division,
    allocate_by_midpoint,
    allocate_by_midpoint_within_total,
    allocate_by_total_time,
    units_in,
)
from schemas.values import UnitRule

CASES = yaml.safe_load(Path(__file__).with_name("units.yaml").read_text())
OTHERS = {
    "rounded": UnitRule.DAY_TOTAL_ROUNDED,
    "down": UnitRule.DAY_TOTAL_ROUNDED_DOWN,
    "up": UnitRule.DAY_TOTAL_ROUNDED_UP,
    "within": UnitRule.MIDPOINT_WITHIN_TOTAL,
}
QUARTER_HOUR = TimedUnit(minutes_per_unit=15, minutes_first_unit=8)
MINUTES = st.dictionaries(
    st.sampled_from(["97110", "97112", "97116", "97140", "97530", "97535"]),
    st.integers(0, 240),
    min_size=1,
)


@pytest.mark.parametrize(("units", "first", "last"), CASES["intervals"])
def test_a_total_within_a_published_interval_earns_its_units(
    units: int, first: int, last: int
) -> None:
    """Every minute of each published interval earns the interval's units."""
    assert {units_in(minutes, QUARTER_HOUR) for minutes in range(first, last + 1)} == {units}


@pytest.mark.parametrize("case", CASES["cases"], ids=lambda case: case["name"])
def test_total_time_units(case: dict[str, Any]) -> None:
    """The total-time rule gives the case's units and leaves the case's choices."""
    allocation = allocate_by_total_time(case["minutes"], QUARTER_HOUR, case.get("wish", ()))
    assert allocation.units == case["cms"]
    choices = [
        {"go": list(choice.units_go_to), "could": list(choice.could_go_to)}
        for choice in allocation.choices
    ]
    assert choices == case.get("choices", [])


@pytest.mark.parametrize("case", CASES["cases"], ids=lambda case: case["name"])
def test_midpoint_units(case: dict[str, Any]) -> None:
    """The midpoint rule gives the case's units and never leaves a choice."""
    allocation = allocate_by_midpoint(case["minutes"], QUARTER_HOUR)
    assert allocation.units == case["cpt"]
    assert allocation.choices == ()


@pytest.mark.parametrize("case", CASES["others"], ids=lambda case: case["name"])
@pytest.mark.parametrize("name", OTHERS)
def test_units_of_other_payers(case: dict[str, Any], name: str) -> None:
    """Each other rule gives the case's units and leaves the case's choices."""
    allocate = UNIT_RULES[OTHERS[name]]
    allocation = allocate(case["minutes"], QUARTER_HOUR, case.get("wish", ()))
    assert allocation.units == case[name]
    choices = [[list(each.units_go_to), list(each.could_go_to)] for each in allocation.choices]
    assert choices == case.get("choices", {}).get(name, [])


def test_every_unit_rule_has_its_function() -> None:
    """Whatever a payer profile can name, there is a rule for it."""
    assert set(UNIT_RULES) == set(UnitRule)


def test_a_division_says_its_arithmetic() -> None:
    """The first step says the quotient, the remainder and what becomes of it."""
    allocation = allocate_by_division({"97110": 33, "97140": 7}, QUARTER_HOUR)
    assert allocation.steps[0] == (
        "Timed minutes: 97110 33, 97140 7; 40 in all, divided by 15, are 2 units,"
        " and the 10 left are one unit more: 3 units."
    )


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        (22, "and the 7 left are no unit more: 1 unit."),
        (23, "and the 8 left are one unit more: 2 units."),
    ],
)
def test_a_division_says_what_the_remainder_earns(minutes: int, said: str) -> None:
    """Seven minutes left are no unit more, and eight are."""
    assert allocate_by_division({"97110": minutes}, QUARTER_HOUR).steps[0].endswith(said)


def test_the_merged_rule_says_what_no_code_earns() -> None:
    """A unit of the total that no code has the minutes for is named, and not billed."""
    allocation = allocate_by_midpoint_within_total({"97110": 33, "97140": 7}, QUARTER_HOUR)
    assert allocation.steps[-1] == (
        "Not billed of the total: 1 unit, since no other code has 8 minutes left."
    )


@given(MINUTES)
def test_the_merged_rule_never_bills_more_than_either(minutes: dict[str, int]) -> None:
    """No code has more than its midpoint's units, and the day no more than its total's."""
    merged = allocate_by_midpoint_within_total(minutes, QUARTER_HOUR).units
    midpoint = allocate_by_midpoint(minutes, QUARTER_HOUR).units
    assert all(merged[code] <= midpoint[code] for code in minutes)
    assert sum(merged.values()) == min(
        units_in(sum(minutes.values()), QUARTER_HOUR), sum(midpoint.values())
    )


@given(MINUTES)
def test_a_division_comes_to_the_units_of_the_total(minutes: dict[str, int]) -> None:
    """Texas's division and CMS's intervals give the same units, to the same codes."""
    division = allocate_by_division(minutes, QUARTER_HOUR)
    assert division.units == allocate_by_total_time(minutes, QUARTER_HOUR).units


def test_every_combination_of_three_codes_allocates_the_units_of_the_total() -> None:
    """For every 0 to 45 minutes of three codes, the codes' units add up to the total's."""
    for a in range(46):
        for b in range(46):
            for c in range(46):
                minutes = {"97110": a, "97112": b, "97140": c}
                allocation = allocate_by_total_time(minutes, QUARTER_HOUR)
                assert sum(allocation.units.values()) == units_in(a + b + c, QUARTER_HOUR)


@given(MINUTES, st.lists(st.sampled_from(["97110", "97140", "97530"]), unique=True))
def test_any_minutes_allocate_the_units_of_the_total(
    minutes: dict[str, int], wish: list[str]
) -> None:
    """Units add up to the total's; each code has its whole units and at most one more."""
    allocation = allocate_by_total_time(minutes, QUARTER_HOUR, wish)
    assert sum(allocation.units.values()) == units_in(sum(minutes.values()), QUARTER_HOUR)
    for code, spent in minutes.items():
        assert allocation.units[code] - spent // 15 in {0, 1}
        assert spent > 0 or allocation.units[code] == 0


@given(MINUTES)
def test_a_choice_names_codes_with_equal_remainders(minutes: dict[str, int]) -> None:
    """Those that have the unit and those that could have it share one remainder."""
    for choice in allocate_by_total_time(minutes, QUARTER_HOUR).choices:
        tied = (*choice.units_go_to, *choice.could_go_to)
        assert len({minutes[code] % 15 for code in tied}) == 1
        assert set(choice.units_go_to).isdisjoint(choice.could_go_to)


@given(MINUTES, st.lists(st.sampled_from(["97110", "97140", "97530"]), unique=True))
def test_a_wish_never_changes_how_many_units_there_are(
    minutes: dict[str, int], wish: list[str]
) -> None:
    """The clinician's choice moves units; it does not make them."""
    wished = allocate_by_total_time(minutes, QUARTER_HOUR, wish).units
    assert sum(wished.values()) == sum(
        allocate_by_total_time(minutes, QUARTER_HOUR).units.values()
    )
