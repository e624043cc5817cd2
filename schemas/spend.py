"""A visit day with its price and its place in the year's therapy spend. Amount in dollars."""

from schemas.model import Amount, Identifier, Instant, Struct
from schemas.units import UnitsLine, VisitDay
from schemas.values import (
    Basis,
    Direction,
    DistinctModifier,
    Threshold,
    ThresholdGroup,
    Unpriced,
)


class Price(Struct, frozen=True):
    """How an allowed amount comes about; factors are null where the contractor set the price."""

    per_unit: tuple[Amount, ...]
    """One amount a unit, the unreduced first."""
    mppr_reduced_units: int
    work_gpci: str | None
    pe_gpci: str | None
    mp_gpci: str | None
    conversion_factor: str | None
    release: str | None


class UnpricedReason(Struct, frozen=True):
    """Why there is no allowed amount."""

    reason: Unpriced


class SpendLine(UnitsLine, frozen=True, kw_only=True):
    """A line with its price, or the reason why it has none."""

    allowed_amount: Amount | None
    price: Price | None = None
    unpriced: UnpricedReason | None = None
    requires_kx: bool
    distinct_modifier: DistinctModifier | None = None
    """Of the statement that a code pair asks for; left out where there is none."""


class Spend(Struct, frozen=True):
    """Where the day stands in its ledger; thresholds are null where none is in force."""

    year: int
    threshold_group: ThresholdGroup
    balance_before: Amount
    amount: Amount
    balance_after: Amount
    running_total: Amount
    """Of the ledger, after the event."""
    kx_threshold: Amount | None
    review_threshold: Amount | None
    over_kx: bool | None
    over_review: bool | None
    basis: Basis
    reported_as_of: Instant | None = None
    kx_balance: Amount | None = None
    """The balance that KX was judged on; present in decisions alone."""


class SpendAccrued(VisitDay, frozen=True, kw_only=True):
    """The visit day, priced and accrued; ``revision`` counts spend's own emissions."""

    units_revision: int
    lines: tuple[SpendLine, ...]
    total_allowed: Amount
    spend: Spend | None
    """Null for programs to which the thresholds do not apply."""


class SpendBalance(Struct, frozen=True):
    """A running total that a payer's report has changed."""

    patient_id: Identifier
    year: int
    threshold_group: ThresholdGroup
    running_total: Amount
    basis: Basis
    reported_as_of: Instant


class ThresholdCrossed(Struct, frozen=True):
    """A running total that has passed a threshold."""

    patient_id: Identifier
    year: int
    threshold_group: ThresholdGroup
    threshold: Threshold
    direction: Direction
    balance: Amount
    amount_of_threshold: Amount
    visit_day_id: Identifier | None
    """Null where a payer's report did it."""
