"""What Medicare Part B and the patient may pay of an allowed amount: an estimate beside it.

The allowed amount is after the payment reduction for several services. Of it comes Medicare's
share (SSA §1834(k)(1)(B)), of that the part that an assistant's service loses (SSA §1834(v)), of
the rest sequestration (2 U.S.C. 901a); the patient's share is that of the uncut amount. It changes
neither a decision nor the year's spend. Money in dollars.
"""

from decimal import Decimal
from functools import lru_cache

from reference.facts import Facts, NoValueInForce, PaymentShares
from rules.money import round_to_cent, write_money
from schemas.claims import PaymentEstimate
from schemas.values import Setting

CACHED = 4096
"""Most estimates kept: a clinic has few prices."""
Amounts = tuple[str | None, str | None]
"""A line's allowed amount and its charge."""


def estimate_payment(
    amounts: Amounts, setting: Setting, facts: Facts, *, assistant: bool
) -> PaymentEstimate | None:
    """Estimate the payment of a line; None where nobody pays so, or a share is not in force."""
    allowed, charge = amounts
    if allowed is None:
        return None
    shares = _shares_of(setting, facts)
    return None if shares is None else _estimate(allowed, charge, shares, assistant=assistant)


@lru_cache(CACHED)
def _shares_of(setting: Setting, facts: Facts) -> PaymentShares | None:
    """Return who pays which part in a setting: for all lines of a date and payer the same."""
    profile, shares = facts.profile, facts.payment_shares
    if not (profile.payment_estimate and profile.fee_schedule):
        return None
    if isinstance(shares, NoValueInForce) or setting in shares.paid_otherwise:
        return None
    return shares


@lru_cache(CACHED)
def _estimate(
    allowed: str, charge: str | None, shares: PaymentShares, *, assistant: bool
) -> PaymentEstimate:
    """Part the lesser of allowed amount and charge, as the law does; each part to the cent."""
    payable = Decimal(allowed) if charge is None else min(Decimal(allowed), Decimal(charge))
    medicare = round_to_cent(payable * shares.medicare)
    reduction = round_to_cent(medicare * (1 - shares.assistant)) if assistant else Decimal(0)
    sequestration = round_to_cent((medicare - reduction) * shares.sequestration)
    patient = payable - medicare
    return PaymentEstimate(
        medicare_share=write_money(medicare),
        assistant_reduction=write_money(reduction),
        sequestration=write_money(sequestration),
        patient_share=write_money(patient),
        total=write_money(medicare - reduction - sequestration + patient),
    )
