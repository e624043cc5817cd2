"""Which plan of care serves a session, and whether it is certified on the date of service.

42 CFR 410.61 and 424.24(c); CMS Pub. 100-02 ch. 15 §220.1. Dates are calendar days; the first
treatment is day 0.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import assert_never

from msgspec.structs import replace

from reference.facts import CertificationRule, Facts, NoValueInForce
from rules.statements import is_stated
from schemas.documentation import PlanOfCare, PlanOfCareContent
from schemas.model import Struct
from schemas.session import Session
from schemas.values import Certification, FindingCode


class PlanJudgement(Struct, frozen=True, gc=False):
    """What the documents of one plan of care say of a date of service."""

    plan_of_care_id: str | None
    session_ids: tuple[str, ...]
    """The day's sessions that name the plan."""
    having_goals: tuple[PlanOfCareContent, ...]
    """The document that serves, else all on file; empty where none is."""
    serving: PlanOfCareContent | None = None
    """The document whose interval has the date."""
    problem: FindingCode | None = None
    """Why the date is not under a certified plan."""
    due: date | None = None
    """By when the initial certification is due."""
    through: date | None = None
    """The last certified day, where it is past."""
    missing: NoValueInForce | None = None
    """The rule that is not in force."""


class _Interval(Struct, frozen=True, gc=False):
    """A document's interval of days and whether it is certified on the date of service."""

    document: PlanOfCare
    first: date
    last: date
    is_certified: bool


def judge_plans(
    sessions: Sequence[Session], plans: Mapping[str, Sequence[PlanOfCare]], facts: Facts
) -> tuple[PlanJudgement, ...]:
    """Judge each plan of care that the day's sessions name, in the order of the sessions."""
    if len(sessions) == 1:
        plan_of_care_id = sessions[0].plan_of_care_id
        ids = (sessions[0].session_id,)
        return (_judge_plan(plan_of_care_id, ids, plans.get(plan_of_care_id or "", ()), facts),)
    named: dict[str | None, list[str]] = {}
    for session in sessions:
        named.setdefault(session.plan_of_care_id, []).append(session.session_id)
    return tuple(
        _judge_plan(plan_of_care_id, tuple(ids), plans.get(plan_of_care_id or "", ()), facts)
        for plan_of_care_id, ids in named.items()
    )


def has_goal(plan: PlanJudgement, goal_id: str) -> bool:
    """Say whether the document that serves has the goal, else any on file."""
    return any(goal.goal_id == goal_id for each in plan.having_goals for goal in each.goals)


def is_certified(plan: PlanOfCareContent, date_of_service: date, rule: CertificationRule) -> bool:
    """Say whether the plan is certified for the date (CMS Pub. 100-02 ch. 15 §220.1.3).

    A signature or a verbal order comes in time or with the reason for its delay; a verbal order is
    signed in time; an order on file certifies an initial plan that was sent to the referrer in
    time.
    """
    match plan.certification:
        case Certification.SIGNATURE:
            return _is_timely(plan, plan.certified_on, rule)
        case Certification.VERBAL:
            return _is_timely(plan, plan.verbal_on, rule) and _is_verbal_order_signed(
                plan, date_of_service, rule
            )
        case Certification.ORDER_ON_FILE:
            return _is_order_on_file(plan, rule)
        case Certification.NONE:
            return False
        case _:
            assert_never(plan.certification)


def first_day(plan: PlanOfCareContent) -> date:
    """Return the first day of the plan's interval."""
    return plan.certified_from or plan.first_treated_on


def last_day(plan: PlanOfCareContent, rule: CertificationRule) -> date:
    """Return the last day of the plan's interval: its own, or the longest that the law allows."""
    return min(plan.through, _add_days(first_day(plan), rule.days_certified))


def due_date(plan: PlanOfCareContent, rule: CertificationRule) -> date | None:
    """Return when an initial certification is due; None for a recertification."""
    if plan.certified_from is not None:
        return None
    return _add_days(plan.first_treated_on, rule.days_to_certify)


def _judge_plan(
    plan_of_care_id: str | None,
    session_ids: tuple[str, ...],
    documents: Sequence[PlanOfCare],
    facts: Facts,
) -> PlanJudgement:
    day = facts.date_of_service
    established = [each for each in documents if each.content.established_on <= day]
    if not established:
        problem, on_file = FindingCode.PLAN_OF_CARE_MISSING, _contents(documents)
        return PlanJudgement(plan_of_care_id, session_ids, on_file, problem=problem)
    rule = facts.certification
    if isinstance(rule, NoValueInForce):
        return PlanJudgement(plan_of_care_id, session_ids, _contents(documents), missing=rule)
    intervals = [_interval(each, day, rule) for each in established]
    having = [each for each in intervals if each.first <= day <= each.last]
    chosen = having[0] if len(having) == 1 else min(having, key=_preference, default=None)
    serving = None if chosen is None else chosen.document.content
    having_goals = _contents(documents) if serving is None else (serving,)
    judgement = PlanJudgement(plan_of_care_id, session_ids, having_goals, serving)
    if chosen is not None and chosen.is_certified:
        return judgement
    past = [each.last for each in intervals if each.is_certified and each.last < day]
    if past:
        expired = FindingCode.CERTIFICATION_EXPIRED
        return replace(judgement, problem=expired, through=max(past))
    nearest = chosen or min(intervals, key=lambda each: (each.first, each.document.document_id))
    return replace(
        judgement,
        problem=FindingCode.PLAN_OF_CARE_NOT_CERTIFIED,
        due=due_date(nearest.document.content, rule),
    )


def _contents(documents: Sequence[PlanOfCare]) -> tuple[PlanOfCareContent, ...]:
    return tuple([each.content for each in documents])


def _interval(document: PlanOfCare, day: date, rule: CertificationRule) -> _Interval:
    plan = document.content
    certified = is_certified(plan, day, rule)
    return _Interval(document, first_day(plan), last_day(plan, rule), certified)


def _preference(interval: _Interval) -> tuple[bool, int, str]:
    """Sort certified ones first, then the latest first day, then by document."""
    is_open = not interval.is_certified
    return (is_open, -interval.first.toordinal(), interval.document.document_id)


def _is_timely(plan: PlanOfCareContent, certified: date | None, rule: CertificationRule) -> bool:
    if certified is None:
        return False
    due = _add_days(first_day(plan), rule.days_to_certify)
    return certified <= due or is_stated(plan.delayed_reason)


def _is_verbal_order_signed(
    plan: PlanOfCareContent, date_of_service: date, rule: CertificationRule
) -> bool:
    if plan.certified_on is not None:
        return True
    assert plan.verbal_on is not None
    return date_of_service <= _add_days(plan.verbal_on, rule.days_to_sign_verbal)


def _is_order_on_file(plan: PlanOfCareContent, rule: CertificationRule) -> bool:
    due = due_date(plan, rule)
    return (
        rule.order_on_file_allowed
        and due is not None
        and plan.order_dated is not None
        and plan.sent_to_referrer_on is not None
        and plan.sent_to_referrer_on <= due
    )


def _add_days(day: date, days: int) -> date:
    # A plan "through" the last day of the calendar is how some systems say: open.
    return date.fromordinal(min(day.toordinal() + days, date.max.toordinal()))
