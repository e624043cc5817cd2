"""The edits on the plan of care, each alone, against a biller's cases."""

from dataclasses import replace

import pytest

from reference.facts import NoValueInForce
from reference.rulebook import RuleBook
from rules.decision import History, prepare_day
from rules.edits.plans import plan_of_care_is_certified
from schemas.values import FindingCode
from tests.rules.edits.run import run_edit
from tests.rules.visit_days import Case, facts_of, load_cases, price_day


@pytest.mark.parametrize("case", load_cases(__file__), ids=lambda case: case["name"])
def test_the_edit_reports_what_the_case_says(case: Case, rulebook: RuleBook) -> None:
    """The edit reports the case's findings, and nothing where the case has none."""
    assert run_edit(case["edit"], case, rulebook) == case.get("reports", [])


def test_without_the_rule_of_certification_its_sessions_wait(rulebook: RuleBook) -> None:
    """Where no rule is in force, that is named for the sessions under the plan."""
    facts = facts_of(rulebook, {})
    bare = replace(facts, certification=NoValueInForce("certification", facts.date_of_service))
    visit = price_day({}, bare)
    day = prepare_day(visit.priced, visit.on_file, History(), bare)
    (reported,) = plan_of_care_is_certified(day, bare)
    assert reported.finding.code is FindingCode.NO_VALUE_IN_FORCE
    assert reported.session_ids == ("S-1",)
