"""Remote monitoring over a patient's days: its records, and who has which month and period."""

from collections.abc import Generator, Iterable, Mapping, Sequence
from datetime import date
from heapq import heappop, heappush

from msgspec.structs import replace

from reference.rulebook import RuleBook
from rules.monitoring import (
    DataRecord,
    InteractionRecord,
    MonitoredDay,
    MonitoredService,
    earn,
    find_services,
    month_of,
    months_between,
    rule_for,
)
from runtime.processor import Key, Value
from schemas.monitoring import DeviceDays, MonitoringRecord
from schemas.session import Session
from services.units.state import (
    EpisodeState,
    MonthState,
    episode_key,
    monitored_key,
    month_key,
    record_key,
)
from services.units.values import LoadedValues, Loading

Changed = Generator[Sequence[Key], Mapping[Key, Value], list[str]]
"""Asks for values; returns the visit days whose codes came to something else, in their order."""
Waiting = list[tuple[date, int, str]]


class MonitoringWork:
    """Keeps months and episodes, and settles the visit days that bill for them.

    What a day has changes only days behind it (date of service, then arrival), so a change goes
    through those that share a month or an episode with it, and stops where it changes nothing.
    """

    def __init__(self, work: LoadedValues, rulebook: RuleBook) -> None:
        """Work on the values of one event."""
        self._work = work
        self._rulebook = rulebook
        self._patient_id = work.patient_id

    def take(self, record: MonitoringRecord) -> Changed:
        """Let the highest revision of a record be the truth."""
        work, key = self._work, record_key(self._patient_id, record.record_id)
        stored: MonitoringRecord | None = work.values[key]
        if stored is not None and record.revision <= stored.revision:
            return []
        work.set(key, record)
        before = [] if stored is None else _months_of(stored)
        months = sorted({*before, *_months_of(record)})
        keys = [month_key(self._patient_id, month) for month in months]
        yield from work.load(keys)
        for month, each in zip(months, keys, strict=True):
            work.set(each, _keep(record, month, work.values[each] or MonthState()))
        return (yield from self._settle(self._listed(keys)))

    def file(self, days: Mapping[str, tuple[Session, ...]]) -> Changed:
        """File visit days by what their sessions ask for now, and settle all that this touches."""
        yield from self._work.load(self._key(name) for name in days)
        touched: list[str] = []
        for name, sessions in days.items():
            touched += yield from self._file(name, sessions)
        return (yield from self._settle(dict.fromkeys(touched)))

    def _file(self, name: str, sessions: tuple[Session, ...]) -> Changed:
        """File one visit day; return it, and the days beside it where it asks for other things."""
        work = self._work
        stored: MonitoredDay | None = work.values[self._key(name)]
        services = self._asked(sessions)
        if stored is None:
            if not services:
                return []
            stored = yield from self._open(name, sessions[0])
        program = sessions[0].payer.program if sessions else stored.program
        if (services, program) == (stored.services, stored.program):
            return [name]
        day = replace(stored, services=services, program=program, earned=())
        work.set(self._key(name), day)
        before, now = self._scopes(stored), self._scopes(day)
        yield from work.load([*before, *now])
        beside = self._listed([*before, *now])
        for scope in before:
            if scope not in now:
                self._list(scope, [each for each in self._listed([scope]) if each != name])
        for scope in now:
            if name not in (listed := self._listed([scope])):
                self._list(scope, [*listed, name])
        return [name, *beside]

    def _asked(self, sessions: tuple[Session, ...]) -> tuple[MonitoredService, ...]:
        if not sessions:
            return ()
        first = sessions[0]
        payer = first.payer
        facts = self._rulebook.on(first.date_of_service, payer.payer_id, payer.program)
        rule = rule_for(first.discipline, facts)
        return () if rule is None else find_services(sessions, rule)

    def _open(
        self, name: str, session: Session
    ) -> Generator[Sequence[Key], Mapping[Key, Value], MonitoredDay]:
        """Give a visit day its place behind those of its month that came before it."""
        key = month_key(self._patient_id, month_of(session.date_of_service))
        yield from self._work.load((key,))
        month: MonthState = self._work.values[key] or MonthState()
        self._work.set(key, replace(month, arrived=month.arrived + 1))
        return MonitoredDay(
            visit_day_id=name,
            date_of_service=session.date_of_service,
            payer_id=session.payer.payer_id,
            program=session.payer.program,
            discipline=session.discipline,
            place=month.arrived,
        )

    def _settle(self, names: Iterable[str]) -> Changed:
        """Say in their order what the days earn, and go on to those that a change may touch."""
        work, waiting = self._work, Waiting()
        yield from self._queue(waiting, names)
        changed: list[str] = []
        while waiting:
            turn = heappop(waiting)
            while waiting and waiting[0] == turn:
                heappop(waiting)
            day: MonitoredDay = work.values[self._key(turn[2])]
            scopes = self._scopes(day)
            yield from work.load(scopes)
            names = [each for each in self._listed(scopes) if each != day.visit_day_id]
            yield from work.load(map(self._key, names))
            beside: list[MonitoredDay] = [work.values[self._key(each)] for each in names]
            settled = self._earn(day, beside, scopes)
            if settled == day:
                continue
            work.set(self._key(day.visit_day_id), settled)
            changed.append(day.visit_day_id)
            behind = [each.visit_day_id for each in beside if each.order() > day.order()]
            yield from self._queue(waiting, behind)
        return changed

    def _queue(self, waiting: Waiting, names: Iterable[str]) -> Loading:
        listed = list(names)
        yield from self._work.load(map(self._key, listed))
        for name in listed:
            day: MonitoredDay | None = self._work.values[self._key(name)]
            if day is not None:
                heappush(waiting, (*day.order(), name))

    def _earn(
        self, day: MonitoredDay, beside: Sequence[MonitoredDay], scopes: Iterable[Key]
    ) -> MonitoredDay:
        facts = self._rulebook.on(day.date_of_service, day.payer_id, day.program)
        rule = rule_for(day.discipline, facts)
        if rule is None or any(each.code not in rule.codes for each in day.services):
            # Under another rulebook: the day is held until it is filed anew.
            return day
        states = [self._work.values[scope] for scope in scopes]
        months = [state for state in states if isinstance(state, MonthState)]
        before = sorted(
            (each for each in beside if each.order() < day.order()), key=MonitoredDay.order
        )
        interactions = [each for month in months for each in month.interactions]
        data = [each for month in months for each in month.data]
        return replace(day, earned=earn(day, before, interactions, data, rule))

    def _scopes(self, day: MonitoredDay) -> list[Key]:
        """Name the months and episodes that a day's codes are for."""
        scopes: dict[Key, None] = {}
        for service in day.services:
            for month in months_between(service.first, service.last):
                scopes[month_key(self._patient_id, month)] = None
            if service.episode is not None:
                scopes[episode_key(self._patient_id, service.episode)] = None
        return list(scopes)

    def _listed(self, scopes: Iterable[Key]) -> list[str]:
        """Return the visit days that bill for any of these months and episodes."""
        states: list[MonthState | EpisodeState | None] = [
            self._work.values[scope] for scope in scopes
        ]
        return list(
            dict.fromkeys(name for state in states if state for name in state.visit_day_ids)
        )

    def _list(self, scope: Key, names: Iterable[str]) -> None:
        empty = EpisodeState() if scope[0] == "monitoring_episode" else MonthState()
        state: MonthState | EpisodeState = self._work.values[scope] or empty
        self._work.set(scope, replace(state, visit_day_ids=tuple(names)))

    def _key(self, name: str) -> Key:
        return monitored_key(self._patient_id, name)


def _months_of(record: MonitoringRecord) -> list[str]:
    """Return the calendar months that a record says something of."""
    if isinstance(record, DeviceDays):
        return [month_of(day) for day in record.content.days]
    return [month_of(record.content.dated)]


def _keep(record: MonitoringRecord, month: str, state: MonthState) -> MonthState:
    """Put what a record says of a month in place of what it said before."""
    name = record.record_id
    interactions = [each for each in state.interactions if each.record_id != name]
    data = [each for each in state.data if each.record_id != name]
    if isinstance(record, DeviceDays):
        days = tuple(sorted(day for day in set(record.content.days) if month_of(day) == month))
        if days:
            data.append(DataRecord(name, record.content.device, record.discipline, days))
    elif month_of(record.content.dated) == month and record.content.minutes:
        interactions.append(
            InteractionRecord(
                record_id=name,
                dated=record.content.dated,
                discipline=record.discipline,
                minutes=record.content.minutes,
                role=record.content.clinician.role,
                real_time=record.content.real_time,
            )
        )
    return replace(state, interactions=tuple(interactions), data=tuple(data))
