"""Remote monitoring through the consumers: records and sessions in any order, and changed."""

import json
from dataclasses import replace
from itertools import permutations

from commands.composition import Service
from commands.plans import build_plan
from reference.holdings import read_holdings
from reference.rulebook import PACKAGE, RuleBook
from reference.series import Series
from runtime.processor import Key, Value
from schemas.envelope import Event
from schemas.events import CLINICAL
from schemas.reading import Reader
from services.units.processor import UnitsProcessor
from tests.clinic import (
    COMMERCIAL,
    Clinic,
    Json,
    decision,
    device_days,
    event,
    interaction,
    of_type,
    plan_of_care,
    service,
    session,
    types,
)

MANAGED = [service(1, "98980", 0), service(2, "98981", 0)]
SUPPLIED = [service(1, "98977", 0)]
SUPPLY = service(3, "98977", 0)


def days(emitted: list[Json]) -> list[Json]:
    """Return the visit days that were emitted."""
    return of_type(emitted, "units.computed")


def units(day: Json) -> dict[str, int]:
    """Return the units of a day's lines by code."""
    return {line["code"]: line["units"] for line in day["lines"]}


def on(day: str, services: list[Json], **more: object) -> Json:
    """Return a session that bills monitoring on a date; the date names it."""
    return session(f"S-{day}", services, date_of_service=day, payer=COMMERCIAL, **more)


def test_a_record_alone_emits_nothing(units_clinic: Clinic) -> None:
    """Records are kept until a session bills for them."""
    assert units_clinic.monitor(interaction("R-1", "2026-03-05", 20)) == []
    assert units_clinic.monitor(device_days("R-2", "2026-03-05", 16)) == []


def test_a_session_is_counted_from_the_records_that_came(units_clinic: Clinic) -> None:
    """Its lines have the month's units and minutes; the arithmetic is told."""
    units_clinic.monitor(interaction("R-1", "2026-03-05", 25))
    units_clinic.monitor(interaction("R-2", "2026-03-31", 20))
    (day,) = days(units_clinic.complete(on("2026-03-31", MANAGED)))
    assert units(day) == {"98980": 1, "98981": 1}
    assert [(line["minutes"], line["timed"]) for line in day["lines"]] == [(45, False)] * 2
    assert (day["timed_minutes"], day["timed_units"]) == (0, 0)
    assert day["steps"] == [
        "98980: 45 minutes in 2026-03; it is for 20 or more: 1 unit.",
        "98981: 45 minutes in 2026-03; each full 20 after the first 20 are 1 unit: 1.",
    ]


def test_minutes_of_the_session_itself_are_not_the_months(units_clinic: Clinic) -> None:
    """Only records count; the line waits in the note until there are enough."""
    (day,) = days(units_clinic.complete(on("2026-03-31", [service(1, "98980", 30)])))
    assert day["lines"] == []
    assert day["unbilled"] == [{"code": "98980", "minutes": 0, "reason": "no_unit_earned"}]
    assert [each["code"] for each in day["findings"]] == ["NO_BILLABLE_TIME"]


def test_a_late_record_computes_the_day_again(units_clinic: Clinic) -> None:
    """The day whose month it is in is emitted by itself, and no other."""
    units_clinic.complete(on("2026-03-31", MANAGED))
    units_clinic.complete(on("2026-04-30", MANAGED))
    (day,) = days(units_clinic.monitor(interaction("R-1", "2026-03-05", 20)))
    assert (day["date_of_service"], day["revision"]) == ("2026-03-31", 2)
    assert units(day) == {"98980": 1}
    assert units_clinic.monitor(interaction("R-1", "2026-03-05", 20)) == []


def test_a_record_that_changes_no_day_emits_nothing(units_clinic: Clinic) -> None:
    """Another discipline's minutes are not in the arithmetic of the day."""
    units_clinic.complete(on("2026-03-31", MANAGED))
    assert units_clinic.monitor(interaction("R-1", "2026-03-05", 20, discipline="OT")) == []
    assert units_clinic.monitor(device_days("R-2", "2026-03-05", 16)) == []


def test_a_higher_revision_replaces_the_record(units_clinic: Clinic) -> None:
    """It may be of another month or kind; none of its minutes stay behind."""
    units_clinic.complete(on("2026-03-31", MANAGED))
    units_clinic.complete(on("2026-04-30", MANAGED))
    units_clinic.monitor(interaction("R-1", "2026-03-05", 20, revision=2))
    assert units_clinic.monitor(interaction("R-1", "2026-03-05", 50)) == []
    march, april = days(units_clinic.monitor(interaction("R-1", "2026-04-05", 20, revision=3)))
    assert (units(march), units(april)) == ({}, {"98980": 1})
    (april,) = days(units_clinic.monitor(device_days("R-1", "2026-04-05", 16, revision=4)))
    assert units(april) == {}


def test_no_minutes_and_no_days_take_a_record_back(units_clinic: Clinic) -> None:
    """What was recorded in error counts no more."""
    units_clinic.complete(on("2026-03-31", [*SUPPLIED, service(2, "98980", 0)]))
    units_clinic.monitor(interaction("R-1", "2026-03-05", 20))
    units_clinic.monitor(device_days("R-2", "2026-03-05", 16))
    units_clinic.monitor(interaction("R-1", "2026-03-05", 0, revision=2))
    (day,) = days(units_clinic.monitor(device_days("R-2", "2026-03-05", 0, revision=2)))
    assert (units(day), day["revision"]) == ({}, 5)


def test_an_earlier_date_of_service_takes_the_month(units_clinic: Clinic) -> None:
    """The day that had it is emitted behind the one that came, without it."""
    units_clinic.monitor(interaction("R-1", "2026-03-05", 25))
    units_clinic.complete(on("2026-03-31", MANAGED[:1]))
    early, late = days(units_clinic.complete(on("2026-03-20", MANAGED[:1])))
    assert (early["date_of_service"], units(early)) == ("2026-03-20", {"98980": 1})
    assert (late["date_of_service"], units(late)) == ("2026-03-31", {})
    assert late["steps"][0] == (
        "98980: 25 minutes in 2026-03; 98980 of 2026-03-20 has the month already."
    )


def test_a_void_gives_the_month_back(units_clinic: Clinic) -> None:
    """So does an amendment that no longer bills it, and one that moves to another month."""
    units_clinic.monitor(interaction("R-1", "2026-03-05", 25))
    units_clinic.complete(on("2026-03-20", MANAGED[:1]))
    units_clinic.complete(on("2026-03-31", MANAGED[:1]))
    gone, late = days(units_clinic.void("S-2026-03-20"))
    assert (gone["emptied_by"], units(late)) == ("voided", {"98980": 1})
    units_clinic.complete(on("2026-03-10", MANAGED[:1]))
    changed = on("2026-03-10", [service(1, "97110", 15)], revision=2)
    amended, late = days(units_clinic.amend(changed))
    assert (units(amended), units(late)) == ({"97110": 1}, {"98980": 1})
    units_clinic.complete(on("2026-03-12", MANAGED[:1]))
    moved = {**on("2026-04-12", MANAGED[:1], revision=2), "session_id": "S-2026-03-12"}
    left, entered, late = days(units_clinic.amend(moved))
    assert (left["emptied_by"], units(entered), units(late)) == ("moved", {}, {"98980": 1})


def test_a_change_goes_through_periods_that_lie_one_behind_the_other(units_clinic: Clinic) -> None:
    """The first day gives its period free: the second has it then, and the third has not."""
    for number, first in enumerate(["2026-03-01", "2026-04-01", "2026-05-01"]):
        units_clinic.monitor(device_days(f"R-{number}", first, 30))
    for day in ("2026-03-30", "2026-04-10", "2026-05-05"):
        units_clinic.complete(on(day, SUPPLIED))
    gone, second, third = days(units_clinic.void("S-2026-03-30"))
    assert gone["lines"] == []
    assert (units(second), units(third)) == ({"98977": 1}, {})


def test_the_set_up_is_billed_once_in_a_plan_of_care(units_clinic: Clinic) -> None:
    """Months later it is still the same episode; another plan is another one."""
    units_clinic.monitor(device_days("R-1", "2026-01-05", 20))
    units_clinic.monitor(device_days("R-2", "2026-06-05", 20))
    set_up = [service(1, "98975", 15)]
    (first,) = days(units_clinic.complete(on("2026-01-31", set_up)))
    (again,) = days(units_clinic.complete(on("2026-06-30", set_up)))
    assert (units(first), units(again)) == ({"98975": 1}, {})
    other = session(
        "S-9", set_up, date_of_service="2026-06-29", payer=COMMERCIAL, plan_of_care_id="POC-2"
    )
    (new,) = days(units_clinic.complete(other))
    assert units(new) == {"98975": 1}


def test_the_end_is_the_same_in_whatever_order_things_come(rulebook: RuleBook) -> None:
    """Records and sessions of two dates leave the same units, whichever came first."""
    arrivals: list[tuple[str, Json]] = [
        ("monitoring.recorded", interaction("R-1", "2026-03-05", 25)),
        ("monitoring.recorded", device_days("R-2", "2026-03-05", 16)),
        ("session.completed", on("2026-03-31", [*SUPPLIED, service(2, "98980", 0)])),
        ("session.completed", on("2026-03-28", [*SUPPLIED, service(2, "98980", 0)])),
    ]
    ends = set()
    for order in permutations(arrivals):
        clinic = Clinic(rulebook)
        last: dict[str, str] = {}
        for kind, data in order:
            for day in days(clinic.send(kind, data)):
                last[day["date_of_service"]] = f"{units(day)} {day['steps']}"
        ends.add(str(sorted(last.items())))
    assert len(ends) == 1
    assert "2026-03-28', \"{'98977': 1, '98980': 1}" in ends.pop()


def test_a_claim_waits_for_its_record_and_goes_out_by_itself(clinic: Clinic) -> None:
    """The day is not billable, then ready; when the minutes are taken back it is withdrawn."""
    clinic.receive(plan_of_care())
    billed = session("S-1", [service(1, "98980", 0, charge="60.00")], date_of_service="2026-03-31")
    assert decision(clinic.complete(billed))["kind"] == "not-billable"
    ready = decision(clinic.monitor(interaction("R-1", "2026-03-05", 20)))
    assert (ready["kind"], ready["lines"][0]["units"]) == ("ready", 1)
    assert ready["lines"][0]["modifiers"] == ["GP"]
    taken = clinic.monitor(interaction("R-1", "2026-03-05", 0, revision=2))
    assert types(taken)[-1] == "claim.withdrawn"
    assert decision(taken)["reason"] == "no_unit"


def test_a_code_before_its_rule_is_held_and_decided_again(rulebook: RuleBook) -> None:
    """Without a rule in force the day waits; once there is one, a redecision counts it."""
    holdings = read_holdings(PACKAGE)
    without = replace(holdings.parameters, monitoring=Series("monitoring", ()))
    bare = RuleBook(replace(holdings, parameters=without), "before")
    state = dict[Key, Value]()
    before = UnitsProcessor(bare)
    _run(before, state, "monitoring.recorded", interaction("R-1", "2026-03-05", 20))
    _run(before, state, "session.completed", on("2026-03-31", MANAGED[:1]))
    (held,) = [each for key, each in state.items() if key[0] == "day"]
    assert held.is_listed
    asked = {"patient_id": "P-1", "reason": "the rule is there"}
    _run(UnitsProcessor(rulebook), state, "redecision.requested", asked)
    (counted,) = [each for key, each in state.items() if key[0] == "monitored_day"]
    assert [each.units for each in counted.earned] == [1]


def test_minutes_of_an_assistant_are_the_lines(units_clinic: Clinic) -> None:
    """More than a tenth of the month by assistants makes the line theirs, whoever billed it."""
    units_clinic.monitor(interaction("R-1", "2026-03-05", 27))
    units_clinic.monitor(interaction("R-2", "2026-03-06", 3, role="assistant"))
    billed = session("S-1", MANAGED[:1], date_of_service="2026-03-31")
    (day,) = days(units_clinic.complete(billed))
    assert [line["assistant"] for line in day["lines"]] == [False]
    (day,) = days(
        units_clinic.monitor(interaction("R-2", "2026-03-06", 4, role="assistant", revision=2))
    )
    assert [line["assistant"] for line in day["lines"]] == [True]
    assert day["steps"][-1] == (
        "98980: 4 of 31 are the assistant's, more than 10%; the whole service is the assistant's."
    )


def test_a_later_month_asks_for_no_more_than_an_earlier_one(rulebook: RuleBook) -> None:
    """What a session loads does not grow with the months before it; what is kept reads back."""
    processor, state, asked = UnitsProcessor(rulebook), dict[Key, Value](), list[int]()
    for month in range(1, 13):
        day = f"2026-{month:02}-20"
        _run(processor, state, "monitoring.recorded", interaction(f"R-{month}", day, 20))
        asked.append(_run(processor, state, "session.completed", on(day, [*MANAGED, SUPPLY])))
    assert len(set(asked[2:])) == 1
    written = build_plan(Service.UNITS, rulebook).codec
    read = build_plan(Service.UNITS, rulebook).codec
    assert {key: read.decode(key, written.encode(key, state[key])) for key in state} == state


def _run(processor: UnitsProcessor, state: dict[Key, Value], kind: str, data: Json) -> int:
    """Run one event over the state, and return how many values it asked for."""
    structured = event(kind, data, time="2026-03-02T08:00:00Z", event_id="e-1")
    read = Reader(CLINICAL).read_structured(json.dumps(structured).encode())
    assert isinstance(read, Event)
    steps, asked = processor.process(read), 0
    keys = next(steps)
    while True:
        asked += len(keys)
        try:
            keys = steps.send({key: state.get(key) for key in keys})
        except StopIteration as stopped:
            state.update(stopped.value.changes)
            return asked
