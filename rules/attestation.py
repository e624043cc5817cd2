"""KX: the balance a day is judged on, the lines that need it, and what is attested for them.

SSA §1833(g)(7)(A); CMS Pub. 100-04 ch. 5 §10.3. A line that straddles the threshold needs KX (the
manual is silent), and a balance exactly at the threshold is not over it. Money in dollars.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from rules.claim_lines import TracedLine
from schemas.documentation import KxAttestation
from schemas.model import Day, Identifier, Struct
from schemas.session import Session
from schemas.spend import Spend
from schemas.values import Role

ATTESTING_ROLES = frozenset({Role.THERAPIST, Role.PHYSICIAN, Role.NPP})
NONE_COVERED: frozenset[str] = frozenset()


class Attestation(Struct, frozen=True):
    """What a valid attestation covers within its year and group; None narrows nothing."""

    document_id: Identifier
    plan_of_care_id: Identifier | None
    first_day: Day | None
    through: Day | None


@dataclass(frozen=True, slots=True)
class Ledger:
    """A patient's year in one threshold group: the running total, and what is attested for it."""

    running_total: Decimal
    attestations: tuple[Attestation, ...] = ()


@dataclass(frozen=True, slots=True)
class KxJudgement:
    """On what balance a day was judged, and what came of it; lines by number, ascending."""

    balance: Decimal
    required: tuple[int, ...]
    """Lines over the threshold."""
    unattested: tuple[int, ...]
    """Those of them that no attestation covers."""
    is_attested: bool
    """An attestation covers every session of the day."""


def read_attestation(document: KxAttestation) -> Attestation | None:
    """Return what the attestation covers; None where nobody who may attest has signed it."""
    if document.author_npi is None or document.author_role not in ATTESTING_ROLES:
        return None
    content = document.content
    return Attestation(
        document_id=document.document_id,
        plan_of_care_id=content.plan_of_care_id,
        first_day=content.from_,
        through=content.through,
    )


def attestation_covers(attestation: Attestation, session: Session) -> bool:
    """Say whether the attestation covers the session's plan and date."""
    plan_of_care_id = attestation.plan_of_care_id
    return (
        (plan_of_care_id is None or plan_of_care_id == session.plan_of_care_id)
        and (attestation.first_day is None or attestation.first_day <= session.date_of_service)
        and (attestation.through is None or session.date_of_service <= attestation.through)
    )


def judge_kx(
    spend: Spend | None,
    lines: Sequence[TracedLine],
    sessions: Sequence[Session],
    ledger: Ledger | None,
    kept: str | None,
) -> KxJudgement | None:
    """Judge which lines need KX, on the balance ``kept`` since the day first was ready, if it was.

    A day not yet ready is judged on the larger of its own place and the running total without it:
    the payer counts claims as they come in. None where no threshold is in force.
    """
    if spend is None or spend.kx_threshold is None:
        return None
    balance = Decimal(kept) if kept is not None else _balance(spend, ledger)
    required = _lines_over(balance, Decimal(spend.kx_threshold), lines)
    covered = _sessions_covered(sessions, ledger)
    return KxJudgement(
        balance=balance,
        required=required,
        unattested=_lines_unattested(lines, required, covered) if required else (),
        is_attested=len(covered) == len(sessions) > 0,
    )


def _balance(spend: Spend, ledger: Ledger | None) -> Decimal:
    balance = Decimal(spend.balance_before)
    return (
        balance if ledger is None else max(balance, ledger.running_total - Decimal(spend.amount))
    )


def _lines_over(
    balance: Decimal, threshold: Decimal, lines: Sequence[TracedLine]
) -> tuple[int, ...]:
    over = []
    for traced in lines:
        if traced.line.allowed_amount is not None:
            balance += Decimal(traced.line.allowed_amount)
        if balance > threshold:
            over.append(traced.line.line)
    return tuple(over)


def _lines_unattested(
    lines: Sequence[TracedLine], required: tuple[int, ...], covered: frozenset[str]
) -> tuple[int, ...]:
    return tuple(
        traced.line.line
        for traced in lines
        if traced.line.line in required
        and any(session.session_id not in covered for session, _ in traced.services)
    )


def _sessions_covered(sessions: Sequence[Session], ledger: Ledger | None) -> frozenset[str]:
    attestations = () if ledger is None else ledger.attestations
    if not attestations:
        return NONE_COVERED
    return frozenset(
        session.session_id
        for session in sessions
        if any(attestation_covers(each, session) for each in attestations)
    )
