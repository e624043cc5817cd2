"""What every edit relies on: the order of all, and findings that are made once."""

from reference.rulebook import RuleBook
from rules.edits import EDITS
from rules.edits.day import find
from rules.findings import report
from schemas.values import FindingCode
from tests.rules.edits.run import BY_NAME
from tests.rules.visit_days import facts_of


def test_every_edit_stands_once() -> None:
    """The table of contents has no edit twice, and each is named by what must hold."""
    assert len(BY_NAME) == len(EDITS)


def test_a_finding_is_that_of_the_catalogue(rulebook: RuleBook) -> None:
    """A finding has the words of the catalogue, filled in, and sorted lines."""
    facts = facts_of(rulebook, {})
    code = FindingCode.LATE_FILING
    found = find(facts, code, [3, 1, 3], due="2027-03-02")
    assert found == report(facts, code, [1, 3], due="2027-03-02")
    assert find(facts, code, [3, 1, 3], due="2027-03-02") is found
