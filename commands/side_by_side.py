"""A visit day in two columns, as a person reads it and as a program does. Money in dollars."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import zip_longest
from textwrap import wrap
from typing import Any

from commands.standings import Line, Standing, VisitDayName
from commands.ways import Pair, name_of

WIDTH = 80
LABEL_WIDTH = 12
CELL_WIDTH = 33
NOTHING = "–"
NOT_PRICED = "not priced"


def say_name(name: VisitDayName) -> str:
    """Return the visit day's heading."""
    patient_id, day, discipline, npi = name
    return f"{day}  {discipline}  patient {patient_id}  provider {npi}"


def row(label: str, first: str, second: str) -> str:
    """Return one line of two columns."""
    return f"  {label:<{LABEL_WIDTH}}{first:<{CELL_WIDTH}}{second}".rstrip()


def say_paragraph(text: str) -> list[str]:
    """Return a sentence or more as lines of the page's width."""
    return wrap(text, WIDTH, break_on_hyphens=False, break_long_words=False)


def say_lines(pair: Pair) -> Iterator[str]:
    """Yield a row for each code: units, allowed amount and modifiers of both sides."""
    first, second = (_by_code(day) for day in pair)
    for code in dict.fromkeys([*first, *second]):
        lines = zip_longest(first.get(code, ()), second.get(code, ()))
        for left, right in lines:
            yield row(code, _say_line(left), _say_line(right))


def say_reasons(pair: Pair) -> Iterator[str]:
    """Yield why a line has no price, each reason once a side."""
    first, second = (_unpriced(day) for day in pair)
    for place, (left, right) in enumerate(zip_longest(first, second, fillvalue="")):
        yield row("" if place else NOT_PRICED, left, right)


def say_decision(pair: Pair) -> str:
    """Return the decisions."""
    return row("decision", *(say_word(None if day is None else day.decision) for day in pair))


def say_word(decision: str | None) -> str:
    """Return a decision as a person says it."""
    return NOTHING if decision is None else decision.replace("-", " ")


def say_amounts(pair: Pair) -> str:
    """Return what the lines are allowed in all, where each of them has a price."""
    return row("allowed", *map(_say_total, pair))


def say_difference(amount: Decimal) -> str:
    """Return dollars with their sign."""
    return f"{amount:+,.2f}" if amount else f"{amount:,.2f}"


def difference(pair: Pair) -> Decimal | None:
    """Return the second total less the first; None where one of the sides has none."""
    first, second = (None if day is None else day.total_allowed for day in pair)
    return None if first is None or second is None else Decimal(second) - Decimal(first)


def write_name(pair: Pair) -> dict[str, Any]:
    """Return which visit day a pair is, for a program."""
    patient_id, day, discipline, npi = name_of(pair)
    return {
        "patient_id": patient_id,
        "date_of_service": day,
        "discipline": discipline,
        "billing_npi": npi,
    }


def write_day(day: Standing | None) -> dict[str, Any] | None:
    """Return one side for a program."""
    if day is None:
        return None
    return {
        "payer": day.payer,
        "unit_rule": day.unit_rule,
        "decision": day.decision,
        "lines": day.lines,
        "total_allowed": day.total_allowed,
        "findings": day.findings,
    }


def _by_code(day: Standing | None) -> Mapping[str, Sequence[Line]]:
    found: dict[str, list[Line]] = {}
    for line in () if day is None else day.lines:
        found.setdefault(line.code, []).append(line)
    return found


def _say_line(line: Line | None) -> str:
    if line is None:
        return NOTHING
    units = "?" if line.units is None else str(line.units)
    amount = line.allowed_amount
    price = NOT_PRICED if amount is None else f"{Decimal(amount):,.2f}"
    return f"{units:>3} {price:>11}  {' '.join(line.modifiers)}".rstrip()


def _unpriced(day: Standing | None) -> list[str]:
    reasons = [line.unpriced for line in (() if day is None else day.lines)]
    return [each.replace("_", " ") for each in dict.fromkeys(reasons) if each is not None]


def _say_total(day: Standing | None) -> str:
    if day is None:
        return NOTHING
    if day.total_allowed is None:
        return NOT_PRICED
    return f"{'':3} {Decimal(day.total_allowed):>11,.2f}"
