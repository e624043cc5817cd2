"""NCCI code pairs and unit limits, over all that a provider bills for a patient on a date.

Their own rules are not in force yet. Until they are, every day of the date that an active pair or
a passed limit is about is held with the edit's name, and is not sent as if it were clean.
"""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from reference.facts import Facts, Limit, NoValueInForce
from rules.findings import report_missing
from schemas.finding import Finding
from schemas.model import Struct
from schemas.units import UnitsLine
from schemas.values import Setting

T = TypeVar("T")
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
    codes = list(dict.fromkeys([line.code for day in days for line in day.lines]))
    units: dict[str, int] = {}
    for day in days:
        for line in day.lines:
            units[line.code] = units.get(line.code, 0) + (line.units or 0)
    return [(*_report_pairs(day, codes), *_report_limits(day, units)) for day in days]


def _report_pairs(day: BilledDay, codes: Sequence[str]) -> list[Finding]:
    """Hold the lines that stand in an active pair (NCCI PTP edits), whichever their column."""
    facts = day.facts
    if not day.lines or len(codes) == 1 or not facts.profile.code_pairs:
        return []
    table = _table_of(day, facts.code_pairs, "code pairs")
    if isinstance(table, NoValueInForce):
        return [report_missing(facts, table, [line.line for line in day.lines])]
    held = []
    for pair in table.among(codes):
        columns = (pair.column_one, pair.column_two)
        lines = [line.line for line in day.lines if line.code in columns]
        if lines:
            name = f"code pair edit for {pair.column_one} and {pair.column_two}"
            edit = NoValueInForce(name, facts.date_of_service)
            held.append(report_missing(facts, edit, lines))
    return held


def _report_limits(day: BilledDay, units: dict[str, int]) -> list[Finding]:
    """Hold the lines whose code is over its limit for the date (NCCI MUE)."""
    facts = day.facts
    if not day.lines or not facts.profile.unit_limits:
        return []
    table = _table_of(day, facts.unit_limits, "unit limits")
    if isinstance(table, NoValueInForce):
        return [report_missing(facts, table, [line.line for line in day.lines])]
    findings = []
    for line in day.lines:
        limit = table.get(line.code)
        if limit is not None and _is_over(limit, line, units[line.code]):
            edit = NoValueInForce(f"unit limit edit for {line.code}", facts.date_of_service)
            findings.append(report_missing(facts, edit, (line.line,)))
    return findings


def _table_of(
    day: BilledDay, tables: Mapping[Setting, T] | NoValueInForce, name: str
) -> T | NoValueInForce:
    """Return the table that serves the day's setting, or what is missing of it."""
    if isinstance(tables, NoValueInForce):
        return tables
    table = tables.get(day.setting)
    if table is None:
        return NoValueInForce(f"the {name} of {day.setting}", day.facts.date_of_service)
    return table


def _is_over(limit: Limit, line: UnitsLine, units_on_date: int) -> bool:
    units = (line.units or 0) if limit.adjudication == PER_LINE else units_on_date
    return units > limit.units
