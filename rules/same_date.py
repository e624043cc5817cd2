"""All that one provider bills for a patient on a date: priced, with its code pairs and limits.

Strict code pairs act before anything is ranked or accrued, the other pairs and the unit limits on
what is left; all of them act over the disciplines of the date (NCCI Policy Manual ch. 1).
"""

from collections.abc import Iterable, Mapping, Sequence

from msgspec.structs import replace

from reference.facts import NoValueInForce
from rules.code_pairs import NO_PAIRS, Pairs, judge_pairs
from rules.distinct_services import ByCode, Done
from rules.findings import report_missing
from rules.paired_lines import pair_lines
from rules.pricing import Bill, PricedDay, RatedDay, price_rated, rate_day
from rules.taking_off import TakenOff
from rules.unit_limits import report_limits
from schemas.finding import Finding
from schemas.model import Struct
from schemas.values import DistinctModifier

Judged = Pairs | NoValueInForce


class Recorded(Struct, frozen=True):
    """The codes of a date that the payer does not bundle, over split lines and disciplines."""

    units: Mapping[str, int]
    undecided: frozenset[str]
    """Codes of which a line has no units yet."""


def price_date(bills: Sequence[Bill]) -> list[PricedDay]:
    """Price the visit days of one patient, billing NPI, payer and date, the first accrued first.

    Column-two lines of a strict pair leave, a stated distinct service gives its line a modifier,
    and each day has its findings.
    """
    rated = [rate_day(bill) for bill in bills]
    recorded = _add_up(rated)
    judged = [_judge_pairs(bill, recorded) for bill in bills]
    priced = price_rated(bills, [*map(_take_off, rated, judged)])
    services = _trace(bills, priced) if _speaks_of_pairs(bills, judged) else None
    return [
        _edit(bill, day, pairs, recorded.units, services)
        for bill, day, pairs in zip(bills, priced, judged, strict=True)
    ]


def _add_up(rated: Iterable[RatedDay]) -> Recorded:
    units: dict[str, int] = {}
    undecided = []
    for day in rated:
        for line, _ in day.lines:
            code = line.code
            if line.units is None:
                undecided.append(code)
            units[code] = units.get(code, 0) + (line.units or 0)
    return Recorded(units, frozenset(undecided))


def _judge_pairs(bill: Bill, recorded: Recorded) -> Judged:
    """Judge the pairs of the date for a day, whose setting has the table."""
    if len(recorded.units) == 1:
        return NO_PAIRS
    codes, undecided = tuple(recorded.units), recorded.undecided
    return judge_pairs(bill.facts, bill.provider.setting, codes, undecided)


def _take_off(rated: RatedDay, pairs: Judged) -> RatedDay:
    if isinstance(pairs, NoValueInForce) or not pairs.leaving:
        return rated
    leaving = pairs.leaving
    taken = [TakenOff(line, leaving[line.code]) for line, _ in rated.lines if line.code in leaving]
    left = [each for each in rated.lines if each[0].code not in leaving]
    return RatedDay(left, rated.taken_off + taken)


def _speaks_of_pairs(bills: Sequence[Bill], judged: Sequence[Judged]) -> bool:
    """Say whether a pair asks for a statement, or a clinician has made one."""
    for bill, pairs in zip(bills, judged, strict=True):
        if not isinstance(pairs, NoValueInForce) and (pairs.asking or pairs.waiting):
            return True
        for session in bill.sessions:
            if [each for each in session.services if each.distinct is not None]:
                return True
    return False


def _trace(bills: Sequence[Bill], priced: Sequence[PricedDay]) -> ByCode:
    """Find the services behind the date's lines, by code."""
    found: dict[str, list[Done]] = {}
    for bill, day in zip(bills, priced, strict=True):
        codes = {(at.session_id, at.line): line.code for line in day.lines for at in line.services}
        for session in bill.sessions:
            for service in session.services:
                code = codes.get((session.session_id, service.line))
                if code is not None:
                    found.setdefault(code, []).append((session, service))
    return found


def _edit(
    bill: Bill, day: PricedDay, pairs: Judged, units: Mapping[str, int], services: ByCode | None
) -> PricedDay:
    """Add to a day what its pairs and limits report, and the modifiers that are stated."""
    lines = [line for line in day.lines if line.units is not None]
    if not lines:
        return day
    limits = report_limits(bill, lines, units)
    if isinstance(pairs, NoValueInForce):
        missing = report_missing(bill.facts, pairs, [line.line for line in lines])
        return _with(day, [missing, *limits], {})
    if services is not None:
        paired = pair_lines(bill.facts, lines, pairs, services)
        return _with(day, [*paired.findings, *limits], paired.modifiers)
    return _with(day, limits, {}) if limits else day


def _with(
    day: PricedDay, findings: Sequence[Finding], modifiers: Mapping[str, DistinctModifier]
) -> PricedDay:
    """Return the day with these findings, and with modifiers by code: on both of a split line."""
    lines = day.lines
    if modifiers:
        lines = tuple(
            [replace(each, distinct_modifier=modifiers.get(each.code)) for each in lines]
        )
    return replace(day, lines=lines, edits=tuple(findings))
