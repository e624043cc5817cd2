"""Computing visit days again from their sessions: what is loaded, kept and emitted."""

from collections.abc import Generator, Iterable, Mapping, Sequence
from functools import lru_cache

from msgspec.structs import replace

from reference.facts import Facts
from reference.rulebook import RuleBook
from rules.addendum import merge_addenda
from rules.findings import report
from rules.visit_day import CountedDay, count_day, sessions_disagree
from runtime.processor import Key, Output, Step, Steps, Value
from schemas.events import EventType
from schemas.finding import Finding
from schemas.model import Struct
from schemas.session import Session
from schemas.units import ProfiledPayer, UnitsComputed
from schemas.values import EmptiedBy, FindingCode, Program
from services.units.state import (
    SEGMENT,
    AddendaState,
    DayState,
    SessionState,
    UndecidedSegment,
    UndecidedState,
    addenda_key,
    day_key,
    segment_key,
    session_key,
    undecided_key,
)

EMPTY = CountedDay(0, 0, (), (), (), (), ())
NEW_DAY = DayState()
Loading = Generator[Sequence[Key], Mapping[Key, Value], None]


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
    """A touched day with its sessions: those that ever arrived, and those that are in it now."""

    touched: Touched
    key: Key
    arrived: tuple[str, ...]
    sessions: tuple[Session, ...]


class DayWork:
    """The state values of one event: loaded ones, and on top of them those that change."""

    def __init__(self, patient_id: str, rulebook: RuleBook, values: Mapping[Key, Value]) -> None:
        """Start from the values that are loaded already."""
        self.patient_id = patient_id
        self.values = dict(values)
        self.changes: dict[Key, Value] = {}
        self._rulebook = rulebook

    def set(self, key: Key, value: Value) -> None:
        """Change a value."""
        self.values[key] = self.changes[key] = value

    def unknown(self, keys: Iterable[Key]) -> list[Key]:
        """Return the keys whose values are not loaded yet."""
        return [key for key in keys if key not in self.values]

    def load(self, keys: Iterable[Key]) -> Loading:
        """Ask for the values that are not loaded yet."""
        wanted = self.unknown(keys)
        if wanted:
            self.values.update((yield wanted))

    def merge(self, session_id: str) -> Session | None:
        """Return a session as it stands, its addenda merged; None where it is unknown or voided."""
        state: SessionState | None = self.values[session_key(self.patient_id, session_id)]
        if state is None or state.session is None:
            return None
        kept: AddendaState | None = self.values[addenda_key(self.patient_id, session_id)]
        return merge_addenda(state.session, kept.addenda) if kept else state.session

    def compute(self, touched: Sequence[Touched], *, by_date: bool = False) -> Steps:
        """Compute the days in the order given, or by date of service, and keep what changed."""
        patient_id = self.patient_id
        days = [day_key(patient_id, each.visit_day_id) for each in touched]
        if wanted := self.unknown(days):
            yield from self.load(wanted)
        arrived = [self._arrived(each, key) for each, key in zip(touched, days, strict=True)]
        names = {name: None for each in arrived for name in each}
        keys = [make(patient_id, name) for name in names for make in (session_key, addenda_key)]
        if wanted := self.unknown(keys):
            yield from self.load(wanted)
        work = [
            _Day(each, key, order, self._sessions(each, order))
            for each, key, order in zip(touched, days, arrived, strict=True)
        ]
        if by_date:
            work = [day for day in work if day.sessions]
            work.sort(key=lambda day: day.sessions[0].date_of_service)
        outputs = []
        for day in work:
            state: DayState = self.values[day.key] or NEW_DAY
            if day.touched.only_if_rulebook_differs and state.rulebook == self._rulebook.version:
                continue
            speaker = day.sessions[0] if day.sessions else day.touched.leaving
            if speaker is None:
                continue
            data = self._emit(day, state, speaker)
            outputs.append(Output(EventType.UNITS_COMPUTED, data.visit_day_id, data))
            if any(line.units is None for line in data.lines) and not state.is_listed:
                yield from self._list_undecided(day.key, data.visit_day_id)
        return Step(self.changes, outputs)

    def _arrived(self, touched: Touched, key: Key) -> tuple[str, ...]:
        """Return every session that ever arrived in the day; one that returns has its old place."""
        state: DayState = self.values[key] or NEW_DAY
        if touched.arriving is None or touched.arriving in state.arrived:
            return state.arrived
        return (*state.arrived, touched.arriving)

    def _sessions(self, touched: Touched, arrived: Sequence[str]) -> tuple[Session, ...]:
        """Return the sessions that are in the day now, by first arrival."""
        present = []
        for name in arrived:
            session = self.merge(name)
            state: SessionState = self.values[session_key(self.patient_id, name)]
            if session is not None and state.visit_day_id == touched.visit_day_id:
                present.append(session)
        return tuple(present)

    def _emit(self, day: _Day, state: DayState, speaker: Session) -> UnitsComputed:
        payer, sessions = speaker.payer, day.sessions
        facts = self._rulebook.on(speaker.date_of_service, payer.payer_id, payer.program)
        counted = count_day(sessions, facts) if sessions else EMPTY
        revision = state.revision + 1
        version = self._rulebook.version
        kept = DayState(
            arrived=day.arrived, revision=revision, rulebook=version, is_listed=state.is_listed
        )
        self.set(day.key, kept)
        why_empty = {} if sessions else {"emptied_by": day.touched.emptied_by}
        return UnitsComputed(
            visit_day_id=day.touched.visit_day_id,
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
            findings=(*counted.findings, *self._report_sessions(sessions, facts)),
            steps=counted.steps,
            sessions=sessions,
            **why_empty,
        )

    def _report_sessions(self, sessions: Sequence[Session], facts: Facts) -> list[Finding]:
        findings = []
        states = [self.values[session_key(self.patient_id, each.session_id)] for each in sessions]
        if any(state.is_in_conflict for state in states):
            findings.append(report(facts, FindingCode.SESSION_REVISION_CONFLICT))
        if len(sessions) > 1 and sessions_disagree(sessions):
            findings.append(report(facts, FindingCode.SESSIONS_DISAGREE))
        return findings

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


@lru_cache(maxsize=1024)
def _profiled(payer_id: str, program: Program, profile: str) -> ProfiledPayer:
    return ProfiledPayer(payer_id=payer_id, program=program, profile=profile)
