"""A Kafka and a Redis for the commands, and the commands as processes of their own."""
# ruff: noqa: TID251 - the commands that are started here have our environment

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.needed import own_kafka, own_redis

THERAPY = Path(sys.executable).with_name("therapy")


@dataclass
class Cluster:
    """A Kafka and a Redis of this test's own, and how a command reaches them."""

    kafka: str
    redis: str
    port: int = 0
    """Of health and metrics; 0 is any free one."""

    @property
    def environment(self) -> Mapping[str, str]:
        """What a command is told."""
        ours = {
            "THERAPY_KAFKA_BOOTSTRAP_SERVERS": self.kafka,
            "THERAPY_REDIS_URL": self.redis,
            "THERAPY_HTTP_PORT": str(self.port),
            "THERAPY_KAFKA_SESSION_TIMEOUT_MS": "6000",
        }
        return os.environ | ours

    def therapy(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            [THERAPY, *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def start(self, log: Path, collector: str = "") -> subprocess.Popen[bytes]:
        """Start all consumers, which log everything that they ever would."""
        told = {"THERAPY_LOG_LEVEL": "debug", "THERAPY_TRACES_ENDPOINT": collector}
        environment = {**self.environment, **told}
        with log.open("wb") as said:
            return subprocess.Popen([THERAPY, "run", "all"], env=environment, stderr=said)


def own_cluster() -> Iterator[Cluster]:
    """Yield a Kafka and a Redis with nothing in them."""
    for kafka in own_kafka():
        for redis in own_redis():
            yield Cluster(kafka.bootstrap_servers, redis.url)
