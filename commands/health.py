"""``therapy health``: asks the process on this machine whether it lives, or is ready."""

import os
import sys
from argparse import ArgumentParser, Namespace
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException

from commands.exits import FAILED, READ
from runtime.host.settings import SettingsError, read_settings

LIVE, READY = "live", "ready"
WITHIN = 5.0
"""Seconds for the answer."""
ANY = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - where to ask who listens everywhere
"""An address that means all of a machine's, and the one of them to ask."""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.description = (
        "Ask the process that runs here under the same settings: status 0 where it is so, else 1."
    )
    parser.add_argument(
        "what",
        nargs="?",
        choices=[LIVE, READY],
        default=LIVE,
        help=f"{LIVE}: nothing ended that should run for ever (the default); "
        f"{READY}: every partition that is its own has recovered",
    )


def run(arguments: Namespace) -> int:
    """Print the answer; status 1 where it is no, or there is none, whatever the reason.

    An engine that runs containers knows 0 and 1 alone.
    """
    try:
        settings = read_settings(os.environ)
        answer, said = _ask(settings.http_host, settings.http_port, f"/health/{arguments.what}")
    except (SettingsError, HTTPException, OSError) as error:
        sys.stderr.write("".join(f"therapy health: {line}\n" for line in str(error).splitlines()))
        return FAILED
    print(said)
    return READ if answer == HTTPStatus.OK else FAILED


def _ask(host: str, port: int, path: str) -> tuple[int, str]:
    """Return status and body of one GET."""
    connection = HTTPConnection(ANY.get(host, host), port, timeout=WITHIN)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()
