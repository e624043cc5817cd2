"""One visit day at work: what is to be said of it, whether it is news, and the event."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from msgspec.structs import replace

from reference.facts import Facts
from rules.money import write_money
from rules.pricing import PricedDay, PricedLine
from rules.spend import (
    Standing,
    kx_required,
    write_line,
    write_spend,
)
from runtime.processor import Output
from schemas.events import EventType
from schemas.finding import Finding
from schemas.session import Session
from schemas.spend import Spend, SpendAccrued, SpendLine
from schemas.units import UnitsComputed
from schemas.values import Effect
from services.spend.ledger import LedgerWork, thresholds_of
from services.spend.state import (
    Entry,
    Outcome,
)


@dataclass(slots=True)
class Visit:
    """A visit day at work: what ``units`` says, what was emitted before, and its prices now."""

    day: UnitsComputed
    """Without its sessions."""
    sessions: tuple[Session, ...]
    facts: Facts
    before: Outcome | None
    priced: PricedDay
    findings: tuple[Finding, ...]
    """Spend's own."""
    ledger: LedgerWork
    place: int | None
    entry: Entry | None = None
    """Its entry after this event; None where the thresholds do not apply to it."""

    @property
    def name(self) -> str:
        """The visit day's id."""
        return self.day.visit_day_id


def decide(visit: Visit) -> Outcome:
    """Say what is to be emitted of a day; every ledger has its amounts."""
    before, lines = visit.before, visit.priced.lines
    spend, required = None, [False] * len(lines)
    if visit.entry is not None:
        spend, required = _stand(visit, visit.entry)
    return Outcome(
        revision=1 if before is None else before.revision + 1,
        units_revision=visit.day.revision,
        sessions=len(visit.sessions),
        place=visit.place,
        lines=tuple(
            [
                write_line(line, requires_kx=is_over)
                for line, is_over in zip(lines, required, strict=True)
            ]
        ),
        unbilled=visit.priced.unbilled,
        findings=visit.findings,
        total_allowed=write_money(visit.priced.total),
        spend=spend,
        is_listed=before is not None and before.is_listed,
    )


def _stand(visit: Visit, entry: Entry) -> tuple[Spend, list[bool]]:
    """Return where a day stands, and which of its lines are over the KX threshold."""
    ledger, balance = visit.ledger, entry.balance_before
    thresholds = thresholds_of(visit.facts, ledger.group)
    standing = Standing(
        ledger.year,
        ledger.group,
        balance,
        entry.amount,
        ledger.running_total,
        entry.reported_as_of,
    )
    required = kx_required(balance, visit.priced.lines, thresholds)
    return write_spend(standing, thresholds), required


def is_accrued(outcome: Outcome) -> bool:
    """Say whether the day has lines and a place in a ledger."""
    return bool(outcome.lines) and outcome.spend is not None


def is_held(visit: Visit) -> bool:
    """Say whether a finding of spend's own holds the day."""
    catalogue = visit.facts.findings
    return any(catalogue[finding.code].effect is Effect.HELD for finding in visit.findings)


def read_line(line: SpendLine) -> PricedLine:
    """Read a line that was emitted back as a priced one."""
    if line.price is not None and line.allowed_amount is not None:
        return PricedLine(line, Decimal(line.allowed_amount), line.price)
    assert line.unpriced is not None
    return PricedLine(line, None, line.unpriced)


def is_changed(before: Outcome | None, after: Outcome) -> bool:
    """Say whether a day is decided otherwise; the running total alone is other days' affair."""
    if before is None:
        return True
    said = (before.lines, before.unbilled, before.findings, before.total_allowed)
    if said != (after.lines, after.unbilled, after.findings, after.total_allowed):
        return True
    if before.spend is None or after.spend is None:
        return before.spend is not after.spend
    return replace(before.spend, running_total=after.spend.running_total) != after.spend


def cross(ledger: LedgerWork, emitted: Iterable[Visit]) -> Iterable[Output]:
    """Emit the thresholds passed, under the ledger's first day that was emitted."""
    visit = next(visit for visit in emitted if visit.ledger is ledger)
    thresholds = thresholds_of(visit.facts, ledger.group)
    for crossed in ledger.crossings(thresholds, visit.name):
        yield Output(EventType.THRESHOLD_CROSSED, visit.name, crossed)


def say_what_follows(
    outputs: list[Output], emitted: Sequence[Visit], beyond: tuple[str, ...]
) -> list[Output]:
    """Tell each event which days of its ledger follow it; ``beyond`` come by another event."""
    if len(outputs) == 1 and not beyond:
        return outputs
    told = []
    for place, (output, visit) in enumerate(zip(outputs, emitted, strict=True), 1):
        later = [each.name for each in emitted[place:] if each.ledger is visit.ledger]
        if visit.ledger is emitted[0].ledger:
            later.extend(beyond)
        data = replace(output.data, followed_by=tuple(later))
        told.append(Output(output.type, output.subject, data))
    return told


def write_accrued(visit: Visit, outcome: Outcome) -> SpendAccrued:
    """Write the event: all that ``units`` says, with the price and the place in the ledger."""
    day = visit.day
    return SpendAccrued(
        visit_day_id=visit.name,
        revision=outcome.revision,
        units_revision=outcome.units_revision,
        patient_id=day.patient_id,
        date_of_service=day.date_of_service,
        discipline=day.discipline,
        billing_provider=day.billing_provider,
        payer=day.payer,
        unit_rule=day.unit_rule,
        timed_minutes=day.timed_minutes,
        timed_units=day.timed_units,
        lines=outcome.lines,
        unbilled=day.unbilled + outcome.unbilled,
        choices=day.choices,
        findings=day.findings + outcome.findings,
        steps=day.steps,
        sessions=visit.sessions,
        total_allowed=outcome.total_allowed,
        spend=outcome.spend,
        emptied_by=day.emptied_by,
    )
