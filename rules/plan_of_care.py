"""Which plan of care serves a session, and whether it is certified on the date of service.

42 CFR 410.61 and 424.24(c); CMS Pub. 100-02 ch. 15 §220.1. Dates are calendar days; the first
treatment is day 0.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final, assert_never

from reference.facts import CertificationRule, Facts, NoValueInForce
from rules.roles import UNSKILLED
from rules.statements import is_stated
from schemas.documentation import PlanOfCare
from schemas.model import Day, Identifier, Npi, Struct
from schemas.session import Session
from schemas.values import Certification, FindingCode, Role

# A member is looked up each time that it is named by its enum: once is enough for the most usual.
SIGNATURE: Final = Certification.SIGNATURE
LAST_DAY = date.max.toordinal()
NOT_ESTABLISHING = UNSKILLED | {Role.ASSISTANT}
"""Who may not establish a plan; a document that names no role is taken as a clinician's."""


class PlanOnFile(Struct, frozen=True, gc=False):
    """What deciding needs of a plan of care's document; all dates inclusive."""

    document_id: Identifier
    established_on: Day
    first_treated_on: Day
    through: Day
    certification: Certification
    goal_ids: tuple[Identifier, ...]
    certified_on: Day | None = None
    certified_from: Day | None = None
    """A recertification's first day."""
    verbal_on: Day | None = None
    order_dated: Day | None = None
    sent_to_referrer_on: Day | None = None
    certifying_npi: Npi | None = None
    is_delay_explained: bool = False
    """The reason for a late certification is stated."""


class PlanJudgement(Struct, frozen=True, gc=False):
    """What the documents of one plan of care say of a date of service."""

    plan_of_care_id: str | None
    session_ids: tuple[str, ...]
    """The day's sessions that name the plan."""
    having_goals: tuple[PlanOnFile, ...]
    """The document that serves, else all on file; empty where none is."""
    serving: PlanOnFile | None = None
    """The document whose interval has the date."""
    problem: FindingCode | None = None
    """Why the date is not under a certified plan."""
    due: date | None = None
    """By when the initial certification is due, or was the recertification."""
    through: date | None = None
    """The last certified day, where it is past."""
    missing: NoValueInForce | None = None
    """The rule that is not in force."""


def may_establish(document: PlanOfCare) -> bool:
    """Say whether who wrote the plan may establish one (42 CFR 410.61(b)).

    A therapist, physician or other practitioner; never an assistant.
    """
    return document.author_role not in NOT_ESTABLISHING


def read_plan_of_care(document: PlanOfCare) -> PlanOnFile:
    """Return what deciding needs of the document."""
    content = document.content
    return PlanOnFile(
        document_id=document.document_id,
        established_on=content.established_on,
        first_treated_on=content.first_treated_on,
        through=content.through,
        certification=content.certification,
        goal_ids=tuple([each.goal_id for each in content.goals]),
        certified_on=content.certified_on,
        certified_from=content.certified_from,
        verbal_on=content.verbal_on,
        order_dated=content.order_dated,
        sent_to_referrer_on=content.sent_to_referrer_on,
        certifying_npi=content.certifying_npi,
        is_delay_explained=is_stated(content.delayed_reason),
    )


def judge_plans(
    sessions: Sequence[Session], plans: Mapping[str, Sequence[PlanOnFile]], facts: Facts
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
    return goal_id in [each for document in plan.having_goals for each in document.goal_ids]


def first_treatment(documents: Sequence[PlanOnFile], date_of_service: date) -> date | None:
    """Return when a plan's episode began, as its documents say; None where none says by then."""
    known = [
        each.first_treated_on for each in documents if each.first_treated_on <= date_of_service
    ]
    return min(known, default=None)


def is_certified(plan: PlanOnFile, date_of_service: date, rule: CertificationRule) -> bool:
    """Say whether the plan is certified for the date (CMS Pub. 100-02 ch. 15 §220.1.3).

    A signature or a verbal order comes in time or with the reason for its delay; a verbal order is
    signed in time; an order on file, not later than the first treatment, certifies an initial plan
    that was sent to the referrer in time.
    """
    if plan.certification is SIGNATURE:
        return _is_timely(plan, plan.certified_on, rule)
    match plan.certification:
        case Certification.VERBAL:
            return _is_timely(plan, plan.certified_on, rule) or (
                _is_timely(plan, plan.verbal_on, rule)
                and _is_verbal_order_signed(plan, date_of_service, rule)
            )
        case Certification.ORDER_ON_FILE:
            return _is_order_on_file(plan, rule)
        case Certification.NONE:
            return False
        case _:
            assert_never(plan.certification)


def first_day(plan: PlanOnFile) -> date:
    """Return the first day of the plan's interval."""
    return plan.certified_from or plan.first_treated_on


def last_day(plan: PlanOnFile, rule: CertificationRule) -> date:
    """Return the last day of the plan's interval: its own, or the longest that the law allows."""
    return min(plan.through, _add_days(first_day(plan), rule.days_certified))


def due_date(plan: PlanOnFile, rule: CertificationRule) -> date | None:
    """Return when an initial certification is due; None for a recertification."""
    if plan.certified_from is not None:
        return None
    return _add_days(plan.first_treated_on, rule.days_to_certify)


def _judge_plan(
    plan_of_care_id: str | None,
    session_ids: tuple[str, ...],
    documents: Sequence[PlanOnFile],
    facts: Facts,
) -> PlanJudgement:
    day = facts.date_of_service
    established = [each for each in documents if each.established_on <= day]
    if not established:
        problem = FindingCode.PLAN_OF_CARE_MISSING
        return PlanJudgement(plan_of_care_id, session_ids, tuple(documents), problem=problem)
    rule = facts.certification
    if isinstance(rule, NoValueInForce):
        return PlanJudgement(plan_of_care_id, session_ids, tuple(documents), missing=rule)
    having = [each for each in established if _has_day(each, day, rule)]
    if certified := [each for each in having if is_certified(each, day, rule)]:
        serving = _latest(certified)
        return PlanJudgement(plan_of_care_id, session_ids, (serving,), serving)
    in_doubt = _latest(having) if having else None
    on_file = tuple(established) if in_doubt is None else (in_doubt,)
    past = [
        last
        for each in established
        if is_certified(each, day, rule) and (last := last_day(each, rule)) < day
    ]
    if past:
        problem, through = FindingCode.CERTIFICATION_EXPIRED, max(past)
    else:
        problem, through = FindingCode.PLAN_OF_CARE_NOT_CERTIFIED, None
    # A recertification was due while the certification before it lasted.
    due = through or due_date(in_doubt or _earliest(established), rule)
    return PlanJudgement(
        plan_of_care_id, session_ids, on_file, in_doubt, problem=problem, due=due, through=through
    )


def _has_day(plan: PlanOnFile, day: date, rule: CertificationRule) -> bool:
    first = first_day(plan)
    return first <= day <= plan.through and (day - first).days <= rule.days_certified


def _latest(plans: Sequence[PlanOnFile]) -> PlanOnFile:
    """Return the document with the latest first day; of several, the first by its id."""
    if len(plans) == 1:
        return plans[0]
    latest = max([first_day(each) for each in plans])
    return min([each for each in plans if first_day(each) == latest], key=_document_id)


def _earliest(plans: Sequence[PlanOnFile]) -> PlanOnFile:
    """Return the document with the earliest first day; of several, the first by its id."""
    return min(plans, key=lambda each: (first_day(each), each.document_id))


def _document_id(plan: PlanOnFile) -> str:
    return plan.document_id


def _is_timely(plan: PlanOnFile, certified: date | None, rule: CertificationRule) -> bool:
    if certified is None:
        return False
    taken = (certified - first_day(plan)).days
    return taken <= rule.days_to_certify or plan.is_delay_explained


def _is_verbal_order_signed(
    plan: PlanOnFile, date_of_service: date, rule: CertificationRule
) -> bool:
    """Say whether a verbal order is signed in its days, or the date is one of them."""
    assert plan.verbal_on is not None
    last = _add_days(plan.verbal_on, rule.days_to_sign_verbal)
    if plan.certified_on is None:
        return date_of_service <= last
    return date_of_service <= last or plan.certified_on <= last


def _is_order_on_file(plan: PlanOnFile, rule: CertificationRule) -> bool:
    due = due_date(plan, rule)
    return (
        rule.order_on_file_allowed
        and due is not None
        and plan.order_dated is not None
        and plan.order_dated <= plan.first_treated_on
        and plan.sent_to_referrer_on is not None
        and plan.established_on <= plan.sent_to_referrer_on <= due
    )


def _add_days(day: date, days: int) -> date:
    # A plan "through" the last day of the calendar is how some systems say: open.
    return date.fromordinal(min(day.toordinal() + days, LAST_DAY))
