"""Many seeds: each in its mix, against the quiet run of its stream, on every core."""

import gc
import os
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from multiprocessing import get_context

from commands.composition import CHAIN
from commands.plans import build_plan
from reference.rulebook import RuleBook, load
from runtime.doubles.schedule import Schedule
from runtime.engine.messages import COMMIT
from runtime.engine.plan import Plan, Unread
from runtime.engine.records import Message, Record
from schemas.envelope import Event
from tests.simulation.ending import Broken, Seen, check_seen
from tests.simulation.mixes import CALM, MIXES, Mix, mix_of
from tests.simulation.scenario import Ended, Setting, simulate
from tests.simulation.streams import Stream, streams

AT_A_TIME = 50
"""Seeds that one core takes up at a time."""
GC_THRESHOLDS = (100_000, 20, 50)
"""A run's cycles are few; looking for them took a twentieth of the time."""


@dataclass(frozen=True, slots=True)
class Failed:
    """A seed that broke, and how."""

    seed: int
    mix: str
    why: str

    def __str__(self) -> str:
        """Say it, and how to see it again."""
        again = f"make simulate SEEDS={self.seed}-{self.seed}"
        return f"seed {self.seed} ({self.mix}): {self.why}\n  again: {again}"


@dataclass(slots=True)
class Simulation:
    """The three consumers over every stream, and what is expected of them."""

    plans: list[Plan]
    streams: list[Stream]
    _expected: dict[tuple[int, int | None], Seen] = field(default_factory=dict)

    def run(self, schedule: Schedule, seed: int, mix: Mix) -> Ended:
        """Run a seed's stream on a schedule; raise ``Broken`` where it shows anything else."""
        expected = self.expect(seed, mix)
        ended = simulate(Setting(self.plans, self._stream(seed)), mix, schedule)
        check_seen(ended.seen, expected)
        return ended

    def expect(self, seed: int, mix: Mix) -> Seen:
        """Return what a reader sees of the quiet run over a seed's stream."""
        name = seed // len(MIXES) % len(self.streams), mix.size_max
        if name not in self._expected:
            calm = replace(CALM, size_max=mix.size_max)
            ended = simulate(Setting(self.plans, self._stream(seed)), calm, Schedule(0))
            self._expected[name] = ended.seen
        return self._expected[name]

    def _stream(self, seed: int) -> list[Message]:
        return self.streams[seed // len(MIXES) % len(self.streams)].messages

    def try_seed(self, seed: int, mix: Mix) -> Ended | Failed:
        """Run a seed; what an engine with a bug raises is a failure too."""
        try:
            return self.run(Schedule(seed, mix.faults), seed, mix)
        except Broken as broken:
            return Failed(seed, mix.name, str(broken))
        except Exception as error:  # noqa: BLE001 - whatever it is, it is a bug that a seed found
            return Failed(seed, mix.name, f"{type(error).__name__}: {error}")


@cache
def simulation() -> Simulation:
    """Return the simulation, made once a process."""
    return Simulation(real_plans(load()), streams())


def real_plans(rulebook: RuleBook) -> list[Plan]:
    """Return the three consumers; a record that was read once is remembered."""
    plans = [build_plan(service, rulebook) for service in CHAIN]
    return [replace(plan, read=_remembering(plan.read)) for plan in plans]


def _remembering(read: Callable[[Record], Event | Unread]) -> Callable[[Record], Event | Unread]:
    """Make a reader, which is pure, read each record of a bus once for all seeds."""
    known: dict[object, Event | Unread] = {}

    def remember(record: Record) -> Event | Unread:
        named = tuple(each for each in record.headers if each[0] != COMMIT)
        name = record.key, record.value, named
        event = known.get(name)
        if event is None:
            event = known[name] = read(record)
        return event

    return remember


@contextmanager
def all_cores() -> Iterator[Executor]:
    """Give a pool of one process a core, each with the simulation made."""
    # No process is forked from one that may have threads.
    cores = ProcessPoolExecutor(os.cpu_count() or 1, get_context("spawn"), _prepare)
    try:
        yield cores
    finally:
        cores.shutdown(cancel_futures=True)


def run_seeds(cores: Executor, seeds: range) -> Iterator[tuple[Counter[str], list[Failed]]]:
    """Run seeds on every core; give what happened, and what broke, some seeds at a time."""
    starts = range(seeds.start, seeds.stop, AT_A_TIME)
    parts = [range(start, min(start + AT_A_TIME, seeds.stop)) for start in starts]
    return cores.map(_run_part, parts)


def _prepare() -> None:
    simulation()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)


def _run_part(seeds: range) -> tuple[Counter[str], list[Failed]]:
    tally: Counter[str] = Counter()
    failed: list[Failed] = []
    for seed in seeds:
        ended = simulation().try_seed(seed, mix_of(seed))
        if isinstance(ended, Failed):
            failed.append(ended)
        else:
            tally += ended.tally
            tally["schedules"] += 1
    return tally, failed
