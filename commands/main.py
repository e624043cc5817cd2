"""The command line ``therapy``."""

import sys
from argparse import ArgumentParser
from collections.abc import Sequence

from commands import replay, rulebook
from commands.exits import USAGE
from reference.errors import ReferenceFileError


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the result is the process' exit status."""
    parser = ArgumentParser(
        prog="therapy", description="Therapy sessions in, billing decisions out."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    replaying = commands.add_parser("replay", help="decide a file of events, without a broker")
    replay.add_arguments(replaying)
    replaying.set_defaults(run=replay.run)
    rulebook.add_parser(commands)
    arguments = parser.parse_args(argv)
    try:
        status: int = arguments.run(arguments)
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except (ReferenceFileError, OSError) as error:
        sys.stderr.write(f"therapy: {error}\n")
        return USAGE
    return status


if __name__ == "__main__":
    sys.exit(main())
