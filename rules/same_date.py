"""NCCI code pairs and unit limits, over all that a provider bills for a patient on a date.

Their own rules are not in force yet. Until they are, every day of the date that an active pair or
a passed limit is about is held with the edit's name, and is not sent as if it were clean.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TypeVar

from reference.facts import CodePair, CodePairs, Facts, Limit, NoValueInForce
from rules.findings import report_missing
from schemas.finding import Finding
from schemas.model import Struct
from schemas.units import UnitsLine
from schemas.values import Setting

T = TypeVar("T")
KEPT = 4096
"""4,096 dates' tables and codes, the least used forgotten: a clinic bills the same together."""
NO_PAIRS = CodePairs({})
NO_LIMITS: Mapping[str, Limit] = {}
PER_LINE = 1
"""The adjudication type that limits each line by itself; the others limit the date."""


class BilledDay(Struct, frozen=True):
    """A visit day as the edits of its date see it: its lines with units, and its facts."""

    lines: tuple[UnitsLine, ...]
    setting: Setting
    facts: Facts


def report_same_date(days: Sequence[BilledDay]) -> list[tuple[Finding, ...]]:
    """Report, for each visit day of one patient, billing NPI, payer and date, what holds it.

    Pairs and limits act over all disciplines of the date (NCCI policy manual ch. 1); which table
    serves goes by the day's own setting.
    """
    units: dict[str, int] = {}
    for day in days:
        for line in day.lines:
            units[line.code] = units.get(line.code, 0) + (line.units or 0)
    codes = tuple(units)
    return [_report_day(day, codes, units) for day in days]


def _report_day(
    day: BilledDay, codes: tuple[str, ...], units: Mapping[str, int]
) -> tuple[Finding, ...]:
    if not day.lines:
        return ()
    pairs, limits = find_tables(day.facts, day.setting)
    findings: list[Finding] = []
    if len(codes) > 1:
        findings += _report_pairs(day, pairs, codes)
    findings += _report_limits(day, limits, units)
    return tuple(findings)


def _report_pairs(
    day: BilledDay, table: CodePairs | NoValueInForce, codes: tuple[str, ...]
) -> list[Finding]:
    """Hold the lines that stand in an active pair (NCCI PTP edits), whichever their column."""
    if isinstance(table, NoValueInForce):
        return _report_table(day, table)
    held = []
    for pair in pairs_among(table, codes):
        columns = (pair.column_one, pair.column_two)
        lines = [line.line for line in day.lines if line.code in columns]
        if lines:
            name = f"code pair edit for {pair.column_one} and {pair.column_two}"
            edit = NoValueInForce(name, day.facts.date_of_service)
            held.append(report_missing(day.facts, edit, lines))
    return held


def _report_limits(
    day: BilledDay, table: Mapping[str, Limit] | NoValueInForce, units: Mapping[str, int]
) -> list[Finding]:
    """Hold the lines whose code is over its limit for the date (NCCI MUE)."""
    if isinstance(table, NoValueInForce):
        return _report_table(day, table)
    findings = []
    for line in day.lines:
        limit, on_date = table.get(line.code), units[line.code]
        # No line has more units than its date.
        if limit is not None and on_date > limit.units and _is_over(limit, line, on_date):
            name = f"unit limit edit for {line.code}"
            edit = NoValueInForce(name, day.facts.date_of_service)
            findings.append(report_missing(day.facts, edit, (line.line,)))
    return findings


def _report_table(day: BilledDay, missing: NoValueInForce) -> list[Finding]:
    return [report_missing(day.facts, missing, [line.line for line in day.lines])]


@lru_cache(maxsize=KEPT)
def find_tables(
    facts: Facts, setting: Setting
) -> tuple[CodePairs | NoValueInForce, Mapping[str, Limit] | NoValueInForce]:
    """Find the setting's code pairs and limits, nothing in them where the payer follows none."""
    profile = facts.profile
    pairs = _table_of(facts, setting, facts.code_pairs, "code pairs")
    limits = _table_of(facts, setting, facts.unit_limits, "unit limits")
    return pairs if profile.code_pairs else NO_PAIRS, limits if profile.unit_limits else NO_LIMITS


@lru_cache(maxsize=KEPT)
def pairs_among(table: CodePairs, codes: tuple[str, ...]) -> tuple[CodePair, ...]:
    """Return the table's active pairs of which both codes are in ``codes``."""
    return tuple(table.among(codes))


def _table_of(
    facts: Facts, setting: Setting, tables: Mapping[Setting, T] | NoValueInForce, name: str
) -> T | NoValueInForce:
    """Return the table that serves the setting, or what is missing of it."""
    if isinstance(tables, NoValueInForce):
        return tables
    table = tables.get(setting)
    if table is None:
        return NoValueInForce(f"the {name} of {setting}", facts.date_of_service)
    return table


def _is_over(limit: Limit, line: UnitsLine, units_on_date: int) -> bool:
    units = (line.units or 0) if limit.adjudication == PER_LINE else units_on_date
    return units > limit.units
