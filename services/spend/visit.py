"""One visit day at work: what is to be said of it, whether it is news, and the event."""

from collections.abc import Sequence
from decimal import Decimal

from msgspec.structs import replace

from reference.facts import Thresholds
from rules.money import write_money
from rules.pricing import Bill, PricedDay
from rules.spend import Standing, require_kx, write_spend
from runtime.processor import Output
from schemas.events import EventType
from schemas.finding import Finding
from schemas.model import Struct
from schemas.spend import SpendAccrued
from schemas.units import UnitsComputed
from schemas.values import Effect
from services.spend.ledger import LedgerWork
from services.spend.state import Entry, Outcome


class Filed(Struct, frozen=True):
    """A visit day as it is kept: what ``units`` says of it, and what was emitted last."""

    day: UnitsComputed
    """Without its sessions."""
    bill: Bill
    """What it is priced by: its sessions, and what is in force on its date."""
    before: Outcome | None
    ledger: LedgerWork


class Visit(Struct, frozen=True):
    """A visit day at work: what is filed of it, its prices now, and its place in the ledger."""

    name: str
    """The visit day's id."""
    filed: Filed
    priced: PricedDay
    findings: tuple[Finding, ...]
    """Spend's own."""
    thresholds: Thresholds | None
    place: int | None
    entry: Entry | None = None
    """Its entry after this event; None where the thresholds do not apply to it."""


def decide(visit: Visit) -> Outcome:
    """Say what is to be emitted of a day; every ledger has its amounts."""
    filed, priced, entry = visit.filed, visit.priced, visit.entry
    before, lines, spend = filed.before, priced.lines, None
    if entry is not None:
        ledger, balance = filed.ledger, entry.balance_before
        standing = Standing(
            ledger.year,
            ledger.group,
            balance,
            entry.amount,
            ledger.running_total,
            entry.reported_as_of,
        )
        spend = write_spend(standing, visit.thresholds)
        # No line is over the threshold unless the day is.
        if spend.over_kx:
            lines = require_kx(lines, balance, visit.thresholds, filed.bill.facts)
    return Outcome(
        revision=1 if before is None else before.revision + 1,
        units_revision=filed.day.revision,
        sessions=len(filed.bill.sessions),
        place=visit.place,
        lines=lines,
        unbilled=priced.unbilled,
        findings=visit.findings,
        total_allowed=write_money(priced.total),
        spend=spend,
        is_listed=(before is not None and before.is_listed) or is_held(visit),
    )


def is_held(visit: Visit) -> bool:
    """Say whether a finding of spend's own holds the day."""
    if not visit.findings:
        return False
    catalogue = visit.filed.bill.facts.findings
    return Effect.HELD in [catalogue[finding.code].effect for finding in visit.findings]


def is_accrued(outcome: Outcome) -> bool:
    """Say whether the day has lines and a place in a ledger."""
    return bool(outcome.lines) and outcome.spend is not None


def recall_prices(before: Outcome) -> PricedDay:
    """Return what was emitted last as prices, of which the ledger says anew what requires KX."""
    lines = tuple([replace(line, requires_kx=False) for line in before.lines])
    return PricedDay(lines, before.unbilled, before.findings, Decimal(before.total_allowed))


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


def cross(emitted: Sequence[Visit]) -> list[Output]:
    """Emit the thresholds passed, each ledger's under its first day that was emitted."""
    first: dict[LedgerWork, Visit] = {}
    for visit in emitted:
        first.setdefault(visit.filed.ledger, visit)
    outputs: list[Output] = []
    for ledger, visit in first.items():
        passed = ledger.crossings(visit.thresholds, visit.name)
        if passed:
            name, kind = visit.name, EventType.THRESHOLD_CROSSED
            outputs += [Output(kind, name, crossed) for crossed in passed]
    return outputs


def say_what_follows(
    outputs: list[Output], emitted: Sequence[Visit], new: UnitsComputed | None
) -> list[Output]:
    """Tell each event which days of its ledger follow it, and what ``units`` says of the first."""
    beyond, is_followed = ((), False) if new is None else (new.followed_by, new.is_followed)
    if len(outputs) == 1 and not (beyond or is_followed):
        return outputs
    told = []
    for place, (output, visit) in enumerate(zip(outputs, emitted, strict=True), 1):
        later = [each.name for each in emitted[place:] if each.filed.ledger is visit.filed.ledger]
        if visit.filed.ledger is emitted[0].filed.ledger:
            later.extend(beyond)
        followed = is_followed and place == 1
        data = replace(output.data, followed_by=tuple(later), is_followed=followed)
        told.append(Output(output.type, output.subject, data))
    return told


def write_accrued(visit: Visit, outcome: Outcome) -> SpendAccrued:
    """Write the event: all that ``units`` says, with the price and the place in the ledger."""
    day = visit.filed.day
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
        sessions=visit.filed.bill.sessions,
        total_allowed=outcome.total_allowed,
        spend=outcome.spend,
        emptied_by=day.emptied_by,
    )
