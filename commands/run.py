"""``therapy run``: one consumer, or all of them in one process, against Kafka and Redis."""

import os
import sys
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Iterable
from textwrap import fill

from commands.composition import Service
from commands.exits import USAGE
from runtime.host.settings import SettingsError, described, read_settings
from schemas.events import ROUTES

ALL = "all"
GATEWAY = "gateway"
WIDTH = 92


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the command's arguments, and list the settings."""
    parser.formatter_class = RawDescriptionHelpFormatter
    parser.add_argument(
        "service",
        choices=[*Service, GATEWAY, ALL],
        help="the consumer to run, or the gateway; all runs them in one process",
    )
    parser.epilog = "\n".join(("settings, from the environment:", *_listed()))


def _listed() -> Iterable[str]:
    for setting in described():
        yield f"  {setting.variable}"
        unit = f" {setting.unit}" if setting.unit else ""
        allowed = f"; {setting.allowed}" if setting.allowed else ""
        stated = f"{setting.said}{allowed} [{setting.default}{unit}]"
        yield fill(stated, WIDTH, initial_indent=" " * 6, subsequent_indent=" " * 6)


def _named(service: str) -> list[str]:
    """Return what is run under a name: the gateway is several ways."""
    if service == ALL:
        return [*Service, *ROUTES]
    return list(ROUTES) if service == GATEWAY else [service]


def run(arguments: Namespace) -> int:
    """Run until told to end; status 0 then, 1 where something broke, 2 for a bad setting."""
    # The frameworks take half a second to import, which the other commands need not wait for.
    from commands.hosting import host  # noqa: PLC0415

    try:
        return host(_named(arguments.service), read_settings(os.environ))
    except SettingsError as error:
        sys.stderr.write("".join(f"therapy: {line}\n" for line in str(error).splitlines()))
        return USAGE
