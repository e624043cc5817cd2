"""What a line of the clinic is, as a sentence for a biller."""

from typing import assert_never

from commands.words import GROUPS, say_dollars
from schemas.accrual import AccrualReported
from schemas.documentation import (
    Document,
    KxAttestation,
    NoteAddendum,
    PayerAuthorization,
    PlanOfCare,
    ProgressReport,
)
from schemas.envelope import Event
from schemas.monitoring import DeviceDays, Interaction
from schemas.redecision import RedecisionRequested
from schemas.session import Session, SessionVoided

Arrival = (
    Session
    | SessionVoided
    | Document
    | DeviceDays
    | Interaction
    | AccrualReported
    | RedecisionRequested
)


def say_arrival(event: Event) -> str:
    """Return what came in from the hospital or the payer."""
    came: Arrival = event.data
    match came:
        case Session():
            return _say_session(came)
        case SessionVoided():
            return f"{came.session_id} of {came.patient_id} is voided: {came.reason}."
        case DeviceDays() | Interaction():
            return _say_monitoring(came)
        case AccrualReported():
            return (
                f"The payer reports {say_dollars(came.amount)} used by {came.patient_id}"
                f" in {came.year} for {GROUPS[came.threshold_group]}."
            )
        case RedecisionRequested():
            return f"The held days of {came.patient_id} are to be decided again."
        case _:
            return _say_document(came)


def _say_session(session: Session) -> str:
    services = ", ".join(
        f"{service.code} {service.therapist_minutes + service.assistant_minutes} min"
        for service in session.services
    )
    again = f" (revision {session.revision})" if session.revision > 1 else ""
    return (
        f"{session.session_id}{again}: {session.patient_id}, {session.discipline},"
        f" {session.date_of_service}, {session.payer.payer_id}: {services}."
    )


def _say_monitoring(record: DeviceDays | Interaction) -> str:
    match record:
        case DeviceDays():
            days = len(record.content.days)
            return f"A device of {record.patient_id} sent data on {days} days."
        case Interaction():
            content = record.content
            return f"Monitoring of {record.patient_id}: {content.minutes} min on {content.dated}."
        case _:
            assert_never(record)


def _say_document(document: Document) -> str:
    match document:
        case PlanOfCare():
            certified = document.content.certified_on
            said = f"certified on {certified}" if certified else "not certified"
            return f"A plan of care ({document.discipline}) for {document.patient_id}, {said}."
        case NoteAddendum():
            return (
                f"An addendum to the note of {document.content.session_id},"
                f" {'signed' if document.signed_at else 'not signed'}."
            )
        case KxAttestation():
            group = GROUPS[document.content.threshold_group]
            return f"A KX attestation for {document.patient_id}: {group}, {document.content.year}."
        case ProgressReport():
            return f"A progress report for {document.patient_id}."
        case PayerAuthorization():
            return f"A payer's authorization for {document.patient_id}."
        case _:
            assert_never(document)
