"""Which lines wait for the split of an assistant's units, against cases by date and setting."""

import pytest

from reference.rulebook import RuleBook
from rules.assistants import report_assistants
from rules.recording import record_codes
from rules.visit_day import count_day
from tests.rules.visit_days import Case, facts_of, load_cases, sessions_of


@pytest.mark.parametrize("case", load_cases(__file__), ids=lambda case: case["name"])
def test_lines_with_an_assistant_s_minutes_wait_for_the_split(
    case: Case, rulebook: RuleBook
) -> None:
    """The finding names the lines that wait and the rule that is missing, or there is none."""
    sessions, facts = sessions_of(case), facts_of(rulebook, case)
    lines = count_day(sessions, facts).lines
    found = report_assistants(lines, record_codes(sessions), sessions[0], facts)
    assert [list(each.lines) for each in found] == ([case["held"]] if "held" in case else [])
    assert all(case["name_of_rule"] in each.message for each in found)
