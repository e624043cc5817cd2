"""What is said of lines that leave a claim."""

from reference.edit_tables import CodePair
from reference.rulebook import RuleBook
from rules.taking_off import TakenOff, report_taken_off
from schemas.units import UnbilledService, UnitsLine
from schemas.values import FindingCode, Unbilled
from tests.rules.visit_days import facts_of

PAIR = CodePair("97140", "97124", 0)


def line(number: int, code: str, minutes: int = 15) -> UnitsLine:
    """Return a line of one unit."""
    return UnitsLine(number, code, 1, minutes, timed=True, assistant=False, services=())


def test_each_line_is_an_unbilled_service_and_each_code_one_finding(rulebook: RuleBook) -> None:
    """A split code that leaves is two services with their minutes, and is reported once."""
    taken = [TakenOff(line(2, "97124", 10), PAIR), TakenOff(line(3, "97124", 5), PAIR)]
    left = [line(1, "97140"), line(4, "97110")]
    unbilled, findings = report_taken_off(facts_of(rulebook, {}), taken, left)
    assert unbilled == (
        UnbilledService("97124", 10, Unbilled.NCCI_PAIR),
        UnbilledService("97124", 5, Unbilled.NCCI_PAIR),
    )
    (finding,) = findings
    assert (finding.code, finding.lines) == (FindingCode.NCCI_PAIR_NOT_ALLOWED, (1,))


def test_a_bundled_line_and_one_of_a_pair_have_their_own_reasons(rulebook: RuleBook) -> None:
    """What the payer bundles is said to be bundled, and names no line."""
    taken = [TakenOff(line(1, "97010")), TakenOff(line(2, "97124"), PAIR)]
    unbilled, findings = report_taken_off(facts_of(rulebook, {}), taken, [])
    assert [service.reason for service in unbilled] == [Unbilled.BUNDLED, Unbilled.NCCI_PAIR]
    assert [(finding.code, finding.lines) for finding in findings] == [
        (FindingCode.CODE_BUNDLED, ()),
        (FindingCode.NCCI_PAIR_NOT_ALLOWED, ()),
    ]
