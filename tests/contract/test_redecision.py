"""New reference data and a request: days that were held become what a replay says of them."""

import json
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from commands.composition import PROCESSORS, Service
from commands.redecide import HeldDays, request_again
from commands.standings import Standing, Standings
from reference.rulebook import PACKAGE, RuleBook, load
from runtime.consumer import Consumer
from runtime.memory import MemoryLog, MemoryStateView
from runtime.pipeline import Pipeline, Stage, StepFailed
from schemas.claims import Decision
from schemas.envelope import Event
from schemas.events import CLINICAL
from schemas.reading import Reader
from schemas.spend import SpendAccrued
from schemas.values import FindingCode, ThresholdGroup
from tests.clinic import Json, event, plan_of_care, service, session

DAY = date(2026, 3, 2)
ENDED = date(2026, 2, 28)
NEEDED = (
    "parameters/units/timed_unit.yaml",
    "parameters/payment/conversion_factor.yaml",
    "parameters/payment/mppr_practice_expense_share.yaml",
    "parameters/thresholds/kx_threshold.yaml",
    "parameters/documentation/certification.yaml",
    "tables/procedures",
    "tables/relative_values",
    "tables/gpci",
    "tables/ncci_ptp_practitioner",
    "payers/medicare_ffs.yaml",
)
"""Facts of every kind that a Medicare day is held without."""


class Consumers:
    """The three consumers, whose state stays when they are started with other reference data."""

    def __init__(self, rulebook: RuleBook) -> None:
        """Start with nothing remembered."""
        self._views = {service: MemoryStateView() for service in Service}
        self._reader = Reader(CLINICAL)
        self.standings = Standings()
        self.held = HeldDays()
        self.emitted: list[Event] = []
        self.amounts: dict[str, str] = {}
        self.running_totals: dict[ThresholdGroup, str] = {}
        self.start(rulebook)

    def start(self, rulebook: RuleBook) -> None:
        """Start a new release on the state that is there."""
        self.rulebook = rulebook
        stages = []
        for service_, (processor, reads, writes) in PROCESSORS.items():
            consumer = Consumer(processor(rulebook), self._views[service_], rulebook.version)
            stages.append(Stage(consumer, reads, writes))
        self._pipeline = Pipeline(stages, MemoryLog())

    def send(self, sent: Json) -> None:
        """Send what came in."""
        read = self._reader.read_structured(json.dumps(sent).encode())
        assert isinstance(read, Event), read
        self.take(read)

    def take(self, came: Event) -> None:
        """Handle an event, and keep what was said last."""
        self.emitted = []
        for each in self._pipeline.run(came):
            assert not isinstance(each, StepFailed), each
            self.emitted.append(each)
            self.standings.take(each)
            if isinstance(each.data, SpendAccrued) and each.data.spend is not None:
                spend = each.data.spend
                self.amounts[each.data.visit_day_id] = spend.amount
                self.running_totals[spend.threshold_group] = spend.running_total
            if isinstance(each.data, Decision):
                self.held.take(each)

    def redecide(self) -> None:
        """Ask for all held days, as ``therapy redecide --held`` does."""
        for held in self.held.patients():
            self.take(request_again(held, self.rulebook.version))

    def stands(self) -> list[Standing]:
        """Return what each day stands at."""
        return sorted(self.standings.days(), key=lambda day: day.name)


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """Return reference data of which some may be ended before the day."""
    copy = tmp_path / "reference"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    return copy


def end(folder: Path, name: str) -> None:
    """Let the values of a file, or the releases of a table, end before the day."""
    path = folder / name
    for file in path.glob("*/release.yaml") if path.is_dir() else (path,):
        stated = yaml.safe_load(file.read_text(encoding="utf-8"))
        for window in [stated["effective"]] if path.is_dir() else stated["values"]:
            _end_window(window)
        file.write_text(yaml.safe_dump(stated), encoding="utf-8")


def _end_window(window: dict[str, Any]) -> None:
    through = window.get("through")
    if window["from"] <= DAY and (through is None or through >= DAY):
        window["through"] = ENDED


def came_in() -> list[Json]:
    """Return a plan of care, then two disciplines on one date and PT on the next."""
    timed = [service(1, "97110", 23), service(2, "97140", 15)]
    activity = [service(1, "97530", 15)]
    sent: list[tuple[str, Json]] = [
        ("documentation.received", plan_of_care()),
        ("session.completed", session("S-1", timed)),
        ("session.completed", session("S-2", activity, discipline="OT")),
        ("session.completed", session("S-3", timed[:1], date_of_service="2026-03-04")),
    ]
    return [
        event(kind, data, time=f"2026-03-05T10:{at:02}:00-06:00", event_id=f"e-{at}")
        for at, (kind, data) in enumerate(sent)
    ]


@pytest.mark.parametrize("missing", NEEDED)
def test_held_days_become_what_a_replay_says(old: Path, rulebook: RuleBook, missing: str) -> None:
    """Without the fact days are held; with it and a request all stand as after a replay."""
    end(old, missing)
    consumers, replayed = Consumers(load(old)), Consumers(rulebook)
    for each in came_in():
        consumers.send(each)
        replayed.send(each)
    held = [day for day in consumers.stands() if day.decision == "held"]
    assert {FindingCode.NO_VALUE_IN_FORCE in day.blocking for day in held} == {True}
    consumers.start(rulebook)
    consumers.redecide()
    assert {day.decision for day in consumers.stands()} == {"ready"}
    assert consumers.stands() == replayed.stands()
    # A day keeps its place in the year, and with it the balance before it.
    assert consumers.amounts == replayed.amounts
    assert consumers.running_totals == replayed.running_totals


def test_all_missing_at_once(old: Path, rulebook: RuleBook) -> None:
    """Two releases later, the first of which mends only half, the days stand as after a replay."""
    half = old.parent / "half"
    end(old, NEEDED[0])
    shutil.copytree(old, half)
    for name in NEEDED[1:]:
        end(old, name)
    consumers, replayed = Consumers(load(old)), Consumers(rulebook)
    for each in came_in():
        consumers.send(each)
        replayed.send(each)
    for release in (load(half), rulebook):
        consumers.start(release)
        consumers.redecide()
    assert consumers.stands() == replayed.stands()
    # A day keeps its place in the year, and with it the balance before it.
    assert consumers.amounts == replayed.amounts
    assert consumers.running_totals == replayed.running_totals


def test_a_second_request_is_no_news(old: Path, rulebook: RuleBook) -> None:
    """The days are decided by the rulebook in force already."""
    end(old, "parameters/units/timed_unit.yaml")
    consumers = Consumers(load(old))
    for each in came_in():
        consumers.send(each)
    consumers.start(rulebook)
    asked = [request_again(held, rulebook.version) for held in consumers.held.patients()]
    for request in asked:
        consumers.take(request)
        assert consumers.emitted
        consumers.take(request)
        assert not consumers.emitted
