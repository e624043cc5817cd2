"""A visit day's sessions to its lines, against cases that a biller can check."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import pytest

from reference.facts import NoValueInForce
from reference.rulebook import RuleBook
from rules.visit_day import count_day, identify_visit_day, sessions_disagree, visit_day_id
from schemas.values import Discipline, FindingCode
from tests.clinic import MEDICARE, PROVIDER
from tests.rules.visit_days import Case, facts_of, load_cases, sessions_of


@pytest.mark.parametrize("case", load_cases(__file__), ids=lambda case: case["name"])
def test_a_day_has_the_lines_of_its_sessions(case: Case, rulebook: RuleBook) -> None:
    """Lines, minutes that stay in the note, the pool's total and the findings are the case's."""
    counted = count_day(sessions_of(case), facts_of(rulebook, case))
    assert [[each.code, each.units, each.minutes, each.timed] for each in counted.lines] == [
        [str(code), *rest] for code, *rest in case["lines"]
    ]
    assert [each.line for each in counted.lines] == list(range(1, len(counted.lines) + 1))
    assert [[each.code, each.minutes] for each in counted.unbilled] == [
        [str(code), minutes] for code, minutes in case.get("unbilled", [])
    ]
    assert [counted.timed_minutes, counted.timed_units] == case["timed"]
    assert [each.code for each in counted.findings] == case.get("findings", [])
    if "about" in case:
        assert [list(each.lines) for each in counted.findings] == case["about"]


def test_the_arithmetic_is_told_pool_first(rulebook: RuleBook) -> None:
    """The pool's sentences come first, then what is untimed, then what earned no unit."""
    case = {"sessions": [{"services": [[97161, 40], [97110, 33], [97140, 3]]}]}
    assert count_day(sessions_of(case), facts_of(rulebook, case)).steps == (
        "Timed minutes: 97110 33, 97140 3; 36 in all are 2 units for the day.",
        "Whole units of 15 minutes first: 97110 2.",
        "97161: untimed, 1 as recorded.",
        "97140: 3 minutes earn no unit.",
    )


def test_without_the_length_of_a_unit_no_line_is_decided(rulebook: RuleBook) -> None:
    """A day with timed codes waits as a whole, and what is missing is named for all its lines."""
    case = {"sessions": [{"services": [[97161, 40], [97110, 15]]}]}
    missing = NoValueInForce("the timed unit", date(2026, 3, 2))
    facts = replace(facts_of(rulebook, case), timed_unit=missing)
    counted = count_day(sessions_of(case), facts)
    assert [(line.code, line.units) for line in counted.lines] == [
        ("97161", None),
        ("97110", None),
    ]
    (finding,) = counted.findings
    assert (finding.code, finding.lines) == (FindingCode.NO_VALUE_IN_FORCE, (1, 2))
    assert "the timed unit" in finding.message


def test_a_day_has_the_choices_that_its_rule_left(rulebook: RuleBook) -> None:
    """Whom the unit went to and who could have had it are told with the day."""
    case = {"sessions": [{"services": [[97110, 20], [97140, 20]]}]}
    (choice,) = count_day(sessions_of(case), facts_of(rulebook, case)).choices
    assert (choice.units_go_to, choice.could_go_to) == (("97110",), ("97140",))


@pytest.mark.parametrize(("fewest", "is_reported"), [(12, False), (15, True)])
def test_how_few_minutes_a_unit_are_few_is_the_parameters(
    rulebook: RuleBook, fewest: int, *, is_reported: bool
) -> None:
    """Fourteen minutes for a unit are reported where the parameter says fifteen."""
    case = {"sessions": [{"services": [[97110, 14], [97161, 40]]}]}
    facts = replace(facts_of(rulebook, case), low_minutes_per_unit=fewest)
    found = count_day(sessions_of(case), facts).findings
    assert [each.lines for each in found] == ([(1,)] if is_reported else [])
    assert is_reported is any("14 for 1 unit" in each.message for each in found)


def test_a_visit_day_is_named_by_its_five_parts() -> None:
    """Another patient, provider, payer, discipline or date is another day; all else is not."""
    (session,) = sessions_of({})
    named = visit_day_id(session)
    day = session.date_of_service
    assert named == identify_visit_day("P-1", "1669999992", "medicare-b-tx", Discipline.PT, day)
    assert named == visit_day_id(session.model_copy(update={"session_id": "S-9", "revision": 4}))
    others: list[Mapping[str, object]] = [
        {"patient_id": "P-2"},
        {"billing_provider": {**PROVIDER, "npi": "1558888882"}},
        {"payer": {**MEDICARE, "payer_id": "another"}},
        {"discipline": "OT"},
        {"date_of_service": "2026-03-03"},
    ]
    ids = {visit_day_id(each) for other in others for each in sessions_of({"sessions": [other]})}
    assert len(ids | {named}) == 6


@pytest.mark.parametrize(
    "other",
    [
        {"billing_provider": {**PROVIDER, "setting": "rehab_agency"}},
        {"billing_provider": {**PROVIDER, "mac": "11302"}},
        {"billing_provider": {**PROVIDER, "locality": "00"}},
        {"billing_provider": {**PROVIDER, "qualifying_apm": True}},
        {"payer": {**MEDICARE, "program": "medicare_advantage"}},
    ],
)
def test_sessions_disagree_on_what_prices_the_day(other: Mapping[str, object]) -> None:
    """A setting, locality, model or program that differs is a disagreement."""
    assert sessions_disagree(sessions_of({"sessions": [{}, other]}))


def test_an_absent_payment_model_is_none() -> None:
    """A session that does not speak of a payment model agrees with one that denies it."""
    silent = {name: value for name, value in PROVIDER.items() if name != "qualifying_apm"}
    assert not sessions_disagree(sessions_of({"sessions": [{}, {"billing_provider": silent}]}))
