"""Progress reports: on file when they are due, and justifying what is used for long.

CMS Pub. 100-02 ch. 15 §220.3.D; LCD L33631. Which payers ask, and for which codes, is in their
profiles.
"""

from collections.abc import Sequence

from reference.facts import Facts, NoValueInForce
from rules.edits.day import NOTHING, EditedDay, Reported, about_some_sessions
from rules.findings import report, report_missing
from schemas.claims import ClaimLine
from schemas.values import FindingCode


def progress_report_is_on_file(day: EditedDay, facts: Facts) -> Sequence[Reported]:
    """No more treatment days lie after the last progress report than one may cover."""
    if not facts.profile.requires_progress_report or day.is_evaluations_alone:
        return NOTHING
    days = facts.progress_report_days
    if isinstance(days, NoValueInForce):
        return (Reported(report_missing(facts, days)),)
    reported = []
    for judged in day.progress:
        if judged.due is not None:
            on, code = judged.due.isoformat(), FindingCode.PROGRESS_REPORT_DUE
            finding = report(facts, code, treatment_days=str(days), due=on)
            plan_of_care_id = judged.plan_of_care_id
            session_ids = _sessions_under(day, plan_of_care_id)
            reported.append(Reported(finding, session_ids, plan_of_care_id, judged.due))
    return reported


def continued_use_is_justified(day: EditedDay, facts: Facts) -> Sequence[Reported]:
    """A progress report justifies what is still used past its treatment days."""
    codes = facts.profile.continued_use_codes
    days = facts.continued_use_days
    if not codes or not (day.progress or isinstance(days, NoValueInForce)):
        return NOTHING
    lines = [line for line in day.billed if line.code in codes]
    if isinstance(days, NoValueInForce):
        numbers = [each.line for each in lines]
        return (Reported(report_missing(facts, days, numbers)),) if lines else NOTHING
    return [
        Reported(each.finding, each.session_ids, judged.plan_of_care_id)
        for judged in day.progress
        if judged.unjustified
        for each in about_some_sessions(
            facts,
            FindingCode.CONTINUED_USE_NOT_JUSTIFIED,
            _lines_under(day, lines, judged.plan_of_care_id, judged.unjustified),
            _sessions_under(day, judged.plan_of_care_id),
            treatment_days=str(days),
        )
    ]


def _sessions_under(day: EditedDay, plan_of_care_id: str | None) -> tuple[str, ...]:
    """Return the sessions that name the plan, and for none the sessions that name none."""
    return tuple(
        [each.session_id for each in day.sessions if each.plan_of_care_id == plan_of_care_id]
    )


def _lines_under(
    day: EditedDay,
    lines: Sequence[ClaimLine],
    plan_of_care_id: str | None,
    codes: Sequence[str],
) -> list[ClaimLine]:
    session_ids = _sessions_under(day, plan_of_care_id)
    return [
        line
        for line in lines
        if line.code in codes and any(at.session_id in session_ids for at in line.services)
    ]
