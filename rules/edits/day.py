"""What an edit sees, and what it gives back."""

from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

from reference.facts import Facts, FindingText, NoValueInForce
from rules.attestation import KxJudgement
from rules.claim_lines import LineDraft
from rules.plan_of_care import PlanJudgement
from schemas.finding import Citation, Finding
from schemas.session import Session
from schemas.spend import SpendAccrued
from schemas.values import FindingCode

Billed = tuple[tuple[str, int], ...]
"""Codes with their units, one pair a line."""


@dataclass(frozen=True, slots=True)
class EditedDay:
    """A visit day with its modifiers assigned; an edit changes nothing of it."""

    accrued: SpendAccrued
    """The priced day; its sessions stand in ``sessions``."""
    sessions: tuple[Session, ...]
    first_event_time: datetime
    """When the first event of the day happened, in its own offset."""
    diagnoses: tuple[str, ...]
    lines: tuple[LineDraft, ...]
    billed: tuple[LineDraft, ...]
    """The lines that have units."""
    is_evaluations_alone: bool
    """Every line is an evaluation, which is its own plan of care."""
    plans: tuple[PlanJudgement, ...]
    kx: KxJudgement | None
    """None where no threshold is in force."""
    billed_beside: Billed
    """What the other visit days of (patient, billing NPI, ``payer_id``, date) bill."""
    outstanding: Billed | None
    """What the claim that is out bills, one pair a code; None where none is out."""


@dataclass(frozen=True, slots=True)
class Reported:
    """A finding, and what a document that cures it would be about."""

    finding: Finding
    session_ids: tuple[str, ...] = ()
    plan_of_care_id: str | None = None
    due: date | None = None


Edit = Callable[[EditedDay, Facts], Sequence[Reported]]
"""A check of a visit day; what must hold is its name."""
NOTHING: tuple[Reported, ...] = ()


def find(facts: Facts, code: FindingCode, lines: Iterable[int] = (), **values: str) -> Finding:
    """Return the finding ``code`` about ``lines``; one that was made before is used again."""
    return _write(facts.findings[code], tuple(sorted(set(lines))), tuple(values.items()))


def find_missing(facts: Facts, missing: NoValueInForce, lines: Iterable[int] = ()) -> Finding:
    """Return NO_VALUE_IN_FORCE with the name of what the decision needs and does not have."""
    on = missing.date_of_service.isoformat()
    code = FindingCode.NO_VALUE_IN_FORCE
    return find(facts, code, lines, name=missing.name, date_of_service=on)


def about_lines(
    facts: Facts, code: FindingCode, lines: Sequence[LineDraft], **values: str
) -> tuple[Reported, ...]:
    """Report one finding about these lines and their sessions; nothing without lines."""
    if not lines:
        return NOTHING
    return about(find(facts, code, [line.number for line in lines], **values), lines)


def about(finding: Finding, lines: Sequence[LineDraft]) -> tuple[Reported, ...]:
    """Report a finding with the sessions behind these lines."""
    return (
        Reported(finding, tuple(dict.fromkeys(s for each in lines for s in each.session_ids))),
    )


def about_some_sessions(
    facts: Facts, code: FindingCode, lines: Sequence[LineDraft], session_ids: Container[str]
) -> tuple[Reported, ...]:
    """Report one finding about all these lines and those of their sessions that it is about."""
    return tuple(
        Reported(each.finding, tuple(s for s in each.session_ids if s in session_ids))
        for each in about_lines(facts, code, lines)
    )


def about_sessions(
    facts: Facts, code: FindingCode, sessions: Sequence[Session]
) -> tuple[Reported, ...]:
    """Report one finding about the day and these of its sessions; nothing without them."""
    if not sessions:
        return NOTHING
    return (Reported(find(facts, code), tuple([each.session_id for each in sessions])),)


def is_stated(text: str | None) -> bool:
    """Say whether somebody wrote more than blanks."""
    return text is not None and bool(text.strip())


@lru_cache
def _write(
    text: FindingText, lines: tuple[int, ...], values: tuple[tuple[str, str], ...]
) -> Finding:
    return Finding(
        code=text.code,
        severity=text.severity,
        message=text.message.format(**dict(values)) if values else text.message,
        lines=lines,
        citation=Citation(authority=text.citation.authority, locator=text.citation.locator),
        cure=text.cure,
    )
