"""The closed list of events and topics: each type with its model, and who writes and reads it."""

from enum import StrEnum
from typing import Any, NamedTuple

from schemas.accrual import AccrualReported
from schemas.claims import (
    ClaimHeld,
    ClaimNeedsDocumentation,
    ClaimNotBillable,
    ClaimReady,
    ClaimWithdrawn,
)
from schemas.clinicians import ClinicianDay, ClinicianOverlap
from schemas.dead_letter import DeadLetter
from schemas.described import model_of
from schemas.documentation import DocumentationReceived
from schemas.merging import PatientCarried, PatientMerged
from schemas.monitoring import MonitoringRecorded
from schemas.redecision import RedecisionRequested
from schemas.session import Session, SessionVoided
from schemas.spend import SpendAccrued, SpendBalance, ThresholdCrossed
from schemas.units import UnitsComputed


class EventType(StrEnum):
    """Every event type of the contract."""

    SESSION_COMPLETED = "therapy.session.completed.v1"
    SESSION_AMENDED = "therapy.session.amended.v1"
    SESSION_VOIDED = "therapy.session.voided.v1"
    DOCUMENTATION_RECEIVED = "therapy.documentation.received.v1"
    MONITORING_RECORDED = "therapy.monitoring.recorded.v1"
    ACCRUAL_REPORTED = "therapy.accrual.reported.v1"
    REDECISION_REQUESTED = "therapy.redecision.requested.v1"
    PATIENT_MERGED = "therapy.patient.merged.v1"
    UNITS_COMPUTED = "therapy.units.computed.v1"
    CLINICIAN_DAY = "therapy.clinician.day.v1"
    CLINICIAN_OVERLAP = "therapy.clinician.overlap.v1"
    PATIENT_CARRIED = "therapy.patient.carried.v1"
    SPEND_ACCRUED = "therapy.spend.accrued.v1"
    SPEND_BALANCE = "therapy.spend.balance.v1"
    THRESHOLD_CROSSED = "therapy.threshold.crossed.v1"
    CLAIM_WITHDRAWN = "therapy.claim.withdrawn.v1"
    CLAIM_NOT_BILLABLE = "therapy.claim.not-billable.v1"
    CLAIM_HELD = "therapy.claim.held.v1"
    CLAIM_NEEDS_DOCUMENTATION = "therapy.claim.needs-documentation.v1"
    CLAIM_READY = "therapy.claim.ready.v1"
    DEAD_LETTER = "therapy.dead-letter.v1"


class Topic(StrEnum):
    """Every topic of the contract, in the order in which a session travels them.

    The two of the clinicians are a way back: from the visit days of one patient to another's.
    """

    SESSIONS = "therapy.sessions"
    UNITS = "therapy.units"
    SPEND = "therapy.spend"
    CLAIMS = "therapy.claims"
    CLINICIANS = "therapy.clinicians"
    OVERLAPS = "therapy.overlaps"
    DEAD_LETTERS = "therapy.dead-letters"


MODELS: dict[EventType, Any] = {
    EventType.SESSION_COMPLETED: Session,
    EventType.SESSION_AMENDED: Session,
    EventType.SESSION_VOIDED: SessionVoided,
    EventType.DOCUMENTATION_RECEIVED: DocumentationReceived,
    EventType.MONITORING_RECORDED: MonitoringRecorded,
    EventType.ACCRUAL_REPORTED: AccrualReported,
    EventType.REDECISION_REQUESTED: RedecisionRequested,
    EventType.PATIENT_MERGED: PatientMerged,
    EventType.UNITS_COMPUTED: model_of(UnitsComputed),
    EventType.CLINICIAN_DAY: model_of(ClinicianDay),
    EventType.CLINICIAN_OVERLAP: model_of(ClinicianOverlap),
    EventType.PATIENT_CARRIED: model_of(PatientCarried),
    EventType.SPEND_ACCRUED: model_of(SpendAccrued),
    EventType.SPEND_BALANCE: model_of(SpendBalance),
    EventType.THRESHOLD_CROSSED: model_of(ThresholdCrossed),
    EventType.CLAIM_WITHDRAWN: model_of(ClaimWithdrawn),
    EventType.CLAIM_NOT_BILLABLE: model_of(ClaimNotBillable),
    EventType.CLAIM_HELD: model_of(ClaimHeld),
    EventType.CLAIM_NEEDS_DOCUMENTATION: model_of(ClaimNeedsDocumentation),
    EventType.CLAIM_READY: model_of(ClaimReady),
    EventType.DEAD_LETTER: model_of(DeadLetter),
}
"""What the data of each type is."""

PASSED_ON = (
    EventType.DOCUMENTATION_RECEIVED,
    EventType.REDECISION_REQUESTED,
)
"""What ``units`` and ``spend`` pass on to the next consumer."""

CLINICAL = (
    EventType.SESSION_COMPLETED,
    EventType.SESSION_AMENDED,
    EventType.SESSION_VOIDED,
    EventType.DOCUMENTATION_RECEIVED,
    EventType.MONITORING_RECORDED,
    EventType.ACCRUAL_REPORTED,
    EventType.REDECISION_REQUESTED,
    EventType.PATIENT_MERGED,
)
DECISIONS = (
    EventType.CLAIM_WITHDRAWN,
    EventType.CLAIM_NOT_BILLABLE,
    EventType.CLAIM_HELD,
    EventType.CLAIM_NEEDS_DOCUMENTATION,
    EventType.CLAIM_READY,
)
ON_TOPIC: dict[Topic, tuple[EventType, ...]] = {
    Topic.SESSIONS: (*CLINICAL, EventType.CLINICIAN_OVERLAP, EventType.PATIENT_CARRIED),
    Topic.UNITS: (
        EventType.UNITS_COMPUTED,
        EventType.CLINICIAN_DAY,
        EventType.PATIENT_CARRIED,
        EventType.ACCRUAL_REPORTED,
        *PASSED_ON,
    ),
    Topic.SPEND: (
        EventType.SPEND_ACCRUED,
        EventType.SPEND_BALANCE,
        EventType.THRESHOLD_CROSSED,
        EventType.PATIENT_CARRIED,
        *PASSED_ON,
    ),
    Topic.CLAIMS: (*DECISIONS, EventType.THRESHOLD_CROSSED, EventType.PATIENT_CARRIED),
    Topic.CLINICIANS: (EventType.CLINICIAN_DAY,),
    Topic.OVERLAPS: (EventType.CLINICIAN_OVERLAP,),
    Topic.DEAD_LETTERS: (EventType.DEAD_LETTER,),
}
"""The types on each topic."""

CONSUMERS: dict[str, tuple[Topic, Topic]] = {
    "units": (Topic.SESSIONS, Topic.UNITS),
    "spend": (Topic.UNITS, Topic.SPEND),
    "claims": (Topic.SPEND, Topic.CLAIMS),
    "clinicians": (Topic.CLINICIANS, Topic.OVERLAPS),
}
"""The topic that each consumer reads and the one that it writes; all write dead letters too."""

KEY_FIELDS: dict[Topic, str] = {Topic.CLINICIANS: "npi", Topic.OVERLAPS: "npi"}
"""The field of the data that is the key, where it is not ``patient_id``."""


class Route(NamedTuple):
    """What the gateway takes from one topic to another: these types, under another key."""

    reads: Topic
    writes: Topic
    types: tuple[EventType, ...]

    @property
    def key(self) -> str:
        """The field of the data that is the key from then on."""
        return KEY_FIELDS.get(self.writes, "patient_id")


ROUTES: dict[str, Route] = {
    "gateway-clinicians": Route(Topic.UNITS, Topic.CLINICIANS, (EventType.CLINICIAN_DAY,)),
    "gateway-sessions": Route(Topic.OVERLAPS, Topic.SESSIONS, (EventType.CLINICIAN_OVERLAP,)),
    "gateway-merges": Route(Topic.CLAIMS, Topic.SESSIONS, (EventType.PATIENT_CARRIED,)),
}
"""The ways of the gateway, each a service of its own name."""
