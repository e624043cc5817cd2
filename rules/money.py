"""Dollars and cents: Decimal inside, a two-place string on the wire, rounded in one place."""

from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
ZERO = Decimal("0.00")


def round_to_cent(amount: Decimal) -> Decimal:
    """Round dollars half up to the cent; every price is rounded once, a unit at a time."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def write_money(amount: Decimal) -> str:
    """Write dollars that are whole cents as the contract's two-place string.

    A sum has as many places as the term with the most, so adding 0.00 gives the two.
    """
    return str(amount + ZERO)
