"""``therapy explain``: the trail of a visit day's decisions, back to what came onto the bus."""

import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Mapping
from uuid import UUID

from rich.console import Console

from commands.exits import FAILED, READ, UNREAD
from commands.explain.from_file import replay_trail
from commands.explain.told import TrailTeller
from commands.explain.trail import Trail, TrailKeeper
from commands.kafka import on_kafka
from reference.rulebook import RuleBook, load
from runtime.host.settings import Settings
from schemas.envelope import write_data
from schemas.events import Topic

WIDTH = 100


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.description = (
        "Print every decision on a visit day, why it was made, and the events that led to it, back"
        " to what came onto the bus. It reads the topics as they are committed, writes nothing,"
        " and prints what decisions hold: patients' data."
    )
    parser.add_argument(
        "visit_day_id", type=_visit_day, metavar="VISIT_DAY_ID", help="as decisions name it"
    )
    parser.add_argument(
        "--file", metavar="FILE", help="a file of events to replay, not the topics; - is stdin"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object, not text")


def _visit_day(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        raise ArgumentTypeError("wanted: the id of a visit day, a UUID") from None


def run(arguments: Namespace) -> int:
    """Explain a visit day: status 1 where it has no decision, 3 where something was not read."""
    if arguments.file is not None:
        rulebook, keeper = load(), TrailKeeper(arguments.visit_day_id)
        failed = replay_trail(arguments.file, keeper, rulebook)
        return _tell(arguments, keeper.trail(), rulebook, {}, unread=failed)
    return on_kafka(lambda settings: _explain(settings, arguments))


def _explain(settings: Settings, arguments: Namespace) -> int:
    # The frameworks take half a second to import, which the other commands need not wait for.
    from commands.explain.from_kafka import read_trail  # noqa: PLC0415
    from runtime.host.provision import finish  # noqa: PLC0415

    keeper = TrailKeeper(arguments.visit_day_id)
    read = finish(read_trail(settings, arguments.visit_day_id, keeper))
    if read.unread:
        sys.stderr.write(f"therapy explain: {read.unread} records cannot be read\n")
    return _tell(arguments, keeper.trail(), load(), read.begins, unread=read.unread)


def _tell(
    arguments: Namespace,
    trail: Trail,
    rulebook: RuleBook,
    begins: Mapping[Topic, int],
    *,
    unread: int,
) -> int:
    """Print the trail and return the status."""
    if not trail.decisions:
        sys.stderr.write("therapy explain: no decision on this visit day is held\n")
        return FAILED
    if arguments.json:
        sys.stdout.write(f"{write_data(trail).decode()}\n")
    else:
        console = Console(emoji=False, markup=False, highlight=False)
        console.width = min(console.width, WIDTH) if console.is_terminal else WIDTH
        TrailTeller(console, rulebook.findings, begins).tell(trail)
    return UNREAD if unread else READ
