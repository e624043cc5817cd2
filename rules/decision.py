"""The decision on a visit day: withdrawn, not billable, held, needs documentation or ready."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

from reference.facts import Facts, NoValueInForce
from rules.attestation import KxJudgement, Ledger, judge_kx
from rules.claim_lines import (
    LineDraft,
    TracedLine,
    find_rendering_npi,
    modifiers_that_came,
    point_to_diagnoses,
    sessions_behind,
    total_charge,
    trace_lines,
    unite_diagnoses,
)
from rules.edits import EDITS
from rules.edits.day import Billed, EditedDay, Reported, about
from rules.edits.same_date import billed_of
from rules.modifiers import assign_modifiers
from rules.money import write_money
from rules.plan_of_care import PlanJudgement, judge_plans
from schemas.claims import Block, Missing
from schemas.documentation import PlanOfCare
from schemas.events import EventType
from schemas.finding import Finding
from schemas.model import Identifier, Money, Struct
from schemas.session import Authorization, Session
from schemas.spend import SpendAccrued
from schemas.values import Effect, EmptiedBy, FindingCode, WithdrawalReason

BLOCKED = frozenset({EventType.CLAIM_HELD, EventType.CLAIM_NEEDS_DOCUMENTATION})


class OutstandingClaim(Struct, frozen=True):
    """A claim of the day that is out: was ready and is not withdrawn."""

    claim_id: Identifier
    version: int
    """Of the decision that made it ready last."""
    units: tuple[tuple[str, int], ...]
    """Units by code."""


class History(Struct, frozen=True):
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


@dataclass(frozen=True, slots=True)
class PricedDay:
    """A visit day as it comes to be decided."""

    accrued: SpendAccrued
    sessions: tuple[Session, ...]
    first_event_time: datetime
    billed_beside: Billed = ()
    """What the other visit days of the same patient, billing NPI, payer and date bill."""
    plans: Mapping[str, Sequence[PlanOfCare]] = field(default_factory=dict)
    """The documents of each plan of care that the sessions name."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a visit day comes to, before it is known whether that is news."""

    type: EventType | None
    """None where the day is empty and no claim is out."""
    day: EditedDay
    findings: tuple[Finding, ...]
    missing: tuple[Missing, ...] = ()
    blocked_by: tuple[Block, ...] = ()
    plan: PlanJudgement | None = None
    """The plan of care that the claim refers to."""
    certifying_npi: str | None = None
    """Who certified it, where the payer asks for a plan: no other claim moves with one."""
    fingerprint: str = ""


def decide(priced: PricedDay, ledger: Ledger | None, history: History, facts: Facts) -> Outcome:
    """Decide a visit day on what is on file: the first decision of the contract that holds."""
    day = prepare_day(priced, ledger, history, facts)
    if not day.lines:
        return Outcome(_type_without_lines(day), day, priced.accrued.findings)
    reported: list[Reported] = []
    for edit in EDITS:
        reported += edit(day, facts)
    findings = (*priced.accrued.findings, *[each.finding for each in reported])
    missing = _missing([*_came_with(day, facts), *reported], day.sessions, facts)
    blocked_by = _blocked_by(findings, facts)
    if blocked_by or missing:
        type_ = EventType.CLAIM_HELD if blocked_by else EventType.CLAIM_NEEDS_DOCUMENTATION
        fingerprint = _hash(_what_blocks(missing, blocked_by), amount_held(day))
        return Outcome(type_, day, findings, missing, blocked_by, fingerprint=fingerprint)
    plan = None if day.is_evaluations_alone else day.plans[0]
    npi = _certifying_npi(plan, facts)
    return Outcome(
        EventType.CLAIM_READY,
        day,
        findings,
        plan=plan,
        certifying_npi=npi,
        fingerprint=_hash(*_what_goes_on_the_claim(day, npi)),
    )


def is_news(outcome: Outcome, history: History) -> bool:
    """Say whether the outcome is emitted: its type changed, or what makes it another decision."""
    if outcome.type is None:
        return False
    return outcome.type is not history.type or outcome.fingerprint != history.fingerprint


def amount_held(day: EditedDay) -> str | None:
    """Return the sum of the priced lines in dollars; None where none is priced."""
    is_priced = any(line.allowed_amount is not None for line in day.accrued.lines)
    return day.accrued.total_allowed if is_priced else None


def place_of_service(sessions: Sequence[Session]) -> str | None:
    """Return the place of service that the first session states that states one."""
    for session in sessions:
        if session.place_of_service is not None:
            return session.place_of_service
    return None


def authorization(sessions: Sequence[Session]) -> Authorization | None:
    """Return the authorization that the first session names that names one."""
    for session in sessions:
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
    if day.accrued.emptied_by is EmptiedBy.MOVED:
        return WithdrawalReason.MOVED
    return WithdrawalReason.VOIDED


def units_by_code(day: EditedDay) -> Billed:
    """Return the units that the day bills of each code."""
    units: dict[str, int] = {}
    for code, count in billed_of(day):
        units[code] = units.get(code, 0) + count
    return tuple(units.items())


def prepare_day(
    priced: PricedDay, ledger: Ledger | None, history: History, facts: Facts
) -> EditedDay:
    """Assign modifiers and judge the plans and KX: all that the edits look at."""
    accrued, sessions = priced.accrued, priced.sessions
    traced = trace_lines(accrued.lines, sessions)
    kx = judge_kx(accrued.spend, traced, sessions, ledger, history.kx_balance)
    diagnoses = unite_diagnoses(sessions)
    lines = tuple([_draft(line, diagnoses, kx, priced, facts) for line in traced])
    return EditedDay(
        accrued=accrued,
        sessions=sessions,
        first_event_time=priced.first_event_time,
        diagnoses=diagnoses,
        lines=lines,
        billed=tuple([line for line in lines if line.traced.line.units is not None]),
        is_evaluations_alone=_is_evaluations_alone(accrued, facts),
        plans=judge_plans(sessions, priced.plans, facts),
        kx=kx,
        billed_beside=priced.billed_beside,
        outstanding=None if history.outstanding is None else history.outstanding.units,
    )


def _draft(
    line: TracedLine,
    diagnoses: Sequence[str],
    kx: KxJudgement | None,
    priced: PricedDay,
    facts: Facts,
) -> LineDraft:
    came = modifiers_that_came(line)
    number = line.line.line
    has_kx = kx is not None and number in kx.required and number not in kx.unattested
    discipline = priced.accrued.discipline if facts.profile.discipline_modifiers else None
    return LineDraft(
        traced=line,
        number=number,
        session_ids=sessions_behind(line),
        modifiers=assign_modifiers(discipline, came, has_kx=has_kx),
        came=came,
        charge=total_charge(line, facts),
        diagnosis_pointers=point_to_diagnoses(line, diagnoses),
        rendering_npi=find_rendering_npi(line),
    )


def _type_without_lines(day: EditedDay) -> EventType | None:
    if day.outstanding is not None:
        return EventType.CLAIM_WITHDRAWN
    return EventType.CLAIM_NOT_BILLABLE if day.sessions else None


def _is_evaluations_alone(accrued: SpendAccrued, facts: Facts) -> bool:
    """Say whether every line is an evaluation, which is its own plan of care."""
    procedures = facts.procedures
    if isinstance(procedures, NoValueInForce):
        return False
    for line in accrued.lines:
        procedure = procedures.get(line.code)
        if procedure is None or not procedure.is_evaluation:
            return False
    return True


def _came_with(day: EditedDay, facts: Facts) -> list[Reported]:
    """Say which sessions the findings that came with the day and need a document are about."""
    return [
        reported
        for finding in day.accrued.findings
        if facts.findings[finding.code].effect is Effect.NEEDS_DOCUMENTATION
        for reported in about(
            finding, [each for each in day.lines if each.number in finding.lines]
        )
    ]


def _missing(
    reported: Sequence[Reported], sessions: Sequence[Session], facts: Facts
) -> tuple[Missing, ...]:
    """Return what would cure the findings that a document cures, one for each code and plan."""
    found: dict[tuple[FindingCode, str | None], list[Reported]] = {}
    for each in reported:
        if facts.findings[each.finding.code].effect is Effect.NEEDS_DOCUMENTATION:
            found.setdefault((each.finding.code, each.plan_of_care_id), []).append(each)
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


def _blocked_by(findings: Sequence[Finding], facts: Facts) -> tuple[Block, ...]:
    """Return what blocks the day that no document cures, one for each code."""
    found: dict[FindingCode, set[int]] = {}
    for each in findings:
        if facts.findings[each.code].effect is Effect.HELD:
            found.setdefault(each.code, set()).update(each.lines)
    return tuple([Block(code=code, lines=tuple(sorted(lines))) for code, lines in found.items()])


def _what_blocks(missing: Sequence[Missing], blocked_by: Sequence[Block]) -> tuple[object, ...]:
    return (
        tuple(
            (
                each.code.value,
                each.plan_of_care_id,
                None if each.due is None else each.due.isoformat(),
                each.lines,
                each.session_ids,
            )
            for each in missing
        ),
        tuple((each.code.value, each.lines) for each in blocked_by),
    )


def _what_goes_on_the_claim(day: EditedDay, certifying_npi: str | None) -> tuple[object, ...]:
    accrued = day.accrued
    provider = accrued.billing_provider
    authorized = authorization(day.sessions)
    return (
        accrued.payer.payer_id,
        accrued.payer.program.value,
        (provider.npi, provider.setting.value, provider.mac, provider.locality),
        provider.qualifying_apm,
        accrued.date_of_service.isoformat(),
        day.diagnoses,
        tuple([_line_on_the_claim(line) for line in day.lines]),
        certifying_npi,
        place_of_service(day.sessions),
        None if authorized is None else authorized.number,
    )


def _line_on_the_claim(line: LineDraft) -> tuple[object, ...]:
    return (
        line.traced.line.code,
        line.traced.line.units,
        line.modifiers,
        line.diagnosis_pointers,
        line.charge,
        line.rendering_npi,
    )


def _hash(*parts: object) -> str:
    return sha256(repr(parts).encode()).hexdigest()


def kx_balance_of(outcome: Outcome) -> str | None:
    """Return the balance in dollars that the day was judged on; None without a threshold."""
    return None if outcome.day.kx is None else write_money(outcome.day.kx.balance)
