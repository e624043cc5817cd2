"""``therapy replay``: a file of events in, every event that the consumers emit out."""

import gc
import hashlib
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import IO, assert_never

from commands.composition import CHAIN, Service, build_pipeline
from commands.dead_letters import HEAD_BYTES, Line, write_dead_letter
from commands.exits import READ, UNREAD, USAGE
from reference.rulebook import RuleBook, load
from runtime.pipeline import Pipeline, StepFailed
from schemas.envelope import Event, write_structured
from schemas.events import CLINICAL
from schemas.reading import TOO_LARGE, VALUE_BYTES_MAX, Reader, Unreadable
from schemas.values import DeadLetterReason
from services.units.processor import UnitsProcessor

CHUNK_BYTES = 65_536
AHEAD = 32
"""Lines of a file taken together, so that reading, deciding and writing alternate less."""
GC_THRESHOLDS = (1_000_000, 20, 50)
"""A replay makes no cycles, and looking for some means to visit all that it remembers."""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("file", metavar="FILE", help="events, one a line; - is standard input")
    parser.add_argument(
        "--through", choices=CHAIN, default=Service.CLAIMS, help="the last consumer to run"
    )
    parser.add_argument("--out", metavar="FILE", help="where to write; default standard output")


def run(arguments: Namespace) -> int:
    """Replay a file; the status is 0 when all was read, 3 when a line became a dead letter."""
    if is_same_file(arguments.file, arguments.out):
        sys.stderr.write("therapy replay: --out is the file that is read\n")
        return USAGE
    rulebook = load()
    with ExitStack() as files:
        lines: IO[bytes] = sys.stdin.buffer
        if arguments.file != "-":
            lines = files.enter_context(Path(arguments.file).open("rb"))
        out: IO[bytes] = sys.stdout.buffer
        if arguments.out is not None:
            out = files.enter_context(Path(arguments.out).open("wb"))
        status = READ
        gc.freeze()
        gc.set_threshold(*GC_THRESHOLDS)
        for written, is_dead in replay(lines, rulebook, Service(arguments.through)):
            out.write(written + b"\n")
            if is_dead:
                status = UNREAD
        out.flush()
    return status


def is_same_file(read: str, out: str | None) -> bool:
    """Say whether a command would write over what it reads."""
    if out is None or read == "-" or not Path(out).exists():
        return False
    return Path(out).samefile(read)


def replay(
    lines: IO[bytes], rulebook: RuleBook, through: Service = Service.CLAIMS
) -> Iterator[tuple[bytes, bool]]:
    """Yield each emitted event as a line of JSON, and whether it is a dead letter.

    Memory holds the consumers' state and a few lines, of a pipe one, which waits for no other;
    the same input and rulebook give the same bytes.
    """
    reader = Reader(CLINICAL)
    pipeline = build_pipeline(rulebook, through)
    waiting = read_lines(lines)
    ahead = AHEAD if lines.seekable() else 1
    while taken := list(islice(waiting, ahead)):
        read = [(line, read_event(reader, line)) for line in taken]
        emitted = [(line, each) for line, event in read for each in _handle(pipeline, event)]
        for line, each in emitted:
            yield _write(line, each)


def read_event(reader: Reader, line: Line) -> Event | Unreadable:
    """Return the event of a line, or why it is none."""
    return TOO_LARGE if line.size > VALUE_BYTES_MAX else reader.read_structured(line.head)


def _handle(
    pipeline: Pipeline, event: Event | Unreadable
) -> Iterable[Event | StepFailed | Unreadable]:
    return (event,) if isinstance(event, Unreadable) else pipeline.run(event)


def _write(line: Line, emitted: Event | StepFailed | Unreadable) -> tuple[bytes, bool]:
    match emitted:
        case Event():
            return write_structured(emitted), False
        case StepFailed(source, kind):
            why = Unreadable(DeadLetterReason.STEP_FAILED, kind)
            return write_dead_letter(line, why, source), True
        case Unreadable():
            return write_dead_letter(line, emitted, UnitsProcessor.source), True
        case _:
            assert_never(emitted)


def read_lines(lines: IO[bytes]) -> Iterator[Line]:
    """Yield the lines that are not blank; of a line over the limit only its head is ever held."""
    number = 0
    while raw := lines.readline(VALUE_BYTES_MAX + 2):
        number += 1
        if raw.endswith(b"\n") or len(raw) <= VALUE_BYTES_MAX:
            line = raw.removesuffix(b"\n").removesuffix(b"\r")
            if line.strip():
                yield Line(number, line, len(line))
        else:
            yield _measure(number, raw, lines)


def _measure(number: int, head: bytes, lines: IO[bytes]) -> Line:
    """Read a line over the limit to its end, in pieces, and keep its size, sha256 and head."""
    digest, size, rest = hashlib.sha256(), 0, head
    while rest:
        piece = rest.removesuffix(b"\n")
        digest.update(piece)
        size += len(piece)
        if len(piece) < len(rest):
            break
        rest = lines.readline(CHUNK_BYTES)
    return Line(number, head[:HEAD_BYTES], size, digest.hexdigest())
