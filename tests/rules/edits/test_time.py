"""The edits on start and stop times, each alone, against a biller's cases."""

from dataclasses import replace
from typing import Any

import pytest

from reference.facts import NoValueInForce
from reference.rulebook import RuleBook
from rules.decision import History, prepare_day
from rules.edits.time import start_and_stop_are_recorded
from tests.rules.edits.run import run_edit
from tests.rules.visit_days import Case, facts_of, load_cases, price_day


def _read(value: Any) -> Any:  # noqa: ANN401 - whatever stands in a case
    """Write a case's times as the contract does: ``[14:00, 14:15, clinician]``."""
    if isinstance(value, dict) and "times" in value:
        own = {name: each for name, each in value.items() if name != "times"}
        return {**own, "intervals": [_interval(*times) for times in value["times"]]}
    if isinstance(value, dict):
        return {name: _read(each) for name, each in value.items()}
    return [_read(each) for each in value] if isinstance(value, list) else value


def _interval(start: str, end: str, clinician: str | None = "1558888882") -> Case:
    stated = {"start": _instant(start), "end": _instant(end), "clinician": clinician}
    return {name: each for name, each in stated.items() if each is not None}


def _instant(stated: str) -> str:
    return stated if "T" in stated else f"2026-03-02T{stated}:00-06:00"


@pytest.mark.parametrize("case", load_cases(__file__), ids=lambda case: case["name"])
def test_the_edit_reports_what_the_case_says(case: Case, rulebook: RuleBook) -> None:
    """The edit reports the case's findings, and nothing where the case has none."""
    assert run_edit(case["edit"], _read(case), rulebook) == case.get("reports", [])


def test_no_code_is_timed_without_the_table_that_says_so(rulebook: RuleBook) -> None:
    """Where no procedure table is in force, its absence holds the day and no times are asked."""
    case: Case = {"policies": {"requires_intervals": True}}
    facts = facts_of(rulebook, case)
    visit = price_day(case, facts)
    day = prepare_day(visit.priced, visit.on_file, History(), facts)
    assert [each.session_ids for each in start_and_stop_are_recorded(day, facts)] == [("S-1",)]
    missing = replace(facts, procedures=NoValueInForce("procedures", facts.date_of_service))
    assert start_and_stop_are_recorded(day, missing) == ()
