"""The command line ``therapy``."""

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from typing import NamedTuple

from commands import (
    compare,
    demo,
    erase,
    explain,
    feed,
    health,
    probe,
    redecide,
    replay,
    restate,
    rulebook,
    run,
    schemas,
    topics,
)
from commands.exits import INTERRUPTED, USAGE
from reference.errors import ReferenceFileError


class Command(NamedTuple):
    """One command of the line."""

    name: str
    said: str
    """What it is, for the help."""
    add_arguments: Callable[[ArgumentParser], None]
    run: Callable[[Namespace], int] | None = None
    """None where each of its actions has its own."""


COMMANDS = (
    Command(
        "replay", "decide a file of events, without a broker", replay.add_arguments, replay.run
    ),
    Command("compare", "the same sessions under two payers", compare.add_arguments, compare.run),
    Command("restate", "what another rulebook would change", restate.add_arguments, restate.run),
    Command(
        "redecide", "ask that held days are decided again", redecide.add_arguments, redecide.run
    ),
    Command("run", "one consumer, or all, against Kafka and Redis", run.add_arguments, run.run),
    Command("topics", "make or check the topics on Kafka", topics.add_arguments),
    Command("feed", "put a file of events onto the bus", feed.add_arguments, feed.run),
    Command(
        "probe", "send one session of nobody, read its decision", probe.add_arguments, probe.run
    ),
    Command("erase", "delete what is kept of one patient", erase.add_arguments, erase.run),
    Command(
        "explain", "how a visit day's decisions came about", explain.add_arguments, explain.run
    ),
    Command(
        "health",
        "ask the process here whether it lives, is ready",
        health.add_arguments,
        health.run,
    ),
    Command("rulebook", "what is in force; import CMS files", rulebook.add_arguments),
    Command("demo", "a bundled clinic, decided and explained", demo.add_arguments, demo.run),
    Command(
        "schemas", "the contract's JSON Schemas and AsyncAPI 3", schemas.add_arguments, schemas.run
    ),
)
"""Every command, in the order of the help."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the result is the process' exit status."""
    parser = ArgumentParser(
        prog="therapy", description="Therapy sessions in, billing decisions out."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS:
        added = commands.add_parser(command.name, help=command.said)
        command.add_arguments(added)
        if command.run is not None:
            added.set_defaults(run=command.run)
    arguments = parser.parse_args(argv)
    try:
        status: int = arguments.run(arguments)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except (ReferenceFileError, OSError) as error:
        sys.stderr.write(f"therapy: {error}\n")
        return USAGE
    return status


if __name__ == "__main__":
    sys.exit(main())
