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
    recorded: dict[str, RecordedCode] = {}
    for session in sessions:
        name = session.session_id
        for service in session.services:
            each = _record(name, service)
            before = recorded.get(each.code)
            recorded[each.code] = each if before is None else _add(before, each)
    return recorded


def _record(session_id: str, service: Service) -> RecordedCode:
    assistant_minutes, units = service.assistant_minutes, service.units
    return RecordedCode(
        service.code,
        service.therapist_minutes + assistant_minutes,
        assistant_minutes,
        1 if units is None else units,
        (ServiceReference(session_id, service.line),),
    )


def _add(before: RecordedCode, each: RecordedCode) -> RecordedCode:
    return RecordedCode(
        each.code,
        before.minutes + each.minutes,
        before.assistant_minutes + each.assistant_minutes,
        before.units + each.units,
        before.services + each.services,
    )
