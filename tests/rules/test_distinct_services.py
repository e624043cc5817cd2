"""What counts as a stated distinct service, against cases that a biller can check."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference.facts import NoValueInForce
from reference.rulebook import RuleBook, load
from rules.same_date import price_date
from schemas.values import FindingCode
from tests.rules.same_dates import bills_of, facts_of_date, run
from tests.rules.visit_days import Case, load_cases

RULEBOOK: RuleBook = load()
TIMES = st.lists(st.integers(0, 60), min_size=2, max_size=9, unique=True).map(sorted)


@pytest.mark.parametrize("case", load_cases(__file__), ids=lambda case: case["name"])
def test_a_statement_counts_as_the_case_says(case: Case, rulebook: RuleBook) -> None:
    """Each day has the modifiers that its statements put on, and what is reported of them."""
    run(case, rulebook)


@given(TIMES, st.data())
def test_services_that_take_turns_never_overlap(times: list[int], data: st.DataObject) -> None:
    """Blocks one after the other are distinct in time, whichever of the two each belongs to."""
    blocks: list[list[list[int]]] = [[], []]
    for start, end in pairwise(times):
        blocks[data.draw(st.integers(0, 1))].append([start, end])
    said = {"distinct": [1, "59"], "times": blocks[1]}
    case: Case = {"days": [[[97150, 1, {"times": blocks[0]}], [97110, 1, said]]]}
    (day,) = price_date(bills_of(case, facts_of_date(RULEBOOK, case)))
    assert [finding.code for finding in day.edits] == []
    assert [line.distinct_modifier for line in day.lines] == [None, "59"]


def test_where_no_list_of_modalities_is_in_force_no_times_may_overlap() -> None:
    """Without the list nothing says that traction needs no clinician."""
    said = {"distinct": [1, "XS"], "times": [[0, 15]]}
    case: Case = {"days": [[[97012, 1, {"times": [[0, 20]]}], [97140, 1, said]]]}
    facts = facts_of_date(RULEBOOK, case)
    nothing = NoValueInForce("supervised modalities", facts.date_of_service)
    (day,) = price_date(bills_of(case, replace(facts, supervised_modalities=nothing)))
    assert [finding.code for finding in day.edits] == [FindingCode.DISTINCT_INTERVALS_OVERLAP]
