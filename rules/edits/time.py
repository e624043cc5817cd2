"""Start and stop times: there where the payer asks, in step with the minutes, and apart.

CMS Pub. 100-02 ch. 15 §220.3.E and Pub. 100-04 ch. 5 §20.3. Medicare does not ask for them; those
that are recorded have to be right all the same.
"""

from collections.abc import Mapping, Sequence
from datetime import date

from reference.facts import Facts, NoValueInForce, UnitBasis
from rules.edits.day import NOTHING, EditedDay, Reported, about_services
from rules.intervals import (
    Span,
    clinician_of,
    is_over_midnight,
    minutes_on,
    owners_that_overlap,
    spans_of,
    unite,
)
from schemas.session import Service, Session
from schemas.units import ServiceReference
from schemas.values import FindingCode

Done = tuple[Session, Service]
TIMED = (UnitBasis.PER_15_MINUTES, UnitBasis.TIMED_OUTSIDE_POOL)
DISAGREE = FindingCode.INTERVALS_DISAGREE_WITH_MINUTES
NOT_PLACED = "the session runs past midnight, and no times say which minutes are the date's"


def start_and_stop_are_recorded(day: EditedDay, facts: Facts) -> Sequence[Reported]:
    """Every timed service with minutes has start and stop times, where the payer asks for them.

    One that earned no unit too: its minutes are in the day's total.
    """
    if not facts.profile.requires_intervals:
        return NOTHING
    lacking = [
        _place(session, service)
        for session in day.sessions
        for service in session.services
        if not service.intervals and _minutes_of(service) and _is_timed(service, facts)
    ]
    return about_services(day, facts, FindingCode.INTERVALS_MISSING, lacking)


def times_agree_with_minutes(day: EditedDay, facts: Facts) -> Sequence[Reported]:
    """The times of every service come to its minutes, on the date of service and by the clock.

    CMS Pub. 100-02 ch. 15 §220.3.E. Minutes after midnight are another date's, and a minute in
    which two clinicians treat the patient counts once. An untimed service may state times alone.
    """
    reported: list[Reported] = []
    for session, service in _services_to_compare(day):
        how: str | None = NOT_PLACED
        if service.intervals:
            how = _disagreement(service, session.date_of_service, facts)
        if how is not None:
            reported += about_services(day, facts, DISAGREE, [_place(session, service)], how=how)
    if shared := _counted_twice(day, facts):
        how = "services one-on-one have minutes by the clock in common, which count once"
        reported += about_services(day, facts, DISAGREE, shared, how=how)
    return reported


def one_on_one_times_are_apart(day: EditedDay, facts: Facts) -> Sequence[Reported]:
    """No clinician's times of the day overlap over one-on-one codes (Pub. 100-04 ch. 5 §20.3)."""
    one_on_one = _one_on_one(day, facts)
    if not one_on_one:
        return NOTHING
    code, at_once = FindingCode.OVERLAPPING_INTERVALS, _at_once(one_on_one)
    return about_services(day, facts, code, at_once, where="within the visit day")


def _services_to_compare(day: EditedDay) -> Sequence[Done]:
    """Return the services with times, and those whose minutes no times place on the date."""
    late = [each.session_id for each in day.sessions if _runs_past_midnight(each)]
    if not late:
        return day.with_times
    return [
        (session, service)
        for session in day.sessions
        for service in session.services
        if service.intervals or (session.session_id in late and _minutes_of(service))
    ]


def _disagreement(service: Service, day: date, facts: Facts) -> str | None:
    """Say how the times of a service and its minutes disagree; None where they do not."""
    minutes, by_clock = _minutes_of(service), minutes_on(service.intervals or (), day)
    if by_clock is None:
        return "a time ends before it starts"
    if abs(by_clock - minutes) <= facts.profile.interval_tolerance_minutes:
        return None
    if not (minutes or _is_timed(service, facts)):
        return None
    return f"{by_clock} minutes of the date of service by the clock, {minutes} recorded"


def _counted_twice(day: EditedDay, facts: Facts) -> list[ServiceReference]:
    """Return one-on-one services that overlap, but for those of one clinician alone.

    A clinician's own overlaps are reported for themselves.
    """
    one_on_one = _one_on_one(day, facts)
    if not one_on_one:
        return []
    by_clock: Mapping[ServiceReference, Sequence[Span]] = {
        place: unite(spans_of(service.intervals or ()))
        for place, (_, service) in one_on_one.items()
    }
    overlapping = owners_that_overlap(by_clock)
    if not overlapping:
        return []
    at_once = _at_once(one_on_one)
    return [each for each in overlapping if each not in at_once]


def _at_once(services: Mapping[ServiceReference, Done]) -> list[ServiceReference]:
    """Return the services in which one clinician is at two things at once, in their order."""
    by_clinician: dict[str, dict[ServiceReference, list[Span]]] = {}
    for place, (session, service) in services.items():
        for each in service.intervals or ():
            clinician = clinician_of(each, session)
            if clinician is not None:
                spans = by_clinician.setdefault(clinician, {}).setdefault(place, [])
                spans += spans_of([each])
    found = {at for owned in by_clinician.values() for at in owners_that_overlap(owned)}
    return [place for place in services if place in found]


def _one_on_one(day: EditedDay, facts: Facts) -> dict[ServiceReference, Done]:
    """Return the day's one-on-one services that have times; none where one time stands alone."""
    timed, procedures = day.with_times, facts.procedures
    if not timed or (len(timed) == 1 and len(timed[0][1].intervals or ()) == 1):
        return {}
    if isinstance(procedures, NoValueInForce):
        return {}
    return {
        _place(session, service): (session, service)
        for session, service in timed
        if (procedure := procedures.get(service.code)) is not None and procedure.is_one_on_one
    }


def _runs_past_midnight(session: Session) -> bool:
    started, ended = session.started_at, session.ended_at
    return started is not None and ended is not None and is_over_midnight(started, ended)


def _is_timed(service: Service, facts: Facts) -> bool:
    procedures = facts.procedures
    if isinstance(procedures, NoValueInForce):
        return False
    procedure = procedures.get(service.code)
    return procedure is not None and procedure.unit_basis in TIMED


def _place(session: Session, service: Service) -> ServiceReference:
    return ServiceReference(session.session_id, service.line)


def _minutes_of(service: Service) -> int:
    return service.therapist_minutes + service.assistant_minutes
