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
from rules.taking_off import TakenOff, report_taken_off
from schemas.finding import Finding
from schemas.model import Struct
from schemas.session import BillingProvider, Session
from schemas.spend import Price, SpendLine, UnpricedReason
from schemas.units import UnbilledService, UnitsLine
from schemas.values import FindingCode, Unbilled, Unpriced

WHOLE = Decimal(1)
"""The share of the practice expense that a unit keeps where nothing is reduced."""
RATES_KEPT = 4096
"""4,096 rates, the least used forgotten: a clinic's codes on half a year's dates."""
PRICES_KEPT = 1024
"""1,024 prices, the least used forgotten: some localities' worth of codes and units."""


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


Place = tuple[str | None, str | None, bool | None]
"""Where and as what a provider bills: MAC, locality, qualifying participant or not."""


class CodeRate(Struct, frozen=True):
    """What a code is priced by: the schedule's rate, the contractor's dollars a unit, or neither.

    ``rank`` is the practice expense by which a code under the reduction is ranked, else None.
    """

    rate: Rate | Decimal | Obstacle
    rank: Decimal | None = None


UNDECIDED = CodeRate(Obstacle(Unpriced.UNDECIDED))
NO_FEE_SCHEDULE = CodeRate(Obstacle(Unpriced.NO_FEE_SCHEDULE))
RatedLine = tuple[UnitsLine, CodeRate]


class RatedDay(Struct, frozen=True):
    """A visit day's lines that stay, rated, and those that are taken off, with the reason."""

    lines: list[RatedLine]
    taken_off: list[TakenOff]


class LinePrice(Struct, frozen=True):
    """A line's dollars and how they come about, or zero and the obstacle."""

    dollars: Decimal
    allowed_amount: str | None
    price: Price | None
    unpriced: UnpricedReason | None = None
    obstacle: Obstacle | None = None


class PricedDay(Struct, frozen=True):
    """A visit day's lines that stay, what was taken off, findings, and the total in dollars.

    Whether a line requires KX is not said yet: that is for the ledger to say.
    """

    lines: tuple[SpendLine, ...]
    unbilled: tuple[UnbilledService, ...]
    findings: tuple[Finding, ...]
    total: Decimal
    edits: tuple[Finding, ...] = ()
    """What the code pairs and unit limits of the date report."""


def price_group(bills: Sequence[Bill]) -> list[PricedDay]:
    """Price together the visit days of one patient, billing NPI, payer and date.

    The first accrued comes first. The reduction acts over all disciplines of the day (Pub. 100-04
    ch. 5 §10.7).
    """
    return price_rated(bills, [rate_day(bill) for bill in bills])


def price_rated(bills: Sequence[Bill], rated: Sequence[RatedDay]) -> list[PricedDay]:
    """Price together the rated days of one group, of which more lines may have been taken off."""
    unreduced = find_unreduced(rated)
    return [_price_day(bill, day, unreduced) for bill, day in zip(bills, rated, strict=True)]


def rate_day(bill: Bill) -> RatedDay:
    """Look up what each line is priced by, in line order, or why it is taken off."""
    facts, provider = bill.facts, bill.provider
    place = (provider.mac, provider.locality, provider.qualifying_apm)
    lines: list[RatedLine] = []
    taken_off: list[TakenOff] = []
    for line in bill.lines:
        found = UNDECIDED if line.units is None else find_rate(line.code, facts, place)
        if isinstance(found, Unbilled):
            taken_off.append(TakenOff(line))
            continue
        if isinstance(found.rate, Obstacle) and found.rate.reason is Unpriced.CONTRACTOR_PRICED:
            stated = find_contract_price(line, bill.sessions)
            found = found if stated is None else CodeRate(stated)
        lines.append((line, found))
    return RatedDay(lines, taken_off)


@lru_cache(maxsize=RATES_KEPT)
def find_rate(code: str, facts: Facts, place: Place) -> CodeRate | Unbilled:
    """Find what a code is priced by, or why it leaves the claim.

    By its status indicator in the release in force (MPFS, SSA §1848(c)), which only a payer that
    prices by the fee schedule follows; what the schedule does not price needs no locality.
    """
    if not facts.profile.fee_schedule:
        return NO_FEE_SCHEDULE
    values = facts.relative_values
    if isinstance(values, NoValueInForce):
        return CodeRate(Obstacle(Unpriced.NO_VALUE_IN_FORCE, missing=values))
    value = values.get(code)
    if value is None:
        missing = NoValueInForce(f"relative value of {code}", facts.date_of_service)
        return CodeRate(Obstacle(Unpriced.NO_VALUE_IN_FORCE, missing=missing))
    return taken_off_for(value) or _rate_by_status(value, facts, place)


def taken_off_for(value: RelativeValue) -> Unbilled | None:
    """Say why a line leaves the claim before anything is ranked or accrued; None where it stays.

    A service of a bundled status is paid within another (MPFS status indicator, SSA §1848(c)).
    """
    return Unbilled.BUNDLED if value.pricing is Pricing.BUNDLED else None


def _rate_by_status(value: RelativeValue, facts: Facts, place: Place) -> CodeRate:
    match value.pricing:
        case Pricing.PRICED | Pricing.BUNDLED:
            return _rate_at(value, facts, place)
        case Pricing.CONTRACTOR:
            return CodeRate(Obstacle(Unpriced.CONTRACTOR_PRICED, value.code))
        case Pricing.NOT_PAYABLE:
            return CodeRate(Obstacle(Unpriced.NOT_PAYABLE, value.code))
        case _:
            assert_never(value.pricing)


def _rate_at(value: RelativeValue, facts: Facts, place: Place) -> CodeRate:
    """Find the geographic indices and the conversion factor of the billing provider.

    Indices go by the locality of the service (42 CFR 414.4 and 414.26); the factor by whether who
    bills is a qualifying participant of an advanced payment model (SSA §1848(d)(1)(A)); not stated
    counts as not.
    """
    mac, locality, qualifying_apm = place
    factor = facts.conversion_factor
    if qualifying_apm:
        factor = facts.conversion_factor_qualifying_apm
    if isinstance(facts.gpcis, NoValueInForce):
        return CodeRate(Obstacle(Unpriced.NO_VALUE_IN_FORCE, missing=facts.gpcis))
    if isinstance(factor, NoValueInForce):
        return CodeRate(Obstacle(Unpriced.NO_VALUE_IN_FORCE, missing=factor))
    gpci = None if mac is None or locality is None else facts.gpcis.get((mac, locality))
    if gpci is None:
        return CodeRate(Obstacle(Unpriced.LOCALITY_MISSING))
    is_ranked = facts.profile.mppr and value.is_mppr
    return CodeRate(Rate(value, gpci, factor), value.practice_expense if is_ranked else None)


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


def find_unreduced(days: Iterable[RatedDay]) -> RatedLine | None:
    """Find the line of which one unit keeps its whole practice expense, of all the group's lines.

    It is the code with the highest practice expense; of equals the one with the larger whole
    amount (Pub. 100-04 ch. 5 §10.7). The authority is silent on what is still equal: the first in
    order.
    """
    highest = ZERO
    top: list[RatedLine] = []
    for day in days:
        for rated in day.lines:
            rank = rated[1].rank
            if rank is None or rank < highest:
                continue
            if rank > highest:
                top, highest = [], rank
            top.append(rated)
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
def price_units(
    rate: Rate | Decimal | Obstacle,
    units: int | None,
    whole_units: int | None,
    share: Decimal | NoValueInForce,
) -> LinePrice:
    """Price a line's units: ``whole_units`` of them whole, the rest at the share; None is all.

    What the contractor states is not ours to reduce (SSA §1834(k)(7)).
    """
    if isinstance(rate, Obstacle):
        return _state_obstacle(rate)
    assert units is not None
    if isinstance(rate, Decimal):
        return _price_by_contractor(rate, units)
    reduced_units = 0 if whole_units is None else units - whole_units
    if not reduced_units:
        return _price_by_schedule(rate, [unit_amount(rate, WHOLE)] * units, 0)
    if isinstance(share, NoValueInForce):
        return _state_obstacle(Obstacle(Unpriced.NO_VALUE_IN_FORCE, missing=share))
    whole = [unit_amount(rate, WHOLE)] * (units - reduced_units)
    reduced = [unit_amount(rate, share)] * reduced_units
    return _price_by_schedule(rate, whole + reduced, reduced_units)


def _price_by_schedule(rate: Rate, amounts: Sequence[Decimal], reduced_units: int) -> LinePrice:
    price = Price(
        per_unit=tuple([write_money(amount) for amount in amounts]),
        mppr_reduced_units=reduced_units,
        work_gpci=str(rate.gpci.work),
        pe_gpci=str(rate.gpci.practice_expense),
        mp_gpci=str(rate.gpci.malpractice),
        conversion_factor=str(rate.conversion_factor),
        release=rate.value.release,
    )
    dollars = sum(amounts, ZERO)
    return LinePrice(dollars, write_money(dollars), price)


def _price_by_contractor(dollars_per_unit: Decimal, units: int) -> LinePrice:
    price = Price(
        per_unit=(write_money(dollars_per_unit),) * units,
        mppr_reduced_units=0,
        work_gpci=None,
        pe_gpci=None,
        mp_gpci=None,
        conversion_factor=None,
        release=None,
    )
    dollars = dollars_per_unit * units
    return LinePrice(dollars, write_money(dollars), price)


def _state_obstacle(obstacle: Obstacle) -> LinePrice:
    return LinePrice(ZERO, None, None, UnpricedReason(obstacle.reason), obstacle)


def _whole_amount(rated: RatedLine) -> Decimal:
    rate = rated[1].rate
    assert isinstance(rate, Rate)
    return unit_amount(rate, WHOLE)


def _price_day(bill: Bill, rated: RatedDay, unreduced: RatedLine | None) -> PricedDay:
    facts, total = bill.facts, ZERO
    share = facts.mppr_practice_expense_share
    lines: list[SpendLine] = []
    obstacles: dict[Obstacle, list[UnitsLine]] = {}
    for each in rated.lines:
        line, found = each
        whole_units = None if found.rank is None else int(each is unreduced)
        priced = price_units(found.rate, line.units, whole_units, share)
        total += priced.dollars
        lines.append(_write_line(line, priced))
        if priced.obstacle is not None:
            obstacles.setdefault(priced.obstacle, []).append(line)
    unbilled: tuple[UnbilledService, ...] = ()
    findings: tuple[Finding, ...] = ()
    if rated.taken_off:
        unbilled, findings = report_taken_off(facts, rated.taken_off, bill.lines)
    if obstacles:
        findings += tuple(_report(facts, obstacles))
    return PricedDay(tuple(lines), unbilled, findings, total)


def _write_line(line: UnitsLine, priced: LinePrice) -> SpendLine:
    return SpendLine(
        line=line.line,
        code=line.code,
        units=line.units,
        minutes=line.minutes,
        timed=line.timed,
        assistant=line.assistant,
        services=line.services,
        allowed_amount=priced.allowed_amount,
        price=priced.price,
        unpriced=priced.unpriced,
        requires_kx=False,
    )


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
