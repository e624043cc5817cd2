"""How a rule reports: a code of the catalogue, its lines, and what fills its sentence."""

from collections.abc import Iterable

from reference.facts import Facts, NoValueInForce
from schemas.finding import Citation, Finding
from schemas.values import FindingCode


def report(
    facts: Facts, code: FindingCode, lines: Iterable[int] = (), /, **values: str
) -> Finding:
    """Return the finding ``code`` about ``lines``, its message from the catalogue's template."""
    message = facts.findings[code].message
    if values:
        message = message.format(**values)
    return restate(facts, code, tuple(sorted(set(lines))), message)


def report_missing(facts: Facts, missing: NoValueInForce, lines: Iterable[int] = ()) -> Finding:
    """Return NO_VALUE_IN_FORCE with the name of what the decision needs and does not have."""
    on = missing.date_of_service.isoformat()
    code = FindingCode.NO_VALUE_IN_FORCE
    return report(facts, code, lines, name=missing.name, date_of_service=on)


def restate(facts: Facts, code: FindingCode, lines: tuple[int, ...], message: str) -> Finding:
    """Return the finding ``code`` with a message that was filled in before."""
    text = facts.findings[code]
    citation = Citation(text.citation.authority, text.citation.locator)
    return Finding(code, text.severity, message, lines, citation, text.cure)
