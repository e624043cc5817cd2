"""All consumers in a process on a real Kafka and Redis, watched by a real Prometheus."""
# ruff: noqa: TID251 - the commands that are started here have our environment

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
from aiokafka import AIOKafkaProducer

from commands.demo.clinic import EVENTS
from schemas.events import Topic
from tests.clinic import event, plan_of_care, service, session
from tests.cluster.needed import own_kafka, own_prometheus, own_redis
from tests.cluster.ports import LOOPBACK, free_ports, wait_until
from tests.cluster.prometheus import Prometheus

THERAPY = Path(sys.executable).with_name("therapy")
PARTITIONS = 2
PATIENCE = 60.0
"""Seconds after which the process is said to have got stuck."""
STRUCTURED = [("content-type", b"application/cloudevents+json")]
CAME = "2026-03-05T10:00:00-06:00"
NO_EVENT = b"{"


@contextmanager
def watched(folder: Path) -> Iterator[tuple[Prometheus, str]]:
    """Yield a Prometheus, and the broker of the process that it scrapes."""
    (port,) = free_ports(1)
    for kafka in own_kafka():
        for redis in own_redis():
            environment = {
                **os.environ,
                "THERAPY_KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
                "THERAPY_REDIS_URL": redis.url,
                "THERAPY_HTTP_HOST": LOOPBACK,
                "THERAPY_HTTP_PORT": str(port),
            }
            for prometheus in own_prometheus(port):
                with _running(environment, folder / "therapy.log"):
                    yield prometheus, kafka.bootstrap_servers


@contextmanager
def _running(environment: Mapping[str, str], log: Path) -> Iterator[None]:
    """Make the topics and run all consumers until the end of the block."""
    create = ["topics", "create", "--partitions", str(PARTITIONS), "--replicas", "1"]
    subprocess.run([THERAPY, *create], env=environment, check=True, capture_output=True)
    with log.open("wb") as said:
        process = subprocess.Popen([THERAPY, "run", "all"], env=environment, stderr=said)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def until(prometheus: Prometheus, expr: str) -> None:
    """Wait until PromQL gives something; what never comes fails."""
    assert wait_until(lambda: bool(prometheus.query(expr)), PATIENCE, 0.2), expr


def sample() -> list[bytes]:
    """Return the bundled clinic's events, two days that wait, and one record that is no event.

    One of the days has no plan of care, and the plan of the other was never certified.
    """
    lines = [line for line in EVENTS.read_bytes().splitlines() if line.strip()]
    uncertified = plan_of_care(certification="none", certified_on=None)
    visit = session("S-1", [service(1, "97110", 30)])
    waiting = (
        ("documentation.received", uncertified),
        ("session.completed", visit),
        ("session.completed", visit | {"patient_id": "P-2"}),
    )
    lines += [
        msgspec.json.encode(event(kind, data, time=CAME, event_id=f"e-{number}"))
        for number, (kind, data) in enumerate(waiting)
    ]
    return [*lines, NO_EVENT]


async def send(broker: str, lines: Sequence[bytes]) -> None:
    """Write events onto the bus, each under its patient."""
    async with AIOKafkaProducer(bootstrap_servers=broker) as producer:
        for line in lines:
            await producer.send_and_wait(Topic.SESSIONS, line, key=_key(line), headers=STRUCTURED)


def _key(line: bytes) -> bytes:
    if line == NO_EVENT:
        return b"-"
    key: str = msgspec.json.decode(line)["data"]["patient_id"]
    return key.encode()
