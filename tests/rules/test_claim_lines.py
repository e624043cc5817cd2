"""What the services say of a claim's lines, against cases with the arithmetic."""

import pytest

from reference.rulebook import RuleBook
from rules.claim_lines import (
    find_rendering_npi,
    index_services,
    modifiers_that_came,
    point_to_diagnoses,
    sessions_behind,
    total_charge,
    trace_line,
    unite_diagnoses,
)
from tests.rules.visit_days import Case, facts_of, load_cases, price_day


@pytest.mark.parametrize("case", load_cases(__file__), ids=lambda case: case["name"])
def test_a_line_is_made_of_its_services(case: Case, rulebook: RuleBook) -> None:
    """Each line has the case's charge, pointers and rendering provider."""
    facts = facts_of(rulebook, case)
    visit = price_day(case, facts)
    diagnoses = unite_diagnoses(visit.on_file.sessions)
    found = index_services(visit.on_file.sessions)
    made = []
    for line in visit.priced.lines:
        services = trace_line(line, found)
        made.append(
            {
                "charge": total_charge(line, services, facts),
                "pointers": list(point_to_diagnoses(services, diagnoses)),
                "npi": find_rendering_npi(services),
            }
        )
    assert made == case["lines"]
    assert list(diagnoses) == case.get("diagnoses", ["M25.561"])


def test_what_came_keeps_its_order_of_arrival(rulebook: RuleBook) -> None:
    """A line has the modifiers of all its services, and the sessions behind it, each once."""
    came = [{"services": [[97110, 15, {"modifiers": each}]]} for each in (["GA"], ["95", "GA"])]
    visit = price_day({"sessions": came}, facts_of(rulebook, {}))
    (line,) = visit.priced.lines
    services = trace_line(line, index_services(visit.on_file.sessions))
    assert modifiers_that_came(services) == ("GA", "95", "GA")
    assert sessions_behind(line) == ("S-1", "S-2")
