"""The consumer ``units``: keeps each session's truth, and computes its visit day again."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from msgspec.structs import replace

from reference.rulebook import RuleBook
from rules.addendum import Addendum
from rules.merging import name_of, unwrap, wrap
from rules.visit_day import visit_day_id
from runtime.processor import Step, Steps, pass_on
from schemas.clinicians import ClinicianOverlap
from schemas.documentation import Document, NoteAddendum
from schemas.envelope import Event
from schemas.events import EventType
from schemas.merging import PatientCarried, Sent
from schemas.monitoring import MonitoringRecord
from schemas.redecision import RedecisionRequested
from schemas.session import Session, SessionVoided
from schemas.values import EmptiedBy
from services.units.clinicians import take_overlap
from services.units.day import NEW_DAY, NOBODY, DayWork, Touched
from services.units.merging import (
    MergeRefused,
    absorb,
    go_on,
    is_later,
    leave,
    paper_of,
    retire,
    run_on,
    take_days,
)
from services.units.monitoring import MonitoringWork
from services.units.state import (
    AddendaState,
    DayState,
    DocumentState,
    Paper,
    PatientState,
    SessionState,
    UndecidedSegment,
    addenda_key,
    day_key,
    document_key,
    paper_key,
    patient_key,
    record_key,
    segment_key,
    session_key,
    undecided_key,
)


class UnitsProcessor:
    """Turns sessions, their amendments and voids, and addenda into visit days with units.

    Records of remote monitoring are kept, and compute again the days that bill for them.
    It says what time each clinician gave, and hears where that overlaps with other days.

    Documents, payers' reports and requests for redecision are passed on.
    """

    source = "/therapy/units"

    def __init__(self, rulebook: RuleBook) -> None:
        """Decide under ``rulebook``, which is loaded once and frozen."""
        self._rulebook = rulebook

    def process(self, event: Event) -> Steps:
        """Handle one event of ``therapy.sessions``."""
        match event.type:
            case EventType.SESSION_COMPLETED | EventType.SESSION_AMENDED:
                return self._take_session(event.data)
            case EventType.PATIENT_MERGED:
                return retire(event.data)
            case EventType.PATIENT_CARRIED:
                return self._take_carried(event.data)
            case EventType.CLINICIAN_OVERLAP:
                return self._take_other(event.type, event.data)
            case _:
                sent = (wrap(event.type, event.data), event.data.patient_id)
                return self._take_other(event.type, event.data, sent)

    def _take_carried(self, carried: PatientCarried) -> Steps:
        """Take what came under a retired id as what it is, of the surviving one."""
        patient_id, head = carried.patient_id, patient_key(carried.patient_id)
        patient: PatientState = (yield (head,))[head] or NOBODY
        if patient_id in carried.through:
            raise MergeRefused
        if patient.merged_into is not None:
            return go_on(carried, patient)
        if carried.days:
            work = DayWork(patient_id, self._rulebook, {head: patient})
            return (yield from take_days(work, carried))
        if carried.sent is None and carried.overlap is None:
            return Step({head: absorb(patient, carried)})
        return (yield from self._take_sent(carried))

    def _take_sent(self, carried: PatientCarried) -> Steps:
        if carried.overlap is not None:
            said = replace(carried.overlap, patient_id=carried.patient_id)
            return self._take_other(EventType.CLINICIAN_OVERLAP, said)
        type_, data = unwrap(carried)
        if isinstance(data, Session):
            return self._take_session(data)
        assert carried.sent is not None
        return self._take_other(type_, data, (carried.sent, carried.merged_from))

    def _take_other(self, type_: str, data: Any, sent: tuple[Sent, str] | None = None) -> Steps:  # noqa: ANN401
        """Handle what is no session, and keep it for a merge; of a retired id, send it on."""
        handle = HANDLERS.get(type_)
        steps = pass_on() if handle is None else handle(self, data)
        head, name = patient_key(data.patient_id), paper_of(type_, data)
        paper = None if name is None else paper_key(data.patient_id, name)
        wanted = next(steps)
        values = yield (*wanted, head) if paper is None else (*wanted, head, paper)
        patient: PatientState = values[head] or NOBODY
        if patient.merged_into is not None:
            steps.close()
            if sent is None:
                return leave(data.patient_id, patient, overlap=data)
            return leave(data.patient_id, patient, sent=sent[0], merged_from=sent[1])
        known = None if paper is None else values[paper]
        step = yield from run_on(steps, values)
        if paper is None or sent is None or not is_later(type_, data, known):
            return step
        changes = {**step.changes, paper: Paper(*sent, patient.last_paper)}
        if known is None:
            changes[head] = replace(patient, last_paper=name)
        else:
            changes[paper] = replace(changes[paper], before=known.before)
        return Step(changes, step.outputs, step.passes_on)

    def _take_session(self, session: Session) -> Steps:
        """Let the highest revision be the truth; compute the day it left and the day it is in."""
        patient_id, name, head = (
            session.patient_id,
            name_of(session),
            patient_key(session.patient_id),
        )
        key, entered = session_key(patient_id, name), visit_day_id(session)
        addenda, day = addenda_key(patient_id, name), day_key(patient_id, entered)
        work = DayWork(patient_id, self._rulebook, (yield (key, addenda, day, head)))
        patient: PatientState | None = work.values[head]
        if patient is not None and patient.merged_into is not None:
            return leave(patient_id, patient, sent=Sent(session=session))
        state: DayState | None = work.values[day]
        if state is not None and state.home is not None:
            entered = state.home
        stored: SessionState | None = work.values[key]
        if stored is None:
            work.open_day(day, entered)
            work.set(key, SessionState(session=session, visit_day_id=entered))
            return (yield from work.compute([Touched(entered, arriving=name)]))
        if stored.session is None or session.revision < stored.session.revision:
            return Step()
        if session.revision == stored.session.revision:
            if stored.is_in_conflict or session == stored.session:
                return Step()
            work.set(key, replace(stored, is_in_conflict=True))
            return (yield from work.compute([Touched(str(stored.visit_day_id))]))
        work.open_day(day, entered)
        work.set(key, SessionState(session=session, visit_day_id=entered))
        touched = [Touched(entered, arriving=name)]
        if stored.visit_day_id != entered:
            left = str(stored.visit_day_id)
            touched.insert(0, Touched(left, leaving=stored.session, emptied_by=EmptiedBy.MOVED))
        return (yield from work.compute(touched))

    def _void_session(self, void: SessionVoided) -> Steps:
        """Take the session away for good; before it came, remember only that it is void."""
        key = session_key(void.patient_id, void.session_id)
        work = DayWork(void.patient_id, self._rulebook, (yield (key,)))
        stored: SessionState | None = work.values[key]
        if stored is not None and stored.session is None:
            return Step()
        work.set(key, SessionState(session=None, visit_day_id=None))
        if stored is None:
            return Step(work.changes)
        left = str(stored.visit_day_id)
        gone = Touched(left, leaving=stored.session, emptied_by=EmptiedBy.VOIDED)
        return (yield from work.compute([gone]))

    def _take_document(self, document: Document) -> Steps:
        """Keep the highest revision of a document, merge a signed addendum, and pass it on.

        A revision may be of another kind, or name another session: then the earlier one is taken
        out of the session that it was merged into.
        """
        patient_id = document.patient_id
        key = document_key(patient_id, document.document_id)
        work = DayWork(patient_id, self._rulebook, (yield (key,)))
        stored: DocumentState | None = work.values[key]
        if stored is not None and document.revision <= stored.revision:
            return Step()
        merged_into = _merges_into(document)
        work.set(key, DocumentState(revision=document.revision, session_id=merged_into))
        left = None if stored is None else stored.session_id
        names = list(dict.fromkeys(name for name in (left, merged_into) if name is not None))
        if not names:
            return Step(work.changes, passes_on=True)
        yield from work.load(
            make(patient_id, name) for name in names for make in (session_key, addenda_key)
        )
        before = {name: work.merge(name) for name in names}
        for name in names:
            replaced = _replace(work, name, document, is_merged=name == merged_into)
            work.set(addenda_key(patient_id, name), replaced)
        changed = [name for name in names if work.merge(name) != before[name]]
        step = yield from work.compute(_days_of(work, changed), by_date=True)
        return Step(step.changes, step.outputs, passes_on=True)

    def _take_record(self, record: MonitoringRecord) -> Steps:
        """Keep the highest revision of a record, and compute the days again that it changes."""
        patient_id = record.patient_id
        key = record_key(patient_id, record.record_id)
        work = DayWork(patient_id, self._rulebook, (yield (key,)))
        changed = yield from MonitoringWork(work, self._rulebook).take(record)
        return (yield from work.compute([Touched(name) for name in changed], by_date=True))

    def _take_overlap(self, said: ClinicianOverlap) -> Steps:
        """Keep the latest word on a clinician's time in a day, and compute the day again."""
        key = day_key(said.patient_id, said.visit_day_id)
        work = DayWork(said.patient_id, self._rulebook, (yield (key,)))
        state = take_overlap(work.values[key] or NEW_DAY, said)
        if state is None:
            return Step()
        work.set(key, state)
        return (yield from work.compute([Touched(said.visit_day_id)]))

    def _decide_again(self, request: RedecisionRequested) -> Steps:
        """Compute the day named, or all that were not decided, under the rulebook in force."""
        patient_id = request.patient_id
        work = DayWork(patient_id, self._rulebook, {})
        if request.visit_day_id is not None:
            listed: tuple[str, ...] = (request.visit_day_id,)
        else:
            head_key = undecided_key(patient_id)
            yield from work.load((head_key,))
            head = work.values[head_key]
            count = 0 if head is None else head.segments
            keys = [segment_key(patient_id, number) for number in range(count)]
            yield from work.load(keys)
            segments: list[UndecidedSegment] = [work.values[key] for key in keys]
            listed = tuple(name for segment in segments for name in segment.visit_day_ids)
        touched = [Touched(name, only_if_rulebook_differs=True) for name in listed]
        step = yield from work.compute(touched, by_date=True)
        return Step(step.changes, step.outputs, passes_on=True)


HANDLERS: Mapping[str, Callable[[UnitsProcessor, Any], Steps]] = {
    EventType.SESSION_VOIDED: UnitsProcessor._void_session,  # noqa: SLF001 - its own table
    EventType.DOCUMENTATION_RECEIVED: UnitsProcessor._take_document,  # noqa: SLF001
    EventType.REDECISION_REQUESTED: UnitsProcessor._decide_again,  # noqa: SLF001
    EventType.MONITORING_RECORDED: UnitsProcessor._take_record,  # noqa: SLF001
    EventType.CLINICIAN_OVERLAP: UnitsProcessor._take_overlap,  # noqa: SLF001
}
"""Beside the class, not in it: bound methods would make each processor a cycle."""


def _merges_into(document: Document) -> str | None:
    """Return the session that the document is merged into: an addendum's, where it is signed."""
    if isinstance(document, NoteAddendum) and document.signed_at is not None:
        return document.content.session_id
    return None


def _replace(work: DayWork, name: str, document: Document, *, is_merged: bool) -> AddendaState:
    """Return the session's addenda with this document's revision in place of its earlier one."""
    state: AddendaState | None = work.values[addenda_key(document.patient_id, name)]
    document_id = document.document_id
    others = [each for each in (state.addenda if state else ()) if each.document_id != document_id]
    if is_merged:
        assert isinstance(document, NoteAddendum)
        content = document.content
        others.append(Addendum(document_id=document_id, dated=document.dated, content=content))
    return AddendaState(addenda=tuple(others))


def _days_of(work: DayWork, names: Iterable[str]) -> list[Touched]:
    """Return the visit days that the sessions are in, each once."""
    states: list[SessionState] = [
        work.values[session_key(work.patient_id, name)] for name in names
    ]
    return [Touched(name) for name in dict.fromkeys(str(state.visit_day_id) for state in states)]
