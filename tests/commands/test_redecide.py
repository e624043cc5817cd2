"""``therapy redecide``: requests for held days, from a file and on a real Kafka."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from commands.exits import FAILED, READ, UNREAD, USAGE
from commands.main import main
from reference.rulebook import RuleBook
from schemas.envelope import Event
from schemas.events import CLINICAL, Topic
from schemas.reading import Reader
from tests.clinic import PROVIDER, Clinic, Json, plan_of_care, service, session
from tests.cluster.needed import own_kafka
from tests.commands.files import read_lines, write_lines

NEXT_YEAR = {"date_of_service": "2027-01-04"}
"""Most reference data end before it, so the day is held."""
NOWHERE = {name: stated for name, stated in PROVIDER.items() if name != "locality"}
"""A provider without a locality, which holds the day until it is mended."""


def visit(session_id: str, patient_id: str = "P-1", **more: object) -> Json:
    """Return a session of 30 minutes of 97110."""
    return session(session_id, [service(1, "97110", 30)], patient_id=patient_id, **more)


@pytest.fixture
def decisions(clinic: Clinic) -> list[Json]:
    """Return what follows from held days of two patients, a ready day, and one that was mended."""
    return [
        *clinic.complete(visit("S-1", "P-2", **NEXT_YEAR)),
        *clinic.receive(plan_of_care() | {"patient_id": "P-3"}),
        *clinic.complete(visit("S-2", "P-3")),
        *clinic.complete(visit("S-3", "P-1", **NEXT_YEAR)),
        *clinic.complete(visit("S-4", "P-1", date_of_service="2027-01-06")),
        *clinic.receive(plan_of_care(document_id="D-4") | {"patient_id": "P-4"}),
        *clinic.complete(visit("S-5", "P-4", billing_provider=NOWHERE)),
        *clinic.amend(visit("S-5", "P-4", revision=2)),
    ]


def held(emitted: list[Json]) -> list[Json]:
    """Return the held decisions among events."""
    return [each for each in emitted if each["type"] == "therapy.claim.held.v1"]


def requests(
    folder: Path, events: list[Json], capsys: pytest.CaptureFixture[str], *options: str
) -> list[Json]:
    """Return the requests that the command writes for these events."""
    file = write_lines(folder / "out.jsonl", events)
    assert main(["redecide", "--held", str(file), *options]) == READ
    return read_lines(capsys.readouterr().out)


def test_a_patient_with_held_days_is_asked_for_once(
    tmp_path: Path, decisions: list[Json], capsys: pytest.CaptureFixture[str]
) -> None:
    """By patient, with the time of the latest held decision; a day held no more asks nothing."""
    assert {each["partitionkey"] for each in held(decisions)} == {"P-1", "P-2", "P-4"}
    first, second = requests(tmp_path, decisions, capsys)
    assert [first["partitionkey"], second["partitionkey"]] == ["P-1", "P-2"]
    assert set(first["data"]) == {"patient_id", "reason"}
    latest = [each for each in held(decisions) if each["partitionkey"] == "P-1"][-1]
    assert (first["time"], first["causationid"]) == (latest["time"], latest["id"])
    assert first["correlationid"] == latest["correlationid"]


def test_a_request_is_one_of_the_contract(
    tmp_path: Path,
    decisions: list[Json],
    capsys: pytest.CaptureFixture[str],
    rulebook: RuleBook,
) -> None:
    """The consumers read it, and its reason names the rulebook and nobody."""
    for each in requests(tmp_path, decisions, capsys):
        assert isinstance(Reader(CLINICAL).read_structured(json.dumps(each).encode()), Event)
        assert each["type"] == "therapy.redecision.requested.v1"
        reason = each["data"]["reason"]
        assert reason == f"reference data were loaded: rulebook {rulebook.version}"


def test_a_second_run_asks_the_same(
    tmp_path: Path, decisions: list[Json], capsys: pytest.CaptureFixture[str]
) -> None:
    """The same decisions under the same rulebook give the same bytes, and so the same ids."""
    assert requests(tmp_path, decisions, capsys) == requests(tmp_path, decisions, capsys)


def test_the_consumers_change_nothing_by_the_same_rulebook(
    tmp_path: Path, decisions: list[Json], clinic: Clinic, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing new is decided, whoever asks, so a request too many is no harm."""
    for each in requests(tmp_path, decisions, capsys):
        assert clinic.send_event(each) == []


def test_a_time_may_be_given(
    tmp_path: Path, decisions: list[Json], capsys: pytest.CaptureFixture[str]
) -> None:
    """It is that of all requests, and their ids stay."""
    at = "2026-11-22T10:00:00Z"
    timed = requests(tmp_path, decisions, capsys, "--time", at)
    assert {each["time"] for each in timed} == {at}
    plain = requests(tmp_path, decisions, capsys)
    assert [each["id"] for each in timed] == [each["id"] for each in plain]


def test_one_finding_may_be_asked_for(
    tmp_path: Path, clinic: Clinic, capsys: pytest.CaptureFixture[str]
) -> None:
    """A day that another finding holds is left alone."""
    events = [
        *clinic.complete(visit("S-1", "P-1", **NEXT_YEAR)),
        *clinic.complete(visit("S-2", "P-2", billing_provider=NOWHERE)),
    ]
    assert len(held(events)) == 2
    [asked] = requests(tmp_path, events, capsys, "--finding", "NO_VALUE_IN_FORCE")
    assert asked["partitionkey"] == "P-1"


def test_a_dry_run_counts(
    tmp_path: Path, decisions: list[Json], capsys: pytest.CaptureFixture[str]
) -> None:
    """And writes no request."""
    file = write_lines(tmp_path / "out.jsonl", decisions)
    assert main(["redecide", "--held", "--dry-run", str(file)]) == READ
    said = capsys.readouterr().out
    assert said == "3 held visit days of 2 patients would be asked for\n"


def test_a_decision_that_cannot_be_read_is_said(
    tmp_path: Path, decisions: list[Json], capsys: pytest.CaptureFixture[str]
) -> None:
    """By its line, with status 3; what is no decision is passed over."""
    [broken, *_] = held(decisions)
    letter = {"specversion": "1.0", "type": "therapy.dead-letter.v1", "data": {}}
    lines = [letter, broken | {"data": {}}, *decisions]
    file = write_lines(tmp_path / "out.jsonl", lines)
    assert main(["redecide", "--held", "--dry-run", str(file)]) == UNREAD
    assert capsys.readouterr().err == "therapy redecide: line 2 cannot be read\n"


@pytest.mark.parametrize(
    "wrong", [["--held", "--time", "noon"], ["--held", "--finding", "NOTHING"], ["x"]]
)
def test_wrong_usage_is_2(wrong: list[str]) -> None:
    """A time is an instant, a finding is of the catalogue, and what to ask for is said."""
    with pytest.raises(SystemExit) as stopped:
        main(["redecide", *wrong])
    assert stopped.value.code == USAGE


def test_out_goes_with_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without one the requests go to Kafka; and no file is written over."""
    file = write_lines(tmp_path / "out.jsonl", [])
    assert main(["redecide", "--held", "--out", str(file)]) == USAGE
    assert main(["redecide", "--held", str(file), "--out", str(file)]) == USAGE
    assert capsys.readouterr().err.count("--out") == 2


def test_a_broker_that_does_not_answer_is_said(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With status 1, in one line."""
    monkeypatch.setenv("THERAPY_KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1")
    assert main(["redecide", "--held"]) == FAILED
    assert capsys.readouterr().err == "therapy: topics: KafkaConnectionError\n"


@pytest.fixture
def kafka(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Yield a Kafka with our topics and nothing in them, which the commands are led to."""
    for own in own_kafka():
        monkeypatch.setenv("THERAPY_KAFKA_BOOTSTRAP_SERVERS", own.bootstrap_servers)
        command = ["topics", "create", "--partitions", "3", "--replicas", "1"]
        assert main(command) == READ
        yield own.bootstrap_servers


def test_held_days_on_kafka_are_asked_for(
    kafka: str, decisions: list[Json], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The requests of a real topic are those of a file, each where its patient's sessions go."""
    wanted = requests(tmp_path, decisions, capsys)
    decided = [each for each in decisions if each["source"] == "/therapy/claims"]
    placed = asyncio.run(_write(kafka, Topic.CLAIMS, decided))
    assert main(["redecide", "--held", "--dry-run"]) == READ
    assert asyncio.run(_read(kafka)) == []
    assert main(["redecide", "--held"]) == READ
    assert "3 held visit days of 2 patients asked for" in capsys.readouterr().out
    found = asyncio.run(_read(kafka))
    assert sorted(each["id"] for each, _ in found) == sorted(each["id"] for each in wanted)
    for each, partition in found:
        assert each in wanted
        # aiokafka placed the decisions: by murmur2, as every producer does.
        assert partition == placed[each["partitionkey"]]


async def _write(kafka: str, topic: str, events: list[Json]) -> dict[str, int]:
    """Write events in binary mode; return each patient's partition."""
    placed = {}
    async with AIOKafkaProducer(bootstrap_servers=kafka) as producer:
        for each in events:
            stated = {name: text for name, text in each.items() if name != "data"}
            headers = [(f"ce_{name}", text.encode()) for name, text in stated.items()]
            headers.append(("content-type", b"application/json"))
            value, key = json.dumps(each["data"]).encode(), each["partitionkey"].encode()
            sent = await producer.send_and_wait(topic, value, key=key, headers=headers)
            placed[each["partitionkey"]] = sent.partition
    return placed


async def _read(kafka: str) -> list[tuple[Json, int]]:
    """Return the committed events on the sessions' topic, with their partitions."""
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, isolation_level="read_committed")
    found = []
    async with consumer:
        places = [TopicPartition(Topic.SESSIONS, number) for number in range(3)]
        consumer.assign(places)
        await consumer.seek_to_beginning()
        ends = await consumer.end_offsets(places)
        while any([await consumer.position(each) < ends[each] for each in places]):
            for records in (await consumer.getmany(timeout_ms=500)).values():
                found += [(_event(record), record.partition) for record in records]
    return found


def _event(record: Any) -> Json:  # noqa: ANN401 - aiokafka's own
    headers = {name: value.decode() for name, value in record.headers}
    stated = {n.removeprefix("ce_"): text for n, text in headers.items() if n.startswith("ce_")}
    media_type = {"datacontenttype": headers["content-type"]}
    return {**stated, **media_type, "data": json.loads(record.value)}
