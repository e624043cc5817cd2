"""``therapy run``: its settings, what it tells, and the consumers on a real Kafka and Redis."""
# ruff: noqa: TID251 - the commands that are started here have our environment

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path

import msgspec
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from commands.exits import USAGE
from commands.hosting import build_process, contract_of, days_left, telling
from commands.main import main
from reference.rulebook import RuleBook
from runtime.host.metrics import Said
from runtime.host.settings import described, read_settings
from schemas.asyncapi import asyncapi_document
from schemas.envelope import Event
from schemas.events import CONSUMERS, ROUTES, Topic
from tests.clinic import Clinic, Json, event, plan_of_care, service, session
from tests.commands.cluster import THERAPY, Cluster, own_cluster
from tests.docs.pages import table, text_of
from tests.runtime.host.collector import collecting

PATIENTS = 12
READY_WITHIN = 60.0


def test_the_help_lists_every_setting(capsys: pytest.CaptureFixture[str]) -> None:
    """With default, unit and what is allowed."""
    with pytest.raises(SystemExit):
        main(["run", "--help"])
    said = re.sub(r"\s+", " ", capsys.readouterr().out)
    for each in described():
        assert each.variable in said
        assert each.said in said
        assert each.allowed in said
    assert "[45000 ms]" in said


def test_the_page_lists_every_setting() -> None:
    """The table of docs/settings.md is the one that the settings make."""
    rows = [
        (f"`{each.variable}`", _code(each.default), each.unit, each.allowed, each.said)
        for each in described()
    ]
    made = table(("setting", "default", "unit", "allowed", "what it is"), rows)
    assert made in text_of("docs/settings.md")


def _code(default: str) -> str:
    return default if default == "–" else f"`{default}`"


def test_a_wrong_setting_stops_the_start(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each by its name, on a line of its own, with status 2."""
    monkeypatch.setenv("THERAPY_HTTP_PORT", "http")
    monkeypatch.setenv("THERAPY_REDIS_URL", "s3cret")
    assert main(["run", "units"]) == USAGE
    said = capsys.readouterr().err
    assert "therapy: THERAPY_HTTP_PORT: input should be a valid integer" in said
    assert "therapy: THERAPY_REDIS_URL: wanted: redis://" in said
    assert "s3cret" not in said


def test_a_port_that_is_taken_stops_the_start(rulebook: RuleBook) -> None:
    """Before anything is connected, with status 2."""
    del rulebook
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = subprocess.run(
            [THERAPY, "run", "units"],
            env=os.environ | {"THERAPY_HTTP_PORT": str(taken.getsockname()[1])},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == USAGE
    assert "Address already in use" in done.stderr


def test_a_service_is_one_of_ours() -> None:
    """Any other word is wrong usage."""
    with pytest.raises(SystemExit) as exit_:
        main(["run", "denials"])
    assert exit_.value.code == USAGE


def test_all_runs_the_consumers_in_one_process(rulebook: RuleBook) -> None:
    """Each is a group of its own, on the contract's topics; so is each way of the gateway."""
    process = build_process([*CONSUMERS, *ROUTES], read_settings({}), rulebook)
    hosted = {each.name: (each.group, each.reads, each.writes) for each in process.services}
    assert hosted == {
        name: (f"therapy-{name}", reads, (writes, Topic.DEAD_LETTERS))
        for name, (reads, writes) in CONSUMERS.items()
    }
    ways = {each.name: (each.group, each.reads, each.writes) for each in process.ways}
    assert ways == {
        name: (f"therapy-{name}", route.reads, route.writes) for name, route in ROUTES.items()
    }


def test_the_gateway_reads_the_key_that_an_event_has_from_then_on(rulebook: RuleBook) -> None:
    """A clinician's time goes on under the NPI; a value without one says so."""
    process = build_process(["gateway-clinicians"], read_settings({}), rulebook)
    assert not process.services
    (way,) = process.ways
    assert way.key(b'{"npi":"1558888882","patient_id":"P-1","blocks":[]}') == "1558888882"
    for without in (b"{", b"[]", b'{"patient_id":"P-1"}', b'{"npi":1}'):
        with pytest.raises(msgspec.DecodeError):
            way.key(without)


def test_a_process_has_its_part_of_the_contract() -> None:
    """All of it for all consumers; of one the operations that it has, and their channels."""
    assert contract_of([*CONSUMERS, *ROUTES]) == asyncapi_document()
    units = contract_of(["units"])
    assert list(units["operations"]) == ["units.receive", "units.send", "units.send-dead-letter"]
    assert list(units["channels"]) == ["therapy.sessions", "therapy.units", "therapy.dead-letters"]


def test_a_decision_is_told_by_its_kind_and_findings() -> None:
    """Other events tell nothing."""

    @dataclass
    class Found:
        code: str

    @dataclass
    class Data:
        findings: tuple[Found, ...]

    def of(type_: str) -> Event:
        data = Data((Found("A"), Found("B")))
        at = datetime(2026, 1, 1, tzinfo=UTC)
        return Event(type=type_, source="/t", id="1", time=at, partitionkey="P-1", data=data)

    assert telling(of("therapy.claim.needs-documentation.v1")) == Said(
        "needs-documentation", ("A", "B")
    )
    assert telling(of("therapy.threshold.crossed.v1")) is None


def test_reference_data_tell_their_days(rulebook: RuleBook) -> None:
    """Those that end, by name; what is open-ended has none."""
    days = days_left(rulebook)
    names = {name for name, _series in rulebook.series()}
    assert days
    assert set(days) < names


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """Yield a Kafka and a Redis with nothing in them."""
    yield from own_cluster()


def sent() -> list[Json]:
    """Return sessions and documents of some patients, in the order in which they come."""
    events: list[Json] = []
    for number in range(PATIENTS):
        named = {"patient_id": f"P-MARKED-{number}"}
        visit = session(f"S-{number}", [service(1, "97110", 30)]) | named
        later = visit | {"session_id": f"T-{number}", "date_of_service": "2026-03-04"}
        for kind, data in (
            ("session.completed", visit),
            ("documentation.received", plan_of_care() | named),
            ("session.completed", later),
        ):
            at = f"2026-03-05T10:{len(events):02}:00-06:00"
            events.append(event(kind, data, time=at, event_id=f"e-{len(events)}"))
    return events


async def test_the_consumers_decide_on_kafka_as_in_a_replay(
    cluster: Cluster, clinic: Clinic, tmp_path: Path
) -> None:
    """The same for each patient in the same order, none of it in a log, and spans of each."""
    assert (
        cluster.therapy("topics", "create", "--partitions", "2", "--replicas", "1").returncode == 0
    )
    assert cluster.therapy("topics", "check").returncode == 0
    wanted: dict[str, list[str]] = defaultdict(list)
    for each in sent():
        for emitted in clinic.send_event(each):
            if emitted["source"] == "/therapy/claims":
                wanted[emitted["partitionkey"]].append(emitted["id"])
    log = tmp_path / "log"
    with collecting() as collector:
        running = cluster.start(log, collector.endpoint)
        try:
            await _send(cluster)
            found = await _decided(cluster, sum(map(len, wanted.values())))
        finally:
            running.send_signal(signal.SIGTERM)
            status = await asyncio.to_thread(running.wait, 8)
    assert status == 0
    assert found == wanted
    # Each was a child of the hospital's, in each of the three consumers.
    parents = [span.parent_span_id.hex() for span in collector.spans()]
    assert Counter(parents) == {_span_id(number): 3 for number in range(len(sent()))}
    assert "MARKED" not in str(collector.received)
    text = log.read_text(encoding="utf-8")
    assert all(json.loads(line) for line in text.splitlines())
    assert "MARKED" not in text


def _span_id(number: int) -> str:
    """Return the id of the hospital's own span of an event."""
    return f"{number + 1:016x}"


def _timed(patient: str, start: int, end: int) -> Json:
    """Return a session from one minute after 14:00 to another."""
    times = {"start": f"2026-03-02T14:{start}:00-06:00", "end": f"2026-03-02T14:{end}:00-06:00"}
    done = [service(1, "97110", end - start, intervals=[times], charge="70.00")]
    return session("S", done, patient_id=patient)


def at_once() -> list[Json]:
    """Return what happens to four patients of one clinician in one hour."""
    happened: list[tuple[str, Json]] = []
    for number, (start, end) in enumerate(
        (("00", "20"), ("10", "30"), ("30", "50"), ("45", "59"))
    ):
        named = {"patient_id": f"P-{number}"}
        times = {
            name: f"2026-03-02T14:{at}:00-06:00" for name, at in (("start", start), ("end", end))
        }
        minutes = int(end) - int(start)
        visit = session("S", [service(1, "97110", minutes, intervals=[times], charge="70.00")])
        happened += [
            ("documentation.received", plan_of_care() | named),
            ("session.completed", visit | named),
        ]
    times = {"start": "2026-03-02T14:20:00-06:00", "end": "2026-03-02T14:30:00-06:00"}
    visit = session("S", [service(1, "97110", 10, intervals=[times], charge="70.00")], revision=2)
    happened.append(("session.amended", visit | {"patient_id": "P-1"}))
    return [
        event(kind, data, time=f"2026-03-05T10:{number:02}:00-06:00", event_id=f"e-{number}")
        for number, (kind, data) in enumerate(happened)
    ]


async def test_one_clinician_with_two_patients_is_found_on_kafka(
    cluster: Cluster, clinic: Clinic, tmp_path: Path
) -> None:
    """Over two partitions, the gateway there and back, and a crash: as a replay ends."""
    assert (
        cluster.therapy("topics", "create", "--partitions", "2", "--replicas", "1").returncode == 0
    )
    wanted = {}
    for each in at_once():
        for emitted in clinic.send_event(each):
            if emitted["source"] == "/therapy/claims":
                wanted[emitted["partitionkey"]] = emitted["type"]
    assert {name: type_[14:-3] for name, type_ in wanted.items()} == {
        "P-0": "ready",
        "P-1": "ready",
        "P-2": "needs-documentation",
        "P-3": "needs-documentation",
    }
    running = cluster.start(tmp_path / "first")
    try:
        await _write(cluster, at_once()[:6])
        await _decided(cluster, 1)
        running.kill()
        running.wait()
        running = cluster.start(tmp_path / "second")
        await _write(cluster, at_once()[6:])
        await _ends_with(cluster, wanted)
    finally:
        running.send_signal(signal.SIGTERM)
        status = await asyncio.to_thread(running.wait, 8)
    assert status == 0


def merged() -> list[Json]:
    """Return the events of two patients, and of their merge with a correction behind it."""
    visit = session("S", [service(1, "97110", 25, charge="70.00")])
    on = {"patient_id": "P-2", "date_of_service": "2026-03-04"}
    merge = {"patient_id": "P-1", "surviving_id": "P-2", "revision": 1}
    happened = [
        ("documentation.received", plan_of_care()),
        ("session.completed", visit),
        ("session.completed", visit | on),
        ("patient.merged", merge),
        ("session.amended", session("S", [service(1, "97110", 40, charge="70.00")], revision=2)),
    ]
    return [
        event(kind, data, time=f"2026-03-05T10:{number:02}:00-06:00", event_id=f"e-{number}")
        for number, (kind, data) in enumerate(happened)
    ]


async def test_two_ids_that_are_one_patient_are_one_on_kafka(
    cluster: Cluster, clinic: Clinic, tmp_path: Path
) -> None:
    """Over two partitions, with a crash before the merge: as a replay ends."""
    made = cluster.therapy("topics", "create", "--partitions", "2", "--replicas", "1")
    assert made.returncode == 0
    emitted = [said for each in merged() for said in clinic.send_event(each)]
    wanted = {
        each["partitionkey"]: each["type"]
        for each in emitted
        if each["source"] == "/therapy/claims"
    }
    assert wanted["P-2"] == "therapy.claim.ready.v1"
    running = cluster.start(tmp_path / "first")
    try:
        await _write(cluster, merged()[:3])
        await _decided(cluster, 2)
        running.kill()
        running.wait()
        running = cluster.start(tmp_path / "second")
        await _write(cluster, merged()[3:])
        await _ends_with(cluster, wanted)
    finally:
        running.send_signal(signal.SIGTERM)
        status = await asyncio.to_thread(running.wait, 8)
    assert status == 0


async def _write(cluster: Cluster, events: list[Json]) -> None:
    async with AIOKafkaProducer(bootstrap_servers=cluster.kafka) as producer:
        for each in events:
            structured = [("content-type", b"application/cloudevents+json")]
            value, key = json.dumps(each).encode(), each["partitionkey"].encode()
            await producer.send_and_wait(Topic.SESSIONS, value, key=key, headers=structured)


async def _ends_with(cluster: Cluster, wanted: Mapping[str, str]) -> None:
    """Wait until each patient's last decision is the wanted one, and stays it for two seconds."""
    found: dict[str, str] = {}
    consumer = AIOKafkaConsumer(
        Topic.CLAIMS,
        bootstrap_servers=cluster.kafka,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
    )
    async with consumer, asyncio.timeout(READY_WITHIN):
        while True:
            polled = await consumer.getmany(timeout_ms=2_000)
            if not polled and found == wanted:
                return
            for record in chain.from_iterable(polled.values()):
                headers = dict(record.headers)
                if headers["ce_source"] == b"/therapy/claims":
                    found[record.key.decode()] = headers["ce_type"].decode()


async def _send(cluster: Cluster) -> None:
    async with AIOKafkaProducer(bootstrap_servers=cluster.kafka) as producer:
        bad = [("ce_type", b"\xff"), ("ce_subject", b"MARKED")]
        await producer.send_and_wait(Topic.SESSIONS, b'{"MARKED', key=b"MARKED", headers=bad)
        for number, each in enumerate(sent()):
            attributes = {name: value for name, value in each.items() if name != "data"}
            headers = [(f"ce_{name}", value.encode()) for name, value in attributes.items()]
            headers.append(("content-type", b"application/json"))
            trace = f"00-{number + 1:032x}-{_span_id(number)}-01"
            headers.append(("traceparent", trace.encode()))
            value, key = json.dumps(each["data"]).encode(), each["partitionkey"].encode()
            await producer.send_and_wait(Topic.SESSIONS, value, key=key, headers=headers)


async def _decided(cluster: Cluster, count: int) -> dict[str, list[str]]:
    """Return the ids of so many decisions, by patient, as they are committed."""
    found: dict[str, list[str]] = defaultdict(list)
    consumer = AIOKafkaConsumer(
        Topic.CLAIMS,
        bootstrap_servers=cluster.kafka,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
    )
    async with consumer, asyncio.timeout(READY_WITHIN):
        while sum(map(len, found.values())) < count:
            record = await consumer.getone()
            headers = dict(record.headers)
            if headers["ce_source"] == b"/therapy/claims":
                found[record.key.decode()].append(headers["ce_id"].decode())
    return found
