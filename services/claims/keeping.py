"""A priced visit day put into state and taken out again: what deciding needs, and no more."""

from collections.abc import Sequence
from datetime import datetime

from reference.facts import Facts
from reference.rulebook import RuleBook
from rules.claim_lines import DayLine
from rules.edits.day import PricedDay
from rules.findings import restate
from rules.notes import NoteJudgement
from schemas.finding import Finding
from schemas.session import Session
from schemas.spend import SpendAccrued
from services.claims.desk import Desk
from services.claims.state import DayKeys, DayState, DecisionState, KeptFinding, day_session_key


def keep_day(
    desk: Desk,
    keys: DayKeys,
    accrued: SpendAccrued,
    time: datetime,
    notes: tuple[NoteJudgement, ...],
) -> DayState:
    """Keep the day and its sessions, each as a value of its own."""
    patient_id, visit_day_id = accrued.patient_id, accrued.visit_day_id
    known: DayState | None = desk[keys.day]
    sessions = accrued.sessions
    for number, session in enumerate(sessions):
        desk.put(day_session_key(patient_id, visit_day_id, number), session)
    for number in range(len(sessions), 0 if known is None else known.session_count):
        desk.put(day_session_key(patient_id, visit_day_id, number), None)
    day = DayState(
        _without_its_price(accrued),
        tuple([KeptFinding(each.code, each.lines, each.message) for each in accrued.findings]),
        len(sessions),
        tuple(keys.plans),
        _first_time(desk[keys.decision], time) if known is None else known.first_event_time,
        notes,
    )
    desk.put(keys.day, day)
    return day


def _first_time(decision: DecisionState | None, time: datetime) -> datetime:
    """Return when a day first came: of one from a retired id, there."""
    if decision is None or decision.first_event_time is None:
        return time
    return decision.first_event_time


def facts_of(rulebook: RuleBook, day: PricedDay | SpendAccrued) -> Facts:
    """Return the facts of a day's date and payer."""
    return rulebook.on(day.date_of_service, day.payer.payer_id, day.payer.program)


def sessions_kept(desk: Desk, day: DayState) -> tuple[Session, ...]:
    """Return the sessions of a loaded day."""
    patient_id, visit_day_id = day.priced.patient_id, day.priced.visit_day_id
    numbers = range(day.session_count)
    return tuple([desk[day_session_key(patient_id, visit_day_id, each)] for each in numbers])


def findings_kept(day: DayState, facts: Facts) -> tuple[Finding, ...]:
    """Return the findings that came with the day, in the words of the catalogue."""
    return tuple([restate(facts, each.code, each.lines, each.message) for each in day.findings])


def _without_its_price(accrued: SpendAccrued) -> PricedDay:
    split = _codes_in_two_lines(accrued)
    return PricedDay(
        accrued.visit_day_id,
        accrued.revision,
        accrued.patient_id,
        accrued.payer,
        accrued.billing_provider,
        accrued.date_of_service,
        accrued.discipline,
        tuple(
            [
                DayLine(
                    each.line,
                    each.code,
                    each.units,
                    each.timed,
                    each.allowed_amount,
                    each.services,
                    each.assistant,
                    each.code in split,
                    each.distinct_modifier,
                )
                for each in accrued.lines
            ]
        ),
        accrued.total_allowed,
        accrued.spend,
        accrued.unbilled,
        accrued.steps,
        accrued.emptied_by,
    )


def _codes_in_two_lines(accrued: SpendAccrued) -> Sequence[str]:
    """Name the codes of which an assistant has one line and the therapist the other."""
    assisted = [each.code for each in accrued.lines if each.assistant]
    if not assisted:
        return ()
    return [each.code for each in accrued.lines if not each.assistant and each.code in assisted]
