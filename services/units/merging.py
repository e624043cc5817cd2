"""Patients who are one: what leaves a retired id, and what comes to the surviving one."""

from collections.abc import Generator, Mapping, Sequence
from typing import Any

from msgspec import convert, to_builtins
from msgspec.structs import replace

from rules.merging import FIELDS, name_of
from rules.visit_day import visit_day_id
from runtime.processor import Key, Output, Step, Steps, Value
from schemas.events import EventType
from schemas.merging import CarriedDay, CarriedSession, PatientCarried, PatientMerged
from schemas.session import Session
from schemas.values import EmptiedBy
from services.units.day import NEW_DAY, NOBODY, DayWork, Touched
from services.units.state import (
    DayState,
    Paper,
    PatientState,
    SessionState,
    day_key,
    paper_key,
    patient_key,
    session_key,
)

Asking = Generator[Sequence[Key], Mapping[Key, Value], Any]
CARRIED = EventType.PATIENT_CARRIED


class MergeRefused(Exception):  # noqa: N818 - named for what was found
    """A merge into the same id, into one that is merged into this one, or into a second one."""


def paper_of(type_: str, data: Any) -> str | None:  # noqa: ANN401 - any model
    """Return the name under which something is kept; None for what is not sent again."""
    match type_:
        case EventType.SESSION_VOIDED:
            return f"voided {data.session_id}"
        case EventType.DOCUMENTATION_RECEIVED:
            return f"document {data.document_id}"
        case EventType.MONITORING_RECORDED:
            return f"record {data.record_id}"
        case EventType.ACCRUAL_REPORTED:
            return f"report {data.year} {data.threshold_group}"
        case _:
            return None


def is_later(type_: str, data: Any, known: Paper | None) -> bool:  # noqa: ANN401 - any model
    """Say whether a paper takes the place of the one that is kept."""
    if known is None:
        return True
    before = getattr(known.sent, FIELDS[type_])
    match type_:
        case EventType.SESSION_VOIDED:
            return False
        case EventType.ACCRUAL_REPORTED:
            return bool(data.as_of > before.as_of)
        case _:
            return bool(data.revision > before.revision)


def leave(patient_id: str, patient: PatientState, **what: Any) -> Step:  # noqa: ANN401
    """Send something of a retired id on its way."""
    onward = PatientCarried(
        patient_id=patient_id,
        surviving_id=patient.merged_into,
        merged_from=what.pop("merged_from", patient_id),
        through=(*what.pop("through", ()), patient_id),
        **what,
    )
    return Step(outputs=(Output(CARRIED, patient_id, onward),))


def go_on(carried: PatientCarried, patient: PatientState) -> Step:
    """Send on what came to an id that is retired itself."""
    through = (*carried.through, carried.patient_id)
    onward = replace(carried, surviving_id=patient.merged_into, through=through)
    return Step(outputs=(Output(CARRIED, carried.patient_id, onward),))


def run_on(steps: Steps, values: Mapping[Key, Value]) -> Steps:
    """Run steps that have asked once, from the values that they are sent."""
    try:
        while True:
            values = yield steps.send(values)
    except StopIteration as done:
        step: Step = done.value
        return step


def absorb(patient: PatientState, carried: PatientCarried) -> PatientState:
    """Return the patient who knows which ids are merged into this one."""
    absorbed = tuple(sorted({*patient.absorbed, *carried.through}))
    return replace(patient, absorbed=absorbed)


def retire(merged: PatientMerged) -> Steps:
    """Retire an id: send papers, then the visit days by date, in the order in which they came."""
    patient_id, survivor = merged.patient_id, merged.surviving_id
    head = patient_key(patient_id)
    patient: PatientState = (yield (head,))[head] or NOBODY
    if patient.merged_into is not None:
        if survivor == patient.merged_into or merged.revision <= patient.revision:
            return Step()
        raise MergeRefused
    if survivor == patient_id or survivor in patient.absorbed:
        raise MergeRefused
    after = replace(patient, merged_into=survivor, revision=merged.revision)
    papers = yield from _papers(patient_id, patient)
    dates = yield from _dates(patient_id, patient)
    outputs = [
        # It goes first and says who comes, so that a circle is seen.
        leave(patient_id, after, through=patient.absorbed),
        *[leave(patient_id, after, sent=p.sent, merged_from=p.merged_from) for p in papers],
        *[leave(patient_id, after, days=days) for days in dates],
    ]
    return Step({head: after}, [output for step in outputs for output in step.outputs])


def _papers(patient_id: str, patient: PatientState) -> Asking:
    papers: list[Paper] = []
    name = patient.last_paper
    while name is not None:
        key = paper_key(patient_id, name)
        paper: Paper = (yield (key,))[key]
        papers.append(paper)
        name = paper.before
    return papers[::-1]


def _dates(patient_id: str, patient: PatientState) -> Asking:
    """Return the visit days that have sessions, those of one date together."""
    days: list[CarriedDay] = []
    name = patient.last_day
    while name is not None:
        key = day_key(patient_id, name)
        state: DayState = (yield (key,))[key]
        keys = [session_key(patient_id, each) for each in state.arrived]
        loaded = yield keys
        present = [
            CarriedSession(each.session, each.is_in_conflict)
            for each in [loaded[each] for each in keys]
            if each.session is not None and each.visit_day_id == name
        ]
        if present:
            days.append(_carry(name, state, present))
        name = state.before
    dates: dict[Any, list[CarriedDay]] = {}
    for day in reversed(days):
        dates.setdefault(day.sessions[0].session.date_of_service, []).append(day)
    return [tuple(each) for each in dates.values()]


def _carry(name: str, state: DayState, sessions: Sequence[CarriedSession]) -> CarriedDay:
    kept = to_builtins({"told": state.told, "overlaps": state.overlaps})
    said = {"visit_day_id": name, "revision": state.revision, "sessions": (), **kept}
    return replace(convert(said, CarriedDay), sessions=tuple(sessions))


def take_days(work: DayWork, carried: PatientCarried) -> Steps:
    """Take the visit days of one date, with what is known of them, and compute them."""
    touched: dict[str, Touched] = {}
    for day in carried.days:
        for each in (yield from _enter(work, day)):
            touched[each.visit_day_id] = each
    step = yield from work.compute(list(touched.values()))
    if not touched:
        return Step(work.changes)
    computed = tuple([each.data for each in step.outputs if each.type == EventType.UNITS_COMPUTED])
    told = [each for each in step.outputs if each.type != EventType.UNITS_COMPUTED]
    days = tuple([replace(each, sessions=()) for each in carried.days])
    onward = replace(carried, days=days, computed=computed)
    return Step(work.changes, [Output(CARRIED, carried.patient_id, onward), *told])


def _enter(work: DayWork, day: CarriedDay) -> Asking:
    """Put a day's sessions where those of its parts are; return the days to compute."""
    patient_id, known = work.patient_id, day.visit_day_id
    came = [(_receive(patient_id, each), each.is_in_conflict) for each in day.sessions]
    own = visit_day_id(came[0][0])
    keys = [session_key(patient_id, name_of(session)) for session, _ in came]
    yield from work.load([day_key(patient_id, own), day_key(patient_id, known), *keys])
    fresh = [
        (session, is_in_conflict)
        for (session, is_in_conflict), key in zip(came, keys, strict=True)
        if work.values[key] is None or _is_older(work.values[key], session)
    ]
    if not fresh:
        return []
    home = yield from _home(work, own, known)
    is_new = is_empty(work.values[day_key(patient_id, home)])
    _lay(work, day)
    state: DayState = work.values[day_key(patient_id, home)] or NEW_DAY
    arrived = state.arrived
    for session, is_in_conflict in fresh:
        name = name_of(session)
        kept = SessionState(session, home, is_in_conflict)
        work.set(session_key(patient_id, name), kept)
        arrived = arrived if name in arrived else (*arrived, name)
    state = work.list_day(home, state) if is_new else state
    work.set(day_key(patient_id, home), replace(state, arrived=arrived))
    if home == known:
        return [Touched(home)]
    left = Touched(known, leaving=fresh[0][0], emptied_by=EmptiedBy.MOVED)
    return [left, Touched(home)]


def is_empty(state: DayState | None) -> bool:
    """Say whether no session ever came to a day."""
    return state is None or not state.arrived


def _receive(patient_id: str, each: CarriedSession) -> Session:
    session = each.session
    origin = session.merged_from or session.patient_id
    named = {"patient_id": patient_id, "merged_from": None if origin == patient_id else origin}
    return session.model_copy(update=named)


def _is_older(state: SessionState, session: Session) -> bool:
    return state.session is not None and state.session.revision < session.revision


def _lay(work: DayWork, day: CarriedDay) -> None:
    """Lay what was said of a day under what is to be said of it."""
    key = day_key(work.patient_id, day.visit_day_id)
    state: DayState = work.values[key] or NEW_DAY
    if state.revision < day.revision:
        kept = to_builtins({"told": day.told, "overlaps": day.overlaps})
        said = convert(kept, DayState)
        after = replace(state, revision=day.revision, told=said.told, overlaps=said.overlaps)
        work.set(key, after)


def _home(work: DayWork, own: str, known: str) -> Asking:
    """Return the visit day where the sessions of its parts are: one of the two, from now on."""
    patient_id = work.patient_id
    key = day_key(patient_id, own)
    state: DayState = work.values[key] or NEW_DAY
    if state.home is not None:
        yield from work.load([day_key(patient_id, state.home)])
        return state.home
    keys = [session_key(patient_id, each) for each in state.arrived]
    yield from work.load(keys)
    if own == known or any(work.values[each].visit_day_id == own for each in keys):
        return own
    work.set(key, replace(state, home=known))
    return known
