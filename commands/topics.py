"""``therapy topics``: makes the topics that the consumers need, or checks them."""

import argparse
import os
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace

from commands.exits import FAILED, READ, USAGE
from runtime.errors import EngineError
from runtime.host.settings import SettingsError, read_settings

PARTITIONS = 12
"""Of each topic, where nothing else is said: 2, 3, 4, 6 and 12 workers share them evenly."""
REPLICAS = 3


def add_parser(subparsers: "argparse._SubParsersAction[ArgumentParser]") -> None:
    """Add ``topics`` and what it does to the command line."""
    parser = subparsers.add_parser("topics", help="make or check the topics on Kafka")
    actions = parser.add_subparsers(dest="action", required=True)
    creating = actions.add_parser(
        "create", help="make what is missing; what is there stays as it is"
    )
    creating.add_argument(
        "--partitions",
        type=_count,
        metavar="N",
        help=f"of each topic; default: as many as there are, else {PARTITIONS}",
    )
    creating.add_argument(
        "--replicas", type=_count, default=REPLICAS, metavar="N", help=f"default: {REPLICAS}"
    )
    creating.set_defaults(run=_run)
    checking = actions.add_parser("check", help="status 1 where a topic is not as it must be")
    checking.set_defaults(run=_run)


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"{text} is not a number from 1")
    return int(text)


def _run(arguments: Namespace) -> int:
    # The frameworks take half a second to import, which the other commands need not wait for.
    from commands.provisioning import check, create  # noqa: PLC0415

    try:
        settings = read_settings(os.environ)
        if arguments.action == "check":
            return _checked(check(settings))
        made = create(settings, arguments.partitions, arguments.replicas, PARTITIONS)
    except (SettingsError, EngineError) as error:
        sys.stderr.write("".join(f"therapy: {line}\n" for line in str(error).splitlines()))
        return USAGE if isinstance(error, SettingsError) else FAILED
    for line in made:
        print(line)
    return READ


def _checked(wrong: list[str]) -> int:
    for line in wrong or ["The topics are as they must be."]:
        print(line)
    return FAILED if wrong else READ
