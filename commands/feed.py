"""``therapy feed``: puts a file of events onto the bus, as a hospital would."""

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from typing import IO

from commands.exits import READ, UNREAD
from commands.kafka import on_kafka
from commands.replay import read_event, read_lines
from commands.ways import open_lines
from runtime.engine.messages import event_message
from runtime.engine.records import Message
from runtime.host.settings import Settings
from schemas.events import CLINICAL, Topic
from schemas.reading import Reader, Unreadable


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.description = (
        f"Write a file's events to {Topic.SESSIONS} in their order, each under its patient's key."
        " A line that cannot be read is said and not sent; the rest goes on."
        " To feed a file again changes nothing."
    )
    parser.add_argument("file", metavar="FILE", help="events, one a line; - is standard input")


def run(arguments: Namespace) -> int:
    """Feed a file: status 3 when a line could not be read, 1 when Kafka failed."""
    return on_kafka(lambda settings: _feed(arguments.file, settings))


def _feed(file: str, settings: Settings) -> int:
    # The frameworks take half a second to import, which the other commands need not wait for.
    from runtime.host.provision import finish  # noqa: PLC0415
    from runtime.host.sending import send_all  # noqa: PLC0415

    unread: list[int] = []
    with open_lines(file) as lines:
        sent = finish(send_all(settings, Topic.SESSIONS, _messages(lines, unread)))
    print(f"{sent} events sent to {Topic.SESSIONS}")
    return UNREAD if unread else READ


def _messages(lines: IO[bytes], unread: list[int]) -> Iterator[Message]:
    """Yield the records of a file's events; say which lines cannot be read, by number."""
    reader = Reader(CLINICAL)
    for line in read_lines(lines):
        event = read_event(reader, line)
        if isinstance(event, Unreadable):
            sys.stderr.write(f"therapy feed: line {line.number}: {event.reason}: {event.detail}\n")
            unread.append(line.number)
        else:
            yield event_message(event, ())
