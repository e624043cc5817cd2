"""Computing visit days again from their sessions: what is loaded, kept and emitted."""

from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass

from reference.facts import Facts
from reference.rulebook import RuleBook
from rules.addendum import merge_addenda
from rules.findings import report
from rules.visit_day import CountedDay, count_day, sessions_disagree
from runtime.processor import Key, Output, Step, Steps, Value
from schemas.events import EventType
from schemas.finding import Finding
from schemas.session import Session
from schemas.units import ProfiledPayer, UnitsComputed
from schemas.values import EmptiedBy, FindingCode
from services.units.state import (
    SEGMENT,
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
Loading = Generator[Sequence[Key], Mapping[Key, Value], None]


@dataclass(frozen=True, slots=True)
class Touched:
    """A visit day to compute again, and why."""

    visit_day_id: str
    arriving: str | None = None
    """A session that is in the day now; its place is that of its first arrival."""
    leaving: Session | None = None
    """The session that was in the day until now; it speaks for the day when none is left."""
    emptied_by: EmptiedBy | None = None
    only_if_rulebook_differs: bool = False


class DayWork:
    """The state values of one event: loaded ones, and on top of them those that change."""

    def __init__(self, patient_id: str, rulebook: RuleBook, values: dict[Key, Value]) -> None:
        """Start from the values that are loaded already."""
        self.patient_id = patient_id
        self.values = values
        self.changes: dict[Key, Value] = {}
        self._before: dict[Key, Value] = {}
        self._rulebook = rulebook

    def set(self, key: Key, value: Value) -> None:
        """Change a value that is loaded."""
        self._before.setdefault(key, self.values[key])
        self.values[key] = self.changes[key] = value

    def load(self, keys: Iterable[Key]) -> Loading:
        """Ask for the values that are not loaded yet."""
        wanted = [key for key in keys if key not in self.values]
        if wanted:
            self.values.update((yield wanted))

    def is_merged_otherwise(self, session_id: str) -> bool:
        """Say whether the session's addenda, as they are now, make another session of it."""
        key = addenda_key(self.patient_id, session_id)
        state: SessionState = self.values[session_key(self.patient_id, session_id)]
        if state.session is None:
            return False
        before, after = self._before.get(key), self.values[key]
        merged_before = merge_addenda(state.session, before.addenda if before else ())
        return merged_before != merge_addenda(state.session, after.addenda if after else ())

    def compute(self, touched: Sequence[Touched], *, by_date: bool = False) -> Steps:
        """Compute the days in the order given, or by date of service, and keep what changed."""
        yield from self.load([day_key(self.patient_id, each.visit_day_id) for each in touched])
        for each in touched:
            self._arrive(each)
        yield from self.load(
            make_key(self.patient_id, session_id)
            for each in touched
            for session_id in self._day(each).arrived
            for make_key in (session_key, addenda_key)
        )
        days = [(each, self._sessions(each)) for each in touched]
        if by_date:
            days = [(each, sessions) for each, sessions in days if sessions]
            days.sort(key=lambda day: day[1][0].date_of_service)
        outputs = []
        for each, sessions in days:
            if each.only_if_rulebook_differs and self._is_current(each):
                continue
            speaker = sessions[0] if sessions else each.leaving
            if speaker is not None:
                data = self._emit(each, sessions, speaker)
                outputs.append(Output(EventType.UNITS_COMPUTED, each.visit_day_id, data))
                yield from self._list_if_undecided(data)
        return Step(self.changes, outputs)

    def _arrive(self, touched: Touched) -> None:
        day = self._day(touched)
        if touched.arriving is not None and touched.arriving not in day.arrived:
            arrived = (*day.arrived, touched.arriving)
            state = DayState(
                arrived=arrived,
                revision=day.revision,
                rulebook=day.rulebook,
                is_listed=day.is_listed,
            )
            self.set(self._key(touched), state)

    def _key(self, touched: Touched) -> Key:
        return day_key(self.patient_id, touched.visit_day_id)

    def _day(self, touched: Touched) -> DayState:
        return self.values[self._key(touched)] or DayState()

    def _is_current(self, touched: Touched) -> bool:
        return self._day(touched).rulebook == self._rulebook.version

    def _sessions(self, touched: Touched) -> tuple[Session, ...]:
        """Return the sessions that are in the day now, addenda merged, by first arrival."""
        present = []
        for session_id in self._day(touched).arrived:
            state: SessionState = self.values[session_key(self.patient_id, session_id)]
            if state.session is not None and state.visit_day_id == touched.visit_day_id:
                kept = self.values[addenda_key(self.patient_id, session_id)]
                addenda = kept.addenda if kept else ()
                present.append(merge_addenda(state.session, addenda))
        return tuple(present)

    def _emit(
        self, touched: Touched, sessions: tuple[Session, ...], speaker: Session
    ) -> UnitsComputed:
        payer = speaker.payer
        facts = self._rulebook.on(speaker.date_of_service, payer.payer_id, payer.program)
        counted = count_day(sessions, facts) if sessions else EMPTY
        day = self._day(touched)
        revision = day.revision + 1
        state = DayState(
            arrived=day.arrived,
            revision=revision,
            rulebook=self._rulebook.version,
            is_listed=day.is_listed,
        )
        self.set(self._key(touched), state)
        why_empty = {} if sessions else {"emptied_by": touched.emptied_by}
        return UnitsComputed(
            visit_day_id=touched.visit_day_id,
            revision=revision,
            patient_id=self.patient_id,
            date_of_service=speaker.date_of_service,
            discipline=speaker.discipline,
            billing_provider=speaker.billing_provider,
            payer=ProfiledPayer(
                payer_id=payer.payer_id, program=payer.program, profile=facts.profile.name
            ),
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

    def _list_if_undecided(self, data: UnitsComputed) -> Loading:
        """Remember a day with a line that has no units, so that a redecision finds it."""
        key = day_key(self.patient_id, data.visit_day_id)
        if self.values[key].is_listed or all(line.units is not None for line in data.lines):
            return
        head_key = undecided_key(self.patient_id)
        yield from self.load((head_key,))
        head: UndecidedState = self.values[head_key] or UndecidedState()
        last = segment_key(self.patient_id, max(head.segments - 1, 0))
        yield from self.load((last,))
        segment: UndecidedSegment = self.values[last] or UndecidedSegment()
        if not head.segments or len(segment.visit_day_ids) == SEGMENT:
            self.set(head_key, UndecidedState(segments=head.segments + 1))
            last, segment = segment_key(self.patient_id, head.segments), UndecidedSegment()
            self.values.setdefault(last, None)
        listed = (*segment.visit_day_ids, data.visit_day_id)
        self.set(last, UndecidedSegment(visit_day_ids=listed))
        self.set(key, self.values[key].model_copy(update={"is_listed": True}))
