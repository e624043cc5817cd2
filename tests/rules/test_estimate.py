"""What an allowed amount brings, against cases with the arithmetic."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference.facts import NoValueInForce
from reference.rulebook import RuleBook, load
from rules.estimate import estimate_payment
from rules.money import write_money
from schemas.values import Program, Setting
from tests.rules.visit_days import Case, facts_of, load_cases

RULEBOOK: RuleBook = load()
CENTS = st.integers(0, 1_000_000).map(lambda cents: Decimal(cents).scaleb(-2))


def estimate(case: Case, rulebook: RuleBook) -> Any:  # noqa: ANN401 - an estimate as JSON
    """Return the case's estimate as it is written."""
    found = estimate_payment(
        (case.get("allowed"), case.get("charge")),
        Setting(case.get("setting", "private_practice")),
        facts_of(rulebook, case),
        assistant=case.get("assistant", False),
    )
    return msgspec.to_builtins(found)


@pytest.mark.parametrize("case", load_cases(__file__), ids=lambda case: case["name"])
def test_an_allowed_amount_is_shared(case: Case, rulebook: RuleBook) -> None:
    """The estimate is the case's, or there is none."""
    assert estimate(case, rulebook) == case.get("estimate")


def test_a_payer_that_is_not_priced_by_the_fee_schedule_has_no_estimate() -> None:
    """The policy alone makes no estimate, and a share that is missing makes none."""
    facts = RULEBOOK.on(date(2026, 3, 2), "any", Program.MEDICARE_FFS)
    assert facts.profile.payment_estimate
    for other in (
        replace(facts, profile=replace(facts.profile, fee_schedule=False)),
        replace(facts, payment_shares=NoValueInForce("a share", facts.date_of_service)),
    ):
        amounts, setting = ("35.07", None), Setting.PRIVATE_PRACTICE
        assert estimate_payment(amounts, setting, other, assistant=False) is None


@given(CENTS, st.booleans())
def test_the_parts_are_the_whole(allowed: Decimal, assistant: bool) -> None:  # noqa: FBT001
    """What is paid and what is taken off come to the allowed amount, to the cent."""
    stated = {"allowed": write_money(allowed), "assistant": assistant}
    parts = {name: Decimal(part) for name, part in estimate(stated, RULEBOOK).items()}
    taken_off = parts["assistant_reduction"] + parts["sequestration"]
    assert parts["total"] + taken_off == allowed
    assert parts["medicare_share"] + parts["patient_share"] == allowed
    assert taken_off <= parts["medicare_share"]
