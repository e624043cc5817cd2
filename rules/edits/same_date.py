"""NCCI pairs and limits, over all that a provider bills for a patient on a date.

Their own rules are not in force yet. Until they are, a day that needs one is held with the edit's
name and is not sent as if it were clean.
"""

from collections.abc import Sequence

from reference.facts import Facts, Limit, NoValueInForce
from rules.claim_lines import LineDraft
from rules.edits.day import NOTHING, Billed, EditedDay, Reported, find_missing

PER_LINE = 1
"""The adjudication type that limits each line by itself; the others limit the day."""


def code_pairs_are_decided(day: EditedDay, facts: Facts) -> Sequence[Reported]:
    """No line is column two of an active code pair (NCCI PTP edits) on its date."""
    if not facts.profile.code_pairs:
        return NOTHING
    codes = dict.fromkeys(code for code, _ in (*billed_of(day), *day.billed_beside))
    if len(codes) <= 1:
        return NOTHING
    pairs = facts.code_pairs
    if isinstance(pairs, NoValueInForce):
        return _hold(facts, pairs, day.billed)
    table = pairs.get(day.accrued.billing_provider.setting)
    if table is None:
        return NOTHING
    return [
        reported
        for line in day.billed
        for column_one in codes
        if table.pair(column_one, line.traced.line.code) is not None
        for reported in _hold(facts, _pair_edit(facts, column_one, line), [line])
    ]


def units_are_within_limits(day: EditedDay, facts: Facts) -> Sequence[Reported]:
    """No code's units are over the limit of its date (NCCI medically unlikely edits)."""
    if not facts.profile.unit_limits or not day.billed:
        return NOTHING
    limits = facts.unit_limits
    if isinstance(limits, NoValueInForce):
        return _hold(facts, limits, day.billed)
    table = limits.get(day.accrued.billing_provider.setting)
    if table is None:
        return NOTHING
    on_date = (*billed_of(day), *day.billed_beside)
    over = [
        line
        for line in day.billed
        if (limit := table.get(line.traced.line.code)) is not None
        and _is_over(limit, line, on_date)
    ]
    return [
        reported for line in over for reported in _hold(facts, _limit_edit(facts, line), [line])
    ]


def billed_of(day: EditedDay) -> Billed:
    """Return the codes and units that the day itself bills."""
    return tuple([(line.traced.line.code, line.traced.line.units or 0) for line in day.billed])


def _is_over(limit: Limit, line: LineDraft, on_date: Billed) -> bool:
    if limit.adjudication == PER_LINE:
        return (line.traced.line.units or 0) > limit.units
    code = line.traced.line.code
    return sum([units for each, units in on_date if each == code]) > limit.units


def _pair_edit(facts: Facts, column_one: str, line: LineDraft) -> NoValueInForce:
    name = f"code pair edit for {column_one} and {line.traced.line.code}"
    return NoValueInForce(name, facts.date_of_service)


def _limit_edit(facts: Facts, line: LineDraft) -> NoValueInForce:
    return NoValueInForce(f"unit limit edit for {line.traced.line.code}", facts.date_of_service)


def _hold(
    facts: Facts, missing: NoValueInForce, lines: Sequence[LineDraft]
) -> tuple[Reported, ...]:
    return (Reported(find_missing(facts, missing, (line.number for line in lines))),)
