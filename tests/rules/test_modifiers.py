"""The modifiers of a line, against cases."""

import pytest

from rules.modifiers import assign_modifiers, disagreeing_modifiers
from schemas.values import Discipline, DistinctModifier
from tests.rules.visit_days import Case, load_cases


@pytest.mark.parametrize("case", load_cases(__file__), ids=lambda case: case["name"])
def test_modifiers_stand_in_their_order(case: Case) -> None:
    """The line has the case's modifiers, and what came and is not theirs is named."""
    discipline = Discipline(case["discipline"]) if "discipline" in case else None
    came = tuple(case.get("came", ()))
    assistant = Discipline(case["assistant"]) if "assistant" in case else None
    distinct = DistinctModifier(case["distinct"]) if "distinct" in case else None
    given = assign_modifiers(
        discipline,
        came,
        has_kx=case.get("kx", False),
        assistant=assistant,
        distinct=distinct,
    )
    assert given == tuple(case["given"])
    assert disagreeing_modifiers(came, given) == tuple(case.get("disagree", ()))
