"""What a payer says has been used of a patient's year."""

from schemas.model import Day, Identifier, Instant, Model, Money, Year
from schemas.values import Origin, ThresholdGroup


class AccrualReported(Model):
    """A payer's report of one ledger; the latest ``as_of`` is the truth."""

    patient_id: Identifier
    year: Year
    threshold_group: ThresholdGroup
    amount: Money
    as_of: Instant
    includes_through: Day | None = None
    """The last date of service that the payer had processed, inclusive."""
    origin: Origin
