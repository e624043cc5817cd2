"""Our commands beside a Kafka and a Redis that let nobody in without a name."""
# ruff: noqa: TID251 - the commands that are started here have our environment

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from tests.cluster.secured import SECRET, SecuredKafka, SecuredRedis, password
from tests.cluster.server import Server
from tests.deploy.acls import REDIS_USER, Right, Rights, read_rights

THERAPY = Path(sys.executable).with_name("therapy")


@dataclass(frozen=True, slots=True)
class Secured:
    """Both servers, and what a command of ours is told to reach them."""

    kafka: SecuredKafka
    redis: SecuredRedis

    def login(self, user: str) -> dict[str, str]:
        """Return the settings of a user that logs in with a password, which stands in a file."""
        return {
            **self._kafka("SASL_SSL", self.kafka.login),
            "THERAPY_KAFKA_SASL_USERNAME": user,
            "THERAPY_KAFKA_SASL_PASSWORD_FILE": self._kept(user),
            **self._redis("therapy"),
        }

    def certificate(self, user: str) -> dict[str, str]:
        """Return the settings of a user that shows a certificate."""
        own = str(self.kafka.authority.client(user))
        return {
            **self._kafka("SSL", self.kafka.mutual),
            "THERAPY_KAFKA_TLS_CERT_FILE": own,
            "THERAPY_KAFKA_TLS_KEY_FILE": own,
            **self._redis("therapy"),
        }

    def as_redis_user(self, user: str) -> dict[str, str]:
        """Return what changes where another user is named to Redis."""
        return self._redis(user)

    def therapy(
        self, settings: Mapping[str, str], *arguments: str, seconds: float = 60.0
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            [THERAPY, *arguments],
            env=_environment(settings),
            capture_output=True,
            text=True,
            check=False,
            timeout=seconds,
        )

    def start(self, settings: Mapping[str, str], service: str, folder: Path) -> Server:
        """Start a service, which logs everything that it ever would."""
        command = [str(THERAPY), "run", service]
        server = Server(command, folder, service, _environment(settings))
        server.spawn()
        return server

    def _kafka(self, protocol: str, server: str) -> dict[str, str]:
        return {
            "THERAPY_KAFKA_SECURITY_PROTOCOL": protocol,
            "THERAPY_KAFKA_BOOTSTRAP_SERVERS": server,
            "THERAPY_KAFKA_TLS_CA_FILE": str(self.kafka.authority.certificates),
        }

    def _redis(self, user: str) -> dict[str, str]:
        return {
            "THERAPY_REDIS_URL": self.redis.url(user),
            "THERAPY_REDIS_PASSWORD_FILE": self._kept(user),
            "THERAPY_REDIS_TLS_CA_FILE": str(self.redis.authority.certificates),
        }

    def _kept(self, user: str) -> str:
        """Return the path of a file with a user's password, as Kubernetes mounts one."""
        path = self.kafka.folder / f"{user}.password"
        path.write_text(f"{password(user)}\n", encoding="utf-8")
        return str(path)


def _environment(settings: Mapping[str, str]) -> dict[str, str]:
    kept = {name: text for name, text in os.environ.items() if not name.startswith("THERAPY_")}
    told = {
        "THERAPY_HTTP_PORT": "0",
        "THERAPY_LOG_LEVEL": "debug",
        "THERAPY_KAFKA_SESSION_TIMEOUT_MS": "6000",
    }
    return kept | told | dict(settings)


def without(user: str, resource: str, name: str, *operations: str) -> list[Right]:
    """Return a user's rights, less these operations on a resource, or less all of them."""
    rights: Rights = read_rights()
    left = []
    for right in rights[user]:
        is_meant = (right.resource, right.name) == (resource, name)
        kept = tuple(each for each in right.operations if each not in operations)
        if not is_meant:
            left.append(right)
        elif operations and kept:
            left.append(replace(right, operations=kept))
    return left


def redis_user(name: str, lacks: str, instead: str = "") -> str:
    """Return the line of a user of Redis by another name, with something replaced in it."""
    assert lacks in REDIS_USER
    return REDIS_USER.replace("user therapy ", f"user {name} ", 1).replace(lacks, instead, 1)


def is_discreet(said: str) -> None:
    """Check that no secret is said, and nothing of a patient."""
    for word in (SECRET, "PRIVATE KEY", "BEGIN CERTIFICATE", "MARKED", "patient-1"):
        assert word not in said
