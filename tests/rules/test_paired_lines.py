"""Lines in pairs that a statement bypasses, against cases that a biller can check."""

import pytest

from reference.rulebook import RuleBook
from tests.rules.same_dates import run
from tests.rules.visit_days import Case, load_cases


@pytest.mark.parametrize("case", load_cases(__file__), ids=lambda case: case["name"])
def test_a_date_has_the_modifiers_and_findings_of_the_case(case: Case, rulebook: RuleBook) -> None:
    """Each day has the case's modifiers and findings."""
    run(case, rulebook)
