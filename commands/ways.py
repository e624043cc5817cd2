"""One file of events through the consumers in two ways at once, and the days side by side."""

import gc
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from commands.composition import build_pipeline
from commands.exits import READ, UNREAD
from commands.replay import GC_THRESHOLDS, read_event, read_lines
from commands.standings import Standing, Standings, VisitDayName
from reference.rulebook import RuleBook
from runtime.pipeline import StepFailed
from schemas.envelope import Event
from schemas.events import CLINICAL
from schemas.reading import Reader, Unreadable

Pair = tuple[Standing | None, Standing | None]
"""A visit day in both ways; None where a consumer failed on it in one of them."""


def as_it_came(event: Event) -> Event:
    """Return the event."""
    return event


@dataclass(slots=True)
class Way:
    """One way through the consumers: what decides, and what is changed in each event before."""

    rulebook: RuleBook
    change: Callable[[Event], Event] = as_it_came
    standings: Standings = field(default_factory=Standings)


def run_ways(file: str, command: str, ways: Sequence[Way]) -> int:
    """Send a file's events through all ways; say what cannot be read, and return the status.

    Memory holds the ways' state and the last that was said of each visit day.
    """
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)
    status = READ
    with open_lines(file) as lines:
        for trouble in _run(lines, ways):
            sys.stderr.write(f"therapy {command}: {trouble}\n")
            status = UNREAD
    return status


def open_lines(file: str) -> AbstractContextManager[IO[bytes]]:
    """Open a file of events, or standard input."""
    return nullcontext(sys.stdin.buffer) if file == "-" else Path(file).open("rb")


def _run(lines: IO[bytes], ways: Sequence[Way]) -> Iterator[str]:
    """Yield what went wrong, by line; no value of a line is in it."""
    reader = Reader(CLINICAL)
    pipelines = [(way, build_pipeline(way.rulebook)) for way in ways]
    for line in read_lines(lines):
        event = read_event(reader, line)
        if isinstance(event, Unreadable):
            yield f"line {line.number}: {event.reason}: {event.detail}"
            continue
        for way, pipeline in pipelines:
            for emitted in pipeline.run(way.change(event)):
                if isinstance(emitted, StepFailed):
                    yield f"line {line.number}: {emitted.source} failed: {emitted.kind}"
                else:
                    way.standings.take(emitted)


def pair_days(
    ways: Sequence[Way], named: Callable[[Standing], tuple[VisitDayName, str]]
) -> list[Pair]:
    """Return the visit days of two ways in pairs, by patient, date of service and discipline."""
    first, second = ({named(day): day for day in way.standings.days()} for way in ways)
    names = sorted(first.keys() | second.keys())
    return [(first.get(name), second.get(name)) for name in names]


def name_of(pair: Pair) -> VisitDayName:
    """Return which visit day a pair is."""
    day = pair[0] or pair[1]
    assert day is not None
    return day.name


def write_out(lines: Iterable[str], out: str | None) -> None:
    """Write lines of text to a file, or to standard output."""
    if out is None:
        sys.stdout.writelines(f"{line}\n" for line in lines)
        return
    with Path(out).open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(f"{line}\n" for line in lines)
