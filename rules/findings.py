"""How a rule reports: a code of the catalogue, its lines, and what fills its sentence."""

from collections.abc import Iterable

from reference.facts import Facts, NoValueInForce
from schemas.finding import Citation, Finding
from schemas.values import FindingCode


def report(
    facts: Facts, code: FindingCode, lines: Iterable[int] = (), /, **values: str
) -> Finding:
    """Return the finding ``code`` about ``lines``, its message from the catalogue's template."""
    text = facts.findings[code]
    return Finding(
        code=code,
        severity=text.severity,
        message=text.message.format(**values) if values else text.message,
        lines=tuple(sorted(set(lines))),
        citation=Citation(authority=text.citation.authority, locator=text.citation.locator),
        cure=text.cure,
    )


def report_missing(facts: Facts, missing: NoValueInForce, lines: Iterable[int] = ()) -> Finding:
    """Return NO_VALUE_IN_FORCE with the name of what the decision needs and does not have."""
    return report(
        facts,
        FindingCode.NO_VALUE_IN_FORCE,
        lines,
        name=missing.name,
        date_of_service=missing.date_of_service.isoformat(),
    )
