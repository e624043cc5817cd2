"""All consumers in a process on a real Kafka and Redis, watched by a real Prometheus."""

import asyncio
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from aiokafka import AIOKafkaProducer

from commands.composition import Service
from commands.demo.clinic import EVENTS
from schemas.events import DECISIONS, ROUTES, Topic
from tests.clinic import event, plan_of_care, service, session
from tests.cluster.needed import own_prometheus
from tests.cluster.ports import free_ports, wait_until
from tests.cluster.prometheus import Prometheus
from tests.commands.cluster import Cluster, own_cluster

PARTITIONS = 2
PATIENCE = 60.0
"""Seconds after which the process is said to have got stuck."""
CAME = "2026-03-05T10:00:00-06:00"
STRUCTURED = [("content-type", b"application/cloudevents+json")]


@dataclass
class Watched:
    """A process with all consumers, what it runs on, and the Prometheus that scrapes it."""

    cluster: Cluster
    prometheus: Prometheus
    folder: Path
    decisions: int = 0
    """Those that everything on the bus leads to."""

    def play(self, lines: Sequence[bytes]) -> None:
        """Put lines onto the bus, and wait until Prometheus has seen what a replay decides."""
        file = self.folder / "events.jsonl"
        file.write_bytes(b"\n".join(lines))
        replayed = self.cluster.therapy("replay", str(file)).stdout.splitlines()
        self.decisions += sum(json.loads(line)["type"] in DECISIONS for line in replayed)
        asyncio.run(_send(self.cluster.kafka, lines))
        self.until(f"sum(therapy_decisions_total) == {self.decisions}")

    def until(self, expr: str) -> None:
        """Wait until PromQL gives something; what never comes fails."""
        assert wait_until(lambda: bool(self.prometheus.query(expr)), PATIENCE, 0.2), expr


@contextmanager
def watched(folder: Path) -> Iterator[Watched]:
    """Yield all consumers, once each has its partitions and Prometheus has seen that."""
    for cluster in own_cluster():
        (cluster.port,) = free_ports(1)
        made = cluster.therapy(
            "topics", "create", "--partitions", str(PARTITIONS), "--replicas", "1"
        )
        assert made.returncode == 0, made.stderr
        process = cluster.start(folder / "therapy.log")
        try:
            for prometheus in own_prometheus(cluster.port):
                watched = Watched(cluster, prometheus, folder)
                owned = PARTITIONS * (len(Service) + len(ROUTES))
                watched.until(f'sum(therapy_partitions{{status="running"}}) == {owned}')
                yield watched
        finally:
            process.terminate()
            process.wait()


def waiting_days() -> list[bytes]:
    """Return two days that wait: one has no plan of care, the other's was never certified."""
    uncertified = plan_of_care(certification="none", certified_on=None)
    visit = session("S-1", [service(1, "97110", 30)])
    happened = (
        ("documentation.received", uncertified),
        ("session.completed", visit),
        ("session.completed", visit | {"patient_id": "P-2"}),
    )
    return [
        json.dumps(event(kind, data, time=CAME, event_id=f"e-{number}")).encode()
        for number, (kind, data) in enumerate(happened)
    ]


def bundled_clinic() -> list[bytes]:
    """Return the lines of ``therapy demo``, of which one cannot be read."""
    return [line for line in EVENTS.read_bytes().splitlines() if line.strip()]


async def _send(broker: str, lines: Sequence[bytes]) -> None:
    async with AIOKafkaProducer(bootstrap_servers=broker) as producer:
        for line in lines:
            key = json.loads(line)["data"]["patient_id"].encode()
            await producer.send_and_wait(Topic.SESSIONS, line, key=key, headers=STRUCTURED)
