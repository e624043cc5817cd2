"""What a day's sessions recorded of each code, against cases with the sums shown."""

import pytest

from rules.recording import record_codes
from schemas.units import ServiceReference
from tests.rules.visit_days import Case, load_cases, sessions_of


@pytest.mark.parametrize("case", load_cases(__file__), ids=lambda case: case["name"])
def test_each_code_adds_up_at_its_first_place(case: Case) -> None:
    """Minutes, the assistant's share and units add up over the day, in recorded order."""
    recorded = record_codes(sessions_of(case))
    assert [
        (code, [each.minutes, each.assistant_minutes, each.units])
        for code, each in recorded.items()
    ] == list(case["recorded"].items())


def test_a_code_remembers_the_services_that_it_comes_from() -> None:
    """Every service is named by its session and its own line there."""
    sessions = sessions_of({"sessions": [{"services": [[97140, 5], [97110, 9]]}, {}]})
    assert record_codes(sessions)["97110"].services == (
        ServiceReference("S-1", 2),
        ServiceReference("S-2", 1),
    )
