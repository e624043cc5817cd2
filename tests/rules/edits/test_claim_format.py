"""The edits on a claim line's format and filing, each alone, against a biller's cases."""

import pytest
from msgspec.structs import replace

from reference.rulebook import RuleBook
from rules.decision import prepare_day
from rules.edits.claim_format import claim_is_filed_in_time, modifiers_agree
from rules.edits.day import Edit
from tests.rules.edits.run import run_edit
from tests.rules.visit_days import Case, facts_of, history_of, load_cases, price_day


@pytest.mark.parametrize("case", load_cases(__file__), ids=lambda case: case["name"])
def test_the_edit_reports_what_the_case_says(case: Case, rulebook: RuleBook) -> None:
    """The edit reports the case's findings, and nothing where the case has none."""
    assert run_edit(case["edit"], case, rulebook) == case.get("reports", [])


def report_on_parts(
    edit: Edit, case: Case, rulebook: RuleBook, *, shared: bool = False
) -> list[list[int]]:
    """Return the lines of what an edit reports of 97110 in two lines.

    Two units of S-1 by the therapist, and one of S-2 by the assistant; ``shared`` has the
    assistant's line come from both.
    """
    facts = facts_of(rulebook, case)
    visit = price_day(case, facts)
    (whole,) = visit.priced.lines
    of_first, of_second = whole.services
    lines = (
        replace(whole, units=2, services=(of_first,), is_part=True),
        replace(
            whole,
            number=2,
            units=1,
            services=(of_first, of_second) if shared else (of_second,),
            assistant=True,
            is_part=True,
        ),
    )
    priced = replace(visit.priced, lines=lines)
    day = prepare_day(priced, visit.on_file, history_of(case), facts)
    return [list(each.finding.lines) for each in edit(day, facts)]


def test_a_modifier_is_given_to_the_line_that_its_service_is_on(rulebook: RuleBook) -> None:
    """A CQ that came with the therapist's service is not given by the assistant's other line."""
    came: Case = {"sessions": [{"services": [[97110, 30, {"modifiers": ["CQ"]}]]}, {}]}
    assert report_on_parts(modifiers_agree, came, rulebook) == [[1]]


def test_a_modifier_is_given_to_a_service_by_either_line_that_it_is_on(
    rulebook: RuleBook,
) -> None:
    """A service that an assistant furnished in part came once, with the CQ of its other line."""
    came: Case = {"sessions": [{"services": [[97110, 30, {"modifiers": ["CQ"]}]]}, {}]}
    assert report_on_parts(modifiers_agree, came, rulebook, shared=True) == []


@pytest.mark.parametrize(("units", "late"), [(3, []), (2, [[]])])
def test_units_of_a_code_in_two_lines_are_added_up(
    units: int, late: list[list[int]], rulebook: RuleBook
) -> None:
    """Two units and one are no more than three that are out, and more than two."""
    case: Case = {
        "first_event": "2027-03-03T09:00:00-06:00",
        "sessions": [{}, {}],
        "outstanding": {"97110": units},
    }
    assert report_on_parts(claim_is_filed_in_time, case, rulebook) == late
