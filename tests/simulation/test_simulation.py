"""Exactly once: whatever goes wrong, a reader sees what it sees of an undisturbed run."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from io import BytesIO
from typing import cast

import pytest

from commands.replay import replay
from reference.rulebook import RuleBook
from runtime.doubles.schedule import Schedule
from schemas.envelope import Event, write_structured
from schemas.events import ON_TOPIC, Topic
from schemas.own_events import OwnReader
from tests.simulation.__main__ import FAULTS, main, read_seeds, summary
from tests.simulation.ending import Broken, Seen, check_seen
from tests.simulation.mixes import CALM, MIXES, mix_of
from tests.simulation.seeds import Failed, run_seeds, simulation

SEEDS = 10_000
HAPPENED = ("recoveries", "rebuilds", "records sent again", "fenced", "views found moved")

Lines = Mapping[tuple[str, str], Sequence[bytes]]
"""Events as lines by source and patient, in order."""


def test_no_schedule_loses_or_doubles_anything(cores: Executor) -> None:
    """Ten thousand seeds of crashes, lost answers, zombies, lost markers and Redis put back."""
    held = 0
    for tally, failed in run_seeds(cores, range(SEEDS)):
        assert not failed, "\n".join(map(str, failed))
        held += tally["schedules"]
    assert held == SEEDS


def test_a_seed_is_one_schedule() -> None:
    """It can be run again: the same calls at the same times, and the same end."""
    runs = []
    for _ in range(2):
        schedule = Schedule(7, MIXES[-1].faults)
        schedule.trace = []
        runs.append((simulation().run(schedule, 7, MIXES[-1]), schedule.trace))
    assert runs[0] == runs[1]


def test_every_fault_comes_and_every_way_back_is_gone() -> None:
    """A few seeds of each mix have all of them."""
    tally: Counter[str] = Counter()
    for seed in range(3 * len(MIXES)):
        tally += simulation().run(Schedule(seed, mix_of(seed).faults), seed, mix_of(seed)).tally
    assert [name for name in (*FAULTS, *HAPPENED) if not tally[name]] == []


def test_the_quiet_run_is_what_replay_gives(rulebook: RuleBook) -> None:
    """The events that consumers emit on Kafka are the lines of a replay, patient by patient."""
    for number, stream in enumerate(simulation().streams):
        seen = simulation().expect(number * len(MIXES), CALM)
        replayed = [line for line, _ in replay(BytesIO(b"\n".join(stream.lines)), rulebook)]
        assert dict(_by_patient(_emitted(seen))) == dict(_by_patient(replayed))


def _emitted(seen: Seen) -> Iterator[bytes]:
    """Give what consumers wrote of their own on their topics; what they passed on is left out."""
    for plan in simulation().plans:
        reader = OwnReader(ON_TOPIC[Topic(plan.output)])
        for (name, key), shown in seen.items():
            if name != f"{plan.output} of {plan.name}":
                continue
            assert key is not None
            for value, headers in cast("Sequence[tuple[bytes, list[tuple[str, bytes]]]]", shown):
                stated = {name: text.decode() for name, text in headers}
                event = reader.read_binary(stated, key.decode(), value)
                assert isinstance(event, Event)
                if event.source == plan.processor.source:
                    yield write_structured(event)


def _by_patient(lines: Iterator[bytes] | Sequence[bytes]) -> Lines:
    grouped: defaultdict[tuple[str, str], list[bytes]] = defaultdict(list)
    for line in lines:
        event = json.loads(line)
        grouped[event["source"], event["partitionkey"]].append(line)
    return grouped


@pytest.mark.parametrize(
    ("sees", "said"),
    [
        ([1, 2, 2, 3], "twice"),
        ([1, 3], "lost"),
        ([1, 4, 3], "others"),
        ([1, 3, 2], "in another order"),
    ],
)
def test_what_is_seen_is_compared_whole(sees: list[int], said: str) -> None:
    """Each difference has its name, and no record is named."""
    expected: Seen = {("t", b"k"): [(1,), (2,), (3,)]}
    check_seen(expected, expected)
    seen: Seen = {("t", b"k"): [(each,) for each in sees]}
    with pytest.raises(Broken, match=said):
        check_seen(seen, expected)
    with pytest.raises(Broken, match="lost"):
        check_seen({}, expected)


def test_seeds_are_named_by_number_or_by_both_ends() -> None:
    """What is neither is a wrong use."""
    assert read_seeds("3") == range(3)
    assert read_seeds("5-7") == range(5, 8)
    assert main(["many"]) == 2


def test_a_summary_says_what_broke_and_how_to_see_it_again() -> None:
    """It counts the schedules that hold, what went wrong in them, and what happened."""
    failed = Failed(9, "crashes", "it never gets through")
    assert "make simulate SEEDS=9-9" in str(failed)
    lines = summary(range(2), Counter(schedules=1, crash=3, recoveries=4), [failed])
    assert lines[0] == "seeds 0 to 1: 1 hold, 1 break"
    assert "crash 3" in lines[1]
    assert "recoveries 4" in lines[2]
