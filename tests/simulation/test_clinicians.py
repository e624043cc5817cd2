"""Exactly once for the consumer keyed by clinician, whose state has times and hours in it."""

import json
from dataclasses import replace
from functools import cache

import msgspec
import pytest

from commands.composition import Service, build_pipeline, forwarded_from
from commands.plans import build_plan
from reference.rulebook import RuleBook, load
from runtime.doubles.schedule import Schedule
from runtime.engine.messages import ARRIVED, event_message
from runtime.engine.records import Message
from schemas.envelope import Event
from schemas.events import CLINICAL, Topic
from schemas.reading import Reader
from tests.clinic import event, service, session
from tests.simulation.ending import check_seen
from tests.simulation.mixes import CALM, MIXES, Mix
from tests.simulation.scenario import Setting, simulate

CLINICIANS = ("1558888882", "1558888883")
VISITS = 14
SEEDS = 3
"""Of each mix."""


@cache
def setting() -> Setting:
    """Return the consumer, and what the gateway brings it of visits that overlap."""
    rulebook = load()
    way = forwarded_from(Topic.UNITS)["therapy.clinician.day.v1"]
    told = [msgspec.structs.replace(each, partitionkey=way.key(each)) for each in _told(rulebook)]
    messages = [event_message(each, ()) for each in told]
    arriving = [
        Message(each.key, each.value, (*each.headers, (ARRIVED, str(number).encode())))
        for number, each in enumerate(messages)
    ]
    return Setting([build_plan(Service.CLINICIANS, rulebook)], arriving)


def _told(rulebook: RuleBook) -> list[Event]:
    """Return what ``units`` says of two clinicians who treat five patients in one hour."""
    pipeline, reader = build_pipeline(rulebook, Service.UNITS), Reader(CLINICAL)
    told: list[Event] = []
    for number in range(VISITS):
        start, npi = 10 + 7 * number % 30, CLINICIANS[number % 3 % 2]
        times = {"start": _at(start), "end": _at(start + 18), "clinician": npi}
        done = [service(1, "97110", 18, intervals=[times])]
        data = session("S", done, patient_id=f"P-{number % 5}", revision=number + 1)
        sent = event("session.amended", data, time=_at(59), event_id=f"e-{number}")
        read = reader.read_structured(json.dumps(sent).encode())
        assert isinstance(read, Event)
        told += [each for each in pipeline.run(read) if isinstance(each, Event)]
    return [each for each in told if each.type == "therapy.clinician.day.v1"]


def _at(minute: int) -> str:
    return f"2026-03-02T14:{minute}:00-06:00"


@pytest.mark.parametrize("mix", MIXES, ids=lambda mix: mix.name)
def test_no_schedule_loses_or_doubles_what_is_said_of_a_clinician(mix: Mix) -> None:
    """Each mix of faults, some seeds: a reader sees what it sees of the quiet run."""
    quiet = replace(CALM, size_max=mix.size_max)
    expected = simulate(setting(), quiet, Schedule(0)).seen
    assert sum(map(len, expected.values())) > VISITS
    for seed in range(SEEDS):
        ended = simulate(setting(), mix, Schedule(seed, mix.faults))
        check_seen(ended.seen, expected)
