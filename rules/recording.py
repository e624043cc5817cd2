"""What a visit day's sessions recorded of each code."""

from collections.abc import Iterable

from schemas.model import Struct
from schemas.session import Service, Session
from schemas.units import ServiceReference


class RecordedCode(Struct, frozen=True):
    """One code of a day: minutes over all its services and, for untimed codes, units."""

    code: str
    minutes: int
    assistant_minutes: int
    units: int
    services: tuple[ServiceReference, ...]


def record_codes(sessions: Iterable[Session]) -> dict[str, RecordedCode]:
    """Add up each code over the day's sessions, in the order in which codes were first recorded.

    Several sessions and therapists of a day add up before minutes become units (CMS Pub. 100-04
    ch. 5 §20.2.C speaks of a single day; it does not speak of several therapists).
    """
    found: dict[str, list[tuple[str, Service]]] = {}
    for session in sessions:
        name = session.session_id
        for service in session.services:
            found.setdefault(service.code, []).append((name, service))
    return {code: _add_up(code, services) for code, services in found.items()}


def _add_up(code: str, found: list[tuple[str, Service]]) -> RecordedCode:
    minutes = assistant_minutes = units = 0
    references = []
    for session_id, service in found:
        minutes += service.therapist_minutes + service.assistant_minutes
        assistant_minutes += service.assistant_minutes
        units += 1 if service.units is None else service.units
        references.append(ServiceReference(session_id=session_id, line=service.line))
    return RecordedCode(code, minutes, assistant_minutes, units, tuple(references))
