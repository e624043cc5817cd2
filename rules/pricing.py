"""What Medicare's physician fee schedule allows for a visit day's lines, unit by unit.

Payment is the sum of work, practice expense and malpractice, each times its geographic index,
times the conversion factor (SSA §1848(b)(1)); a therapy service that is not the day's highest has
its practice expense reduced (SSA §1834(k)(7) and §1848(b)(7); Pub. 100-04 ch. 5 §10.7).
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple, assert_never

from reference.facts import Facts, Gpci, NoValueInForce, Pricing, RelativeValue
from rules.findings import report, report_missing
from rules.money import ZERO, round_to_cent, write_money
from schemas.finding import Finding
from schemas.model import Struct
from schemas.session import BillingProvider, Session
from schemas.spend import Price, UnpricedReason
from schemas.units import UnbilledService, UnitsLine
from schemas.values import FindingCode, Unbilled, Unpriced

WHOLE = Decimal(1)
"""The share of the practice expense that a unit keeps where nothing is reduced."""
PRICES_KEPT = 1024
"""1,024 prices, the least used forgotten: some localities' worth of codes and units."""
UNPRICED = {reason: UnpricedReason(reason=reason) for reason in Unpriced}


class Bill(Struct, frozen=True):
    """One visit day as it is to be priced: its lines with units, and what they are priced by."""

    lines: tuple[UnitsLine, ...]
    provider: BillingProvider
    sessions: tuple[Session, ...]
    facts: Facts


class Rate(NamedTuple):
    """A code's relative values at one locality; the factor is dollars per unit of them."""

    value: RelativeValue
    gpci: Gpci
    conversion_factor: Decimal


class Obstacle(NamedTuple):
    """Why a line has no price: one finding for the lines whose obstacles are equal."""

    reason: Unpriced
    code: str = ""
    missing: NoValueInForce | None = None


UNDECIDED = Obstacle(Unpriced.UNDECIDED)
NO_FEE_SCHEDULE = Obstacle(Unpriced.NO_FEE_SCHEDULE)


class RatedLine(Struct, frozen=True):
    """A line with the schedule's rate, the contractor's dollars a unit, or an obstacle."""

    line: UnitsLine
    rate: Rate | Decimal | Obstacle
    is_mppr: bool


class PricedLine(Struct, frozen=True):
    """A line with its allowed amount in dollars and how it comes about, or why there is none."""

    line: UnitsLine
    amount: Decimal | None
    price: Price | UnpricedReason


class PricedDay(Struct, frozen=True):
    """A visit day's lines that stay, what was taken off, findings, and the total in dollars."""

    lines: tuple[PricedLine, ...]
    unbilled: tuple[UnbilledService, ...]
    findings: tuple[Finding, ...]
    total: Decimal


def price_group(bills: Sequence[Bill]) -> tuple[PricedDay, ...]:
    """Price together the visit days of one patient, billing NPI, payer and date.

    The first accrued comes first. The reduction acts over all disciplines of the day (Pub. 100-04
    ch. 5 §10.7).
    """
    rated = [rate_lines(bill) for bill in bills]
    unreduced = find_unreduced(line for lines in rated for line in lines)
    return tuple(
        _price_day(bill, lines, unreduced) for bill, lines in zip(bills, rated, strict=True)
    )


def taken_off_for(value: RelativeValue | Obstacle) -> Unbilled | None:
    """Say why a line leaves the claim before anything is ranked or accrued; None where it stays.

    A service of a bundled status is paid within another (MPFS status indicator, SSA §1848(c)).
    """
    if isinstance(value, Obstacle) or value.pricing is not Pricing.BUNDLED:
        return None
    return Unbilled.BUNDLED


def rate_lines(bill: Bill) -> list[RatedLine]:
    """Look up what each line is priced by, in line order, without the lines taken off."""
    facts, local = bill.facts, find_local(bill)
    has_mppr = facts.profile.mppr
    rated = []
    for line in bill.lines:
        value = find_relative_value(line.code, facts)
        if line.units is None or taken_off_for(value) is None:
            rate = find_rate(line, value, local, bill.sessions)
            is_mppr = has_mppr and isinstance(rate, Rate) and rate.value.is_mppr
            rated.append(RatedLine(line, rate, is_mppr))
    return rated


def find_local(bill: Bill) -> tuple[Gpci, Decimal] | Obstacle:
    """Find the geographic indices and the conversion factor of the billing provider.

    Indices go by the locality of the service (42 CFR 414.4 and 414.26); the factor by whether who
    bills is a qualifying participant of an advanced payment model (SSA §1848(d)(1)(A)); not stated
    counts as not.
    """
    facts, provider = bill.facts, bill.provider
    factor = facts.conversion_factor
    if provider.qualifying_apm:
        factor = facts.conversion_factor_qualifying_apm
    if isinstance(facts.gpcis, NoValueInForce):
        return Obstacle(Unpriced.NO_VALUE_IN_FORCE, missing=facts.gpcis)
    if isinstance(factor, NoValueInForce):
        return Obstacle(Unpriced.NO_VALUE_IN_FORCE, missing=factor)
    if provider.mac is None or provider.locality is None:
        return Obstacle(Unpriced.LOCALITY_MISSING)
    gpci = facts.gpcis.get((provider.mac, provider.locality))
    return Obstacle(Unpriced.LOCALITY_MISSING) if gpci is None else (gpci, factor)


def find_relative_value(code: str, facts: Facts) -> RelativeValue | Obstacle:
    """Find a code's relative values in the release that is in force (SSA §1848(c)).

    Only a payer that prices by the fee schedule follows it.
    """
    if not facts.profile.fee_schedule:
        return NO_FEE_SCHEDULE
    values = facts.relative_values
    if isinstance(values, NoValueInForce):
        return Obstacle(Unpriced.NO_VALUE_IN_FORCE, missing=values)
    value = values.get(code)
    if value is None:
        missing = NoValueInForce(f"relative value of {code}", facts.date_of_service)
        return Obstacle(Unpriced.NO_VALUE_IN_FORCE, missing=missing)
    return value


def find_rate(
    line: UnitsLine,
    value: RelativeValue | Obstacle,
    local: tuple[Gpci, Decimal] | Obstacle,
    sessions: Sequence[Session],
) -> Rate | Decimal | Obstacle:
    """Find what a line is priced by; what the schedule does not price needs no locality.

    By the status indicator of the code in the release in force (MPFS, SSA §1848(c)).
    """
    if line.units is None:
        return UNDECIDED
    if isinstance(value, Obstacle):
        return value
    match value.pricing:
        case Pricing.PRICED | Pricing.BUNDLED:
            return local if isinstance(local, Obstacle) else Rate(value, *local)
        case Pricing.CONTRACTOR:
            price = find_contract_price(line, sessions)
            return Obstacle(Unpriced.CONTRACTOR_PRICED, line.code) if price is None else price
        case Pricing.NOT_PAYABLE:
            return Obstacle(Unpriced.NOT_PAYABLE, line.code)
        case _:
            assert_never(value.pricing)


def find_contract_price(line: UnitsLine, sessions: Sequence[Session]) -> Decimal | None:
    """Return the contractor's dollars a unit where the services that state it state the same.

    Carrier-priced codes have no national relative values (MPFS status indicator C).
    """
    sources = {(source.session_id, source.line) for source in line.services}
    stated = {
        service.contract_price
        for session in sessions
        for service in session.services
        if (session.session_id, service.line) in sources and service.contract_price is not None
    }
    return Decimal(stated.pop()) if len(stated) == 1 else None


def find_unreduced(lines: Iterable[RatedLine]) -> RatedLine | None:
    """Find the line of which one unit keeps its whole practice expense, of all the group's lines.

    It is the code with the highest practice expense; of equals the one with the larger whole
    amount (Pub. 100-04 ch. 5 §10.7). The authority is silent on what is still equal: the first in
    order.
    """
    ranked = [
        (line.rate.value.practice_expense, line)
        for line in lines
        if line.is_mppr and isinstance(line.rate, Rate)
    ]
    highest = max((expense for expense, _ in ranked), default=None)
    top = [line for expense, line in ranked if expense == highest]
    return top[0] if len(top) == 1 else max(top, key=_whole_amount, default=None)


def unit_amount(rate: Rate, practice_expense_share: Decimal) -> Decimal:
    """Return the allowed dollars of one unit, rounded half up to the cent (SSA §1848(b)(1)).

    The authority is silent on where to round: the unit is.
    """
    value, gpci = rate.value, rate.gpci
    relative = (
        value.work * gpci.work
        + practice_expense_share * value.practice_expense * gpci.practice_expense
        + value.malpractice * gpci.malpractice
    )
    return round_to_cent(relative * rate.conversion_factor)


@lru_cache(maxsize=PRICES_KEPT)
def schedule_price(
    rate: Rate, units: int, whole_units: int, practice_expense_share: Decimal
) -> tuple[Decimal, Price]:
    """Price a line's units: ``whole_units`` of them, the rest at the share (SSA §1834(k)(7))."""
    reduced_units = units - whole_units
    amounts = (unit_amount(rate, WHOLE),) * whole_units
    amounts += (unit_amount(rate, practice_expense_share),) * reduced_units
    price = Price(
        per_unit=tuple(write_money(amount) for amount in amounts),
        mppr_reduced_units=reduced_units,
        work_gpci=str(rate.gpci.work),
        pe_gpci=str(rate.gpci.practice_expense),
        mp_gpci=str(rate.gpci.malpractice),
        conversion_factor=str(rate.conversion_factor),
        release=rate.value.release,
    )
    return sum(amounts, ZERO), price


@lru_cache(maxsize=PRICES_KEPT)
def contractor_price(dollars_per_unit: Decimal, units: int) -> tuple[Decimal, Price]:
    """Price a line's units as the contractor states; nothing of it is ours to reduce."""
    price = Price(
        per_unit=(write_money(dollars_per_unit),) * units,
        mppr_reduced_units=0,
        work_gpci=None,
        pe_gpci=None,
        mp_gpci=None,
        conversion_factor=None,
        release=None,
    )
    return dollars_per_unit * units, price


def _whole_amount(line: RatedLine) -> Decimal:
    assert isinstance(line.rate, Rate)
    return unit_amount(line.rate, WHOLE)


def _price_day(bill: Bill, rated: Sequence[RatedLine], unreduced: RatedLine | None) -> PricedDay:
    share = bill.facts.mppr_practice_expense_share
    lines, total = [], ZERO
    obstacles: dict[Obstacle, list[UnitsLine]] = {}
    for each in rated:
        priced = _price_line(each, share, is_unreduced=each is unreduced)
        if isinstance(priced, Obstacle):
            obstacles.setdefault(priced, []).append(each.line)
            lines.append(PricedLine(each.line, None, UNPRICED[priced.reason]))
        else:
            amount, price = priced
            total += amount
            lines.append(PricedLine(each.line, amount, price))
    unbilled, findings = _take_off(bill) if len(rated) < len(bill.lines) else ((), ())
    if obstacles:
        findings += tuple(_report(bill.facts, obstacles))
    return PricedDay(tuple(lines), unbilled, findings, total)


def _price_line(
    rated: RatedLine, share: Decimal | NoValueInForce, *, is_unreduced: bool
) -> tuple[Decimal, Price] | Obstacle:
    rate, units = rated.rate, rated.line.units
    if isinstance(rate, Obstacle):
        return rate
    assert units is not None
    if isinstance(rate, Decimal):
        return contractor_price(rate, units)
    whole_units = units
    if rated.is_mppr:
        whole_units = 1 if is_unreduced else 0
    if whole_units == units:
        return schedule_price(rate, units, units, WHOLE)
    if isinstance(share, NoValueInForce):
        return Obstacle(Unpriced.NO_VALUE_IN_FORCE, missing=share)
    return schedule_price(rate, units, whole_units, share)


def _take_off(bill: Bill) -> tuple[tuple[UnbilledService, ...], tuple[Finding, ...]]:
    """Return the services that are not on the claim, and a finding for each of their codes."""
    taken = [
        UnbilledService(code=line.code, minutes=line.minutes, reason=reason)
        for line in bill.lines
        if line.units is not None
        and (reason := taken_off_for(find_relative_value(line.code, bill.facts))) is not None
    ]
    codes = dict.fromkeys(service.code for service in taken)
    findings = (report(bill.facts, FindingCode.CODE_BUNDLED, code=code) for code in codes)
    return tuple(taken), tuple(findings)


def _report(facts: Facts, obstacles: dict[Obstacle, list[UnitsLine]]) -> Iterable[Finding]:
    for obstacle, lines in obstacles.items():
        finding = _report_obstacle(facts, obstacle, lines)
        if finding is not None:
            yield finding


def _report_obstacle(
    facts: Facts, obstacle: Obstacle, lines: Sequence[UnitsLine]
) -> Finding | None:
    numbers = [line.line for line in lines]
    match obstacle.reason:
        case Unpriced.UNDECIDED:
            # Whoever could not decide the units has reported why.
            return None
        case Unpriced.NO_VALUE_IN_FORCE:
            assert obstacle.missing is not None
            return report_missing(facts, obstacle.missing, numbers)
        case Unpriced.LOCALITY_MISSING:
            return report(facts, FindingCode.LOCALITY_MISSING, numbers)
        case Unpriced.NOT_PAYABLE:
            instead = _name_instead(obstacle.code, facts)
            code = FindingCode.CODE_NOT_PAYABLE
            return report(facts, code, numbers, code=obstacle.code, instead=instead)
        case Unpriced.CONTRACTOR_PRICED | Unpriced.NO_FEE_SCHEDULE:
            codes = ", ".join(dict.fromkeys(line.code for line in lines))
            reason = obstacle.reason.replace("_", " ")
            return report(facts, FindingCode.LINE_NOT_PRICED, numbers, code=codes, reason=reason)
        case _:
            assert_never(obstacle.reason)


def _name_instead(code: str, facts: Facts) -> str:
    """Say which code the fee schedule takes in the place of one that it does not pay."""
    if isinstance(facts.procedures, NoValueInForce):
        return ""
    procedure = facts.procedures.get(code)
    if procedure is None or procedure.instead is None:
        return ""
    return f"; it takes {procedure.instead}"
