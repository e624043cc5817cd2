"""The edits on the treatment note, each alone, against a biller's cases."""

import pytest

from reference.rulebook import RuleBook
from tests.rules.edits.run import run_edit
from tests.rules.visit_days import Case, load_cases


@pytest.mark.parametrize("case", load_cases(__file__), ids=lambda case: case["name"])
def test_the_edit_reports_what_the_case_says(case: Case, rulebook: RuleBook) -> None:
    """The edit reports the case's findings, and nothing where the case has none."""
    assert run_edit(case["edit"], case, rulebook) == case.get("reports", [])
