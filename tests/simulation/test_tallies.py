"""What is counted is what is there, whatever goes wrong: crashes, zombies, rebalances."""

from collections import Counter
from dataclasses import replace
from functools import cache

import pytest

from commands.tallies import LONG_PAST
from runtime.doubles.clock import run
from runtime.doubles.schedule import Schedule
from runtime.engine.messages import event_message
from runtime.engine.records import Message
from schemas.envelope import Event
from schemas.events import CLINICAL
from schemas.reading import Reader
from tests.bench.waiting import waiting_stream
from tests.simulation.ending import last_position
from tests.simulation.mixes import CALM, MIXES, Mix
from tests.simulation.scenario import Scenario, Setting
from tests.simulation.seeds import simulation

STREAMS = 6
SEEDS = 72
KINDS = {"cents", "days", "due", "held", "ledgers", "missing"}


@cache
def stream(number: int) -> list[Message]:
    """Return the records of a clinic in which much waits."""
    reader, messages = Reader(CLINICAL), []
    for line in waiting_stream(patients=3, visits=3, seed=number):
        event = reader.read_structured(line)
        assert isinstance(event, Event), event
        messages.append(event_message(event, ()))
    return messages


def tallies_of(number: int, mix: Mix, schedule: Schedule) -> dict[str, int]:
    """Run a stream on a schedule, which checks what is counted; return it, by name."""
    scenario = Scenario(Setting(simulation().plans, stream(number)), mix, schedule)
    run(scenario.play())
    shared, sums = scenario.shared, Counter[str]()
    for plan in shared.plans:
        for place in shared.inputs(plan):
            sums.update(last_position(shared, plan, place)[1].tallies)
    return dict(sums)


@cache
def quiet(number: int, size_max: int | None = None) -> dict[str, int]:
    """Return what a stream counts where nothing goes wrong; ``size_max`` is the broker's."""
    return tallies_of(number, replace(CALM, size_max=size_max), Schedule(0))


def test_the_streams_have_all_that_is_counted() -> None:
    """Days that are ready and held and wait, with due dates, amounts and every band.

    Due dates of long before the run are put together.
    """
    names = {name for number in range(STREAMS) for name in quiet(number)}
    assert {name.split(" ")[0] for name in names} == KINDS
    assert LONG_PAST in names
    bands = {name.split(" ")[-1] for name in names if name.startswith("ledgers")}
    assert bands == {"below_80_percent", "from_80_percent", "over_kx", "over_review"}


@pytest.mark.parametrize("mix", MIXES, ids=lambda mix: mix.name.replace(" ", "-"))
def test_the_tallies_are_those_of_the_quiet_run(mix: Mix) -> None:
    """Each partition's are the recount of all its values, and together those of a quiet run."""
    for seed in range(SEEDS // len(MIXES)):
        expected = quiet(seed % STREAMS, mix.size_max)
        assert tallies_of(seed % STREAMS, mix, Schedule(seed, mix.faults)) == expected
