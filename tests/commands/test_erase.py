"""``therapy erase``: one patient's state leaves a real Kafka and Redis, and nobody else's."""

import asyncio
import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from commands.exits import FAILED, READ, USAGE
from commands.main import main
from runtime.engine.records import Place
from runtime.host.connection import kafka_settings
from runtime.host.forgetting import partition_of
from runtime.host.settings import read_settings
from runtime.kafka.log import KafkaLog
from schemas.events import CONSUMERS
from tests.changelog import fold
from tests.clinic import Json, event, plan_of_care, service, session
from tests.commands.cluster import Cluster, own_cluster

PARTITIONS = 2
GONE, STAYS = "P-GONE", "P-STAYS"
BUSY = 200
"""Patients whose events come while one is erased."""
WITHIN = 120.0
State = dict[str, dict[str, bytes]]


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """Yield a Kafka and a Redis with nothing in them."""
    yield from own_cluster()


def visit(patient: str, number: int, start: int | None = None) -> list[Json]:
    """Return a plan of care and a session; with times it overlaps those of other patients."""
    named = {"patient_id": patient}
    timed: Json = {}
    if start is not None:
        ends = {"start": start, "end": start + 20}
        times = {name: f"2026-03-02T14:{at}:00-06:00" for name, at in ends.items()}
        timed = {"intervals": [times], "charge": "70.00"}
    done = [service(1, "97110", 20, **timed)]
    data = session(f"S-{number}", done) | named
    happened = (("documentation.received", plan_of_care() | named), ("session.completed", data))
    return [
        event(kind, each, time=f"2026-03-05T10:{number}:00-06:00", event_id=f"e-{number}-{kind}")
        for kind, each in happened
    ]


def feed(cluster: Cluster, events: list[Json], file: Path) -> None:
    """Put events onto the bus."""
    file.write_text("\n".join(map(json.dumps, events)), encoding="utf-8")
    assert cluster.therapy("feed", str(file)).returncode == READ


async def changelogs(cluster: Cluster) -> State:
    """Return the live state values of each consumer, by the changelogs."""
    found: State = {}
    settings = read_settings({"THERAPY_KAFKA_BOOTSTRAP_SERVERS": cluster.kafka})
    async with KafkaLog(kafka_settings(settings)) as log:
        for name in CONSUMERS:
            places = [Place(f"therapy.{name}.changelog", each) for each in range(PARTITIONS)]
            live: dict[str, bytes] = {}
            for place, end in (await log.ends(places, committed=True)).items():
                records = [
                    r async for some in log.read(place, 0, end, committed=True) for r in some
                ]
                live |= fold(records)
            found[name] = live
    return found


async def views(cluster: Cluster) -> State:
    """Return the same, by Redis."""
    found: State = {}
    async with Redis.from_url(cluster.redis) as client:
        for name in CONSUMERS:
            live: dict[str, Any] = {}
            for key in await client.keys(f"{{therapy-{name}:*"):
                held = {_text(field): raw for field, raw in (await client.hgetall(key)).items()}
                live |= {field: raw for field, raw in held.items() if field.startswith("[")}
            found[name] = live
    return found


def _text(field: Any) -> str:  # noqa: ANN401 - what the client may be told to answer with
    return field if isinstance(field, str) else str(field, "utf-8")


def names(state: State, patient: str) -> list[str]:
    """Return the consumers that have the patient in a key or in a value."""
    return [
        name
        for name, live in state.items()
        if any(patient in key or patient.encode() in raw for key, raw in live.items())
    ]


async def settled(cluster: Cluster, *patients: str, unseen: str = "") -> State:
    """Wait until every consumer knows of these patients, and Redis is as the changelogs are.

    Of ``unseen`` the consumer of clinicians never hears.
    """
    async with asyncio.timeout(WITHIN):
        while True:
            state = await changelogs(cluster)
            knows = all(names(state, patient) == list(CONSUMERS) for patient in patients)
            knows = knows and (not unseen or len(names(state, unseen)) == len(CONSUMERS) - 1)
            if knows and state == await views(cluster):
                return state
            await asyncio.sleep(0.2)


async def test_a_patient_is_erased_while_the_consumers_run(
    cluster: Cluster, tmp_path: Path
) -> None:
    """They are busy; of the other one nothing changes, and all goes on."""
    made = cluster.therapy("topics", "create", f"--partitions={PARTITIONS}", "--replicas=1")
    assert made.returncode == READ, made.stderr
    log = tmp_path / "log"
    running = cluster.start(log)
    try:
        feed(cluster, [*visit(GONE, 10, 10), *visit(STAYS, 11, 20)], tmp_path / "events")
        before = await settled(cluster, GONE, STAYS)
        crowd = [each for number in range(BUSY) for each in visit(f"P-{number}", 13)]
        busy = asyncio.to_thread(feed, cluster, crowd, tmp_path / "crowd")
        erasing = asyncio.to_thread(cluster.therapy, "erase", GONE)
        _fed, erased = await asyncio.gather(busy, erasing)
        assert erased.returncode == READ, erased.stderr
        after = await settled(cluster, STAYS, unseen=f"P-{BUSY - 1}")
        assert not names(after, GONE)
        for name, live in before.items():
            kept = {key for key in live if STAYS in key or STAYS.encode() in live[key]}
            assert {key: after[name].get(key) for key in kept} == {key: live[key] for key in kept}
        feed(cluster, visit("P-NEW", 12, 30), tmp_path / "later")
        await settled(cluster, STAYS, "P-NEW")
        again = await asyncio.to_thread(cluster.therapy, "erase", GONE)
        assert again.stdout == "".join(
            f"{e}: 0 state values changed or deleted\n" for e in CONSUMERS
        )
    finally:
        running.send_signal(signal.SIGTERM)
        status = await asyncio.to_thread(running.wait, 20)
    assert status == 0
    said = erased.stdout + erased.stderr + log.read_text(encoding="utf-8")
    assert GONE not in said


def test_a_broker_that_does_not_answer_is_said(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With status 1, and without the patient."""
    monkeypatch.setenv("THERAPY_KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1")
    assert main(["erase", GONE]) == FAILED
    assert capsys.readouterr().err == "therapy: topics: KafkaConnectionError\n"


def test_nobody_is_no_patient(capsys: pytest.CaptureFixture[str]) -> None:
    """An empty name is wrong usage."""
    assert main(["erase", ""]) == USAGE
    assert "no patient is named" in capsys.readouterr().err


def test_a_key_is_placed_by_murmur2() -> None:
    """As the Java client places it: the hash of 21 is -973932308."""
    assert partition_of("21", 12) == (-973_932_308 & 0x7FFFFFFF) % 12
