"""A visit day with its price and its place in the patient's yearly therapy spend. Money in dollars."""

from schemas.model import Identifier, Instant, Model, Money
from schemas.units import UnitsLine, VisitDay
from schemas.values import Basis, Direction, Threshold, ThresholdGroup, Unpriced


class Price(Model):
    """How an allowed amount comes about; the factors are null where the contractor set the price."""

    per_unit: tuple[Money, ...]
    """One amount a unit, the unreduced first."""
    mppr_reduced_units: int
    work_gpci: str | None
    pe_gpci: str | None
    mp_gpci: str | None
    conversion_factor: str | None
    release: str | None


class UnpricedReason(Model):
    """Why there is no allowed amount."""

    reason: Unpriced


class SpendLine(UnitsLine):
    """A line with its price, or the reason why it has none."""

    allowed_amount: Money | None
    price: Price | None = None
    unpriced: UnpricedReason | None = None
    requires_kx: bool


class Spend(Model):
    """Where the day stands in its ledger; thresholds are null where none is in force."""

    year: int
    threshold_group: ThresholdGroup
    balance_before: Money
    amount: Money
    balance_after: Money
    running_total: Money
    """Of the ledger, after the event."""
    kx_threshold: Money | None
    review_threshold: Money | None
    over_kx: bool | None
    over_review: bool | None
    basis: Basis
    reported_as_of: Instant | None = None
    kx_balance: Money | None = None
    """The balance that KX was judged on; present in decisions alone."""


class SpendAccrued(VisitDay):
    """The visit day, priced and accrued; ``revision`` counts spend's own emissions."""

    units_revision: int
    lines: tuple[SpendLine, ...]
    total_allowed: Money
    spend: Spend | None
    """Null for programs to which the thresholds do not apply."""


class SpendBalance(Model):
    """A running total that a payer's report has changed."""

    patient_id: Identifier
    year: int
    threshold_group: ThresholdGroup
    running_total: Money
    basis: Basis
    reported_as_of: Instant


class ThresholdCrossed(Model):
    """A running total that has passed a threshold."""

    patient_id: Identifier
    year: int
    threshold_group: ThresholdGroup
    threshold: Threshold
    direction: Direction
    balance: Money
    amount_of_threshold: Money
    visit_day_id: Identifier | None
    """Null where a payer's report did it."""


