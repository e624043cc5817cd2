"""Two patients who are one: how things of a retired id are named under the surviving one."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from schemas.accrual import AccrualReported
from schemas.documentation import Document, NoteAddendum
from schemas.envelope import name_id
from schemas.events import EventType
from schemas.merging import PatientCarried, Sent
from schemas.monitoring import DeviceDays, Interaction
from schemas.redecision import RedecisionRequested
from schemas.session import Session, SessionVoided

CARRIED = UUID("8f0a4b7e-91c6-5d2e-a3f4-2b6c70d51e98").bytes
"""The namespace of the names of what came under a retired id."""
FIELDS: Mapping[str, str] = {
    EventType.SESSION_COMPLETED: "session",
    EventType.SESSION_AMENDED: "session",
    EventType.SESSION_VOIDED: "voided",
    EventType.DOCUMENTATION_RECEIVED: "document",
    EventType.MONITORING_RECORDED: "record",
    EventType.ACCRUAL_REPORTED: "report",
    EventType.REDECISION_REQUESTED: "redecision",
}
"""Where ``Sent`` has the data of each type."""
TYPES = {field: type_ for type_, field in FIELDS.items()}
"""The type under which each field is handled: of a session, completed and amended are one."""


def name_under(patient_id: str, merged_from: str | None, name: str) -> str:
    """Return the name of a session, document or record of a patient.

    What came under a retired id has one of its own, since both ids may have used the same.
    """
    if merged_from is None or merged_from == patient_id:
        return name
    return name_id(CARRIED, merged_from, name)


def name_of(session: Session) -> str:
    """Return the name of a session among its patient's."""
    if session.merged_from is None:
        return session.session_id
    return name_under(session.patient_id, session.merged_from, session.session_id)


def tell_apart(sessions: Sequence[Session]) -> Sequence[Session]:
    """Return a day's sessions; those of one id under two patients have their names for it."""
    if len({each.session_id for each in sessions}) == len(sessions):
        return sessions
    return [each.model_copy(update={"session_id": name_of(each)}) for each in sessions]


def wrap(type_: str, data: object) -> Sent:
    """Return what the hospital sent, as it is carried."""
    return Sent.model_validate({FIELDS[type_]: data})


def unwrap(carried: PatientCarried) -> tuple[str, object]:
    """Return what was sent as the surviving id has it: its type, and its data renamed."""
    sent = carried.sent
    assert sent is not None
    (field,) = sent.model_fields_set
    data = getattr(sent, field)
    patient_id, origin = carried.patient_id, carried.merged_from
    changed: dict[str, object] = {"patient_id": patient_id}
    match data:
        case Session():
            changed["merged_from"] = None if origin == patient_id else origin
        case SessionVoided():
            changed["session_id"] = name_under(patient_id, origin, data.session_id)
        case DeviceDays() | Interaction():
            changed["record_id"] = name_under(patient_id, origin, data.record_id)
        case AccrualReported() | RedecisionRequested():
            pass
        case _:
            assert isinstance(data, Document)
            changed |= _rename(data, patient_id, origin)
    return TYPES[field], data.model_copy(update=changed)


def _rename(document: Document, patient_id: str, origin: str) -> dict[str, object]:
    changed: dict[str, object] = {
        "document_id": name_under(patient_id, origin, document.document_id)
    }
    if document.session_id is not None:
        changed["session_id"] = name_under(patient_id, origin, document.session_id)
    if isinstance(document, NoteAddendum):
        name = name_under(patient_id, origin, document.content.session_id)
        changed["content"] = document.content.model_copy(update={"session_id": name})
    return changed
