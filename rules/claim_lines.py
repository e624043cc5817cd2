"""What the sessions' services say of a claim's lines: diagnoses, charges, who treated."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import lru_cache

from reference.facts import Facts, NoValueInForce
from rules.money import ZERO, write_money
from schemas.model import Amount, ProcedureCode, Struct
from schemas.session import Service, Session
from schemas.units import ServiceReference
from schemas.values import Role

POINTER_POSITIONS = ("SV107-1", "SV107-2", "SV107-3", "SV107-4")
"""Where a claim line holds diagnosis pointers: the elements of ASC X12N 837P's SV107."""
RENDERING_ROLES = (Role.THERAPIST, Role.PHYSICIAN, Role.NPP)
"""Who may stand on a line as the one who treated."""

Traced = tuple[tuple[Session, Service], ...]
"""The services that a line is made of, each with its session, in the day's order."""


class DayLine(Struct, frozen=True, array_like=True, gc=False):
    """What deciding needs of a priced line; it is kept, and so written without its names."""

    number: int
    """On the visit day."""
    code: ProcedureCode
    units: int | None
    timed: bool | None
    allowed_amount: Amount | None
    services: tuple[ServiceReference, ...]


class LineDraft(Struct, frozen=True, gc=False):
    """A claim line before it is written; ``came`` are the modifiers that came with it."""

    line: DayLine
    number: int
    """The line's number on the visit day."""
    services: Traced
    session_ids: tuple[str, ...]
    """The sessions that contribute to the line, in the day's order."""
    modifiers: tuple[str, ...]
    came: tuple[str, ...]
    charge: str | None
    """The line's total in dollars."""
    diagnosis_pointers: tuple[int, ...]
    rendering_npi: str | None


def index_services(
    sessions: Sequence[Session],
) -> Mapping[tuple[str, int], tuple[Session, Service]]:
    """Return the day's services with their sessions, by session and line there."""
    return {
        (session.session_id, service.line): (session, service)
        for session in sessions
        for service in session.services
    }


def trace_line(line: DayLine, found: Mapping[tuple[str, int], tuple[Session, Service]]) -> Traced:
    """Find the services of a line among the day's."""
    if len(line.services) == 1:
        at = line.services[0]
        return (found[at.session_id, at.line],)
    return tuple([found[at.session_id, at.line] for at in line.services])


def sessions_behind(line: DayLine) -> tuple[str, ...]:
    """Return the ids of the sessions that contribute to the line, in the day's order."""
    if len(line.services) == 1:
        return (line.services[0].session_id,)
    return tuple(dict.fromkeys([at.session_id for at in line.services]))


def unite_diagnoses(sessions: Sequence[Session]) -> tuple[str, ...]:
    """Return the diagnoses of all sessions in the day's order, each where it first appears."""
    if len(sessions) == 1:
        return tuple(dict.fromkeys(sessions[0].diagnoses or ()))
    return tuple(dict.fromkeys([code for each in sessions for code in each.diagnoses or ()]))


def point_to_diagnoses(services: Traced, diagnoses: tuple[str, ...]) -> tuple[int, ...]:
    """Return the line's positions in the united diagnoses: distinct, and as many as a line holds.

    A pointer beyond its session's own list points to nothing.
    """
    if len(services) == 1:
        session, service = services[0]
        return _point(service.diagnosis_pointers or (), session.diagnoses or (), diagnoses)
    pointed = [
        position
        for session, service in services
        for position in _point(
            service.diagnosis_pointers or (), session.diagnoses or (), diagnoses
        )
    ]
    return tuple(dict.fromkeys(pointed))[: len(POINTER_POSITIONS)]


@lru_cache
def _point(
    pointers: tuple[int, ...], own: tuple[str, ...], diagnoses: tuple[str, ...]
) -> tuple[int, ...]:
    positions = [diagnoses.index(own[each - 1]) + 1 for each in pointers if each <= len(own)]
    return tuple(dict.fromkeys(positions))[: len(POINTER_POSITIONS)]


def modifiers_that_came(services: Traced) -> tuple[str, ...]:
    """Return the modifiers that the provider put on the line's services, in order of arrival."""
    if len(services) == 1:
        return services[0][1].modifiers or ()
    return tuple([each for _, service in services for each in service.modifiers or ()])


def find_rendering_npi(services: Traced) -> str | None:
    """Return who treated: the first service's own, else its session's first clinician who may."""
    session, service = services[0]
    if service.rendering_npi is not None:
        return service.rendering_npi
    for clinician in session.clinicians:
        if clinician.role in RENDERING_ROLES:
            return clinician.npi
    return None


def total_charge(line: DayLine, services: Traced, facts: Facts) -> str | None:
    """Return the line's charge in dollars, None where it cannot be known.

    A charge that every service states which states one is the code's. Services that state
    different charges bear the line's units as codes earn units: whole ones first, then the largest
    remainder, then the first; one that bears a unit and states none leaves the line without.
    """
    units = line.units
    if units is None:
        return None
    if len(services) == 1:
        return _multiply(services[0][1].charge, units)
    charges = [service.charge for _, service in services]
    stated = {charge for charge in charges if charge is not None}
    if len(stated) <= 1:
        return _multiply(next(iter(stated), None), units)
    borne = _units_borne(line, services, facts)
    if borne is None:
        return None
    total = ZERO
    for charge, count in zip(charges, borne, strict=True):
        if count and charge is None:
            return None
        total += Decimal(charge or ZERO) * count
    return write_money(total)


@lru_cache
def _multiply(charge: str | None, units: int) -> str | None:
    return None if charge is None else write_money(Decimal(charge) * units)


def _units_borne(line: DayLine, services: Traced, facts: Facts) -> list[int] | None:
    """Say how many of the line's units each of its services bears."""
    if not line.timed:
        return [service.units or 1 for _, service in services]
    if isinstance(facts.timed_unit, NoValueInForce):
        return None
    size = facts.timed_unit.minutes_per_unit
    minutes = [each.therapist_minutes + each.assistant_minutes for _, each in services]
    borne = [each // size for each in minutes]
    by_remainder = sorted(range(len(minutes)), key=lambda at: -(minutes[at] % size))
    for at in by_remainder[: max((line.units or 0) - sum(borne), 0)]:
        borne[at] += 1
    return borne
