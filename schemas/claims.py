"""The decision on a visit day. Amount in dollars."""

from typing import Literal

from schemas.finding import Finding
from schemas.model import (
    Amount,
    Day,
    Diagnosis,
    Identifier,
    Modifier,
    Npi,
    PlaceOfService,
    ProcedureCode,
    Struct,
    Text,
)
from schemas.session import Authorization, BillingProvider
from schemas.spend import Spend
from schemas.units import ProfiledPayer, ServiceReference, UnbilledService
from schemas.values import Discipline, FindingCode, Owner, WithdrawalReason


class PaymentEstimate(Struct, frozen=True):
    """An estimate of what a line brings under Medicare Part B; the deductible is not known."""

    medicare_share: Amount
    """Of the lesser of allowed amount and charge, before anything is taken off."""
    assistant_reduction: Amount
    """What a service of an assistant loses of Medicare's share."""
    sequestration: Amount
    """What is taken off the rest of Medicare's share."""
    patient_share: Amount
    """Coinsurance, of the uncut amount."""
    total: Amount
    """Medicare's share less both, and the patient's."""


class ClaimLine(Struct, frozen=True, kw_only=True):
    """One line of the claim; ``charge`` and ``allowed_amount`` are the line's totals."""

    line: int
    code: ProcedureCode
    modifiers: tuple[Modifier, ...]
    units: int | None
    charge: Amount | None = None
    allowed_amount: Amount | None
    diagnosis_pointers: tuple[int, ...]
    """Positions in the decision's ``diagnoses``, from 1, at most four."""
    rendering_npi: Npi | None
    services: tuple[ServiceReference, ...]
    estimate: PaymentEstimate | None = None
    """Absent where the payer does not pay as Medicare Part B does."""


class Missing(Struct, frozen=True, kw_only=True):
    """A document or statement that would cure a finding, and whose it is."""

    code: FindingCode
    owner: Owner
    due: Day | None = None
    lines: tuple[int, ...]
    session_ids: tuple[Identifier, ...]
    plan_of_care_id: Identifier | None = None


class Block(Struct, frozen=True):
    """A finding that no document cures."""

    code: FindingCode
    lines: tuple[int, ...]


class ClaimVersion(Struct, frozen=True):
    """A claim that is out: its id and the version of the decision that made it ready."""

    claim_id: Identifier
    version: int


class PlanReference(Struct, frozen=True):
    """The plan of care under which the day was treated."""

    plan_of_care_id: Identifier
    established_on: Day
    first_treated_on: Day


class Decision(Struct, frozen=True, kw_only=True):
    """What every decision carries; ``version`` counts a visit day's decisions from 1."""

    visit_day_id: Identifier
    version: int
    patient_id: Identifier
    payer: ProfiledPayer
    billing_provider: BillingProvider
    date_of_service: Day
    discipline: Discipline
    session_ids: tuple[Identifier, ...]
    lines: tuple[ClaimLine, ...]
    unbilled: tuple[UnbilledService, ...]
    spend: Spend | None
    findings: tuple[Finding, ...]
    steps: tuple[Text, ...]


class ClaimWithdrawn(Decision, frozen=True, kw_only=True):
    """Nothing is left to bill, and a claim of the day is outstanding."""

    claim_id: Identifier
    frequency_code: Literal["8"]
    reason: WithdrawalReason


class ClaimNotBillable(Decision, frozen=True, kw_only=True):
    """No line is left, and the day has sessions."""


class ClaimHeld(Decision, frozen=True, kw_only=True):
    """Something blocks the day that no document cures."""

    blocked_by: tuple[Block, ...]
    missing: tuple[Missing, ...]
    amount_held: Amount | None
    outstanding: ClaimVersion | None = None


class ClaimNeedsDocumentation(Decision, frozen=True, kw_only=True):
    """A document or a statement would cure all that blocks the day."""

    missing: tuple[Missing, ...]
    amount_held: Amount | None
    outstanding: ClaimVersion | None = None


class ClaimReady(Decision, frozen=True, kw_only=True):
    """Nothing blocks the day."""

    claim_id: Identifier
    frequency_code: Literal["1", "7"]
    replaces: ClaimVersion | None = None
    diagnoses: tuple[Diagnosis, ...]
    total_allowed: Amount
    place_of_service: PlaceOfService | None = None
    certifying_npi: Npi | None = None
    authorization: Authorization | None = None
    plan_of_care: PlanReference | None = None
    """Absent on a day of evaluations alone, which are their own plan."""
