"""Which pairs are in force among a date's codes, against CMS's tables."""

from dataclasses import replace

import pytest

from reference.facts import NoValueInForce
from reference.rulebook import RuleBook
from rules.code_pairs import judge_pairs
from schemas.values import Setting
from tests.rules.same_dates import facts_of_date
from tests.rules.visit_days import Case, load_cases


@pytest.mark.parametrize("case", load_cases(__file__), ids=lambda case: case["name"])
def test_the_codes_of_a_date_come_to_the_pairs_of_the_case(case: Case, rulebook: RuleBook) -> None:
    """The case's codes leave, ask for a statement or wait, and no others."""
    setting = Setting(case.get("setting", "private_practice"))
    codes = tuple(map(str, case["codes"]))
    undecided = frozenset(map(str, case.get("undecided", ())))
    pairs = judge_pairs(facts_of_date(rulebook, case), setting, codes, undecided)
    if isinstance(pairs, NoValueInForce):
        assert pairs.name == case["missing"]
        return
    assert "missing" not in case
    left = {two: pair.column_one for two, pair in pairs.leaving.items()}
    assert left == {str(two): str(one) for two, one in case.get("leaving", {}).items()}
    for found, stated in ((pairs.asking, "asking"), (pairs.waiting, "waiting")):
        columns = [[pair.column_one, pair.column_two] for pair in found]
        assert columns == [list(map(str, each)) for each in case.get(stated, [])]


def test_a_setting_without_a_table_of_pairs_is_held(rulebook: RuleBook) -> None:
    """Where no table serves the setting, what is missing is named."""
    facts = replace(facts_of_date(rulebook, {}), code_pairs={})
    missing = judge_pairs(facts, Setting.CORF, ("97140", "97124"), frozenset())
    assert missing == NoValueInForce("the code pairs of corf", facts.date_of_service)
