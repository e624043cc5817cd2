"""Remote therapeutic monitoring: days with data in a period, minutes in a calendar month.

What counts are the records that came (``therapy.monitoring.recorded.v1``), not the minutes of
the session that names the code. A period or a month is billed once: the earlier date of service
keeps it, then the visit day that came first.
"""

from calendar import monthrange
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date

from reference.facts import Facts, NoValueInForce
from reference.unit_facts import (
    DeviceCode,
    ManagementCode,
    MonitoringCode,
    MonitoringRule,
    SetUpCode,
)
from rules.recording import RecordedCode
from schemas.model import Day, Identifier, ProcedureCode, Struct
from schemas.session import Service, Session
from schemas.values import Device, Discipline, Program, Role

NO_EPISODE = "none"
"""Stands for the episode of a session that names neither an episode nor a plan of care."""


class InteractionRecord(Struct, frozen=True):
    """Minutes of one day that one person spent on managing the treatment."""

    record_id: Identifier
    dated: Day
    discipline: Discipline
    minutes: int
    role: Role
    real_time: bool


class DataRecord(Struct, frozen=True):
    """Days of one calendar month on which a device sent data."""

    record_id: Identifier
    device: Device
    discipline: Discipline
    days: tuple[Day, ...]


class MonitoredService(Struct, frozen=True):
    """A monitoring code of a session, and the days that it is for, both inclusive."""

    session_id: Identifier
    line: int
    code: ProcedureCode
    first: Day
    last: Day
    episode: Identifier | None
    """Of a set-up alone."""


class Earned(Struct, frozen=True):
    """The units of one service, why, and for a month's management whose minutes it rests on.

    ``assistant_minutes`` are those by assistants, of ``minutes``.
    """

    units: int
    step: str
    minutes: int | None = None
    assistant_minutes: int = 0


class MonitoredDay(Struct, frozen=True):
    """A visit day with monitoring codes: what it asks for, and what it has."""

    visit_day_id: Identifier
    date_of_service: Day
    payer_id: Identifier
    program: Program
    discipline: Discipline
    place: int
    """Its place among the days of its date, by arrival."""
    services: tuple[MonitoredService, ...] = ()
    earned: tuple[Earned, ...] = ()
    """For each of the services."""

    def order(self) -> tuple[date, int]:
        """Return what says whose turn it is: the date of service, then arrival."""
        return self.date_of_service, self.place


class CountedPeriods(Struct, frozen=True):
    """The day's monitoring codes with their units, and the day's codes with a month's minutes."""

    units: Mapping[str, int]
    recorded: Mapping[str, RecordedCode]
    shares: Mapping[str, tuple[int, int]]
    """Of a management code: its month's minutes by others, and by assistants."""
    steps: tuple[str, ...]


def rule_for(discipline: Discipline, facts: Facts) -> MonitoringRule | None:
    """Return how the codes of a discipline count; None where no rule is in force.

    Minutes of an assistant in speech-language pathology count only where the payer pays for them
    (42 CFR 410.62).
    """
    rule = facts.monitoring
    if isinstance(rule, NoValueInForce):
        return None
    if discipline is Discipline.SLP and not facts.profile.speech_assistants:
        return replace(rule, roles=rule.roles - {Role.ASSISTANT})
    return rule


def find_services(
    sessions: Iterable[Session], rule: MonitoringRule
) -> tuple[MonitoredService, ...]:
    """Return what the sessions ask for by monitoring codes, a code before what is added to it."""
    found = [
        _asked(session, service, rule)
        for session in sessions
        for service in session.services
        if service.code in rule.codes
    ]
    found.sort(key=lambda each: _is_added(rule.codes[each.code]))
    return tuple(found)


def months_between(first: date, last: date) -> list[str]:
    """Return the calendar months from one day to another, as ``YYYY-MM``."""
    months, (_, end) = [month_of(first)], _month_around(first)
    while end < last:
        begins, end = _month_around(_shift(end, 1))
        months.append(month_of(begins))
    return months


def month_of(day: date) -> str:
    """Return a day's calendar month, as ``YYYY-MM``."""
    return day.isoformat().rpartition("-")[0]


def earn(
    day: MonitoredDay,
    earlier: Sequence[MonitoredDay],
    interactions: Sequence[InteractionRecord],
    data: Sequence[DataRecord],
    rule: MonitoringRule,
) -> tuple[Earned, ...]:
    """Say what each service of a day earns, after the days of the same payer that come before.

    ``interactions`` and ``data`` are the records of all months that the services touch; those of
    the day's own discipline count.
    Source: CMS Change Request 14250 for 2026; the Physician Fee Schedule final rule for 2022
    before.
    """
    billed = [
        _Billed(each, service, earned, rule.codes.get(service.code))
        for each in earlier
        for service, earned in zip(each.services, each.earned, strict=True)
        if earned.units and each.payer_id == day.payer_id
    ]
    managed = [each for each in interactions if each.discipline is day.discipline]
    sent = [each for each in data if each.discipline is day.discipline]
    results: list[Earned] = []
    for service in day.services:
        code = rule.codes[service.code]
        if service.first > day.date_of_service:
            said = f"its period begins on {service.first}, after the date of service"
            earned = Earned(0, f"{service.code}: {said}.")
        elif isinstance(code, ManagementCode):
            earned = _earn_by_minutes(service, day.discipline, billed, managed, rule)
        else:
            earned = _earn_by_days(service, code, billed, sent)
        results.append(earned)
        if earned.units:
            billed.append(_Billed(day, service, earned, code))
    return tuple(results)


def count_periods(recorded: Mapping[str, RecordedCode], day: MonitoredDay) -> CountedPeriods:
    """Add up a day's services by code; a management code has the minutes that it rests on.

    So an assistant's share of it is that of the month, and not of the session that bills it.
    """
    units: dict[str, int] = {}
    shares: dict[str, tuple[int, int]] = {}
    with_minutes = dict(recorded)
    for service, earned in zip(day.services, day.earned, strict=True):
        code = service.code
        units[code] = units.get(code, 0) + earned.units
        if earned.minutes is not None:
            minutes, by_assistants, stood = (
                earned.minutes,
                earned.assistant_minutes,
                recorded[code],
            )
            shares[code] = minutes - by_assistants, by_assistants
            with_minutes[code] = RecordedCode(
                code, minutes, by_assistants, stood.units, stood.services
            )
    return CountedPeriods(units, with_minutes, shares, tuple(each.step for each in day.earned))


class _Billed(Struct, frozen=True):
    """A service that has units already, and what its code counts."""

    day: MonitoredDay
    service: MonitoredService
    earned: Earned
    code: MonitoringCode | None


def _asked(session: Session, service: Service, rule: MonitoringRule) -> MonitoredService:
    code, stated = rule.codes[service.code], service.monitoring
    begins = None if stated is None else stated.period_from
    episode = None
    if isinstance(code, SetUpCode):
        named = None if stated is None else stated.episode_id
        episode = named or session.plan_of_care_id or NO_EPISODE
    if isinstance(code, ManagementCode):
        first, last = _month_around(begins or session.date_of_service)
    elif begins is None:
        last = session.date_of_service
        first = _shift(last, 1 - rule.period_days)
    else:
        first, last = begins, _shift(begins, rule.period_days - 1)
    return MonitoredService(
        session_id=session.session_id,
        line=service.line,
        code=service.code,
        first=first,
        last=last,
        episode=episode,
    )


def _is_added(code: MonitoringCode) -> bool:
    return isinstance(code, ManagementCode) and code.added_to is not None


def _month_around(day: date) -> tuple[date, date]:
    return day.replace(day=1), day.replace(day=monthrange(day.year, day.month)[1])


def _shift(day: date, days: int) -> date:
    """Return the day so many days later, within the calendar."""
    shifted = day.toordinal() + days
    return date.fromordinal(min(max(shifted, 1), date.max.toordinal()))


def _earn_by_days(
    service: MonitoredService,
    code: SetUpCode | DeviceCode,
    billed: Sequence[_Billed],
    data: Sequence[DataRecord],
) -> Earned:
    """Count the days with data in the period; any device serves for the set-up."""
    first, last, name = service.first, service.last, service.code
    if taken := _already_supplied(service, code, billed):
        return Earned(0, taken)
    device = code.device if isinstance(code, DeviceCode) else None
    days = {
        each
        for record in data
        if device in {None, record.device}
        for each in record.days
        if first <= each <= last
    }
    said = f"{name}: {_count(len(days), 'day')} with data from {first} to {last}"
    if len(days) < code.fewest_days:
        return Earned(0, f"{said}, fewer than the {code.fewest_days} that it needs.")
    if isinstance(code, DeviceCode) and len(days) > code.most_days:
        return Earned(0, f"{said}, more than the {code.most_days} that it is for.")
    return Earned(1, f"{said}; it is for {_span(code)}: 1 unit.")


def _span(code: SetUpCode | DeviceCode) -> str:
    if isinstance(code, DeviceCode):
        return f"{code.fewest_days} to {code.most_days}"
    return f"{code.fewest_days} or more, once in an episode"


def _already_supplied(
    service: MonitoredService, code: SetUpCode | DeviceCode, billed: Sequence[_Billed]
) -> str | None:
    """Say what has the episode or the period already: one device code in any such 30 days."""
    for each in billed:
        other = each.service
        if isinstance(code, SetUpCode):
            if (other.code, other.episode) == (service.code, service.episode):
                return f"{service.code}: the episode has it on {each.day.date_of_service} already."
        elif (
            isinstance(each.code, DeviceCode)
            and other.first <= service.last
            and service.first <= other.last
        ):
            return (
                f"{service.code}: {other.code} of {each.day.date_of_service} has days of the same"
                f" period already ({other.first} to {other.last})."
            )
    return None


def _earn_by_minutes(
    service: MonitoredService,
    discipline: Discipline,
    billed: Sequence[_Billed],
    interactions: Sequence[InteractionRecord],
    rule: MonitoringRule,
) -> Earned:
    """Count the minutes of the calendar month; each further full so many minutes earn one more."""
    code = rule.codes[service.code]
    assert isinstance(code, ManagementCode)
    counted = [
        each
        for each in interactions
        if service.first <= each.dated <= service.last and each.role in rule.roles
    ]
    minutes = sum(each.minutes for each in counted)
    by_assistants = sum(each.minutes for each in counted if each.role is Role.ASSISTANT)
    units, why = _units_of_month(service, code, minutes, discipline, billed)
    spoken = sum(1 for each in counted if each.real_time and each.minutes)
    if units and spoken < rule.real_time_interactions:
        units = 0
        why = f"{spoken} in real time, fewer than the {rule.real_time_interactions} that it needs"
    said = f"{service.code}: {_count(minutes, 'minute')} in {month_of(service.first)}; {why}."
    return Earned(units, said, minutes, by_assistants)


def _units_of_month(
    service: MonitoredService,
    code: ManagementCode,
    minutes: int,
    discipline: Discipline,
    billed: Sequence[_Billed],
) -> tuple[int, str]:
    """Return the units that the minutes earn beside what the month has already, and why."""
    month = [
        (each, each.code)
        for each in billed
        if isinstance(each.code, ManagementCode) and each.service.first == service.first
    ]
    if code.added_to is None:
        for each, other in month:
            if other.added_to is None:
                name, on = each.service.code, each.day.date_of_service
                return 0, f"{name} of {on} has the month already"
    elif not any(
        each.service.code == code.added_to and each.day.discipline is discipline
        for each, _ in month
    ):
        return 0, f"{code.added_to}, to which it is added, is not billed for the month before it"
    if minutes < code.fewest_minutes:
        return 0, f"fewer than the {code.fewest_minutes} that it needs"
    if code.most_minutes is not None and minutes > code.most_minutes:
        return 0, f"more than the {code.most_minutes} that it is for"
    if code.each_minutes is None:
        most = "" if code.most_minutes is None else f" to {code.most_minutes}"
        return 1, f"it is for {code.fewest_minutes}{most or ' or more'}: 1 unit"
    earned = 1 + (minutes - code.fewest_minutes) // code.each_minutes
    before = sum(each.earned.units for each, _ in month if each.service.code == service.code)
    whole, after = code.each_minutes, code.fewest_minutes - code.each_minutes
    said = f"each full {whole} after the first {after} are 1 unit: {earned}"
    return max(earned - before, 0), said + (f", of which {before} came before" if before else "")


def _count(number: int, noun: str) -> str:
    return f"1 {noun}" if number == 1 else f"{number} {noun}s"
