"""An upgrade under load, on a real broker: what an earlier release left is read and goes on."""

import asyncio
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest
from redis.asyncio import Redis as RedisClient

from commands.composition import CHAIN, Service
from commands.plans import KINDS, build_plan
from reference.rulebook import RuleBook, load
from runtime.engine.messages import event_message
from runtime.engine.records import Place
from runtime.kafka.log import KafkaLog
from runtime.kafka.settings import KafkaSettings
from runtime.pipeline import StepFailed
from schemas.envelope import Event, write_data
from schemas.events import CLINICAL, EventType, Topic
from schemas.reading import Reader
from tests.chaos.check import judge, read, wait_until_through
from tests.chaos.clinic import send
from tests.chaos.workers import Workers
from tests.clinic import event
from tests.cluster.kafka import Kafka
from tests.cluster.needed import own_kafka, own_redis
from tests.cluster.ports import wait_until
from tests.cluster.redis import Redis
from tests.cluster.server import Server
from tests.drills.tree import PROGRAM, CopiedTree
from tests.upgrade.legacy import go_on, leave
from tests.upgrade.record import record
from tests.upgrade.release import Release, read_release, releases
from tests.upgrade.stream import HELD_PATIENT, upgrade_stream

PARTITIONS = 4
SECONDS = 24.0
"""How long events come; the upgrade is made meanwhile."""
ENDS_WITHIN = 8.0
RECOVERED = '"event": "recovered"'
RECOVERED_WITHIN = 60.0
LOG_CHARACTERS = 1_000_000
THROUGH_WITHIN = 120.0
YEAR_ENDS, NEXT_YEAR_ENDS = "2026-12-31", "2027-12-31"
PATHS = pytest.mark.parametrize("path", releases(), ids=lambda path: path.name.split(".jsonl")[0])


def parse(lines: Sequence[bytes]) -> list[Event]:
    """Return the events of lines."""
    reader = Reader(CLINICAL)
    read_ = [reader.read_structured(line) for line in lines]
    assert all(isinstance(each, Event) for each in read_)
    return [each for each in read_ if isinstance(each, Event)]


def decide_again() -> Event:
    """Return the request for the patient whose day was held for want of next year's figures."""
    data = {"patient_id": HELD_PATIENT, "reason": "reference data were loaded"}
    asked = event(
        "redecision.requested", data, time="2027-02-01T08:00:00Z", event_id="e-decide-again"
    )
    (request,) = parse([json.dumps(asked).encode()])
    return request


@PATHS
def test_a_releases_state_is_read_and_goes_on(path: Path, rulebook: RuleBook) -> None:
    """Over its state values the rest of the stream is decided as over those of this release."""
    decided = []
    rest = parse(upgrade_stream().after)
    for release in (read_release(path), record()):
        pipeline = go_on(release, rulebook)
        decided.append([_said(each) for came in rest for each in pipeline.run(came)])
    assert decided[0] == decided[1]


def _said(emitted: Event | StepFailed) -> tuple[str, bytes]:
    assert isinstance(emitted, Event)
    return emitted.id, write_data(emitted.data)


@PATHS
def test_no_release_wrote_newer_state_than_this_one_reads(path: Path) -> None:
    """The version of state values rises with their shapes, and never falls."""
    recorded = read_release(path).schemas
    assert all(version <= KINDS[service][1] for service, version in recorded.items())


def test_this_releases_state_is_what_was_recorded_of_it(rulebook: RuleBook) -> None:
    """Where the shape of a value changes, its consumer's schema version rises with it.

    The last recorded release has the same schema version: then a value that it has is, byte for
    byte, one that this tree would write.
    """
    last, now = read_release(releases()[-1]), record()
    for service in Service:
        if last.schemas[service] != now.schemas[service]:
            continue
        codec = build_plan(service, rulebook).codec
        for each in last.state[service]:
            key = tuple(json.loads(each.key or b""))
            assert codec.encode(key, codec.decode(key, each.value or b"")) == each.value


class Bus(NamedTuple):
    """A Kafka, a Redis, and workers that do not run yet."""

    kafka: Kafka
    redis: Redis
    workers: Workers


@pytest.fixture
def bus() -> Iterator[Bus]:
    """Yield servers of this test's own, with the topics made."""
    for kafka in own_kafka():
        for redis in own_redis():
            workers = Workers(kafka.bootstrap_servers, redis.url)
            try:
                workers.make_topics(PARTITIONS, 1)
                yield Bus(kafka, redis, workers)
            finally:
                workers.remove()


@pytest.fixture
def next_release(tmp_path: Path) -> CopiedTree:
    """Return a copy of this tree that has all figures of next year too: another rulebook."""
    tree = CopiedTree(tmp_path / "tree", PROGRAM)
    for path in tree.reference.rglob("*.yaml"):
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace(YEAR_ENDS, NEXT_YEAR_ENDS), encoding="utf-8")
    return tree


@PATHS
def test_an_upgrade_under_load_loses_and_doubles_nothing(
    path: Path, bus: Bus, rulebook: RuleBook, next_release: CopiedTree
) -> None:
    """From a release's state, over this one, to one with another rulebook, worker by worker.

    Each worker is told to end and the next one starts; one of the new ones is killed. Decisions
    are those of a replay that goes on from the same state values; a day that was held for next
    year's figures is decided with them.
    """
    after = load(next_release.reference)
    play = _play(bus, read_release(path), (rulebook, after), next_release.folder)
    rulebooks, held_day = asyncio.run(play)
    assert set(rulebooks) == {rulebook.version, after.version}
    assert held_day == [EventType.CLAIM_READY]


async def _play(
    bus: Bus, release: Release, rulebooks: tuple[RuleBook, RuleBook], tree: Path
) -> tuple[Counter[str], list[str]]:
    """Return which rulebooks decided how often, and what the held day came to."""
    before, after = rulebooks
    servers = bus.kafka.bootstrap_servers
    plans = [build_plan(service, before) for service in CHAIN]
    rest = [event_message(each, ()) for each in parse(upgrade_stream().after)]
    async with KafkaLog(KafkaSettings(bootstrap_servers=servers)) as log:
        await leave(log, release, before, PARTITIONS)
        old = [bus.workers.start(), bus.workers.start()]
        await _wait_until_recovered(old)
        sending = asyncio.create_task(send(servers, rest, SECONDS))
        await _upgrade(bus.workers, old, tree)
        await sending
        await send(servers, [event_message(decide_again(), ())], 1.0)
        await wait_until_through(log, plans, PARTITIONS, THROUGH_WITHIN)
        async with RedisClient.from_url(bus.redis.url) as client:
            start = partial(go_on, release, after)
            verdict = await judge(log, client, plans, PARTITIONS, start)
        assert verdict.is_right, verdict
        return await _decided(log)


async def _upgrade(workers: Workers, old: list[Server], new: Path) -> None:
    """Replace the workers, one after the other, while events come; then kill a new one."""
    await asyncio.sleep(SECONDS / 4)
    for worker in old:
        assert await asyncio.to_thread(worker.end, ENDS_WITHIN) == 0
        await _wait_until_recovered([workers.start(new)])
    workers.running[0].kill()
    workers.start(new)


async def _wait_until_recovered(workers: Sequence[Server]) -> None:
    """Return once each worker has taken over a partition."""
    for worker in workers:
        recovered = partial(_has_recovered, worker)
        assert await asyncio.to_thread(wait_until, recovered, RECOVERED_WITHIN)


def _has_recovered(worker: Server) -> bool:
    return RECOVERED in worker.said(LOG_CHARACTERS)


async def _decided(log: KafkaLog) -> tuple[Counter[str], list[str]]:
    rulebooks: Counter[str] = Counter()
    held_day = []
    for partition in range(PARTITIONS):
        for each in await read(log, Place(Topic.CLAIMS, partition)):
            headers = {name: (value or b"").decode() for name, value in each.headers}
            if headers["ce_type"] != EventType.THRESHOLD_CROSSED:
                rulebooks[headers["ce_rulebook"]] += 1
                if each.key == HELD_PATIENT.encode():
                    held_day.append(headers["ce_type"])
    return rulebooks, held_day
