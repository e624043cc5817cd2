"""Patients who are one: what was decided on a day leaves with it, and is known where it comes."""

from msgspec import convert, to_builtins
from msgspec.structs import asdict, replace

from rules.authorizations import Place
from rules.decision import History
from runtime.processor import Output
from schemas.events import EventType
from schemas.merging import CarriedDay, CarriedDecision, PatientCarried
from services.claims.desk import Asking, Desk
from services.claims.state import DayState, DecisionState, day_key, decision_key, place_key

CARRIED = EventType.PATIENT_CARRIED


def send_on(desk: Desk, carried: PatientCarried) -> Asking:
    """Send on to the surviving id what leaves; of a day that is known here, what was decided.

    From then on the day is decided, and counted, there.
    """
    patient_id = carried.patient_id
    makes = (day_key, decision_key, place_key)
    yield from desk.load(
        [make(patient_id, each.visit_day_id) for each in carried.days for make in makes]
    )
    days = tuple([_say_decision(desk, patient_id, each) for each in carried.days])
    assert carried.surviving_id is not None
    onward = replace(carried, patient_id=carried.surviving_id, surviving_id=None, days=days)
    desk.emit(Output(CARRIED, carried.surviving_id, onward))


def take_decisions(desk: Desk, carried: PatientCarried) -> Asking:
    """Know what was decided on the days that come, so that only what is new is said."""
    patient_id = carried.patient_id
    yield from desk.load([decision_key(patient_id, each.visit_day_id) for each in carried.days])
    for day in carried.days:
        key, said = decision_key(patient_id, day.visit_day_id), day.decision
        known: DecisionState | None = desk[key]
        if said is None or (known is not None and known.history.version >= said.version):
            continue
        place = None if said.place is None else Place(**asdict(said.place))
        before = DecisionState(history=History()) if known is None else known
        desk.put(
            key,
            replace(
                before,
                history=convert(to_builtins(said), History),
                first_event_time=said.first_event_time,
                place=place,
            ),
        )


def _say_decision(desk: Desk, patient_id: str, carried: CarriedDay) -> CarriedDay:
    name = carried.visit_day_id
    day: DayState | None = desk[day_key(patient_id, name)]
    decision: DecisionState | None = desk[decision_key(patient_id, name)]
    place = desk[place_key(patient_id, name)]
    if day is None or decision is None:
        return carried
    desk.put(decision_key(patient_id, name), replace(decision, history=History(), waiting=None))
    said = {
        **to_builtins(decision.history),
        "first_event_time": day.first_event_time,
        "place": None if place is None else asdict(place.judged.place),
    }
    return replace(carried, decision=convert(said, CarriedDecision))
