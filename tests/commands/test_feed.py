"""``therapy feed``: a file of events onto a real Kafka."""

import asyncio
import re
from collections.abc import Iterator

import pytest
from aiokafka.partitioner import murmur2

from commands.composition import Service
from commands.demo.clinic import EVENTS
from commands.exits import FAILED, READ, UNREAD, USAGE
from commands.main import main
from commands.plans import build_plan
from commands.replay import read_lines
from reference.rulebook import RuleBook
from runtime.engine.records import Place, Record
from runtime.kafka.log import KafkaLog
from runtime.kafka.settings import KafkaSettings
from schemas.envelope import Event, write_structured
from schemas.events import CLINICAL, Topic
from schemas.reading import Reader
from tests.cluster.needed import own_kafka

PARTITIONS = 3


def readable() -> list[Event]:
    """Return the clinic's events, without what no event is."""
    with EVENTS.open("rb") as file:
        read = [Reader(CLINICAL).read_structured(line.head) for line in read_lines(file)]
    return [each for each in read if isinstance(each, Event)]


def test_a_broker_that_does_not_answer_is_said(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With status 1, in one line."""
    monkeypatch.setenv("THERAPY_KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1")
    assert main(["feed", str(EVENTS)]) == FAILED
    assert capsys.readouterr().err == "therapy: topics: KafkaConnectionError\n"


def test_a_file_that_is_not_there_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    """With status 2, before anything is connected."""
    assert main(["feed", "nowhere.jsonl"]) == USAGE
    assert "nowhere.jsonl" in capsys.readouterr().err


@pytest.fixture(scope="module")
def kafka() -> Iterator[str]:
    """Yield a Kafka without topics, which the commands are led to."""
    for own in own_kafka():
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("THERAPY_KAFKA_BOOTSTRAP_SERVERS", own.bootstrap_servers)
            yield own.bootstrap_servers


def test_topics_that_are_not_there_are_said(
    kafka: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """With status 1; none is made by writing to it."""
    del kafka
    assert main(["feed", str(EVENTS)]) == FAILED
    assert "therapy.sessions: there is no such topic" in capsys.readouterr().err


def test_events_stand_on_the_bus_as_in_the_file(
    kafka: str, rulebook: RuleBook, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each as the consumers read it, in its patient's partition, in order; the rest is said."""
    create = ["topics", "create", "--partitions", str(PARTITIONS), "--replicas", "1"]
    assert main(create) == READ
    capsys.readouterr()
    assert main(["feed", str(EVENTS)]) == UNREAD
    said = capsys.readouterr()
    wanted: dict[int, list[bytes]] = {}
    for event in readable():
        partition = (murmur2(event.partitionkey.encode()) & 0x7FFFFFFF) % PARTITIONS
        wanted.setdefault(partition, []).append(write_structured(event))
    assert said.out == f"{len(readable())} events sent to therapy.sessions\n"
    # One line of the clinic is there to show what becomes of such: its minutes are no number.
    assert re.fullmatch(
        r"therapy feed: line \d+: invalid_data: data\.services\S+, \S+\n", said.err
    )
    read = build_plan(Service.UNITS, rulebook).read
    found = asyncio.run(_on_the_bus(kafka))
    assert {
        partition: [write_structured(event) for event in map(read, records)]  # type: ignore[arg-type]
        for partition, records in found.items()
    } == wanted
    assert len(wanted) > 1


async def _on_the_bus(kafka: str) -> dict[int, list[Record]]:
    """Return the records of the sessions' topic, by partition; empty ones left out."""
    found: dict[int, list[Record]] = {}
    async with KafkaLog(KafkaSettings(kafka)) as log:
        places = [Place(Topic.SESSIONS, number) for number in range(PARTITIONS)]
        for place, end in (await log.ends(places, committed=True)).items():
            async for records in log.read(place, 0, end, committed=True):
                found.setdefault(place.partition, []).extend(records)
    return found
