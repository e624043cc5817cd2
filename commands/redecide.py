"""``therapy redecide``: asks that held days be decided again by new reference data."""

import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec.json import decode, encode

from commands.exits import READ, UNREAD, USAGE
from commands.kafka import on_kafka
from commands.replay import is_same_file, read_event, read_lines
from commands.ways import open_lines, write_out
from reference.rulebook import load
from schemas.envelope import Event, name_id, write_structured
from schemas.events import DECISIONS, EventType
from schemas.model import Struct
from schemas.reading import Reader, read_time
from schemas.redecision import RedecisionRequested
from schemas.values import FindingCode

SOURCE = "/therapy/redecide"
REQUESTS = UUID("0e9b6a52-2f0b-5a8e-8c1d-7d7b8e2d4c91").bytes
"""The namespace of the ids of our requests."""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.description = (
        "Ask for each patient with held days that these be decided again under the reference data"
        " in force now. Without FILE the decisions are read from Kafka and the requests sent to"
        " it; with FILE, which is what therapy replay wrote, the requests are written as events,"
        " one a line."
    )
    parser.add_argument("file", nargs="?", metavar="FILE", help="decisions; - is standard input")
    parser.add_argument("--held", action="store_true", required=True, help="the days to ask for")
    parser.add_argument(
        "--finding",
        type=FindingCode,
        metavar="CODE",
        help="only patients with a day held by this finding, as NO_VALUE_IN_FORCE",
    )
    parser.add_argument(
        "--time",
        type=_instant,
        metavar="TIME",
        help="the requests' time, RFC 3339; default: that of the patient's latest held decision",
    )
    parser.add_argument("--dry-run", action="store_true", help="count, and send nothing")
    parser.add_argument("--out", metavar="FILE", help="with FILE: where to write the requests")


def _instant(text: str) -> datetime:
    time = read_time(encode({"time": text}))
    if time is None:
        raise ArgumentTypeError("wanted: a time as 2026-11-22T10:00:00-06:00")
    return time


class Held(Struct, frozen=True):
    """A visit day that is held, by its last decision."""

    patient_id: str
    time: datetime
    cause: str
    """The decision's id."""
    correlation: str
    partition: int


class HeldDays:
    """The visit days that are held, of decisions as they come; the last one of a day counts."""

    def __init__(self, finding: FindingCode | None = None) -> None:
        """Look for days held by ``finding``, or by anything."""
        self._finding = finding
        self._held: dict[str, Held] = {}

    def take(self, event: Event, partition: int = 0) -> None:
        """Keep a decision that holds its day; forget the day where it does so no more."""
        visit_day_id = event.data.visit_day_id
        if event.type == EventType.CLAIM_HELD and self._is_meant(event.data):
            self._held[visit_day_id] = Held(
                event.data.patient_id,
                event.time,
                event.id,
                event.correlationid or event.id,
                partition,
            )
        else:
            self._held.pop(visit_day_id, None)

    def __len__(self) -> int:
        """Return how many days are held."""
        return len(self._held)

    def patients(self) -> list[Held]:
        """Return each patient's latest held day, by patient."""
        latest: dict[str, Held] = {}
        for held in self._held.values():
            known = latest.get(held.patient_id)
            if known is None or (known.time, known.cause) < (held.time, held.cause):
                latest[held.patient_id] = held
        return [latest[patient_id] for patient_id in sorted(latest)]

    def _is_meant(self, held: Any) -> bool:  # noqa: ANN401 - the struct, or the model made of it
        return self._finding is None or self._finding in {each.code for each in held.blocked_by}


def request_again(held: Held, rulebook: str, time: datetime | None = None) -> Event:
    """Return the request for a patient's held days: under one rulebook it has one id.

    Without ``time`` it has that of the decision that led to it, as all that we emit.
    """
    reason = f"reference data were loaded: rulebook {rulebook}"
    return Event(
        type=EventType.REDECISION_REQUESTED.value,
        source=SOURCE,
        id=name_id(REQUESTS, rulebook, held.patient_id),
        subject=held.patient_id,
        time=time or held.time,
        partitionkey=held.patient_id,
        causationid=held.cause,
        correlationid=held.correlation,
        data=RedecisionRequested(patient_id=held.patient_id, reason=reason),
    )


def run(arguments: Namespace) -> int:
    """Ask for held days: status 3 when a decision could not be read, 1 when Kafka failed."""
    if arguments.file is None:
        if arguments.out is not None:
            return _misused("--out goes with FILE")
        return _run_on_kafka(arguments)
    if is_same_file(arguments.file, arguments.out):
        return _misused("--out is the file that is read")
    held, status = HeldDays(arguments.finding), READ
    with open_lines(arguments.file) as lines:
        for number in _read_decisions(lines, held):
            sys.stderr.write(f"therapy redecide: line {number} cannot be read\n")
            status = UNREAD
    if arguments.dry_run:
        print(say_count(held, "would be asked for"))
        return status
    rulebook = load().version
    requests = (request_again(each, rulebook, arguments.time) for each in held.patients())
    write_out((write_structured(each).decode() for each in requests), arguments.out)
    return status


def _misused(why: str) -> int:
    sys.stderr.write(f"therapy redecide: {why}\n")
    return USAGE


def _read_decisions(lines: Any, held: HeldDays) -> Iterator[int]:  # noqa: ANN401
    """Take the decisions among the lines; yield the numbers of those that cannot be read."""
    reader = Reader(DECISIONS, closed=False)
    for line in read_lines(lines):
        event = read_event(reader, line)
        if isinstance(event, Event):
            held.take(event)
        elif _is_decision(line.head):
            yield line.number


def _is_decision(line: bytes) -> bool:
    """Say whether a line that is no good was meant for a decision; the others are not asked."""
    try:
        stated = decode(line)
    except ValueError:
        return True
    return not isinstance(stated, dict) or stated.get("type") in DECISIONS


def _run_on_kafka(arguments: Namespace) -> int:
    # The frameworks take half a second to import, which the other commands need not wait for.
    from commands.redeciding import redecide  # noqa: PLC0415

    return on_kafka(lambda settings: redecide(settings, arguments))


def say_count(held: HeldDays, done: str) -> str:
    """Return how many days of how many patients were found, and what was done of them."""
    return f"{len(held)} held visit days of {len(held.patients())} patients {done}"
