"""Medically unlikely edits: the most units of a code on a date, by setting (NCCI MUE).

Adjudication type 1 limits each line, 2 and 3 the date; 2 is absolute, and 3 a benchmark over which
the amount must have been necessary.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache

from reference.edit_tables import Adjudication, Limit
from reference.facts import Facts, NoValueInForce
from rules.findings import report, report_missing
from rules.pricing import Bill
from rules.statements import is_stated
from schemas.finding import Finding
from schemas.session import Session
from schemas.units import UnitsLine
from schemas.values import FindingCode, Setting

KEPT = 4096
"""4,096 dates and settings, the least used forgotten."""
NO_LIMITS: Mapping[str, Limit] = {}


def report_limits(
    bill: Bill, lines: Sequence[UnitsLine], units: Mapping[str, int]
) -> Sequence[Finding]:
    """Report the codes of a visit day's decided lines that are over their limit.

    ``units`` are the date's, by code, added up over split lines and disciplines. Over a benchmark,
    each visit day says on a service of its own why the amount was necessary.
    """
    facts = bill.facts
    table = find_limits(facts, bill.provider.setting)
    if isinstance(table, NoValueInForce):
        return [report_missing(facts, table, [line.line for line in lines])]
    over: dict[str, Limit] = {}
    for line in lines:
        limit = table.get(line.code)
        # No line has more units than its date.
        if limit is not None and units[line.code] > limit.units:
            over[line.code] = limit
    findings = []
    for code, limit in over.items():
        own = [line for line in lines if line.code == code]
        found = _find_over(limit, own, bill.sessions)
        if found is not None:
            finding, numbers = found
            values = {"code": code, "units": str(units[code]), "limit": str(limit.units)}
            findings.append(report(facts, finding, numbers, **values))
    return findings


@lru_cache(maxsize=KEPT)
def find_limits(facts: Facts, setting: Setting) -> Mapping[str, Limit] | NoValueInForce:
    """Find the setting's limits, none of them where the payer follows none."""
    if not facts.profile.unit_limits:
        return NO_LIMITS
    return facts.of_setting(facts.unit_limits, setting, "unit limits")


def _find_over(
    limit: Limit, lines: Sequence[UnitsLine], sessions: Sequence[Session]
) -> tuple[FindingCode, list[int]] | None:
    """Say what is reported of a code over its limit on the date, and about which lines.

    A line over its own limit (type 1) is not paid whatever is stated, so it is held as one over
    an absolute limit is; CMS has no such limit for a code of therapy.
    """
    numbers = [line.line for line in lines]
    if limit.adjudication is Adjudication.LINE:
        numbers = [line.line for line in lines if (line.units or 0) > limit.units]
        return (FindingCode.UNITS_OVER_ABSOLUTE_LIMIT, numbers) if numbers else None
    if limit.adjudication is Adjudication.ABSOLUTE:
        return FindingCode.UNITS_OVER_ABSOLUTE_LIMIT, numbers
    if _is_necessity_stated(lines, sessions):
        return None
    return FindingCode.UNITS_OVER_CLINICAL_LIMIT, numbers


def _is_necessity_stated(lines: Sequence[UnitsLine], sessions: Sequence[Session]) -> bool:
    behind = {(at.session_id, at.line) for line in lines for at in line.services}
    return any(
        is_stated(service.necessity)
        for session in sessions
        for service in session.services
        if (session.session_id, service.line) in behind
    )
