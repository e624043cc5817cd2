"""The year's therapy spend: a ledger for each patient, calendar year and threshold group.

Incurred expenses of a calendar year count against the threshold, physical and speech therapy
together and occupational therapy by itself (SSA §1833(g); Pub. 100-04 ch. 5 §§10.2 and 10.3).
Where the authority is silent on the order of a year's days, a day keeps the place that it had when
it was first accrued. All money is dollars.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

from msgspec.structs import replace

from reference.facts import Facts, NoValueInForce, Thresholds
from rules.findings import report_missing
from rules.money import ZERO, round_to_cent, write_money
from schemas.finding import Finding
from schemas.model import Struct
from schemas.spend import Spend, SpendLine
from schemas.values import Basis, Direction, Discipline, Threshold, ThresholdGroup

# A member is looked up each time that it is named by its enum: once is enough.
GROUPS: Mapping[Discipline, ThresholdGroup] = {
    Discipline.PT: ThresholdGroup.PT_SLP,
    Discipline.SLP: ThresholdGroup.PT_SLP,
    Discipline.OT: ThresholdGroup.OT,
}
FLOOR = Basis.FLOOR
RISING = (Threshold.APPROACHING_KX, Threshold.KX, Threshold.REVIEW)
"""The thresholds in the order in which a rising balance passes them."""


class Standing(Struct, frozen=True):
    """Where a visit day stands in its ledger, in dollars; no ``reported_as_of`` on a floor."""

    year: int
    threshold_group: ThresholdGroup
    balance_before: Decimal
    amount: Decimal
    running_total: Decimal
    reported_as_of: datetime | None


class Crossing(Struct, frozen=True):
    """A threshold of ``amount`` dollars that a running total has passed."""

    threshold: Threshold
    direction: Direction
    amount: Decimal


def threshold_group(discipline: Discipline) -> ThresholdGroup:
    """Say which ledger a discipline counts in (SSA §1833(g)(1) and (3))."""
    return GROUPS[discipline]


def is_after(
    as_of: datetime, includes_through: date | None, accrued_at: datetime, date_of_service: date
) -> bool:
    """Say whether an entry is not yet in the payer's report of ``as_of``.

    It was accrued after that instant, or treated after the last date of service that the payer had
    processed; the payer counts claims as they come in (Pub. 100-04 ch. 5 §10.2).
    """
    if accrued_at > as_of:
        return True
    return includes_through is not None and date_of_service > includes_through


def running_total(entries: Decimal, reported: Decimal | None, after_report: Decimal) -> Decimal:
    """Return the larger of all entries' amounts and the report's amount plus the entries after it.

    Other providers' therapy counts too (SSA §1833(g)), so our own entries are a floor.
    """
    return entries if reported is None else max(entries, reported + after_report)


def place_again(
    reported: Decimal, entries: Iterable[tuple[Decimal, Decimal]]
) -> tuple[Decimal, ...]:
    """Return the new balances before the entries that come after a report.

    Given (balance before, amount) of each, in place order. Each is the larger of what it was and
    what the report and the entries between come to (SSA §1833(g)).
    """
    balances, running = [], reported
    for balance_before, amount in entries:
        balances.append(max(balance_before, running))
        running += amount
    return tuple(balances)


def amount_accrued(allowed: str | None, facts: Facts, *, assistant: bool) -> Decimal | None:
    """Return what a line adds to the year's spend, in dollars; None where it has no price.

    The allowed amount, deductible and coinsurance in it (SSA §1833(g)). The authority is silent on
    whether an assistant's line counts before or after its cut: the share in force says, and a day
    that needs it is held where none is.
    """
    share = facts.assistant_accrual_share
    if allowed is None:
        return None
    if not assistant or isinstance(share, NoValueInForce):
        return Decimal(allowed)
    return round_to_cent(Decimal(allowed) * share)


def total_accrued(total: Decimal, lines: Sequence[SpendLine], facts: Facts) -> Decimal:
    """Return what a day whose lines come to ``total`` adds to the year's spend, in dollars."""
    for line in lines:
        if line.assistant:
            accrued = amount_accrued(line.allowed_amount, facts, assistant=True)
            total += (accrued or ZERO) - Decimal(line.allowed_amount or ZERO)
    return total


def require_kx(
    lines: tuple[SpendLine, ...],
    balance_before: Decimal,
    thresholds: Thresholds | None,
    facts: Facts,
) -> tuple[SpendLine, ...]:
    """Mark the lines after which the balance is over the KX threshold that is in force."""
    if thresholds is None or isinstance(thresholds.kx, NoValueInForce):
        return lines
    amounts = [
        amount_accrued(each.allowed_amount, facts, assistant=each.assistant) for each in lines
    ]
    over = are_over(thresholds.kx, balance_before, amounts)
    return tuple(
        replace(line, requires_kx=is_over) for line, is_over in zip(lines, over, strict=True)
    )


def are_over(
    threshold: Decimal, balance_before: Decimal, amounts: Iterable[Decimal | None]
) -> list[bool]:
    """Say of each amount whether the balance after it is over the threshold, in dollars.

    Over is strictly more (SSA §1833(g)(7)(A)). The authority is silent on a line that straddles
    the threshold: it is over. A line without an amount adds nothing.
    """
    over, balance = [], balance_before
    for amount in amounts:
        if amount is not None:
            balance += amount
        over.append(balance > threshold)
    return over


def thresholds_of(facts: Facts, group: ThresholdGroup) -> Thresholds | None:
    """Return the yearly thresholds of a group, or None where there are none."""
    thresholds = facts.thresholds
    return None if isinstance(thresholds, NoValueInForce) else thresholds[group]


def report_thresholds(
    facts: Facts, group: ThresholdGroup, lines: Sequence[SpendLine]
) -> tuple[Finding, ...]:
    """Report the thresholds that a day with lines needs and that have no value in force.

    Source: SSA §1833(g)(2) for the KX threshold, (g)(7)(B) for medical review.
    """
    if not lines or not facts.profile.thresholds:
        return ()
    if isinstance(facts.thresholds, NoValueInForce):
        return (report_missing(facts, facts.thresholds),)
    needed = facts.thresholds[group]
    values = [needed.kx, needed.review]
    if [line for line in lines if line.assistant]:
        values.append(facts.assistant_accrual_share)
    missing = [each for each in values if isinstance(each, NoValueInForce)]
    return tuple([report_missing(facts, each) for each in missing]) if missing else ()


def write_spend(standing: Standing, thresholds: Thresholds | None) -> Spend:
    """Write where a visit day stands and what it is over (SSA §1833(g)(5)(E), (7))."""
    after = standing.balance_before + standing.amount
    kx = None if thresholds is None else _in_force(thresholds.kx)
    review = None if thresholds is None else _in_force(thresholds.review)
    reported_as_of = standing.reported_as_of
    return Spend(
        year=standing.year,
        threshold_group=standing.threshold_group,
        balance_before=write_money(standing.balance_before),
        amount=write_money(standing.amount),
        balance_after=write_money(after),
        running_total=write_money(standing.running_total),
        kx_threshold=None if kx is None else write_money(kx),
        review_threshold=None if review is None else write_money(review),
        over_kx=None if kx is None else after > kx,
        over_review=None if review is None else after > review,
        basis=FLOOR if reported_as_of is None else Basis.REPORTED,
        reported_as_of=reported_as_of,
    )


def _in_force(threshold: Decimal | NoValueInForce) -> Decimal | None:
    return None if isinstance(threshold, NoValueInForce) else threshold


def find_crossings(
    before: Decimal, after: Decimal, thresholds: Thresholds | None
) -> tuple[Crossing, ...]:
    """Find the thresholds that a running total passed, in the order in which it passed them.

    At a threshold is not over it (SSA §1833(g)(5)(E), (7)).
    """
    if thresholds is None or before == after:
        return ()
    is_rising = before < after
    lower, upper = (before, after) if is_rising else (after, before)
    amounts = (thresholds.approaching_kx, thresholds.kx, thresholds.review)
    crossings = [
        Crossing(name, Direction.UP if is_rising else Direction.DOWN, amount)
        for name, amount in zip(RISING, amounts, strict=True)
        if not isinstance(amount, NoValueInForce) and lower <= amount < upper
    ]
    return tuple(crossings if is_rising else reversed(crossings))
