"""``therapy probe``: one session of nobody through all consumers, and its decision.

The session has one minute, which earns no unit: its decision is ``not-billable`` under every
payer's rule, so nobody can submit what a probe leaves on the bus.
"""

import json
import sys
import time
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from datetime import UTC, datetime
from pathlib import Path

from commands.exits import FAILED, READ
from commands.kafka import on_kafka
from commands.tallies import DECISION_WORDS
from runtime.engine.messages import event_message
from runtime.engine.records import Record
from runtime.host.settings import Settings
from schemas.envelope import Event
from schemas.events import CLINICAL, EventType, Topic
from schemas.reading import Reader

SESSION = Path(__file__).with_name("session.json")
NAME = "therapy-probe"
"""What the ids of patient and session begin with, and the id of the payer."""
SOURCE = "/therapy/probe"
WITHIN = 60.0
"""Seconds; over twice what a consumer's restart takes."""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.description = (
        f"Send a session of one minute of a patient named {NAME}-…, who is nobody, to"
        f" {Topic.SESSIONS}, and wait for its decision on {Topic.CLAIMS}: not-billable, so that"
        " nothing of it can be submitted. Status 1 where none comes in time."
    )
    parser.add_argument(
        "--within",
        type=_seconds,
        default=WITHIN,
        metavar="SECONDS",
        help=f"how long to wait; default: {WITHIN:g}",
    )


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0.0 < seconds < float("inf"):
        raise ArgumentTypeError(f"{text} is not a number of seconds above 0")
    return seconds


def run(arguments: Namespace) -> int:
    """Send the session: status 0 once it is decided, 1 where it is not in time or Kafka failed."""
    return on_kafka(lambda settings: _probe(settings, arguments))


def _probe(settings: Settings, arguments: Namespace) -> int:
    # The frameworks take half a second to import, which the other commands need not wait for.
    from runtime.host.provision import finish  # noqa: PLC0415
    from runtime.host.sending import ask  # noqa: PLC0415

    sent = probe(f"{NAME}-{time.time_ns():x}", datetime.now(tz=UTC))
    key = sent.partitionkey.encode()
    begun = time.monotonic()
    answer = finish(
        ask(
            settings,
            event_message(sent, ()),
            (Topic.SESSIONS, Topic.CLAIMS),
            lambda record: record.key == key and decision_of(record) is not None,
            arguments.within,
        )
    )
    if answer is None:
        sys.stderr.write(f"therapy probe: no decision within {arguments.within:g} seconds\n")
        return FAILED
    place, record = answer
    took = time.monotonic() - begun
    where = f"{place.topic}-{place.partition}, offset {record.offset}"
    print(f"{decision_of(record)}: decided after {took:.2f} s ({where})")
    return READ


def probe(name: str, now: datetime) -> Event:
    """Return the session of a probe, of that day; its patient and session have this name."""
    named = {
        "session_id": name,
        "patient_id": name,
        "date_of_service": now.date().isoformat(),
    }
    stated = {
        "specversion": "1.0",
        "type": EventType.SESSION_COMPLETED,
        "source": SOURCE,
        "id": name,
        "subject": name,
        "time": now.isoformat(),
        "data": json.loads(SESSION.read_text(encoding="utf-8")) | named,
    }
    event = Reader(CLINICAL).read_structured(json.dumps(stated).encode())
    assert isinstance(event, Event), "the session is one of the contract"
    return event


def decision_of(record: Record) -> str | None:
    """Return the word for the decision that a record is; None where it is none."""
    type_ = dict(record.headers).get("ce_type") or b""
    return DECISION_WORDS.get(type_.decode(errors="replace"))
