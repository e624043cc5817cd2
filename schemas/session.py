"""One finished treatment session, as the hospital sends it: completed, amended or voided."""

from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from schemas.model import (
    Day,
    Diagnosis,
    Identifier,
    Instant,
    LineNumber,
    Minutes,
    Model,
    Modifier,
    Money,
    Npi,
    PlaceOfService,
    ProcedureCode,
    Revision,
    Text,
    Units,
)
from schemas.values import Discipline, DistinctModifier, Program, Role, Setting


class Payer(Model):
    """Who pays; ``payer_id`` picks the payer profile, else the program's own serves."""

    payer_id: Identifier
    program: Program


class BillingProvider(Model):
    """Who bills; MAC and locality are those that price the claim."""

    npi: Npi
    setting: Setting
    mac: Identifier | None = None
    locality: Identifier | None = None
    qualifying_apm: bool | None = None
    """A qualifying participant of an advanced payment model; absent counts as not."""


class Interval(Model):
    """Start and stop of one block of treatment."""

    start: Instant
    end: Instant
    clinician: Npi | None = None


class Documentation(Model):
    """Structured note content of one service."""

    activities: Annotated[tuple[Text, ...], Field(max_length=100)] | None = None
    functional_limitation: Text | None = None
    goal_id: Identifier | None = None
    skilled_need: Text | None = None
    assistance_level: Text | None = None
    patient_response: Text | None = None


class Distinct(Model):
    """The clinician's statement that a service is distinct from that on another line."""

    from_line: LineNumber
    reason: Text
    modifier: DistinctModifier


class Monitoring(Model):
    """What a code of remote therapeutic monitoring is billed for."""

    period_from: Day | None = None
    """The first of its 30 days, or a day of its calendar month; absent, the 30 days that end on
    the date of service, or the month of that date."""
    episode_id: Identifier | None = None
    """The episode of monitoring; absent, the session's plan of care stands for it."""


class Service(Model):
    """One service of the session; minutes are whole and of one day, ``charge`` is for one unit."""

    line: LineNumber
    code: ProcedureCode
    therapist_minutes: Minutes
    """Direct one-on-one treatment by a therapist, alone or together with an assistant."""
    assistant_minutes: Minutes
    """Direct treatment by an assistant alone."""
    units: Units | None = None
    """Untimed codes only; absent counts as one."""
    intervals: Annotated[tuple[Interval, ...], Field(max_length=100)] | None = None
    diagnosis_pointers: (
        Annotated[tuple[Annotated[int, Field(ge=1, le=25)], ...], Field(max_length=12)] | None
    ) = None
    """Positions in the session's ``diagnoses``, from 1."""
    distinct: Distinct | None = None
    charge: Money | None = None
    modifiers: Annotated[tuple[Modifier, ...], Field(max_length=8)] | None = None
    rendering_npi: Npi | None = None
    contract_price: Money | None = None
    """The contractor's price of one unit, for codes that CMS does not price."""
    necessity: Text | None = None
    monitoring: Monitoring | None = None
    documentation: Documentation | None = None


class Clinician(Model):
    """Somebody who treated in the session."""

    npi: Npi
    role: Role


class Note(Model):
    """The treatment note; it is signed when it has ``signed_at``."""

    note_id: Identifier | None = None
    signed_at: Instant | None = None
    signed_by: Npi | None = None
    text: Text | None = None
    one_on_one: bool | None = None


class Authorization(Model):
    """The payer's authorization that the session names."""

    number: Identifier


def _lines_differ(services: tuple[Service, ...]) -> tuple[Service, ...]:
    if len({service.line for service in services}) < len(services):
        kind, message = "line", "a line number stands more than once"
        raise PydanticCustomError(kind, message)
    return services


class Session(Model):
    """One finished session of one patient, one discipline and one date of service, whole."""

    session_id: Identifier
    revision: Revision
    patient_id: Identifier
    discipline: Discipline
    date_of_service: Day
    payer: Payer
    billing_provider: BillingProvider
    services: Annotated[
        tuple[Service, ...], Field(min_length=1, max_length=100), AfterValidator(_lines_differ)
    ]
    clinicians: Annotated[tuple[Clinician, ...], Field(max_length=50)]
    started_at: Instant | None = None
    ended_at: Instant | None = None
    plan_of_care_id: Identifier | None = None
    diagnoses: Annotated[tuple[Diagnosis, ...], Field(max_length=25)] | None = None
    total_treatment_minutes: Minutes | None = None
    note: Note | None = None
    unit_choice: Annotated[tuple[ProcedureCode, ...], Field(max_length=100)] | None = None
    """Codes, most wanted first, where remainders are equal."""
    filing_exception: Text | None = None
    place_of_service: PlaceOfService | None = None
    authorization: Authorization | None = None
    merged_from: Identifier | None = None
    """The retired id under which it came; with ``session_id`` it names the session."""


class SessionVoided(Model):
    """A session that never was: it wins at any revision, and is final."""

    session_id: Identifier
    revision: Revision
    patient_id: Identifier
    reason: Text
