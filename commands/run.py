"""``therapy run``: one consumer, or all of them in one process, against Kafka and Redis."""

import os
import sys
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Iterable
from textwrap import fill

from commands.composition import Service
from commands.exits import USAGE
from runtime.host.settings import SettingsError, described, read_settings

ALL = "all"
WIDTH = 92


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the command's arguments, and list the settings."""
    parser.formatter_class = RawDescriptionHelpFormatter
    parser.add_argument(
        "service",
        choices=[*Service, ALL],
        help="the consumer to run; all runs them in one process",
    )
    parser.epilog = "\n".join(("settings, from the environment:", *_listed()))


def _listed() -> Iterable[str]:
    for setting in described():
        yield f"  {setting.variable}"
        unit = f" {setting.unit}" if setting.unit else ""
        allowed = f"; {setting.allowed}" if setting.allowed else ""
        stated = f"{setting.said}{allowed} [{setting.default}{unit}]"
        yield fill(stated, WIDTH, initial_indent=" " * 6, subsequent_indent=" " * 6)


def run(arguments: Namespace) -> int:
    """Run until told to end; status 0 then, 1 where something broke, 2 for a bad setting."""
    # The frameworks take half a second to import, which the other commands need not wait for.
    from commands.hosting import host  # noqa: PLC0415

    services = list(Service) if arguments.service == ALL else [Service(arguments.service)]
    try:
        return host(services, read_settings(os.environ))
    except SettingsError as error:
        sys.stderr.write("".join(f"therapy: {line}\n" for line in str(error).splitlines()))
        return USAGE
