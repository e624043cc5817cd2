"""KX: the balance a day is judged on, the lines that need it, and what is attested for them.

SSA §1833(g)(7)(A); CMS Pub. 100-04 ch. 5 §10.3. A line that straddles the threshold needs KX (the
manual is silent), and a balance exactly at the threshold is not over it. Money in dollars.
"""

from collections.abc import Sequence
from decimal import Decimal

from rules.claim_lines import DayLine
from rules.money import write_money
from rules.roles import CLINICIANS
from rules.spend import are_over
from schemas.documentation import KxAttestation
from schemas.model import Day, Identifier, Money, Struct
from schemas.session import Session
from schemas.spend import Spend


class Attestation(Struct, frozen=True, gc=False):
    """What a valid attestation covers within its year and group; None narrows nothing."""

    document_id: Identifier
    plan_of_care_id: Identifier | None
    first_day: Day | None
    through: Day | None


class Ledger(Struct, frozen=True, gc=False):
    """A patient's year in one threshold group: the running total, and what is attested for it."""

    running_total: Money
    attestations: tuple[Attestation, ...] = ()


class KxJudgement(Struct, frozen=True, gc=False):
    """On what balance a day was judged, and what came of it; lines by number, ascending."""

    balance: Money
    required: tuple[int, ...]
    """Lines over the threshold."""
    unattested: tuple[int, ...]
    """Those of them that no attestation covers."""
    is_attested: bool
    """An attestation covers every session of the day."""


def read_attestation(document: KxAttestation) -> Attestation | None:
    """Return what the attestation covers; None where nobody who may attest has signed it."""
    if document.author_npi is None or document.author_role not in CLINICIANS:
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
    lines: Sequence[DayLine],
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
    balance = _balance(spend, ledger) if kept is None else kept
    # The amount is that of all lines: none is over where all together are not.
    required = _lines_over(balance, spend.kx_threshold, lines) if _is_over(spend, balance) else ()
    attestations = () if ledger is None else ledger.attestations
    open_ids = [each.session_id for each in sessions if not _is_covered(each, attestations)]
    return KxJudgement(
        balance,
        required,
        _lines_unattested(lines, required, open_ids) if required and open_ids else (),
        is_attested=not open_ids and len(sessions) > 0,
    )


def _is_covered(session: Session, attestations: Sequence[Attestation]) -> bool:
    covering = [each for each in attestations if attestation_covers(each, session)]
    return bool(covering)


def _balance(spend: Spend, ledger: Ledger | None) -> str:
    # The last of its ledger stands where it was put.
    if ledger is None or ledger.running_total == spend.balance_after:
        return spend.balance_before
    without = Decimal(ledger.running_total) - Decimal(spend.amount)
    return write_money(max(Decimal(spend.balance_before), without))


def _is_over(spend: Spend, balance: str) -> bool:
    if balance == spend.balance_before:
        return bool(spend.over_kx)
    assert spend.kx_threshold is not None
    return Decimal(balance) + Decimal(spend.amount) > Decimal(spend.kx_threshold)


def _lines_over(balance: str, threshold: str, lines: Sequence[DayLine]) -> tuple[int, ...]:
    amounts = [None if (each := line.allowed_amount) is None else Decimal(each) for line in lines]
    over = are_over(Decimal(threshold), Decimal(balance), amounts)
    return tuple(line.number for line, is_over in zip(lines, over, strict=True) if is_over)


def _lines_unattested(
    lines: Sequence[DayLine], required: tuple[int, ...], open_ids: Sequence[str]
) -> tuple[int, ...]:
    return tuple(
        line.number
        for line in lines
        if line.number in required and any(at.session_id in open_ids for at in line.services)
    )
