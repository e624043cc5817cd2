"""KX: balance, need and coverage, against cases with the arithmetic."""

import pytest

from reference.rulebook import RuleBook
from rules.attestation import judge_kx
from tests.rules.visit_days import Case, facts_of, history_of, ledger_of, load_cases, price_day

THREE_LINES = [{"services": [[97110, 15], [97140, 15], [97112, 15]]}]


@pytest.mark.parametrize("case", load_cases(__file__), ids=lambda case: case["name"])
def test_kx_is_judged(case: Case, rulebook: RuleBook) -> None:
    """The balance, the lines that need KX and those that nothing covers are the case's."""
    case = {"sessions": THREE_LINES, **case}
    visit = price_day(case, facts_of(rulebook, case))
    priced, sessions = visit.priced, visit.on_file.sessions
    kept = history_of(case).kx_balance
    kx = judge_kx(priced.spend, priced.lines, sessions, ledger_of(case), kept)
    assert kx is not None
    assert kx.balance == case["balance"]
    assert kx.required == tuple(case.get("required", ()))
    assert kx.unattested == tuple(case.get("unattested", ()))
    assert kx.is_attested is case.get("attested", False)


def test_no_threshold_no_kx(rulebook: RuleBook) -> None:
    """Where the thresholds do not apply, nothing is judged."""
    case = {"program": "commercial"}
    visit = price_day(case, facts_of(rulebook, case))
    assert judge_kx(visit.priced.spend, (), visit.on_file.sessions, None, None) is None


def test_a_day_without_sessions_is_not_attested(rulebook: RuleBook) -> None:
    """What nothing was treated on, nothing can cover."""
    visit = price_day({}, facts_of(rulebook, {}))
    kx = judge_kx(visit.priced.spend, (), (), ledger_of({}), None)
    assert kx is not None
    assert kx.is_attested is False
