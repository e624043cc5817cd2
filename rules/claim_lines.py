"""What the sessions' services say of a claim's lines: diagnoses, charges, who treated."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from reference.facts import Facts, NoValueInForce
from rules.money import ZERO, write_money
from schemas.session import Service, Session
from schemas.spend import SpendLine
from schemas.values import Role

POINTER_POSITIONS = ("SV107-1", "SV107-2", "SV107-3", "SV107-4")
"""Where a claim line holds diagnosis pointers: the elements of ASC X12N 837P's SV107."""
RENDERING_ROLES = frozenset({Role.THERAPIST, Role.PHYSICIAN, Role.NPP})
"""Who may stand on a line as the one who treated."""


@dataclass(frozen=True, slots=True)
class TracedLine:
    """A line with the services that it is made of, each with its session, in the day's order."""

    line: SpendLine
    services: tuple[tuple[Session, Service], ...]


@dataclass(frozen=True, slots=True)
class LineDraft:
    """A claim line before it is written; ``came`` are the modifiers that came with it."""

    traced: TracedLine
    number: int
    """The line's number on the visit day."""
    session_ids: tuple[str, ...]
    """The sessions that contribute to the line, in the day's order."""
    modifiers: tuple[str, ...]
    came: tuple[str, ...]
    charge: str | None
    """The line's total in dollars."""
    diagnosis_pointers: tuple[int, ...]
    rendering_npi: str | None


def trace_lines(lines: Iterable[SpendLine], sessions: Sequence[Session]) -> tuple[TracedLine, ...]:
    """Find the services of each line in the day's sessions."""
    found = {}
    for session in sessions:
        for service in session.services:
            found[session.session_id, service.line] = (session, service)
    return tuple(
        [
            TracedLine(line, tuple([found[at.session_id, at.line] for at in line.services]))
            for line in lines
        ]
    )


def sessions_behind(line: TracedLine) -> tuple[str, ...]:
    """Return the ids of the sessions that contribute to the line, in the day's order."""
    if len(line.services) == 1:
        return (line.services[0][0].session_id,)
    return tuple(dict.fromkeys([session.session_id for session, _ in line.services]))


def unite_diagnoses(sessions: Sequence[Session]) -> tuple[str, ...]:
    """Return the diagnoses of all sessions in the day's order, each where it first appears."""
    if len(sessions) == 1:
        return tuple(dict.fromkeys(sessions[0].diagnoses or ()))
    return tuple(dict.fromkeys(code for each in sessions for code in each.diagnoses or ()))


def point_to_diagnoses(line: TracedLine, diagnoses: Sequence[str]) -> tuple[int, ...]:
    """Return the line's positions in the united diagnoses: distinct, and as many as a line holds.

    A pointer beyond its session's own list points to nothing.
    """
    pointed: list[int] = []
    for session, service in line.services:
        own = session.diagnoses or ()
        for pointer in service.diagnosis_pointers or ():
            if pointer <= len(own):
                position = diagnoses.index(own[pointer - 1]) + 1
                if position not in pointed:
                    pointed.append(position)
    return tuple(pointed[: len(POINTER_POSITIONS)])


def modifiers_that_came(line: TracedLine) -> tuple[str, ...]:
    """Return the modifiers that the provider put on the line's services, in order of arrival."""
    return tuple([each for _, service in line.services for each in service.modifiers or ()])


def find_rendering_npi(line: TracedLine) -> str | None:
    """Return who treated: the first service's own, else its session's first clinician who may."""
    session, service = line.services[0]
    if service.rendering_npi is not None:
        return service.rendering_npi
    for clinician in session.clinicians:
        if clinician.role in RENDERING_ROLES:
            return clinician.npi
    return None


def total_charge(line: TracedLine, facts: Facts) -> str | None:
    """Return the line's charge in dollars, None where it cannot be known.

    A charge that every service states which states one is the code's. Services that state
    different charges bear the line's units as codes earn units: whole ones first, then the largest
    remainder, then the first; one that bears a unit and states none leaves the line without.
    """
    units = line.line.units
    if units is None:
        return None
    charges = [service.charge for _, service in line.services]
    stated = {charge for charge in charges if charge is not None}
    if len(stated) < 2:
        return _multiply(next(iter(stated), None), units)
    borne = _units_borne(line, units, facts)
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


def _units_borne(line: TracedLine, units: int, facts: Facts) -> list[int] | None:
    """Say how many of the line's units each of its services bears."""
    if not line.line.timed:
        return [service.units or 1 for _, service in line.services]
    if isinstance(facts.timed_unit, NoValueInForce):
        return None
    size = facts.timed_unit.minutes_per_unit
    minutes = [each.therapist_minutes + each.assistant_minutes for _, each in line.services]
    borne = [each // size for each in minutes]
    by_remainder = sorted(range(len(minutes)), key=lambda at: -(minutes[at] % size))
    for at in by_remainder[: max(units - sum(borne), 0)]:
        borne[at] += 1
    return borne
