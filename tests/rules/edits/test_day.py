"""What every edit relies on: the order of all, and findings in the catalogue's words."""

from reference.rulebook import RuleBook
from rules.edits import EDITS
from rules.findings import report, restate
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
    found = report(facts, code, [3, 1, 3], due="2027-03-02")
    assert found == report(facts, code, [1, 3], due="2027-03-02")


def test_a_finding_is_made_again_from_its_message(rulebook: RuleBook) -> None:
    """A code, its lines and its message are all that has to be kept of a finding."""
    facts = facts_of(rulebook, {})
    found = report(facts, FindingCode.LATE_FILING, [1], due="2027-03-02")
    assert restate(facts, found.code, found.lines, found.message) == found
