"""A visit day's lines in code pairs that a stated distinct service bypasses.

What is reported of them, and which modifier a statement puts on (NCCI Policy Manual ch. 1 §E).
"""

from collections.abc import Mapping, Sequence

from reference.edit_tables import CodePair, Column
from reference.facts import Facts, NoValueInForce
from rules.code_pairs import Pairs
from rules.distinct_services import (
    ByCode,
    Done,
    Statements,
    choose_modifier,
    is_about,
    judge_statements,
    statement_of,
)
from rules.findings import report, report_missing
from schemas.finding import Finding
from schemas.model import Struct
from schemas.spend import SpendLine
from schemas.values import DistinctModifier, FindingCode


class PairedLines(Struct, frozen=True):
    """What the pairs make of a visit day's lines."""

    findings: tuple[Finding, ...]
    modifiers: Mapping[str, DistinctModifier]
    """By the code that has one."""


def pair_lines(
    facts: Facts, lines: Sequence[SpendLine], pairs: Pairs, services: ByCode
) -> PairedLines:
    """Judge a visit day's decided lines by the pairs of its date, whose services are ``services``.

    A pair is reported on the visit days that bill its column two or the column that bears the
    modifier; the other day is paid as it is.
    """
    findings: list[Finding] = []
    stated: dict[str, list[DistinctModifier]] = {}
    codes = {line.code for line in lines}
    for pair in pairs.asking:
        bearer = _bearer(pair, facts)
        if codes.isdisjoint({pair.column_two, bearer}):
            continue
        said = judge_statements(services[pair.column_one], services[pair.column_two], facts)
        problem = _problem(said)
        if problem is not None:
            findings.append(_report(facts, problem, pair, lines))
        elif said.modifier is not None:
            stated.setdefault(bearer, []).append(said.modifier)
    findings += _report_waiting(facts, pairs, lines)
    findings += _report_unneeded(facts, lines, pairs, services)
    modifiers = {code: choose_modifier(each) for code, each in stated.items()}
    return PairedLines(tuple(findings), modifiers)


def _bearer(pair: CodePair, facts: Facts) -> str:
    """Return the code whose line bears the modifier.

    Medicare takes it on either column since July 2019; many other payers want it on column two.
    """
    column = facts.profile.distinct_modifier_column
    return pair.column_one if column is Column.ONE else pair.column_two


def _problem(said: Statements) -> FindingCode | None:
    if said.modifier is None:
        return FindingCode.NCCI_PAIR_NEEDS_DISTINCT_SERVICE
    return FindingCode.DISTINCT_INTERVALS_OVERLAP if said.overlaps else None


def _report(
    facts: Facts, code: FindingCode, pair: CodePair, lines: Sequence[SpendLine]
) -> Finding:
    columns = (pair.column_one, pair.column_two)
    numbers = [line.line for line in lines if line.code in columns]
    values = {"column_one": pair.column_one, "column_two": pair.column_two}
    return report(facts, code, numbers, **values)


def _report_waiting(facts: Facts, pairs: Pairs, lines: Sequence[SpendLine]) -> list[Finding]:
    """Hold column two where it is not decided whether column one is billed."""
    findings = []
    for pair in pairs.waiting:
        numbers = [line.line for line in lines if line.code == pair.column_two]
        if numbers:
            name = f"the units of {pair.column_one}, column one of {pair.column_two}"
            missing = NoValueInForce(name, facts.date_of_service)
            findings.append(report_missing(facts, missing, numbers))
    return findings


def _report_unneeded(
    facts: Facts, lines: Sequence[SpendLine], pairs: Pairs, services: ByCode
) -> list[Finding]:
    """Report the lines with a statement that no pair asks for; nothing is put on for it."""
    found: dict[str, list[int]] = {}
    for line in lines:
        behind = {(at.session_id, at.line) for at in line.services}
        for done in services[line.code]:
            session, service = done
            is_own = (session.session_id, service.line) in behind
            if is_own and statement_of(done) and not _is_asked_for(done, pairs, services):
                found.setdefault(line.code, []).append(line.line)
    unneeded = FindingCode.DISTINCT_SERVICE_NOT_NEEDED
    return [report(facts, unneeded, numbers, code=code) for code, numbers in found.items()]


def _is_asked_for(done: Done, pairs: Pairs, services: ByCode) -> bool:
    """Say whether the statement is about a service whose code is in a pair with its own."""
    code = done[1].code
    for pair in (*pairs.asking, *pairs.waiting):
        if code in (pair.column_one, pair.column_two):
            other = pair.column_one if code == pair.column_two else pair.column_two
            if any(is_about(done, each) for each in services[other]):
                return True
    return False
