"""Lines that leave a claim before anything is ranked or accrued, and what is said of them."""

from collections.abc import Sequence

from reference.edit_tables import CodePair
from reference.facts import Facts
from rules.findings import report
from schemas.finding import Finding
from schemas.model import Struct
from schemas.units import UnbilledService, UnitsLine
from schemas.values import FindingCode, Unbilled


class TakenOff(Struct, frozen=True):
    """A line that is not billed, and why."""

    line: UnitsLine
    pair: CodePair | None = None
    """The pair of which its code is column two; without one the payer bundles it."""


def report_taken_off(
    facts: Facts, taken_off: Sequence[TakenOff], left: Sequence[UnitsLine]
) -> tuple[tuple[UnbilledService, ...], tuple[Finding, ...]]:
    """Return the services that are not on the claim, and a finding for each of their codes.

    A bundled service is paid within another (MPFS status indicator, SSA §1848(c)); column two of
    a strict pair is not paid beside column one (NCCI Policy Manual ch. 1 §E), whose lines the
    finding names where the same visit day has them.
    """
    findings: dict[str, Finding] = {}
    for each in taken_off:
        code = each.line.code
        if code not in findings:
            findings[code] = _report(facts, each, left)
    return tuple(map(_state_service, taken_off)), tuple(findings.values())


def _state_service(taken: TakenOff) -> UnbilledService:
    reason = Unbilled.BUNDLED if taken.pair is None else Unbilled.NCCI_PAIR
    return UnbilledService(taken.line.code, taken.line.minutes, reason)


def _report(facts: Facts, taken: TakenOff, left: Sequence[UnitsLine]) -> Finding:
    pair = taken.pair
    if pair is None:
        return report(facts, FindingCode.CODE_BUNDLED, code=taken.line.code)
    lines = [line.line for line in left if line.code == pair.column_one]
    code = FindingCode.NCCI_PAIR_NOT_ALLOWED
    return report(facts, code, lines, column_one=pair.column_one, column_two=pair.column_two)
