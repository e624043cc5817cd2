"""The plan of care that serves a date and its certification, against cases."""

from dataclasses import replace
from datetime import date

import pytest

from reference.facts import NoValueInForce
from reference.rulebook import RuleBook
from rules.plan_of_care import (
    PlanJudgement,
    first_treatment,
    judge_plans,
    may_establish,
    read_plan_of_care,
)
from schemas.values import Role
from tests.rules.visit_days import Case, facts_of, load_cases, read_plan, sessions_of


@pytest.mark.parametrize("case", load_cases(__file__), ids=lambda case: case["name"])
def test_a_plan_of_care_is_judged_on_the_date_of_service(case: Case, rulebook: RuleBook) -> None:
    """The document of the case serves, and the problem, due date and last day are the case's."""
    plans = [read_plan_of_care(read_plan(each)) for each in case.get("plans", [{}])]
    facts = facts_of(rulebook, case)
    (judged,) = judge_plans(sessions_of(case), {"POC-1": plans}, facts)
    serving = None if judged.serving is None else judged.serving.document_id
    assert serving == case.get("serves")
    assert judged.problem == case.get("problem")
    assert judged.due == case.get("due")
    assert judged.through == case.get("through")


def test_sessions_are_judged_by_the_plan_that_each_names(rulebook: RuleBook) -> None:
    """A day whose sessions name two plans has a judgement of each, in the sessions' order."""
    case = {"sessions": [{"plan_of_care_id": "POC-2"}, {}, {"plan_of_care_id": "POC-2"}]}
    facts = facts_of(rulebook, case)
    judged = judge_plans(sessions_of(case), {"POC-1": [read_plan_of_care(read_plan({}))]}, facts)
    assert [(each.plan_of_care_id, each.session_ids) for each in judged] == [
        ("POC-2", ("S-1", "S-3")),
        ("POC-1", ("S-2",)),
    ]
    assert [each.problem for each in judged] == ["PLAN_OF_CARE_MISSING", None]


def test_an_episode_begins_with_the_first_treatment_that_has_been() -> None:
    """A treatment on the date itself has been, a later one has not, and without one is none."""
    first, last = (
        read_plan_of_care(read_plan({"first_treated_on": day}))
        for day in ("2026-01-05", "2026-02-05")
    )
    assert first_treatment([last, first], date(2026, 3, 2)) == date(2026, 1, 5)
    assert first_treatment([last], date(2026, 2, 5)) == date(2026, 2, 5)
    assert first_treatment([last], date(2026, 2, 4)) is None


def test_without_the_rule_a_plan_says_what_is_missing(rulebook: RuleBook) -> None:
    """The plan is named, its documents are kept, and none serves."""
    facts = facts_of(rulebook, {})
    rule = NoValueInForce("certification", facts.date_of_service)
    plan = read_plan_of_care(read_plan({}))
    bare = replace(facts, certification=rule)
    (judged,) = judge_plans(sessions_of({}), {"POC-1": [plan]}, bare)
    assert judged == PlanJudgement("POC-1", ("S-1",), (plan,), missing=rule)


@pytest.mark.parametrize("role", [None, *Role])
def test_a_clinician_establishes_a_plan(role: Role | None) -> None:
    """No assistant, student or aide does; one that names no role is taken as a clinician's."""
    may_not = {Role.ASSISTANT, Role.STUDENT, Role.AIDE}
    document = read_plan({}).model_copy(update={"author_role": role})
    assert may_establish(document) is (role not in may_not)
