"""What a visit day's sessions recorded of each code."""

from collections.abc import Iterable
from dataclasses import dataclass

from schemas.session import Service, Session
from schemas.units import ServiceReference


@dataclass(frozen=True, slots=True)
class RecordedCode:
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
        for service in session.services:
            found.setdefault(service.code, []).append((session.session_id, service))
    return {code: _add_up(code, services) for code, services in found.items()}


def _add_up(code: str, found: list[tuple[str, Service]]) -> RecordedCode:
    assistant_minutes = sum(service.assistant_minutes for _, service in found)
    return RecordedCode(
        code=code,
        minutes=sum(service.therapist_minutes for _, service in found) + assistant_minutes,
        assistant_minutes=assistant_minutes,
        units=sum(1 if service.units is None else service.units for _, service in found),
        services=tuple(
            ServiceReference(session_id=session_id, line=service.line)
            for session_id, service in found
        ),
    )
