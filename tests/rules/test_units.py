"""The unit rules against a biller's cases, and against what must hold for any minutes."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from reference.facts import TimedUnit
from rules.units import allocate_by_midpoint, allocate_by_total_time, units_in

CASES = yaml.safe_load(Path(__file__).with_name("units.yaml").read_text())
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
