"""The yearly thresholds: KX attested where it is needed, and what to know of the balance.

SSA §1833(g)(5)(E) and (7); CMS Pub. 100-04 ch. 5 §10.
"""

from collections.abc import Sequence
from decimal import Decimal

from reference.facts import Facts
from rules.attestation import KxJudgement
from rules.edits.day import NOTHING, EditedDay, Reported, about_lines
from rules.findings import report, report_day
from rules.modifiers import ABN
from schemas.spend import Spend
from schemas.values import Basis, FindingCode

# A member is looked up each time that it is named by its enum: once is enough for what is usual.
FLOOR = Basis.FLOOR
BALANCE_IS_A_FLOOR, KX_NOT_REQUIRED = FindingCode.BALANCE_IS_A_FLOOR, FindingCode.KX_NOT_REQUIRED


def kx_is_attested(day: EditedDay, facts: Facts) -> Sequence[Reported]:
    """An attestation covers every session behind a line that needs KX."""
    if day.kx is None or not day.kx.unattested:
        return NOTHING
    assert day.priced.spend is not None
    threshold = day.priced.spend.kx_threshold
    assert threshold is not None
    lines = [line for line in day.lines if line.line in day.kx.unattested]
    return about_lines(facts, FindingCode.KX_ATTESTATION_MISSING, lines, threshold=threshold)


def kx_stands_without_abn(day: EditedDay, facts: Facts) -> Sequence[Reported]:
    """No line that needs KX came with the modifier that says it may not be necessary."""
    if day.kx is None or not (day.kx.required and day.came):
        return NOTHING
    lines = [
        line
        for line in day.lines
        if line.line in day.kx.required and ABN in day.came.get(line.line, ())
    ]
    return about_lines(facts, FindingCode.KX_WITH_ABN, lines)


def attestation_is_needed(day: EditedDay, facts: Facts) -> Sequence[Reported]:
    """A day whose attestation is on file has a line that needs KX."""
    if day.kx is None or day.kx.required or not day.kx.is_attested:
        return NOTHING
    return (Reported(report_day(facts, KX_NOT_REQUIRED)),)


def review_threshold_is_not_passed(day: EditedDay, facts: Facts) -> Sequence[Reported]:
    """The balance with this day is not over the threshold of targeted medical review."""
    spend = day.priced.spend
    if spend is None or spend.review_threshold is None:
        return NOTHING
    if not (spend.over_review or _is_over_review(spend, day.kx)):
        return NOTHING
    code = FindingCode.REVIEW_THRESHOLD_PASSED
    return (Reported(report(facts, code, threshold=spend.review_threshold)),)


def balance_is_reported(day: EditedDay, facts: Facts) -> Sequence[Reported]:
    """A payer's report is in the balance that the day was judged on."""
    spend = day.priced.spend
    if day.kx is None or spend is None or spend.basis is not FLOOR:
        return NOTHING
    return (Reported(report_day(facts, BALANCE_IS_A_FLOOR)),)


def _is_over_review(spend: Spend, kx: KxJudgement | None) -> bool:
    """Say whether the day is over it on the balance that KX was judged on, if on another."""
    if kx is None or kx.balance == spend.balance_before or spend.review_threshold is None:
        return False
    return Decimal(kx.balance) + Decimal(spend.amount) > Decimal(spend.review_threshold)
