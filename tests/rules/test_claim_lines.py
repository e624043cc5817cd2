"""What the services say of a claim's lines, against cases with the arithmetic."""

import pytest

from reference.rulebook import RuleBook
from rules.claim_lines import (
    find_rendering_npi,
    modifiers_that_came,
    point_to_diagnoses,
    sessions_behind,
    total_charge,
    trace_lines,
    unite_diagnoses,
)
from tests.rules.visit_days import Case, facts_of, load_cases, price_day


@pytest.mark.parametrize("case", load_cases(__file__), ids=lambda case: case["name"])
def test_a_line_is_made_of_its_services(case: Case, rulebook: RuleBook) -> None:
    """Each line has the case's charge, pointers and rendering provider."""
    facts = facts_of(rulebook, case)
    priced = price_day(case, facts)
    diagnoses = unite_diagnoses(priced.sessions)
    made = [
        {
            "charge": total_charge(line, facts),
            "pointers": list(point_to_diagnoses(line, diagnoses)),
            "npi": find_rendering_npi(line),
        }
        for line in trace_lines(priced.accrued.lines, priced.sessions)
    ]
    assert made == case["lines"]
    assert list(diagnoses) == case.get("diagnoses", ["M25.561"])


def test_what_came_keeps_its_order_of_arrival(rulebook: RuleBook) -> None:
    """A line has the modifiers of all its services, and the sessions behind it, each once."""
    came = [{"services": [[97110, 15, {"modifiers": each}]]} for each in (["GA"], ["95", "GA"])]
    priced = price_day({"sessions": came}, facts_of(rulebook, {}))
    (line,) = trace_lines(priced.accrued.lines, priced.sessions)
    assert modifiers_that_came(line) == ("GA", "95", "GA")
    assert sessions_behind(line) == ("S-1", "S-2")
