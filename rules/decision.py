"""The decision on a visit day: withdrawn, not billable, held, needs documentation or ready."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256

from msgspec.json import encode
from msgspec.structs import replace

from reference.facts import Facts, NoValueInForce
from rules.attestation import KxJudgement, Ledger, judge_kx
from rules.authorizations import AuthorizationJudgement
from rules.claim_lines import (
    Came,
    DayLine,
    draft_line,
    modifiers_that_came,
    trace_lines,
    unite_diagnoses,
)
from rules.edits import EDITS
from rules.edits.day import Billed, EditedDay, PricedDay, Reported, about
from rules.modifiers import assign_modifiers
from rules.money import write_money
from rules.notes import NoteJudgement
from rules.plan_of_care import PlanJudgement, PlanOnFile, judge_plans
from rules.progress import ProgressJudgement
from rules.spend import amount_accrued
from schemas.claims import Block, ClaimLine, Missing
from schemas.events import EventType
from schemas.finding import Finding
from schemas.model import Identifier, Money, Struct
from schemas.session import Authorization, Session
from schemas.values import Effect, EmptiedBy, FindingCode, Severity, WithdrawalReason

# A member is looked up each time that it is named by its enum: once is enough.
BLOCKING = Severity.BLOCKING
NEEDS_DOCUMENTATION, HELD = Effect.NEEDS_DOCUMENTATION, Effect.HELD
READY = EventType.CLAIM_READY
BLOCKED = (EventType.CLAIM_HELD, EventType.CLAIM_NEEDS_DOCUMENTATION)


class OutstandingClaim(Struct, frozen=True, gc=False):
    """A claim of the day that is out: was ready and is not withdrawn."""

    claim_id: Identifier
    version: int
    """Of the decision that made it ready last."""
    units: tuple[tuple[str, int], ...]
    """Units by code."""


class History(Struct, frozen=True, gc=False):
    """What was decided on a visit day before."""

    version: int = 0
    """Decisions so far."""
    type: EventType | None = None
    fingerprint: str = ""
    """Of what makes a decision of that type another one."""
    outstanding: OutstandingClaim | None = None
    originals: int = 0
    """Claims so far, replacements not counted."""
    kx_balance: Money | None = None
    """What KX was judged on when the day first became ready."""


class OnFile(Struct, frozen=True, gc=False):
    """What a decision rests on beside the priced day."""

    sessions: tuple[Session, ...]
    first_event_time: datetime
    findings: tuple[Finding, ...] = ()
    """Those that came with the priced day."""
    plans: Mapping[str, Sequence[PlanOnFile]] = {}
    """The documents of each plan of care that the sessions name."""
    ledger: Ledger | None = None
    """None where no threshold applies."""
    notes: tuple[NoteJudgement, ...] = ()
    """How the sessions' notes compare with the patient's last ones."""
    authorized: AuthorizationJudgement | None = None
    """None where the payer asks for no authorization and counts no visits."""
    progress: tuple[ProgressJudgement, ...] = ()
    """What the progress reports on file leave open, for each plan of care that asks."""


class Outcome(Struct, frozen=True, gc=False):
    """What a visit day comes to, before it is known whether that is news."""

    type: EventType | None
    """None where the day is empty and no claim is out."""
    day: EditedDay
    findings: tuple[Finding, ...]
    fingerprint: str = ""
    missing: tuple[Missing, ...] = ()
    blocked_by: tuple[Block, ...] = ()
    plan: PlanJudgement | None = None
    """The plan of care that the claim refers to."""
    certifying_npi: str | None = None
    """Who certified it, where the payer asks for a plan: no other claim moves with one."""


def decide(priced: PricedDay, on_file: OnFile, history: History, facts: Facts) -> Outcome:
    """Decide a visit day on what is on file: the first decision of the contract that holds."""
    day = prepare_day(priced, on_file, history, facts)
    came = on_file.findings
    if not day.lines:
        return Outcome(_type_without_lines(day), day, came)
    reported: list[Reported] = []
    for edit in EDITS:
        reported += edit(day, facts)
    findings = (*came, *[each.finding for each in reported])
    blocking = [each for each in findings if each.severity is BLOCKING]
    if blocking:
        missing = _missing([*_came_with(came, day, facts), *reported], day.sessions, facts)
        blocked_by = _blocked_by(blocking, facts)
        type_ = EventType.CLAIM_HELD if blocked_by else EventType.CLAIM_NEEDS_DOCUMENTATION
        fingerprint = _fingerprint(missing, blocked_by, amount_held(day))
        return Outcome(type_, day, findings, fingerprint, missing, blocked_by)
    plan = None if day.is_evaluations_alone else day.plans[0]
    npi = _certifying_npi(plan, facts)
    fingerprint = _fingerprint(*_what_goes_on_the_claim(day, npi))
    return Outcome(READY, day, findings, fingerprint, plan=plan, certifying_npi=npi)


def is_news(outcome: Outcome, history: History) -> bool:
    """Say whether the outcome is emitted: its type changed, or what makes it another decision."""
    if outcome.type is None:
        return False
    return outcome.type is not history.type or outcome.fingerprint != history.fingerprint


def amount_held(day: EditedDay) -> str | None:
    """Return the sum of the priced lines in dollars; None where none is priced."""
    for line in day.priced.lines:
        if line.allowed_amount is not None:
            return day.priced.total_allowed
    return None


def place_of_service(sessions: Sequence[Session]) -> str | None:
    """Return the place of service that the first session states that states one."""
    for session in sessions:
        if session.place_of_service is not None:
            return session.place_of_service
    return None


def authorization(day: EditedDay) -> Authorization | None:
    """Return the authorization that the day uses, else the one that its sessions name first."""
    if day.authorized is not None and day.authorized.place.number is not None:
        return Authorization(number=day.authorized.place.number)
    for session in day.sessions:
        if session.authorization is not None:
            return session.authorization
    return None


def _certifying_npi(plan: PlanJudgement | None, facts: Facts) -> str | None:
    if plan is None or plan.serving is None or not facts.profile.requires_plan_of_care:
        return None
    return plan.serving.certifying_npi


def withdrawal_reason(day: EditedDay) -> WithdrawalReason:
    """Say why nothing is left to bill."""
    if day.sessions:
        return WithdrawalReason.NO_UNIT
    if day.priced.emptied_by is EmptiedBy.MOVED:
        return WithdrawalReason.MOVED
    return WithdrawalReason.VOIDED


def units_by_code(day: EditedDay) -> Billed:
    """Return the units that the day bills of each code."""
    units: dict[str, int] = {}
    for line in day.billed:
        units[line.code] = units.get(line.code, 0) + (line.units or 0)
    return tuple(units.items())


def prepare_day(priced: PricedDay, on_file: OnFile, history: History, facts: Facts) -> EditedDay:
    """Assign modifiers and judge the plans and KX: all that the edits look at."""
    sessions = on_file.sessions
    accrued = _as_accrued(priced.lines, facts)
    kx = judge_kx(priced.spend, accrued, sessions, on_file.ledger, history.kx_balance)
    diagnoses = unite_diagnoses(sessions)
    services = trace_lines(priced.lines, sessions)
    came = modifiers_that_came(sessions, services)
    modifiers = _modifiers(priced, came, kx, facts)
    lines = [
        draft_line(line, services[line.number], diagnoses, given, facts)
        for line, given in zip(priced.lines, modifiers, strict=True)
    ]
    return EditedDay(
        priced,
        sessions,
        on_file.first_event_time,
        diagnoses,
        tuple(lines),
        services,
        tuple([(s, each) for s in sessions for each in s.services if each.intervals]),
        came,
        billed=tuple([line for line in lines if line.units is not None]),
        is_evaluations_alone=_is_evaluations_alone(priced, facts),
        plans=judge_plans(sessions, on_file.plans, facts),
        progress=on_file.progress,
        kx=kx,
        outstanding=None if history.outstanding is None else history.outstanding.units,
        notes=on_file.notes,
        authorized=on_file.authorized,
    )


def _as_accrued(lines: tuple[DayLine, ...], facts: Facts) -> Sequence[DayLine]:
    """Return the lines with what they add to the year's spend in place of what is allowed."""
    if not [line for line in lines if line.assistant]:
        return lines
    found = []
    for line in lines:
        amount = amount_accrued(line.allowed_amount, facts, assistant=line.assistant)
        found.append(replace(line, allowed_amount=None if amount is None else write_money(amount)))
    return found


def _modifiers(
    priced: PricedDay, came: Came, kx: KxJudgement | None, facts: Facts
) -> Sequence[tuple[str, ...]]:
    """Return each line's modifiers; KX where it is needed and attested, 59 or X… as spend says."""
    discipline = priced.discipline if facts.profile.discipline_modifiers else None
    needs_kx = () if kx is None else kx.required
    own = [each for each in priced.lines if each.assistant or each.distinct_modifier is not None]
    if not (came or needs_kx or own):
        return [assign_modifiers(discipline, (), has_kx=False)] * len(priced.lines)
    attested = [] if kx is None else [each for each in needs_kx if each not in kx.unattested]
    return [
        assign_modifiers(
            discipline,
            came.get(each.number, ()),
            has_kx=each.number in attested,
            assistant=priced.discipline if each.assistant else None,
            distinct=each.distinct_modifier,
        )
        for each in priced.lines
    ]


def _type_without_lines(day: EditedDay) -> EventType | None:
    if day.outstanding is not None:
        return EventType.CLAIM_WITHDRAWN
    return EventType.CLAIM_NOT_BILLABLE if day.sessions else None


def _is_evaluations_alone(priced: PricedDay, facts: Facts) -> bool:
    """Say whether every line is an evaluation, which is its own plan of care."""
    procedures = facts.procedures
    if isinstance(procedures, NoValueInForce):
        return False
    for line in priced.lines:
        procedure = procedures.get(line.code)
        if procedure is None or not procedure.is_evaluation:
            return False
    return True


def _came_with(came: Sequence[Finding], day: EditedDay, facts: Facts) -> list[Reported]:
    """Say which sessions the findings that came with the day and need a document are about."""
    return [
        reported
        for finding in came
        if facts.findings[finding.code].effect is NEEDS_DOCUMENTATION
        for reported in about(finding, [each for each in day.lines if each.line in finding.lines])
    ]


def _missing(
    reported: Sequence[Reported], sessions: Sequence[Session], facts: Facts
) -> tuple[Missing, ...]:
    """Return what would cure the findings that a document cures, one for each code and plan."""
    found: dict[tuple[FindingCode, str | None], list[Reported]] = {}
    for each in reported:
        code = each.finding.code
        if facts.findings[code].effect is NEEDS_DOCUMENTATION:
            found.setdefault((code, each.plan_of_care_id), []).append(each)
    return tuple([_demand(same, sessions, facts) for same in found.values()])


def _demand(same: Sequence[Reported], sessions: Sequence[Session], facts: Facts) -> Missing:
    first = same[0]
    owner = facts.findings[first.finding.code].owner
    assert owner is not None, "the catalogue names who sends a document"
    concerned = {session_id for each in same for session_id in each.session_ids}
    return Missing(
        code=first.finding.code,
        owner=owner,
        due=first.due,
        lines=tuple(sorted({line for each in same for line in each.finding.lines})),
        session_ids=tuple([s.session_id for s in sessions if s.session_id in concerned]),
        plan_of_care_id=first.plan_of_care_id,
    )


def _blocked_by(blocking: Sequence[Finding], facts: Facts) -> tuple[Block, ...]:
    """Return what blocks the day that no document cures, one for each code."""
    found: dict[FindingCode, set[int]] = {}
    for each in blocking:
        if facts.findings[each.code].effect is HELD:
            found.setdefault(each.code, set()).update(each.lines)
    return tuple([Block(code, tuple(sorted(lines))) for code, lines in found.items()])


def _what_goes_on_the_claim(day: EditedDay, certifying_npi: str | None) -> tuple[object, ...]:
    priced = day.priced
    provider = priced.billing_provider
    authorized = authorization(day)
    return (
        priced.payer.payer_id,
        priced.payer.program,
        (provider.npi, provider.setting, provider.mac, provider.locality),
        provider.qualifying_apm,
        priced.date_of_service,
        day.diagnoses,
        [_line_on_the_claim(line) for line in day.lines],
        certifying_npi,
        place_of_service(day.sessions),
        None if authorized is None else authorized.number,
    )


def _line_on_the_claim(line: ClaimLine) -> tuple[object, ...]:
    return (
        line.code,
        line.units,
        line.modifiers,
        line.diagnosis_pointers,
        line.charge,
        line.rendering_npi,
    )


def _fingerprint(*parts: object) -> str:
    return sha256(encode(parts)).hexdigest()


def kx_balance_of(outcome: Outcome) -> str | None:
    """Return the balance in dollars that the day was judged on; None without a threshold."""
    return None if outcome.day.kx is None else outcome.day.kx.balance
