"""Timed codes outside the pool, against cases that a biller can check."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference.facts import Facts, NoValueInForce
from reference.rulebook import RuleBook
from rules.recording import record_codes
from rules.timed_codes import count_series
from rules.visit_day import CountedDay, count_day
from tests.rules.visit_days import Case, facts_of, load_cases, sessions_of

BASES = ("97129", "97545", "97550", "G0541", "96125", "96105", "92607", "90912")


def counted_of(case: Case, rulebook: RuleBook) -> CountedDay:
    """Count the case's day under its payer's policies."""
    facts = facts_of(rulebook, case)
    policies: dict[str, Any] = {
        name: frozenset(codes) for name, codes in case.get("policies", {}).items()
    }
    facts = replace(facts, profile=replace(facts.profile, **policies))
    return count_day(sessions_of({**case, "sessions": [_services(case)]}), facts)


def _services(case: Case) -> Case:
    return {"services": [[str(code), minutes] for code, minutes in case["minutes"].items()]}


@pytest.mark.parametrize("case", load_cases(__file__), ids=lambda case: case["name"])
def test_a_timed_code_earns_its_units(case: Case, rulebook: RuleBook) -> None:
    """The lines have the case's units, and what earned none stays in the note."""
    counted = counted_of(case, rulebook)
    stated = {str(code): units for code, units in case["units"].items() if units}
    assert {line.code: line.units for line in counted.lines} == stated
    assert [each.code for each in counted.unbilled] == list(map(str, case.get("unbilled", [])))
    codes = [each.code for each in counted.findings]
    assert codes == case.get("findings", [] if stated else ["NO_BILLABLE_TIME"])


def test_the_arithmetic_of_a_series_is_told(rulebook: RuleBook) -> None:
    """The sentence names the whole time, what is the first unit's, and what earns another."""
    counted = counted_of({"minutes": {"97129": 38, "97130": 0}}, rulebook)
    (said,) = counted.steps
    assert said == (
        "97129 with 97130: 38 minutes; the first 15 are 1 unit, and the 23 after them 2 more"
        " (8 of each further 15 earn one)."
    )


def test_the_fewest_minutes_of_a_series_are_told(rulebook: RuleBook) -> None:
    """Each series has a sentence, after the pool's; too few minutes name those of the first."""
    short = {"minutes": {"97110": 15, "97129": 7, "97550": 20, "97551": 0}}
    assert counted_of(short, rulebook).steps[2:4] == (
        "97129 with 97130: 7 minutes, fewer than the 8 that the first unit needs.",
        (
            "97550 with 97551: 20 minutes; the first 30 are 1 unit, and the 0 after them 0 more"
            " (8 of each further 15 earn one)."
        ),
    )


def test_the_first_unit_of_a_long_code_has_minutes_of_its_own(rulebook: RuleBook) -> None:
    """The middle of the first two hours is told, and not that of a further one."""
    assert counted_of({"minutes": {"97545": 60, "97546": 0}}, rulebook).steps[0] == (
        "97545 with 97546: 60 minutes, fewer than the 61 that the first unit needs."
    )


def test_what_a_missing_code_cannot_bear_is_told(rulebook: RuleBook) -> None:
    """Neither a first unit nor a further one is put on a code that nobody recorded."""
    without_more = counted_of({"minutes": {"97129": 38}}, rulebook).steps
    assert without_more[-1] == (
        "2 more would be 97130, which is not recorded: nothing is billed for them."
    )
    without_first = counted_of({"minutes": {"97130": 38}}, rulebook)
    assert "97130 is added to 97129, which is not recorded: it earns no unit." in (
        without_first.steps
    )
    assert "(38)" in without_first.findings[0].message


@pytest.mark.parametrize(
    ("services", "assisted"),
    [
        ([["97129", 15], ["97130", 13, {"assistant_minutes": 10}]], [False, True]),
        ([["97129", 28, {"assistant_minutes": 10}], ["97130", 0]], [True, True]),
        ([["97129", 34, {"assistant_minutes": 4}], ["97130", 0]], [True, True]),
        ([["97129", 35, {"assistant_minutes": 3}], ["97130", 0]], [False, False]),
    ],
)
def test_an_assistants_share_is_the_codes_own_where_it_has_minutes(
    services: list[Any], assisted: list[bool], rulebook: RuleBook
) -> None:
    """Else it is that of the whole service: 4 of 38 minutes are more than a tenth, 3 are not."""
    sessions = sessions_of({"discipline": "OT", "sessions": [{"services": services}]})
    counted = count_day(sessions, facts_of(rulebook, {}))
    assert [line.units for line in counted.lines] == [1, 2]
    assert [line.assistant for line in counted.lines] == assisted


def test_without_a_rule_in_force_the_line_waits(rulebook: RuleBook) -> None:
    """A timed code whose thresholds are not known has no units, and the rule is named."""
    facts = facts_of(rulebook, {})
    bare = replace(facts, timed_codes=NoValueInForce("timed codes", facts.date_of_service))
    (session,) = sessions_of({"sessions": [{"services": [["97129", 15]]}]})
    counted = count_day([session], bare)
    assert [(line.units, line.timed) for line in counted.lines] == [(None, True)]
    assert [(each.code, each.lines) for each in counted.findings] == [("NO_VALUE_IN_FORCE", (1,))]


@given(st.sampled_from(BASES), st.integers(0, 700), st.integers(0, 700))
def test_units_never_fall_with_more_minutes(
    rulebook: RuleBook, code: str, fewer: int, more: int
) -> None:
    """Longer treatment has as many units as shorter or more, wherever the minutes stand."""
    facts = facts_of(rulebook, {})
    small, large = sorted((fewer, more))
    assert _units(code, small, 0, facts) <= _units(code, large, 0, facts)
    assert _units(code, large, 0, facts) == _units(code, 0, large, facts)


def _units(code: str, first: int, further: int, facts: Facts) -> int:
    assert not isinstance(facts.timed_codes, NoValueInForce)
    added = facts.timed_codes[code].further_code
    services = [[code, first], [added, further]]
    (session,) = sessions_of({"sessions": [{"services": services}]})
    (counted,) = count_series(record_codes([session]), facts)
    return sum(counted.units.values())
