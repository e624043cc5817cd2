"""Computing visit days again from their sessions: what is loaded, kept and emitted."""

from collections.abc import Generator, Iterable, Mapping, Sequence
from functools import lru_cache

from msgspec.structs import replace

from reference.facts import Facts
from reference.rulebook import RuleBook
from rules.addendum import merge_addenda
from rules.findings import report
from rules.merging import tell_apart
from rules.spend import threshold_group
from rules.visit_day import CountedDay, count_day, sessions_disagree
from runtime.processor import Key, Output, Step, Steps, Value
from schemas.events import EventType
from schemas.finding import Finding
from schemas.model import Struct
from schemas.session import Session
from schemas.units import ProfiledPayer, UnitsComputed
from schemas.values import EmptiedBy, FindingCode, Program, Severity, ThresholdGroup
from services.units.clinicians import findings_of, has_times, tell_clinicians
from services.units.monitoring import MonitoringWork
from services.units.state import (
    SEGMENT,
    AddendaState,
    DayState,
    PatientState,
    SessionState,
    UndecidedSegment,
    UndecidedState,
    addenda_key,
    day_key,
    monitored_key,
    patient_key,
    segment_key,
    session_key,
    undecided_key,
)
from services.units.values import LoadedValues, Loading

EMPTY = CountedDay(0, 0, (), (), (), (), ())
NEW_DAY = DayState()
NOBODY = PatientState()
UNITS_COMPUTED = EventType.UNITS_COMPUTED


class Touched(Struct, frozen=True):
    """A visit day to compute again, and why."""

    visit_day_id: str
    arriving: str | None = None
    """A session that is in the day now; its place is that of its first arrival."""
    leaving: Session | None = None
    """The session that was in the day until now; it speaks for the day when none is left."""
    emptied_by: EmptiedBy | None = None
    only_if_rulebook_differs: bool = False


class _Day(Struct, frozen=True):
    """A touched day: the sessions that ever arrived in it, and those that are in it now."""

    touched: Touched
    key: Key
    arrived: tuple[str, ...]
    sessions: tuple[Session, ...]
    is_in_conflict: bool
    """A revision of one of its sessions came a second time with other content."""


class DayWork(LoadedValues):
    """The state values of one event, and the visit days that are computed from them."""

    __slots__ = ("_rulebook", "_told")

    def __init__(self, patient_id: str, rulebook: RuleBook, values: Mapping[Key, Value]) -> None:
        """Start from the values that are loaded already."""
        super().__init__(patient_id, values)
        self._rulebook = rulebook
        self._told: list[Output] = []
        """What the clinicians of the days are told, after all that is said of the days."""

    def merge(self, session_id: str) -> Session | None:
        """Return a session with its addenda merged; None where it is unknown or voided."""
        state: SessionState | None = self.values[session_key(self.patient_id, session_id)]
        if state is None or state.session is None:
            return None
        return self._merge(state.session, addenda_key(self.patient_id, session_id))

    def _merge(self, session: Session, addenda: Key) -> Session:
        kept: AddendaState | None = self.values[addenda]
        return session if kept is None else merge_addenda(session, kept.addenda)

    def open_day(self, key: Key, visit_day_id: str) -> None:
        """List the day that a session enters, where none was ever in it; both are loaded."""
        state: DayState | None = self.values[key]
        if state is None or not (state.arrived or state.home):
            self.set(key, self.list_day(visit_day_id, state or NEW_DAY))

    def list_day(self, visit_day_id: str, state: DayState) -> DayState:
        """List a day among the patient's, who is loaded, and return it with its place there."""
        key = patient_key(self.patient_id)
        patient: PatientState = self.values[key] or NOBODY
        self.set(key, replace(patient, last_day=visit_day_id))
        return replace(state, before=patient.last_day)

    def compute(self, touched: Sequence[Touched], *, by_date: bool = False) -> Steps:
        """Compute the days in the order given, or by date of service, and keep what changed."""
        # Where all is loaded already, as for a session of a new day, no generator is made.
        patient_id, values = self.patient_id, self.values
        keys = [day_key(patient_id, each.visit_day_id) for each in touched]
        if wanted := self.unknown(keys):
            values.update((yield wanted))
        arrived = list(map(self._arrived, touched, keys))
        if wanted := self._unknown_sessions(arrived):
            values.update((yield wanted))
        days = list(map(self._open, touched, keys, arrived))
        if any(map(self._is_monitored, days)):
            days += yield from self._monitor(days)
        if by_date:
            days = [day for day in days if day.sessions]
            days.sort(key=lambda day: day.sessions[0].date_of_service)
        computed: list[UnitsComputed] = []
        for day in days:
            data = self._compute(day)
            if data is None:
                continue
            computed.append(data)
            if data.findings and _is_held(data) and not values[day.key].is_listed:
                yield from self._list_undecided(day.key, data.visit_day_id)
        if len(computed) > 1:
            computed = [
                replace(
                    each,
                    followed_by=self._of_same_ledger(each, computed[place:]),
                    is_followed=each.discipline in [day.discipline for day in computed[place:]],
                )
                for place, each in enumerate(computed, 1)
            ]
        outputs = [Output(UNITS_COMPUTED, each.visit_day_id, each) for each in computed]
        return Step(self.changes, outputs + self._told)

    def _is_monitored(self, day: _Day) -> bool:
        """Say whether the day has, or had, a code of remote monitoring."""
        state: DayState | None = self.values[day.key]
        if state is not None and state.is_monitored:
            return True
        codes = self._rulebook.monitored_codes
        for session in day.sessions:
            for service in session.services:
                if service.code in codes:
                    return True
        return False

    def _monitor(
        self, days: Sequence[_Day]
    ) -> Generator[Sequence[Key], Mapping[Key, Value], list[_Day]]:
        """Settle the days' monitoring codes; return the other days that this has changed."""
        monitoring = MonitoringWork(self, self._rulebook)
        names = [day.touched.visit_day_id for day in days]
        changed = yield from monitoring.file(
            dict(zip(names, (d.sessions for d in days), strict=True))
        )
        others = [Touched(name) for name in changed if name not in names]
        keys = [day_key(self.patient_id, each.visit_day_id) for each in others]
        yield from self.load(keys)
        arrived = list(map(self._arrived, others, keys))
        yield from self.load(self._unknown_sessions(arrived))
        return list(map(self._open, others, keys, arrived))

    def _arrived(self, touched: Touched, key: Key) -> tuple[str, ...]:
        """Return the sessions that ever arrived in the day; who returns has the old place."""
        state: DayState | None = self.values[key]
        arriving, arrived = touched.arriving, () if state is None else state.arrived
        if arriving is None or arriving in arrived:
            return arrived
        return (*arrived, arriving)

    def _unknown_sessions(self, arrived: Iterable[Sequence[str]]) -> list[Key]:
        """Name the states and addenda of these sessions that are not loaded yet."""
        wanted = []
        for names in arrived:
            for name in names:
                key = session_key(self.patient_id, name)
                addenda = addenda_key(self.patient_id, name)
                if key not in self.values:
                    wanted.append(key)
                if addenda not in self.values:
                    wanted.append(addenda)
        return wanted

    def _open(self, touched: Touched, key: Key, arrived: tuple[str, ...]) -> _Day:
        """Return the day with the sessions that are in it now, their addenda merged."""
        present, is_in_conflict = [], False
        for name in arrived:
            state: SessionState = self.values[session_key(self.patient_id, name)]
            session = state.session
            if session is not None and state.visit_day_id == touched.visit_day_id:
                addenda = addenda_key(self.patient_id, name)
                present.append(self._merge(session, addenda))
                is_in_conflict = is_in_conflict or state.is_in_conflict
        sessions = tuple(tell_apart(present) if len(present) > 1 else present)
        return _Day(touched, key, arrived, sessions, is_in_conflict)

    def _compute(self, day: _Day) -> UnitsComputed | None:
        """Return the day as it is now, and keep that; None where there is nothing to say of it."""
        touched, key, sessions = day.touched, day.key, day.sessions
        speaker = sessions[0] if sessions else touched.leaving
        state: DayState = self.values[key] or NEW_DAY
        version = self._rulebook.version
        is_current = touched.only_if_rulebook_differs and state.rulebook == version
        if speaker is None or is_current:
            return None
        payer = speaker.payer
        facts = self._rulebook.on(speaker.date_of_service, payer.payer_id, payer.program)
        revision = state.revision + 1
        monitored = self.values.get(monitored_key(self.patient_id, touched.visit_day_id))
        is_monitored = monitored is not None
        counted = count_day(sessions, facts, monitored) if sessions else EMPTY
        computed = UnitsComputed(
            visit_day_id=touched.visit_day_id,
            revision=revision,
            patient_id=self.patient_id,
            date_of_service=speaker.date_of_service,
            discipline=speaker.discipline,
            billing_provider=speaker.billing_provider,
            payer=_profiled(payer.payer_id, payer.program, facts.profile.name),
            unit_rule=facts.profile.unit_rule,
            timed_minutes=counted.timed_minutes,
            timed_units=counted.timed_units,
            lines=counted.lines,
            unbilled=counted.unbilled,
            choices=counted.choices,
            findings=counted.findings + _report_sessions(day, facts),
            steps=counted.steps,
            sessions=sessions,
            emptied_by=None if sessions else touched.emptied_by,
        )
        told, overlaps = state.told, state.overlaps
        if told or has_times(sessions):
            told, news = tell_clinicians(state, computed, facts)
            self._told += news
        if overlaps and (found := findings_of(state, computed, facts)):
            computed = replace(computed, findings=computed.findings + found)
        listed = state.is_listed
        after = DayState(
            day.arrived,
            revision,
            version,
            listed,
            is_monitored,
            told,
            overlaps,
            state.before,
            state.home,
        )
        self.set(key, after)
        return computed

    def _of_same_ledger(
        self, day: UnitsComputed, later: Iterable[UnitsComputed]
    ) -> tuple[str, ...]:
        """Name the later days that count in the ledger of this one."""
        return tuple(
            each.visit_day_id
            for each in later
            if _ledger_of(each) == _ledger_of(day) and self._counts(each)
        )

    def _counts(self, day: UnitsComputed) -> bool:
        """Say whether the payer's profile has the day counted in a ledger at all."""
        payer = day.payer
        facts = self._rulebook.on(day.date_of_service, payer.payer_id, payer.program)
        return facts.profile.thresholds

    def _list_undecided(self, day: Key, visit_day_id: str) -> Loading:
        """Remember a day with a line that has no units, so that a redecision finds it."""
        head_key = undecided_key(self.patient_id)
        yield from self.load((head_key,))
        head: UndecidedState = self.values[head_key] or UndecidedState()
        last = segment_key(self.patient_id, max(head.segments - 1, 0))
        yield from self.load((last,))
        segment: UndecidedSegment = self.values[last] or UndecidedSegment()
        if not head.segments or len(segment.visit_day_ids) == SEGMENT:
            self.set(head_key, UndecidedState(segments=head.segments + 1))
            last, segment = segment_key(self.patient_id, head.segments), UndecidedSegment()
        listed = (*segment.visit_day_ids, visit_day_id)
        self.set(last, UndecidedSegment(visit_day_ids=listed))
        self.set(day, replace(self.values[day], is_listed=True))


def _is_held(data: UnitsComputed) -> bool:
    """Say whether a finding of ours holds the day, so that a redecision must find it."""
    return any(finding.severity is Severity.BLOCKING for finding in data.findings)


def _ledger_of(day: UnitsComputed) -> tuple[int, ThresholdGroup]:
    return day.date_of_service.year, threshold_group(day.discipline)


def _report_sessions(day: _Day, facts: Facts) -> tuple[Finding, ...]:
    findings: tuple[Finding, ...] = ()
    if day.is_in_conflict:
        findings = (report(facts, FindingCode.SESSION_REVISION_CONFLICT),)
    if len(day.sessions) > 1 and sessions_disagree(day.sessions):
        findings = (*findings, report(facts, FindingCode.SESSIONS_DISAGREE))
    return findings


@lru_cache(maxsize=1024)
def _profiled(payer_id: str, program: Program, profile: str) -> ProfiledPayer:
    return ProfiledPayer(payer_id=payer_id, program=program, profile=profile)
