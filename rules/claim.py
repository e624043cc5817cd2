"""The claim of a visit day: its versions, and the decision as it is written."""

from datetime import date
from typing import Final, TypedDict
from uuid import UUID

from msgspec.structs import replace

from rules.decision import (
    History,
    Outcome,
    OutstandingClaim,
    amount_held,
    authorization,
    kx_balance_of,
    place_of_service,
    units_by_code,
    withdrawal_reason,
)
from rules.plan_of_care import PlanJudgement
from schemas.claims import (
    ClaimHeld,
    ClaimLine,
    ClaimNeedsDocumentation,
    ClaimNotBillable,
    ClaimReady,
    ClaimVersion,
    ClaimWithdrawn,
    Decision,
    PlanReference,
)
from schemas.envelope import name_id
from schemas.events import EventType
from schemas.finding import Finding
from schemas.session import BillingProvider
from schemas.spend import Spend
from schemas.units import ProfiledPayer, UnbilledService
from schemas.values import Discipline

# A member is looked up each time that it is named by its enum: once is enough.
READY, WITHDRAWN = EventType.CLAIM_READY, EventType.CLAIM_WITHDRAWN
CLAIMS = UUID("b1f3c2a4-6d0e-5b7a-9c58-3e2d4f60718a").bytes
"""The namespace of claim ids."""
ORIGINAL: Final = "1"
REPLACEMENT: Final = "7"
VOID: Final = "8"
"""Claim frequency codes of ASC X12N 837 and the NUBC."""


class _Carried(TypedDict):
    """What every decision carries."""

    visit_day_id: str
    version: int
    patient_id: str
    payer: ProfiledPayer
    billing_provider: BillingProvider
    date_of_service: date
    discipline: Discipline
    session_ids: tuple[str, ...]
    lines: tuple[ClaimLine, ...]
    unbilled: tuple[UnbilledService, ...]
    spend: Spend | None
    findings: tuple[Finding, ...]
    steps: tuple[str, ...]


def advance(outcome: Outcome, history: History) -> History:
    """Return the history with the outcome in it, as a new decision."""
    assert outcome.type is not None
    version = history.version + 1
    outstanding, originals = history.outstanding, history.originals
    if outcome.type is WITHDRAWN:
        outstanding = None
    elif outcome.type is READY:
        originals += outstanding is None
        visit_day_id = outcome.day.priced.visit_day_id
        outstanding = OutstandingClaim(
            identify_claim(visit_day_id, originals)
            if outstanding is None
            else outstanding.claim_id,
            version,
            units_by_code(outcome.day),
        )
    return History(
        version=version,
        type=outcome.type,
        fingerprint=outcome.fingerprint,
        outstanding=outstanding,
        originals=originals,
        kx_balance=_kx_balance_kept(outcome, history),
    )


def keep_kx_balance(outcome: Outcome, history: History) -> History:
    """Return the history with the balance of a day that is ready and had none yet."""
    kept = _kx_balance_kept(outcome, history)
    if kept == history.kx_balance:
        return history
    return replace(history, kx_balance=kept)


def _kx_balance_kept(outcome: Outcome, history: History) -> str | None:
    """Return what KX is judged on for ever: the balance when the day first was ready."""
    if history.kx_balance is None and outcome.type is READY:
        return kx_balance_of(outcome)
    return history.kx_balance


def identify_claim(visit_day_id: str, ordinal: int) -> str:
    """Return the id of a visit day's original claim of that ordinal, counted from 1."""
    return name_id(CLAIMS, visit_day_id, str(ordinal))


def write_decision(outcome: Outcome, before: History, after: History) -> Decision:
    """Write the decision that takes the day's history from ``before`` to ``after``."""
    carried = _carry(outcome, after.version)
    match outcome.type:
        case EventType.CLAIM_READY:
            return _write_ready(outcome, carried, before, after)
        case EventType.CLAIM_WITHDRAWN:
            assert before.outstanding is not None
            return ClaimWithdrawn(
                **carried,
                claim_id=before.outstanding.claim_id,
                frequency_code=VOID,
                reason=withdrawal_reason(outcome.day),
            )
        case EventType.CLAIM_NOT_BILLABLE:
            return ClaimNotBillable(**carried)
        case EventType.CLAIM_HELD:
            return ClaimHeld(
                **carried,
                blocked_by=outcome.blocked_by,
                missing=outcome.missing,
                amount_held=amount_held(outcome.day),
                outstanding=_version_out(before),
            )
        case EventType.CLAIM_NEEDS_DOCUMENTATION:
            return ClaimNeedsDocumentation(
                **carried,
                missing=outcome.missing,
                amount_held=amount_held(outcome.day),
                outstanding=_version_out(before),
            )
        case _:
            raise AssertionError(outcome.type)


def _write_ready(
    outcome: Outcome, carried: _Carried, before: History, after: History
) -> ClaimReady:
    assert after.outstanding is not None
    day = outcome.day
    return ClaimReady(
        **carried,
        claim_id=after.outstanding.claim_id,
        frequency_code=ORIGINAL if before.outstanding is None else REPLACEMENT,
        replaces=_version_out(before),
        diagnoses=day.diagnoses,
        total_allowed=day.priced.total_allowed,
        place_of_service=place_of_service(day.sessions),
        certifying_npi=outcome.certifying_npi,
        authorization=authorization(day),
        plan_of_care=_plan_reference(outcome.plan),
    )


def _plan_reference(plan: PlanJudgement | None) -> PlanReference | None:
    if plan is None or plan.serving is None or plan.plan_of_care_id is None:
        return None
    return PlanReference(
        plan_of_care_id=plan.plan_of_care_id,
        established_on=plan.serving.established_on,
        first_treated_on=plan.serving.first_treated_on,
    )


def _version_out(before: History) -> ClaimVersion | None:
    """Name the claim that is out."""
    claim = before.outstanding
    return None if claim is None else ClaimVersion(claim.claim_id, claim.version)


def _carry(outcome: Outcome, version: int) -> _Carried:
    priced = outcome.day.priced
    return {
        "visit_day_id": priced.visit_day_id,
        "version": version,
        "patient_id": priced.patient_id,
        "payer": priced.payer,
        "billing_provider": priced.billing_provider,
        "date_of_service": priced.date_of_service,
        "discipline": priced.discipline,
        "session_ids": tuple([session.session_id for session in outcome.day.sessions]),
        "lines": outcome.day.lines,
        "unbilled": priced.unbilled,
        "spend": _write_spend(outcome),
        "findings": outcome.findings,
        "steps": priced.steps + _steps(outcome),
    }


def _write_spend(outcome: Outcome) -> Spend | None:
    spend, balance = outcome.day.priced.spend, kx_balance_of(outcome)
    if spend is None or balance is None:
        return spend
    return replace(spend, kx_balance=balance)


def _steps(outcome: Outcome) -> tuple[str, ...]:
    """Say why lines need KX."""
    kx, spend = outcome.day.kx, outcome.day.priced.spend
    if kx is None or spend is None or not kx.required:
        return ()
    lines = ", ".join(map(str, kx.required))
    reached = f"a balance of ${kx_balance_of(outcome)} and the lines through it"
    return (f"KX is needed on line {lines}: {reached} are over ${spend.kx_threshold}.",)
