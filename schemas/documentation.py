"""Documents beside the sessions; the highest revision of a ``document_id`` is the truth."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from schemas.model import (
    Day,
    Diagnosis,
    Identifier,
    Instant,
    LineNumber,
    Minutes,
    Model,
    Npi,
    ProcedureCode,
    Revision,
    Text,
    Year,
)
from schemas.session import Distinct, Documentation, Interval
from schemas.values import AuthorizationUnit, Certification, Discipline, Role, ThresholdGroup

Codes = Annotated[tuple[ProcedureCode, ...], Field(max_length=200)]


class Goal(Model):
    """One goal of a plan of care."""

    goal_id: Identifier
    text: Text
    measure: Text | None = None


class PlanOfCareContent(Model):
    """What a plan of care says; all dates inclusive."""

    established_on: Day
    first_treated_on: Day
    certification: Certification
    certified_on: Day | None = None
    certified_from: Day | None = None
    """A recertification's first day."""
    verbal_on: Day | None = None
    order_dated: Day | None = None
    sent_to_referrer_on: Day | None = None
    certifying_npi: Npi | None = None
    delayed_reason: Text | None = None
    through: Day
    goals: Annotated[tuple[Goal, ...], Field(max_length=200)]
    diagnoses: Annotated[tuple[Diagnosis, ...], Field(max_length=25)] | None = None
    frequency: Text
    duration: Text


class ProgressReportContent(Model):
    """The period that a progress report covers, both days inclusive."""

    period_from: Day
    period_to: Day
    justifies: Codes | None = None
    """Codes whose continued use it justifies."""


class KxAttestationContent(Model):
    """The attestation behind KX; it covers its group, year, plan and dates alone."""

    statement: Text
    threshold_group: ThresholdGroup
    year: Year
    plan_of_care_id: Identifier | None = None
    from_: Annotated[Day | None, Field(alias="from")] = None
    through: Day | None = None


class AddendumLine(Model):
    """What an addendum adds to one service of the session."""

    line: LineNumber
    documentation: Documentation | None = None
    distinct: Distinct | None = None
    necessity: Text | None = None
    intervals: Annotated[tuple[Interval, ...], Field(max_length=100)] | None = None


class NoteAddendumContent(Model):
    """What an addendum merges into a session, key by key."""

    session_id: Identifier
    signed_at: Instant | None = None
    signed_by: Npi | None = None
    one_on_one: bool | None = None
    total_treatment_minutes: Minutes | None = None
    lines: Annotated[tuple[AddendumLine, ...], Field(max_length=100)] | None = None


class AuthorizationContent(Model):
    """What a payer authorized: visits, or units of 15 minutes; dates inclusive."""

    number: Identifier
    payer_id: Identifier
    unit: AuthorizationUnit
    quantity: Annotated[int, Field(ge=0, le=100_000)]
    valid_from: Day
    valid_through: Day
    codes: Codes | None = None


class _Document(Model):
    patient_id: Identifier
    document_id: Identifier
    revision: Revision
    plan_of_care_id: Identifier | None = None
    session_id: Identifier | None = None
    discipline: Discipline | None = None
    dated: Day
    signed_at: Instant | None = None
    author_npi: Npi | None = None
    author_role: Role | None = None


class PlanOfCare(_Document):
    """A plan of care or its recertification; without a plan's id it could serve no session."""

    kind: Literal["plan_of_care"]
    plan_of_care_id: Identifier
    content: PlanOfCareContent


class ProgressReport(_Document):
    """A progress report."""

    kind: Literal["progress_report"]
    content: ProgressReportContent


class KxAttestation(_Document):
    """A KX attestation; ``dated`` and ``author_npi`` are its signature."""

    kind: Literal["kx_attestation"]
    content: KxAttestationContent


class NoteAddendum(_Document):
    """An addendum to a session's note; unsigned it cures nothing."""

    kind: Literal["note_addendum"]
    content: NoteAddendumContent

    @model_validator(mode="after")
    def _names_one_session(self) -> Self:
        if self.session_id is not None and self.session_id != self.content.session_id:
            kind, message = "session_id", "the document and its content name different sessions"
            raise PydanticCustomError(kind, message)
        return self


class PayerAuthorization(_Document):
    """A payer's authorization."""

    kind: Literal["authorization"]
    content: AuthorizationContent


Document = PlanOfCare | ProgressReport | KxAttestation | NoteAddendum | PayerAuthorization
DocumentationReceived = Annotated[Document, Field(discriminator="kind")]
