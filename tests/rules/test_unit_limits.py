"""Unit limits of a date against cases that a biller can check."""

from dataclasses import replace
from typing import Any

import pytest

from reference.edit_tables import Adjudication, Limit
from reference.facts import NoValueInForce
from reference.rulebook import RuleBook
from rules.same_date import price_date
from rules.unit_limits import find_limits
from schemas.values import FindingCode, Setting
from tests.rules.same_dates import bills_of, facts_of_date, run
from tests.rules.visit_days import Case, load_cases

LINE = Adjudication.LINE


@pytest.mark.parametrize("case", load_cases(__file__), ids=lambda case: case["name"])
def test_a_date_is_over_its_limits_as_the_case_says(case: Case, rulebook: RuleBook) -> None:
    """Each day that bills a code over its limit has the finding of its adjudication type."""
    run(case, rulebook)


def test_a_line_is_over_a_limit_by_line_by_itself(rulebook: RuleBook) -> None:
    """Of a type-1 limit each line has its own, and necessity does not cure the one over it."""
    case: Case = {"days": [[[97110, 3, {"necessity": "two regions"}]], [[97110, 2]]]}
    found = [limited(case, limit, rulebook) for limit in (Limit(3, LINE), Limit(2, LINE))]
    over = FindingCode.UNITS_OVER_ABSOLUTE_LIMIT
    assert found == [[[], []], [[(over, (1,))], []]]


def test_only_the_side_of_a_split_line_that_is_over_is_named(rulebook: RuleBook) -> None:
    """3 and 1 units against 2 a line: the first line is over, the second is not."""
    case: Case = {"days": [[[97110, 3], [97110, 1, {"assistant": True}]]]}
    found = limited(case, Limit(2, LINE), rulebook)
    assert found == [[(FindingCode.UNITS_OVER_ABSOLUTE_LIMIT, (1,))]]


def test_a_setting_without_a_table_of_limits_is_held(rulebook: RuleBook) -> None:
    """Where no table serves the setting, what is missing is named."""
    facts = replace(facts_of_date(rulebook, {}), unit_limits={})
    missing = find_limits(facts, Setting.CORF)
    assert missing == NoValueInForce("the unit limits of corf", facts.date_of_service)


def limited(case: Case, limit: Limit, rulebook: RuleBook) -> list[list[tuple[str, Any]]]:
    """Return each day's findings where 97110 has this limit and no other code has one."""
    facts = facts_of_date(rulebook, case)
    limits = {setting: {"97110": limit} for setting in Setting}
    priced = price_date(bills_of(case, replace(facts, unit_limits=limits)))
    return [[(finding.code, finding.lines) for finding in day.edits] for day in priced]
