"""Two patients who are one: what the hospital says, and what is carried to the surviving id."""

from schemas.accrual import AccrualReported
from schemas.clinicians import ClinicianOverlap
from schemas.documentation import DocumentationReceived
from schemas.model import Identifier, Instant, Model, Money, Npi, Revision, Struct
from schemas.monitoring import MonitoringRecorded
from schemas.redecision import RedecisionRequested
from schemas.session import Session, SessionVoided
from schemas.units import ServiceReference, UnitsComputed


class PatientMerged(Model):
    """The id that is retired, and the one that survives; a merge is not taken back."""

    patient_id: Identifier
    """The retired id."""
    surviving_id: Identifier
    revision: Revision


class Sent(Model):
    """What the hospital sent of the retired id, as it came; one of these."""

    session: Session | None = None
    voided: SessionVoided | None = None
    document: DocumentationReceived | None = None
    record: MonitoringRecorded | None = None
    report: AccrualReported | None = None
    redecision: RedecisionRequested | None = None


class CarriedSession(Struct, frozen=True):
    """A session as its highest revision says, without addenda."""

    session: Session
    is_in_conflict: bool = False
    """Its revision came a second time with other content."""


class CarriedTold(Struct, frozen=True):
    """A clinician who was told of time in the day, and a digest of what was told."""

    npi: Npi
    blocks: str


class CarriedOverlap(Struct, frozen=True):
    """What was said last of a clinician's time in the day."""

    npi: Npi
    revision: int
    services: tuple[ServiceReference, ...]


class CarriedClaim(Struct, frozen=True):
    """A claim of the day that is out, and its units by code."""

    claim_id: Identifier
    version: int
    units: tuple[tuple[str, int], ...]


class CarriedPlace(Struct, frozen=True):
    """What the day has taken of visits and authorizations."""

    number: Identifier | None = None
    amount: int = 0
    is_free: bool = False
    is_counted: bool = False


class CarriedDecision(Struct, frozen=True, kw_only=True):
    """What was decided on the day, so that its next decision is the next version of it."""

    version: int = 0
    type: str | None = None
    fingerprint: str = ""
    outstanding: CarriedClaim | None = None
    originals: int = 0
    kx_balance: Money | None = None
    first_event_time: Instant | None = None
    place: CarriedPlace | None = None


class CarriedDay(Struct, frozen=True, kw_only=True):
    """A visit day as each consumer of the retired id knew it."""

    visit_day_id: Identifier
    sessions: tuple[CarriedSession, ...]
    revision: int
    told: tuple[CarriedTold, ...] = ()
    overlaps: tuple[CarriedOverlap, ...] = ()
    accrued_at: Instant | None = None
    """When it entered its ledger; ``spend`` says it."""
    decision: CarriedDecision | None = None
    """``claims`` says it."""


class PatientCarried(Struct, frozen=True, kw_only=True):
    """Something of a retired id on its way to the surviving one.

    It goes through all consumers of the retired id, behind everything older, and then through
    those of the surviving id.
    """

    patient_id: Identifier
    """Whose consumers it goes through."""
    surviving_id: Identifier | None = None
    """Where it is to be taken; left out where it is there."""
    merged_from: Identifier
    """The id under which the hospital sent it."""
    through: tuple[Identifier, ...]
    """The retired ids that it has left."""
    sent: Sent | None = None
    overlap: ClinicianOverlap | None = None
    days: tuple[CarriedDay, ...] = ()
    """The visit days of one date of service."""
    computed: tuple[UnitsComputed, ...] = ()
    """Those days under the surviving id, to be priced together."""
