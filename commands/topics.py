"""``therapy topics``: makes the topics that the consumers need, or checks them."""

from argparse import ArgumentParser, ArgumentTypeError, Namespace

from commands.exits import FAILED, READ
from commands.kafka import on_kafka
from runtime.host.settings import Settings

PARTITIONS = 12
"""Of each topic, where nothing else is said: 2, 3, 4, 6 and 12 workers share them evenly."""
REPLICAS = 3


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the command's actions."""
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

    def act(settings: Settings) -> int:
        if arguments.action == "check":
            return _checked(check(settings))
        for line in create(settings, arguments.partitions, arguments.replicas, PARTITIONS):
            print(line)
        return READ

    return on_kafka(act)


def _checked(wrong: list[str]) -> int:
    for line in wrong or ["The topics are as they must be."]:
        print(line)
    return FAILED if wrong else READ
