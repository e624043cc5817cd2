"""The command line ``therapy``."""

import argparse
import sys
from argparse import ArgumentParser
from collections.abc import Sequence

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


def _add_of_the_bus(commands: "argparse._SubParsersAction[ArgumentParser]") -> None:
    """Add what writes to the bus or reads it, and what asks a process how it is."""
    feeding = commands.add_parser("feed", help="put a file of events onto the bus")
    feed.add_arguments(feeding)
    feeding.set_defaults(run=feed.run)
    probing = commands.add_parser("probe", help="send one session of nobody, read its decision")
    probe.add_arguments(probing)
    probing.set_defaults(run=probe.run)
    erasing = commands.add_parser("erase", help="delete what is kept of one patient")
    erase.add_arguments(erasing)
    erasing.set_defaults(run=erase.run)
    explaining = commands.add_parser("explain", help="how a visit day's decisions came about")
    explain.add_arguments(explaining)
    explaining.set_defaults(run=explain.run)
    asking = commands.add_parser("health", help="ask the process here whether it lives, is ready")
    health.add_arguments(asking)
    asking.set_defaults(run=health.run)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the result is the process' exit status."""
    parser = ArgumentParser(
        prog="therapy", description="Therapy sessions in, billing decisions out."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    replaying = commands.add_parser("replay", help="decide a file of events, without a broker")
    replay.add_arguments(replaying)
    replaying.set_defaults(run=replay.run)
    comparing = commands.add_parser("compare", help="the same sessions under two payers")
    compare.add_arguments(comparing)
    comparing.set_defaults(run=compare.run)
    restating = commands.add_parser("restate", help="what another rulebook would change")
    restate.add_arguments(restating)
    restating.set_defaults(run=restate.run)
    redeciding = commands.add_parser("redecide", help="ask that held days are decided again")
    redecide.add_arguments(redeciding)
    redeciding.set_defaults(run=redecide.run)
    running = commands.add_parser("run", help="one consumer, or all, against Kafka and Redis")
    run.add_arguments(running)
    running.set_defaults(run=run.run)
    topics.add_parser(commands)
    _add_of_the_bus(commands)
    rulebook.add_parser(commands)
    showing = commands.add_parser("demo", help="a bundled clinic, decided and explained")
    demo.add_arguments(showing)
    showing.set_defaults(run=demo.run)
    writing = commands.add_parser("schemas", help="the contract's JSON Schemas and AsyncAPI 3")
    schemas.add_arguments(writing)
    writing.set_defaults(run=schemas.run)
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
