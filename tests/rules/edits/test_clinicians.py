"""The edits on who treated, each alone, against a biller's cases."""

from dataclasses import replace
from datetime import date

import pytest

from reference.facts import NoValueInForce
from reference.rulebook import RuleBook
from rules.decision import History, prepare_day
from rules.edits.clinicians import (
    assistants_are_paid,
    codes_are_of_the_discipline,
    evaluations_are_a_clinicians,
)
from schemas.values import FindingCode
from tests.rules.edits.run import run_edit
from tests.rules.visit_days import Case, facts_of, load_cases, price_day

HELPED: Case = {
    "discipline": "SLP",
    "untimed": [92507],
    "sessions": [{"services": [[92507, 0, {"assistant_minutes": 30}]]}],
}


@pytest.mark.parametrize("case", load_cases(__file__), ids=lambda case: case["name"])
def test_the_edit_reports_what_the_case_says(case: Case, rulebook: RuleBook) -> None:
    """The edit reports the case's findings, and nothing where the case has none."""
    assert run_edit(case["edit"], case, rulebook) == case.get("reports", [])


def test_a_profile_can_pay_assistants_of_speech(rulebook: RuleBook) -> None:
    """Whose profile pays them has no finding; every profile of ours has one."""
    facts = facts_of(rulebook, HELPED)
    visit = price_day(HELPED, facts)
    day = prepare_day(visit.priced, visit.on_file, History(), facts)
    pays = replace(facts, profile=replace(facts.profile, speech_assistants=True))
    assert len(assistants_are_paid(day, facts)) == 1
    assert assistants_are_paid(day, pays) == ()
    assert not any(
        dated.value.speech_assistants
        for series in rulebook.profiles.values()
        for dated in series.values
    )


def test_what_is_not_in_force_is_named_or_reported_elsewhere(rulebook: RuleBook) -> None:
    """Without the list of re-evaluations the day is held; units reports a missing code table."""
    facts = facts_of(rulebook, HELPED)
    visit = price_day(HELPED, facts)
    day = prepare_day(visit.priced, visit.on_file, History(), facts)
    missing = NoValueInForce("the rule", date(2026, 3, 2))
    (reported,) = evaluations_are_a_clinicians(day, replace(facts, assistants=missing))
    assert reported.finding.code is FindingCode.NO_VALUE_IN_FORCE
    bare = replace(facts, procedures=missing)
    assert evaluations_are_a_clinicians(day, bare) == ()
    assert codes_are_of_the_discipline(day, bare) == ()
