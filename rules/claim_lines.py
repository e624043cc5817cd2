"""A claim's lines, drafted from what the sessions' services say: charges, who treated, why."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache

from reference.facts import Facts, NoValueInForce
from rules.estimate import estimate_payment
from rules.money import ZERO, write_money
from rules.roles import CLINICIANS
from rules.timed_codes import series_of
from schemas.claims import ClaimLine
from schemas.model import Amount, ProcedureCode, Struct
from schemas.session import Service, Session
from schemas.units import ServiceReference
from schemas.values import DistinctModifier

POINTER_POSITIONS = ("SV107-1", "SV107-2", "SV107-3", "SV107-4")
"""Where a claim line holds diagnosis pointers: the elements of ASC X12N 837P's SV107."""
CACHED = 1024
"""Most sums and pointers kept: a clinic has few charges, and a patient few diagnoses."""

Traced = tuple[tuple[Session, Service], ...]
"""The services that a line is made of, each with its session, in the day's order."""
Came = Mapping[int, tuple[str, ...]]
"""The modifiers that came with a line, in their order of arrival, by the line's number."""


class DayLine(Struct, frozen=True, array_like=True, gc=False):
    """What deciding needs of a priced line; it is kept, and so written without its names."""

    number: int
    """On the visit day."""
    code: ProcedureCode
    units: int | None
    timed: bool | None
    allowed_amount: Amount | None
    services: tuple[ServiceReference, ...]
    assistant: bool = False
    """Furnished by an assistant, in whole or in part."""
    is_part: bool = False
    """Another line has the other units of the code."""
    distinct_modifier: DistinctModifier | None = None


def trace_lines(lines: Iterable[DayLine], sessions: Sequence[Session]) -> Mapping[int, Traced]:
    """Find the services of each line, by its number, among those of the sessions."""
    found: dict[str, dict[int, tuple[Session, Service]]] = {}
    for session in sessions:
        found[session.session_id] = {each.line: (session, each) for each in session.services}
    traced: dict[int, Traced] = {}
    for line in lines:
        if len(line.services) == 1:
            (at,) = line.services
            traced[line.number] = (found[at.session_id][at.line],)
        else:
            traced[line.number] = tuple([found[at.session_id][at.line] for at in line.services])
    return traced


def draft_line(
    line: DayLine,
    services: Traced,
    diagnoses: tuple[str, ...],
    modifiers: tuple[str, ...],
    facts: Facts,
) -> ClaimLine:
    """Return the line as the claim has it."""
    session, service = services[0]
    if len(services) == 1:
        charge = _multiply(service.charge, line.units)
        pointers = _point(service.diagnosis_pointers, session.diagnoses, diagnoses)
    else:
        charge = total_charge(line, services, facts)
        pointers = point_to_diagnoses(services, diagnoses)
    amounts, setting = (line.allowed_amount, charge), session.billing_provider.setting
    return ClaimLine(
        line=line.number,
        code=line.code,
        modifiers=modifiers,
        units=line.units,
        charge=charge,
        allowed_amount=line.allowed_amount,
        diagnosis_pointers=pointers,
        rendering_npi=find_rendering_npi(session, service),
        services=line.services,
        estimate=estimate_payment(amounts, setting, facts, assistant=line.assistant),
    )


def sessions_behind(lines: Iterable[ClaimLine]) -> tuple[str, ...]:
    """Return the ids of the sessions that contribute to the lines, each once, in their order."""
    return tuple(dict.fromkeys([at.session_id for line in lines for at in line.services]))


def unite_diagnoses(sessions: Sequence[Session]) -> tuple[str, ...]:
    """Return the diagnoses of all sessions in the day's order, each where it first appears."""
    if len(sessions) == 1:
        return tuple(dict.fromkeys(sessions[0].diagnoses or ()))
    return tuple(dict.fromkeys([code for each in sessions for code in each.diagnoses or ()]))


def point_to_diagnoses(services: Traced, diagnoses: tuple[str, ...]) -> tuple[int, ...]:
    """Return the line's positions in the united diagnoses: distinct, and as many as a line holds.

    A pointer beyond its session's own list points to nothing.
    """
    pointed = [
        position
        for session, service in services
        for position in _point(service.diagnosis_pointers, session.diagnoses, diagnoses)
    ]
    return tuple(dict.fromkeys(pointed))[: len(POINTER_POSITIONS)]


@lru_cache(CACHED)
def _point(
    pointers: tuple[int, ...] | None, own: tuple[str, ...] | None, diagnoses: tuple[str, ...]
) -> tuple[int, ...]:
    if pointers is None or own is None:
        return ()
    positions = [diagnoses.index(own[each - 1]) + 1 for each in pointers if each <= len(own)]
    return tuple(dict.fromkeys(positions))[: len(POINTER_POSITIONS)]


def modifiers_that_came(sessions: Iterable[Session], lines: Mapping[int, Traced]) -> Came:
    """Return the modifiers that the provider put on the services of each line that has any."""
    came: dict[int, tuple[str, ...]] = {}
    if not [each for session in sessions for each in session.services if each.modifiers]:
        return came
    for number, services in lines.items():
        for _, service in services:
            if service.modifiers:
                came[number] = came.get(number, ()) + service.modifiers
    return came


def find_rendering_npi(session: Session, service: Service) -> str | None:
    """Return who treated: the service's own, else the session's first clinician who may."""
    if service.rendering_npi is not None:
        return service.rendering_npi
    for clinician in session.clinicians:
        if clinician.role in CLINICIANS:
            return clinician.npi
    return None


def total_charge(line: DayLine, services: Traced, facts: Facts) -> str | None:
    """Return the line's charge in dollars, None where it cannot be known.

    A charge that every service states which states one is the code's. Services that state
    different charges bear the line's units as codes earn units: whole ones first, then the largest
    remainder, then the first; one that bears a unit and states none leaves the line without.
    """
    charges = [service.charge for _, service in services]
    stated = {charge for charge in charges if charge is not None}
    if len(stated) <= 1:
        return _multiply(next(iter(stated), None), line.units)
    borne = _units_borne(line, services, facts)
    if borne is None or sum(borne) != line.units:
        return None
    total = ZERO
    for charge, count in zip(charges, borne, strict=True):
        if count and charge is None:
            return None
        total += Decimal(charge or ZERO) * count
    return write_money(total)


@lru_cache(CACHED)
def _multiply(charge: str | None, units: int | None) -> str | None:
    return None if charge is None or units is None else write_money(Decimal(charge) * units)


def _units_borne(line: DayLine, services: Traced, facts: Facts) -> list[int] | None:
    """Say how many of the line's units each of its services bears."""
    if not line.timed:
        return [service.units or 1 for _, service in services]
    if isinstance(facts.timed_unit, NoValueInForce) or series_of(line.code, facts) is not None:
        # A unit outside the pool cannot be said to be of one service or of another.
        return None
    size, left = facts.timed_unit.minutes_per_unit, line.units or 0
    minutes = [_minutes_borne(line, service) for _, service in services]
    borne = []
    for each in minutes:
        borne.append(min(each // size, left))
        left -= borne[-1]
    by_remainder = sorted(range(len(minutes)), key=lambda at: -(minutes[at] % size))
    for at in by_remainder[:left]:
        borne[at] += 1
    return borne


def _minutes_borne(line: DayLine, service: Service) -> int:
    """Return a service's minutes on the line: those of its side where another line has the other.

    The two lines of a code that an assistant furnished in part (SSA §1834(v)).
    """
    if not line.is_part:
        return service.therapist_minutes + service.assistant_minutes
    return service.assistant_minutes if line.assistant else service.therapist_minutes
