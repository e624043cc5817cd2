"""Whole dates with code pairs, statements and limits against cases that a biller can check."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference.facts import NoValueInForce
from reference.rulebook import RuleBook, load
from rules.pricing import price_group
from rules.same_date import price_date
from schemas.values import FindingCode, Unbilled
from tests.rules.same_dates import bills_of, facts_of_date, run
from tests.rules.visit_days import Case, load_cases

RULEBOOK: RuleBook = load()
CODES = [97110, 97112, 97124, 97140, 97150, 97161, 97164, 97530, 97750, 97755, 97763, 92507]
DAYS = st.lists(
    st.lists(st.sampled_from(CODES), unique=True, min_size=1, max_size=4), min_size=1, max_size=3
)


@pytest.mark.parametrize("case", load_cases(__file__), ids=lambda case: case["name"])
def test_a_date_comes_to_what_the_case_says(case: Case, rulebook: RuleBook) -> None:
    """Each day of the date has the case's services that left, modifiers, findings and total."""
    run(case, rulebook)


@given(DAYS)
def test_what_is_left_of_a_date_has_no_strict_pair_and_nothing_left_without_one(
    days: list[list[int]],
) -> None:
    """No two codes that stay are a strict pair; every code that left has its column one there."""
    case = {"days": [[[code, 1] for code in day] for day in days]}
    facts = facts_of_date(RULEBOOK, case)
    bills = bills_of(case, facts)
    priced = price_date(bills)
    left = {line.code for day in priced for line in day.lines}
    gone = {each.code for day in priced for each in day.unbilled}
    assert not isinstance(facts.code_pairs, NoValueInForce)
    table = facts.code_pairs[bills[0].provider.setting]
    strict = {
        (pair.column_one, pair.column_two)
        for pair in table.among([str(code) for code in CODES])
        if pair.modifier_indicator == 0
    }
    assert not [(one, two) for one, two in strict if one in left and two in left]
    assert all(any((one, code) in strict for one in left) for code in gone)
    assert {each.reason for day in priced for each in day.unbilled} <= {Unbilled.NCCI_PAIR}


@given(DAYS)
def test_what_leaves_neither_ranks_nor_accrues(days: list[list[int]]) -> None:
    """A date is priced as if what left had never been recorded."""
    case: Case = {"days": [[[code, 1] for code in day] for day in days]}
    priced = price_date(bills_of(case, facts_of_date(RULEBOOK, case)))
    kept: list[list[list[Any]]] = [[[int(line.code), 1] for line in day.lines] for day in priced]
    again = price_group(bills_of({"days": kept}, facts_of_date(RULEBOOK, case)))
    assert [day.total for day in priced] == [day.total for day in again]


def test_a_plain_date_is_left_as_it_is_priced() -> None:
    """Two codes without a pair, a limit or a statement get no finding of the date."""
    case: Case = {"days": [[[97110, 2], [97140, 1]]]}
    facts = facts_of_date(RULEBOOK, case)
    assert price_date(bills_of(case, facts)) == price_group(bills_of(case, facts))


def test_a_date_outside_the_tables_is_held_by_both_names() -> None:
    """Before the tables' first day each is named, and nothing is taken off or put on."""
    case: Case = {
        "date": "2024-06-30",
        "days": [[[97140, 1], [97124, 1, {"distinct": [1, "59"]}]]],
    }
    (day,) = price_date(bills_of(case, facts_of_date(RULEBOOK, case)))
    codes = [finding.code for finding in day.edits]
    assert codes == [FindingCode.NO_VALUE_IN_FORCE] * 2
    assert [line.distinct_modifier for line in day.lines] == [None, None]
    assert not day.unbilled
