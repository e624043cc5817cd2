"""What an edit sees, and what it gives back."""

from collections.abc import Callable, Container, Mapping, Sequence
from datetime import date, datetime

from reference.facts import Facts
from rules.attestation import KxJudgement
from rules.authorizations import AuthorizationJudgement
from rules.claim_lines import Came, DayLine, Traced, sessions_behind
from rules.findings import report, report_day
from rules.notes import NoteJudgement
from rules.plan_of_care import PlanJudgement
from rules.progress import ProgressJudgement
from schemas.claims import ClaimLine
from schemas.finding import Finding
from schemas.model import Amount, Day, Identifier, Struct
from schemas.session import BillingProvider, Session
from schemas.spend import Spend
from schemas.units import ProfiledPayer, ServiceReference, UnbilledService
from schemas.values import Discipline, EmptiedBy, FindingCode

Billed = tuple[tuple[str, int], ...]
"""Codes with their units."""


class PricedDay(Struct, frozen=True, gc=False):
    """What deciding needs of a visit day as spend priced it; its sessions are kept beside it."""

    visit_day_id: Identifier
    revision: int
    """Of the ``spend.accrued`` that priced it."""
    patient_id: Identifier
    payer: ProfiledPayer
    billing_provider: BillingProvider
    date_of_service: Day
    discipline: Discipline
    lines: tuple[DayLine, ...]
    total_allowed: Amount
    spend: Spend | None
    unbilled: tuple[UnbilledService, ...]
    steps: tuple[str, ...]
    emptied_by: EmptiedBy | None = None


class EditedDay(Struct, frozen=True, gc=False):
    """A visit day with its modifiers assigned; an edit changes nothing of it."""

    priced: PricedDay
    sessions: tuple[Session, ...]
    first_event_time: datetime
    """When the first event of the day happened, in its own offset."""
    diagnoses: tuple[str, ...]
    lines: tuple[ClaimLine, ...]
    services: Mapping[int, Traced]
    """What each line is made of, by its number."""
    with_times: Traced
    """The services that have start and stop times, on a line or not."""
    came: Came
    billed: tuple[ClaimLine, ...]
    """The lines that have units."""
    is_evaluations_alone: bool
    """Every line is an evaluation, which is its own plan of care."""
    plans: tuple[PlanJudgement, ...]
    progress: tuple[ProgressJudgement, ...]
    kx: KxJudgement | None
    """None where no threshold is in force."""
    outstanding: Billed | None
    """What the claim that is out bills, one pair a code; None where none is out."""
    notes: tuple[NoteJudgement, ...] = ()
    authorized: AuthorizationJudgement | None = None
    """None where the payer asks for no authorization and counts no visits."""


class Reported(Struct, frozen=True, gc=False):
    """A finding, and what a document that cures it would be about."""

    finding: Finding
    session_ids: tuple[str, ...] = ()
    plan_of_care_id: str | None = None
    due: date | None = None


Edit = Callable[[EditedDay, Facts], Sequence[Reported]]
"""A check of a visit day; what must hold is its name."""
NOTHING: tuple[Reported, ...] = ()


def about_lines(
    facts: Facts, code: FindingCode, lines: Sequence[ClaimLine], **values: str
) -> tuple[Reported, ...]:
    """Report one finding about these lines and their sessions; nothing without lines."""
    if not lines:
        return NOTHING
    return about(report(facts, code, [each.line for each in lines], **values), lines)


def about(finding: Finding, lines: Sequence[ClaimLine]) -> tuple[Reported, ...]:
    """Report a finding with the sessions behind these lines."""
    return (Reported(finding, sessions_behind(lines)),)


def about_some_sessions(
    facts: Facts,
    code: FindingCode,
    lines: Sequence[ClaimLine],
    session_ids: Container[str],
    **values: str,
) -> tuple[Reported, ...]:
    """Report one finding about all these lines and those of their sessions that it is about."""
    return tuple(
        Reported(each.finding, tuple(s for s in each.session_ids if s in session_ids))
        for each in about_lines(facts, code, lines, **values)
    )


def about_services(
    day: EditedDay,
    facts: Facts,
    code: FindingCode,
    services: Sequence[ServiceReference],
    **values: str,
) -> tuple[Reported, ...]:
    """Report one finding about these services: the lines they are on, and their sessions.

    Nothing without services; one that earned no unit is on no line.
    """
    if not services:
        return NOTHING
    lines = [line.line for line in day.lines if any(at in services for at in line.services)]
    session_ids = tuple(dict.fromkeys([at.session_id for at in services]))
    return (Reported(report(facts, code, lines, **values), session_ids),)


def about_sessions(
    facts: Facts, code: FindingCode, sessions: Sequence[Session]
) -> tuple[Reported, ...]:
    """Report one finding about the day and these of its sessions; nothing without them."""
    if not sessions:
        return NOTHING
    return (Reported(report_day(facts, code), tuple([each.session_id for each in sessions])),)
