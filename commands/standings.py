"""What each visit day stands at: its prices now, its last decision, and the claim that is out."""

from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import NamedTuple

from msgspec.json import encode

from commands.tallies import DECISION_WORDS
from schemas.claims import ClaimReady, ClaimWithdrawn, Decision
from schemas.envelope import Event
from schemas.finding import Finding
from schemas.model import Day, Struct
from schemas.spend import SpendAccrued, SpendLine
from schemas.units import ProfiledPayer
from schemas.values import Discipline, FindingCode, Severity, UnitRule, Unpriced


class VisitDayName(NamedTuple):
    """A visit day without its payer, so that it is the same day under another one."""

    patient_id: str
    date_of_service: Day
    discipline: Discipline
    billing_npi: str


class Line(Struct, frozen=True):
    """A line as it stands; ``allowed_amount`` is of the whole line, in dollars."""

    code: str
    modifiers: tuple[str, ...]
    """None of them where nothing was decided on the line."""
    units: int | None
    allowed_amount: str | None
    unpriced: Unpriced | None = None


class Standing(Struct, frozen=True):
    """A visit day that has sessions, after all that came in. Money in dollars."""

    name: VisitDayName
    payer: ProfiledPayer
    unit_rule: UnitRule
    lines: tuple[Line, ...]
    total_allowed: str | None
    """The sum of the lines; None where one of them has no price."""
    decision: str | None
    """Its last decision in a word; None where a consumer failed on it."""
    blocking: tuple[FindingCode, ...]
    findings: tuple[FindingCode, ...]
    """All of its last decision, those that block among them."""
    claim: str | None
    """A digest of what stands on the claim that is out; None where none is out."""


class _Priced(Struct, frozen=True):
    name: VisitDayName
    payer: ProfiledPayer
    unit_rule: UnitRule
    lines: tuple[SpendLine, ...]
    total_allowed: str
    has_sessions: bool


class _Decided(Struct, frozen=True):
    word: str
    modifiers: dict[tuple[int, str], tuple[str, ...]]
    blocking: tuple[FindingCode, ...]
    findings: tuple[FindingCode, ...]
    claim: str | None


class Standings:
    """Keeps the last that the consumers said of each visit day, and nothing before it.

    Prices are those of ``spend``: they may change when no new decision is made.
    """

    def __init__(self) -> None:
        """Know no day."""
        self._priced: dict[str, _Priced] = {}
        self._decided: dict[str, _Decided] = {}

    def take(self, event: Event) -> None:
        """Keep what an event of ``spend`` or ``claims`` says of its visit day."""
        match event.data:
            case SpendAccrued() as day:
                self._priced[day.visit_day_id] = _price(day)
            case Decision() as decision:
                before = self._decided.get(decision.visit_day_id)
                claim = None if before is None else before.claim
                self._decided[decision.visit_day_id] = _decide(event.type, decision, claim)
            case _:
                pass

    def days(self) -> Iterator[Standing]:
        """Yield every visit day that has sessions, as they were first priced."""
        for visit_day_id, priced in self._priced.items():
            if priced.has_sessions:
                yield _stand(priced, self._decided.get(visit_day_id))


def _price(day: SpendAccrued) -> _Priced:
    npi = day.billing_provider.npi
    return _Priced(
        VisitDayName(day.patient_id, day.date_of_service, day.discipline, npi),
        day.payer,
        day.unit_rule,
        day.lines,
        day.total_allowed,
        bool(day.sessions),
    )


def _decide(type_: str, decision: Decision, claim: str | None) -> _Decided:
    """Keep a decision; ``claim`` is what was on the claim that was out before it."""
    if isinstance(decision, ClaimReady):
        claim = digest_claim(decision)
    elif isinstance(decision, ClaimWithdrawn):
        claim = None
    blocking = [each for each in decision.findings if each.severity is Severity.BLOCKING]
    return _Decided(
        DECISION_WORDS[type_],
        {(line.line, line.code): line.modifiers for line in decision.lines},
        _codes(blocking),
        _codes(decision.findings),
        claim,
    )


def _codes(findings: Iterable[Finding]) -> tuple[FindingCode, ...]:
    """Return each code once, in the order in which it was first reported."""
    return tuple(dict.fromkeys(finding.code for finding in findings))


def digest_claim(decision: ClaimReady) -> str:
    """Return a digest of what goes on the claim: what is not in it changes no claim."""
    lines = [
        (
            line.code,
            line.units,
            line.modifiers,
            line.charge,
            line.diagnosis_pointers,
            line.rendering_npi,
        )
        for line in decision.lines
    ]
    on_the_claim = (
        (decision.payer.payer_id, decision.payer.program),
        decision.billing_provider.model_dump(mode="json"),
        decision.date_of_service,
        decision.diagnoses,
        lines,
        decision.certifying_npi,
        decision.place_of_service,
        None if decision.authorization is None else decision.authorization.number,
    )
    return sha256(encode(on_the_claim)).hexdigest()


def _stand(priced: _Priced, decided: _Decided | None) -> Standing:
    modifiers = {} if decided is None else decided.modifiers
    is_priced = all(line.allowed_amount is not None for line in priced.lines)
    return Standing(
        name=priced.name,
        payer=priced.payer,
        unit_rule=priced.unit_rule,
        lines=tuple(
            Line(
                line.code,
                modifiers.get((line.line, line.code), ()),
                line.units,
                line.allowed_amount,
                None if line.unpriced is None else line.unpriced.reason,
            )
            for line in priced.lines
        ),
        total_allowed=priced.total_allowed if is_priced else None,
        decision=None if decided is None else decided.word,
        blocking=() if decided is None else decided.blocking,
        findings=() if decided is None else decided.findings,
        claim=None if decided is None else decided.claim,
    )
