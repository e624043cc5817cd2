"""How a rule reports: a code of the catalogue, its lines, and what fills its sentence."""

from collections.abc import Iterable
from functools import lru_cache

from reference.facts import Facts, FindingText, NoValueInForce
from schemas.finding import Citation, Finding
from schemas.values import FindingCode

CACHED = 4096
"""Most findings kept: as many as the rulebook keeps facts of dates and payers.

A clinic's days report the same in the same words over and over.
"""


def report(
    facts: Facts, code: FindingCode, lines: Iterable[int] = (), /, **values: str
) -> Finding:
    """Return the finding ``code`` about ``lines``, its message from the catalogue's template."""
    return _fill_in(facts.findings[code], tuple(sorted(set(lines))), **values)


@lru_cache(CACHED)
def report_day(facts: Facts, code: FindingCode) -> Finding:
    """Return the finding ``code`` about the whole day: on one date and payer always the same."""
    return report(facts, code)


def report_missing(facts: Facts, missing: NoValueInForce, lines: Iterable[int] = ()) -> Finding:
    """Return NO_VALUE_IN_FORCE with the name of what the decision needs and does not have."""
    on = missing.date_of_service.isoformat()
    code = FindingCode.NO_VALUE_IN_FORCE
    return report(facts, code, lines, name=missing.name, date_of_service=on)


def restate(facts: Facts, code: FindingCode, lines: tuple[int, ...], message: str) -> Finding:
    """Return the finding ``code`` with a message that was filled in before."""
    return _state(facts.findings[code], lines, message)


@lru_cache(CACHED)
def _fill_in(text: FindingText, lines: tuple[int, ...], **values: str) -> Finding:
    return _state(text, lines, text.message.format(**values) if values else text.message)


@lru_cache(CACHED)
def _state(text: FindingText, lines: tuple[int, ...], message: str) -> Finding:
    citation = Citation(text.citation.authority, text.citation.locator)
    return Finding(text.code, text.severity, message, lines, citation, text.cure)
