"""Dollars and cents: rounded once, half up, and written with two places."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.money import round_to_cent, write_money


@pytest.mark.parametrize(
    ("amount", "rounded"),
    [
        ("35.0649", "35.06"),
        ("35.065", "35.07"),
        ("35.075", "35.08"),
        ("-0.005", "-0.01"),
        ("7", "7.00"),
    ],
)
def test_half_a_cent_goes_up(amount: str, rounded: str) -> None:
    """Half a cent goes away from zero, whatever the digit before it."""
    assert round_to_cent(Decimal(amount)) == Decimal(rounded)


@given(st.integers(0, 10**17))
def test_whole_cents_are_written_and_read_back(cents: int) -> None:
    """An amount of whole cents is written with two places, and reads as the same amount."""
    amount = Decimal(cents).scaleb(-2)
    written = write_money(amount)
    assert Decimal(written) == amount
    assert len(written.partition(".")[2]) == 2


def test_nothing_has_no_sign() -> None:
    """A zero that came of a negative sum is written as any zero."""
    assert write_money(Decimal("-0.00")) == "0.00"
