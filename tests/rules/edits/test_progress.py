"""The edits on progress reports, each alone, against a biller's cases."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from reference.facts import Facts, NoValueInForce
from reference.rulebook import RuleBook
from rules.decision import decide, prepare_day
from rules.edits.progress import continued_use_is_justified
from schemas.events import EventType
from tests.rules.edits.run import run_edit
from tests.rules.visit_days import Case, facts_of, history_of, load_cases, price_day

ACTIVITY = {"sessions": [{"services": [["97530", 15]]}]}


@pytest.mark.parametrize("case", load_cases(__file__), ids=lambda case: case["name"])
def test_the_edit_reports_what_the_case_says(case: Case, rulebook: RuleBook) -> None:
    """The edit reports the case's findings, and nothing where the case has none."""
    assert run_edit(case["edit"], case, rulebook) == case.get("reports", [])


@pytest.mark.parametrize("name", ["progress_report_days", "continued_use_days"])
def test_a_day_is_held_without_the_number_of_days(name: str, rulebook: RuleBook) -> None:
    """Without a number in force nothing is guessed: a day that is asked about is held."""
    facts = facts_of(rulebook, ACTIVITY)
    missing: dict[str, Any] = {name: NoValueInForce(name, date(2026, 3, 2))}
    outcome = _decide(ACTIVITY, replace(facts, **missing))
    assert outcome[0] == EventType.CLAIM_HELD
    assert outcome[1] == ["NO_VALUE_IN_FORCE"]


def test_only_a_day_that_is_asked_about_waits_for_the_days_of_continued_use(
    rulebook: RuleBook,
) -> None:
    """The lines whose use would be counted are named, and a day without one is ready."""
    two: Case = {"sessions": [{"services": [[97110, 15], ["97530", 15]]}]}
    facts = facts_of(rulebook, two)
    missing = replace(facts, continued_use_days=NoValueInForce("days", date(2026, 3, 2)))
    visit = price_day(two, missing)
    day = prepare_day(visit.priced, visit.on_file, history_of(two), missing)
    assert [each.finding.lines for each in continued_use_is_justified(day, missing)] == [(2,)]
    assert _decide({}, missing) == (EventType.CLAIM_READY, [])


def test_a_payer_may_ask_for_less(rulebook: RuleBook) -> None:
    """A profile that leaves the two policies away bills what is open, and one with them waits."""
    case = {**ACTIVITY, "open": [{"due": date(2026, 2, 27), "unjustified": ["97530"]}]}
    facts = facts_of(rulebook, case)
    assert _decide(case, facts)[0] == EventType.CLAIM_NEEDS_DOCUMENTATION
    silent = replace(
        facts.profile, requires_progress_report=False, continued_use_codes=frozenset()
    )
    assert _decide(case, replace(facts, profile=silent))[0] == EventType.CLAIM_READY


def _decide(case: Case, facts: Facts) -> tuple[EventType | None, list[str]]:
    """Return the decision, and what blocks it that no document cures."""
    visit = price_day(case, facts)
    outcome = decide(visit.priced, visit.on_file, history_of(case), facts)
    return outcome.type, [each.code.value for each in outcome.blocked_by]
