"""What ``therapy redecide`` does on Kafka, with the frameworks that it needs.

A patient's decisions and sessions stand in the partition of the same number of their topics, so a
request goes where the decision that led to it was found.
"""

import sys
from argparse import Namespace
from collections.abc import Sequence

from commands.exits import READ, UNREAD
from commands.redecide import Held, HeldDays, request_again, say_count
from reference.rulebook import load
from runtime.engine.messages import event_message
from runtime.engine.records import Message, Place, Record
from runtime.host.connection import kafka_settings
from runtime.host.opening import partitions_of
from runtime.host.provision import finish
from runtime.host.settings import Settings
from runtime.kafka.log import KafkaLog
from runtime.kafka.settings import KafkaSettings
from schemas.envelope import Event
from schemas.events import DECISIONS, ON_TOPIC, Topic
from schemas.own_events import OwnReader

TRANSACTIONAL_ID = "therapy-redecide"
TOGETHER = 500
"""Requests in one transaction, which has seconds to be decided."""


def redecide(settings: Settings, arguments: Namespace) -> int:
    """Read all decisions that are held on the topic and ask again; status 3 where one is unread.

    Raises ``EngineError`` where Kafka does not answer, or has no topics as ours.
    """
    kafka, held = kafka_settings(settings), HeldDays(arguments.finding)
    unread = finish(find_held(kafka, held))
    if unread:
        sys.stderr.write(f"therapy redecide: {unread} decisions cannot be read\n")
    if arguments.dry_run:
        print(say_count(held, "would be asked for"))
    else:
        rulebook = load().version
        requests = [
            (each, request_again(each, rulebook, arguments.time)) for each in held.patients()
        ]
        if requests:
            finish(send(kafka, requests))
        print(say_count(held, f"asked for under rulebook {rulebook}"))
    return UNREAD if unread else READ


async def find_held(kafka: KafkaSettings, held: HeldDays) -> int:
    """Read the committed decisions up to the end that there is now; return how many are unread."""
    reader, unread = OwnReader(ON_TOPIC[Topic.CLAIMS]), 0
    partitions = await partitions_of(kafka, Topic.SESSIONS, Topic.CLAIMS)
    places = [Place(Topic.CLAIMS.value, number) for number in range(partitions)]
    async with KafkaLog(kafka) as log:
        for place, end in (await log.ends(places, committed=True)).items():
            async for records in log.read(place, 0, end, committed=True):
                for record in records:
                    event = _read(reader, record)
                    if event is None:
                        unread += 1
                    elif event.type in DECISIONS:
                        held.take(event, place.partition)
    return unread


def _read(reader: OwnReader, record: Record) -> Event | None:
    try:
        key = None if record.key is None else record.key.decode()
        headers = {name: value.decode() for name, value in record.headers if value is not None}
    except UnicodeDecodeError:
        return None
    event = reader.read_binary(headers, key, record.value or b"")
    return event if isinstance(event, Event) else None


async def send(kafka: KafkaSettings, requests: Sequence[tuple[Held, Event]]) -> None:
    """Write the requests, some hundreds in a transaction."""
    async with KafkaLog(kafka) as log:
        writer = await log.writer(TRANSACTIONAL_ID)
        for start in range(0, len(requests), TOGETHER):
            batches: dict[Place, list[Message]] = {}
            for held, event in requests[start : start + TOGETHER]:
                place = Place(Topic.SESSIONS.value, held.partition)
                batches.setdefault(place, []).append(event_message(event, ()))
            await writer.begin()
            await writer.append(batches)
            await writer.commit()
        writer.drop()
