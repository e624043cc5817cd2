"""``make bench``: rates as ratios of one run on one core, what takes the time, and the bus."""

import cProfile
import gc
import pstats
from collections.abc import Callable, Sequence
from functools import partial
from statistics import median
from time import perf_counter

from commands.composition import CHAIN, Service, build_pipeline, connect
from commands.replay import AHEAD, GC_THRESHOLDS
from reference.rulebook import RuleBook, load
from runtime.memory import MemoryStateView
from runtime.pipeline import Pipeline, StepFailed
from schemas.envelope import Event, write_structured
from schemas.events import CLINICAL
from schemas.reading import Reader, Unreadable
from tests.bench.bus.run import measure
from tests.bench.stream import clinic_stream, one_patient
from tests.cluster.server import Missing

ROUNDS = 5
PATIENTS = 60
VISITS = 30
LONG_VISITS = 300
LONG_PATIENTS = 30
EDGE = 10
"""Visits at each end of a long stay that are compared."""
STAGES = (
    (CHAIN[:1], "units alone", 0.3),
    (CHAIN, "all three", 0.15),
    (tuple(Service), "with clinicians", 0.13),
)
"""How far the events go, and the ratio to reach there, counted with writing."""
PROFILED = 12

Write = Callable[[Event], object]


def main() -> None:
    """Print the ratios, the rates behind them, the growth with history, and the profile."""
    rulebook = load()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)
    lines = clinic_stream(PATIENTS, VISITS)
    reader = Reader(CLINICAL)
    _measure(lines, reader, rulebook)
    growth = _growth(rulebook, reader)
    print(f"  {LONG_VISITS}th session over the first: {growth:.2f} (at most 1.20)")
    _profile(lines, reader, rulebook)
    try:
        measure(rulebook)
    except Missing as missing:
        print(f"NOT MEASURED ON A BUS: {missing}")


def _measure(lines: Sequence[bytes], reader: Reader, rulebook: RuleBook) -> None:
    """Print what parsing alone does, and by it what each stretch does, computed and written."""
    ways: Sequence[tuple[str, Write]] = (("computed", _keep), ("written", write_structured))
    parsing: list[float] = []
    rates: dict[tuple[str, str], list[float]] = {}
    for _ in range(ROUNDS):
        parsing.append(_rate(lines, partial(_parse, lines, reader)))
        for services, title, _aim in STAGES:
            for way, write in ways:
                pipeline = connect(rulebook, {each: MemoryStateView() for each in services})
                running = partial(_run, lines, reader, pipeline, write)
                rates.setdefault((title, way), []).append(_rate(lines, running))
    alone = median(parsing)
    print(f"{len(lines)} events of {PATIENTS} patients; medians of {ROUNDS} rounds, one core")
    print("  computed: bytes in, events out as values; written: as lines of JSON too")
    print(f"  {'only parsing':21} {alone:8.0f} events/s {1e6 / alone:6.1f} µs")
    for _service, title, aim in STAGES:
        for way, _write in ways:
            rate = median(rates[title, way])
            said = f"{title}, {way}"
            reach = f"   (reach {aim})" if way == "written" else ""
            print(f"  {said:21} {rate:8.0f} events/s {1e6 / rate:6.1f} µs", end="")
            print(f"   {rate / alone:.3f} of only parsing{reach}")


def _keep(_event: Event) -> None:
    """Leave the event as it is."""


def _rate(lines: Sequence[bytes], work: Callable[[], None]) -> float:
    begun = perf_counter()
    work()
    return len(lines) / (perf_counter() - begun)


def _parse(lines: Sequence[bytes], reader: Reader) -> None:
    for line in lines:
        reader.read_structured(line)


def _run(lines: Sequence[bytes], reader: Reader, pipeline: Pipeline, write: Write) -> None:
    """Read some lines, run them, and write what they led to, as a replay of a file does."""
    for first in range(0, len(lines), AHEAD):
        read = [reader.read_structured(line) for line in lines[first : first + AHEAD]]
        emitted = [each for event in read for each in pipeline.run(_expect_event(event))]
        for each in emitted:
            assert not isinstance(each, StepFailed), each
            write(each)


def _expect_event(read: Event | Unreadable) -> Event:
    assert isinstance(read, Event), read
    return read


def _growth(rulebook: RuleBook, reader: Reader) -> float:
    """Return what a late session costs over an early one, medians over many patients."""
    early: list[float] = []
    late: list[float] = []
    for number in range(LONG_PATIENTS):
        pipeline = build_pipeline(rulebook)
        costs = []
        for line in one_patient(LONG_VISITS, f"P-{number}"):
            begun = perf_counter()
            _run([line], reader, pipeline, write_structured)
            costs.append(perf_counter() - begun)
        early += costs[1 : 1 + EDGE]
        late += costs[-EDGE:]
    return median(late) / median(early)


def _profile(lines: Sequence[bytes], reader: Reader, rulebook: RuleBook) -> None:
    profile = cProfile.Profile()
    pipeline = build_pipeline(rulebook)
    profile.runcall(_run, lines, reader, pipeline, write_structured)
    print("\nwhat takes the time (own seconds, under the profiler):")
    pstats.Stats(profile).strip_dirs().sort_stats("tottime").print_stats(PROFILED)


if __name__ == "__main__":
    main()
