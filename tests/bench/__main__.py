"""``make bench``: rates as ratios of one run on one core, and what takes the time."""

import cProfile
import gc
import pstats
from collections.abc import Callable, Sequence
from functools import partial
from statistics import median
from time import perf_counter

from commands.composition import Service, build_pipeline
from reference.rulebook import RuleBook, load
from runtime.pipeline import Pipeline, StepFailed
from schemas.envelope import Event, write_structured
from schemas.events import CLINICAL
from schemas.reading import Reader
from tests.bench.stream import clinic_stream, one_patient

ROUNDS = 5
PATIENTS = 60
VISITS = 30
LONG_VISITS = 300
LONG_PATIENTS = 30
EDGE = 10
"""Visits at each end of a long stay that are compared."""


def main() -> None:
    """Print the ratios, the rates behind them, the growth with history, and the profile."""
    rulebook = load()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    lines = clinic_stream(PATIENTS, VISITS)
    reader = Reader(CLINICAL)
    rates: dict[str, list[float]] = {"parse": [], "units": [], "claims": []}
    for _ in range(ROUNDS):
        rates["parse"].append(_rate(lines, partial(_parse, lines, reader)))
        for through in (Service.UNITS, Service.CLAIMS):
            running = partial(_run, lines, reader, build_pipeline(rulebook, through))
            rates[through].append(_rate(lines, running))
    middle = {name: median(values) for name, values in rates.items()}
    print(f"{len(lines)} events of {PATIENTS} patients; medians of {ROUNDS} rounds, one core")
    print(f"  only parsing          {middle['parse']:9.0f} events/s")
    for name, title, aim in (
        ("units", "through units", 0.3),
        ("claims", "through all three", 0.15),
    ):
        ratio = middle[name] / middle["parse"]
        print(f"  {title:20}  {middle[name]:9.0f} events/s   ratio {ratio:.3f}   (reach {aim})")
    growth = _growth(rulebook, reader)
    print(f"  {LONG_VISITS}th session over the first: {growth:.2f} (at most 1.20)")
    _profile(lines, reader, rulebook)


def _rate(lines: Sequence[bytes], work: Callable[[], None]) -> float:
    begun = perf_counter()
    work()
    return len(lines) / (perf_counter() - begun)


def _parse(lines: Sequence[bytes], reader: Reader) -> None:
    for line in lines:
        reader.read_structured(line)


def _run(lines: Sequence[bytes], reader: Reader, pipeline: Pipeline) -> None:
    """Read each line, run it, and write what it led to, as a replay does."""
    for line in lines:
        read = reader.read_structured(line)
        assert isinstance(read, Event)
        for emitted in pipeline.run(read):
            assert not isinstance(emitted, StepFailed), emitted
            write_structured(emitted)


def _growth(rulebook: RuleBook, reader: Reader) -> float:
    """Return what a late session costs over an early one, medians over many patients."""
    early: list[float] = []
    late: list[float] = []
    for number in range(LONG_PATIENTS):
        pipeline = build_pipeline(rulebook)
        costs = []
        for line in one_patient(LONG_VISITS, f"P-{number}"):
            begun = perf_counter()
            _run([line], reader, pipeline)
            costs.append(perf_counter() - begun)
        early += costs[1 : 1 + EDGE]
        late += costs[-EDGE:]
    return median(late) / median(early)


def _profile(lines: Sequence[bytes], reader: Reader, rulebook: RuleBook) -> None:
    profile = cProfile.Profile()
    pipeline = build_pipeline(rulebook)
    profile.runcall(_run, lines, reader, pipeline)
    print("\nwhat takes the time (own seconds, under the profiler):")
    pstats.Stats(profile).strip_dirs().sort_stats("tottime").print_stats(18)


if __name__ == "__main__":
    main()
