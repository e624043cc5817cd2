"""``therapy erase``: deletes what the consumers keep of one patient."""

import sys
from argparse import ArgumentParser, Namespace

from commands.exits import READ, USAGE
from commands.kafka import on_kafka
from runtime.host.settings import Settings


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.description = (
        "Delete every state value of one patient, from the changelogs and from Redis, while the"
        " consumers run. Nothing is emitted: claims that are out stay out. What stands on the"
        " topics goes by their retention. A session that comes afterwards is decided as the first."
    )
    parser.add_argument(
        "patient", metavar="PATIENT_ID", help="- reads it from standard input, out of the history"
    )


def run(arguments: Namespace) -> int:
    """Erase a patient: status 1 where Kafka or Redis failed; again is always right then."""
    patient = sys.stdin.readline().strip() if arguments.patient == "-" else arguments.patient
    if not patient:
        sys.stderr.write("therapy erase: no patient is named\n")
        return USAGE
    return on_kafka(lambda settings: _erase(settings, patient))


def _erase(settings: Settings, patient: str) -> int:
    # The frameworks take half a second to import, which the other commands need not wait for.
    from commands.erasing import erase  # noqa: PLC0415
    from runtime.host.provision import finish  # noqa: PLC0415

    for service, values in finish(erase(settings, patient)).items():
        print(f"{service}: {values} state values changed or deleted")
    return READ
