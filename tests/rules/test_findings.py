"""A finding has the catalogue's words, filled in, and says which lines it is about."""

from datetime import date

from reference.facts import NoValueInForce
from reference.rulebook import RuleBook
from rules.findings import report, report_missing
from schemas.values import FindingCode, Severity
from tests.rules.visit_days import facts_of


def test_a_finding_is_that_of_the_catalogue(rulebook: RuleBook) -> None:
    """Severity, message, cure and citation are the catalogue's own."""
    text = rulebook.findings[FindingCode.SESSIONS_DISAGREE]
    found = report(facts_of(rulebook, {}), FindingCode.SESSIONS_DISAGREE)
    assert (found.code, found.severity, found.message, found.cure, found.lines) == (
        FindingCode.SESSIONS_DISAGREE,
        text.severity,
        text.message,
        text.cure,
        (),
    )
    cited = found.citation.authority, found.citation.locator
    assert cited == (text.citation.authority, text.citation.locator)


def test_the_message_is_filled_in(rulebook: RuleBook) -> None:
    """What the template leaves open is what the rule gives."""
    found = report(facts_of(rulebook, {}), FindingCode.UNKNOWN_CODE, (1,), code="99999")
    assert "99999" in found.message


def test_lines_stand_once_and_ascending(rulebook: RuleBook) -> None:
    """A line that is named twice stands once."""
    found = report(facts_of(rulebook, {}), FindingCode.SESSIONS_DISAGREE, [3, 1, 3])
    assert found.lines == (1, 3)


def test_what_is_missing_is_named_with_its_date(rulebook: RuleBook) -> None:
    """A missing value blocks, and says its name and the date of service."""
    missing = NoValueInForce("the fee", date(2031, 3, 2))
    found = report_missing(facts_of(rulebook, {}), missing, (2,))
    assert (found.code, found.severity) == (FindingCode.NO_VALUE_IN_FORCE, Severity.BLOCKING)
    assert "the fee on 2031-03-02" in found.message
    assert found.lines == (2,)
