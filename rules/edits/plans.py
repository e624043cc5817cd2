"""The plan of care: on file, certified for the date, and with the goals that the notes link.

42 CFR 410.61 and 424.24(c); CMS Pub. 100-02 ch. 15 §220.1. Which payers ask for it is in their
profiles.
"""

from collections.abc import Sequence

from reference.facts import Facts
from rules.edits.day import (
    NOTHING,
    EditedDay,
    Reported,
    about_some_sessions,
)
from rules.findings import report, report_day, report_missing
from rules.plan_of_care import PlanJudgement, has_goal
from schemas.session import Session
from schemas.values import FindingCode

# A member is looked up each time that it is named by its enum: once is enough.
MISSING = FindingCode.PLAN_OF_CARE_MISSING


def plan_of_care_is_on_file(day: EditedDay, facts: Facts) -> Sequence[Reported]:
    """Every session's plan of care is on file and was established by the date of service."""
    if not facts.profile.requires_plan_of_care or day.is_evaluations_alone:
        return NOTHING
    return [_about_plan(facts, plan) for plan in day.plans if plan.problem is MISSING]


def plan_of_care_is_certified(day: EditedDay, facts: Facts) -> Sequence[Reported]:
    """Every session's plan of care is certified for the date of service."""
    if not facts.profile.requires_certification or day.is_evaluations_alone:
        return NOTHING
    reported = []
    for plan in day.plans:
        if plan.missing is not None:
            reported.append(Reported(report_missing(facts, plan.missing), plan.session_ids))
        elif plan.problem is not None and plan.problem is not MISSING:
            reported.append(_about_plan(facts, plan))
    return reported


def certifying_npi_is_named(day: EditedDay, facts: Facts) -> Sequence[Reported]:
    """The plan that serves names the NPI of who certifies it (CMS Pub. 100-04 ch. 5 §10.6)."""
    if not facts.profile.requires_certifying_npi or day.is_evaluations_alone:
        return NOTHING
    return [
        Reported(
            report_day(facts, FindingCode.CERTIFYING_NPI_MISSING),
            plan.session_ids,
            plan.plan_of_care_id,
        )
        for plan in day.plans
        if plan.serving is not None and plan.serving.certifying_npi is None
    ]


def goals_are_in_the_plan(day: EditedDay, facts: Facts) -> Sequence[Reported]:
    """Every goal that a billed service links is in the plan of care that the payer asks for."""
    if not facts.profile.requires_plan_of_care:
        return NOTHING
    strayed = [
        (line, session.session_id)
        for line in day.billed
        for session, service in day.services[line.line]
        if service.documentation is not None
        and service.documentation.goal_id
        and _is_stray(service.documentation.goal_id, session, day.plans)
    ]
    if not strayed:
        return NOTHING
    lines, session_ids = [line for line, _ in strayed], {session_id for _, session_id in strayed}
    return about_some_sessions(facts, FindingCode.GOAL_NOT_IN_PLAN_OF_CARE, lines, session_ids)


def _is_stray(goal_id: str, session: Session, plans: Sequence[PlanJudgement]) -> bool:
    """Say whether the session's plan has documents on file, and none of them has the goal."""
    for plan in plans:
        if plan.plan_of_care_id == session.plan_of_care_id:
            return bool(plan.having_goals) and not has_goal(plan, goal_id)
    return False


def _about_plan(facts: Facts, plan: PlanJudgement) -> Reported:
    assert plan.problem is not None
    values: dict[str, str] = {}
    if plan.problem is FindingCode.PLAN_OF_CARE_NOT_CERTIFIED:
        due = plan.due
        values["due"] = "no due date known" if due is None else f"due {due.isoformat()}"
    elif plan.through is not None:
        values["through"] = plan.through.isoformat()
    finding = report(facts, plan.problem, (), **values)
    return Reported(finding, plan.session_ids, plan.plan_of_care_id, plan.due)
