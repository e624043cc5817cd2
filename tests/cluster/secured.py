"""A real Kafka and a real Redis that let nobody in without a name, and nobody do what is not his.

Kafka has a listener for each way to log in, and Kafka's own authorizer; Redis has TLS and a list
of users. The passwords are the users' names with a word behind them, which a test can look for.
"""

import shutil
import ssl
import tempfile
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.protocol.admin import CreateAclsRequest_v1, DescribeAclsRequest_v1
from aiokafka.protocol.api import RequestStruct

from tests.cluster.authority import Authority
from tests.cluster.kafka import SETTINGS, START_SECONDS, formatted, jars, sees
from tests.cluster.ports import LOOPBACK, ask, free_ports, wait_until
from tests.cluster.redis import START_SECONDS as REDIS_SECONDS
from tests.cluster.redis import binary
from tests.cluster.server import Missing, Server
from tests.deploy.acls import Right

SECRET = "-s3cret"  # noqa: S105 - made up
ADMIN = "admin"
LISTENERS = {"LOGIN": "SASL_SSL", "MUTUAL": "SSL", "EXPIRED": "SSL"}
AUTHORIZER = "org.apache.kafka.metadata.authorizer.StandardAuthorizer"
# Kafka's own numbers of resources, patterns and operations (org.apache.kafka.common.acl).
RESOURCES = {"topic": 2, "group": 3, "cluster": 4, "transactionalId": 5}
PATTERNS = {"literal": 3, "prefix": 4}
OPERATIONS = {
    "Read": 3,
    "Write": 4,
    "Create": 5,
    "Describe": 8,
    "DescribeConfigs": 10,
    "IdempotentWrite": 12,
}
ALLOW = 3
_ANY = 1
_EVERY_HOST = "*"


def password(user: str) -> str:
    """Return a user's password."""
    return user + SECRET


class SecuredKafka:
    """One node with an authorizer; it knows the users that it is given, by SCRAM-SHA-512.

    ``login`` asks for a password under TLS, ``mutual`` for a certificate, ``expired`` is a
    listener whose own certificate has expired.
    """

    def __init__(self, users: Iterable[str]) -> None:
        """Lay it out and format it."""
        classpath = f"{jars()}/*"
        self.folder = Path(tempfile.mkdtemp(prefix="kafka-secured-"))
        self.authority = Authority(self.folder)
        *ports, controller = free_ports(len(LISTENERS) + 1)
        self._ports = dict(zip(LISTENERS, ports, strict=True))
        self.login, self.mutual, self.expired = (f"{LOOPBACK}:{port}" for port in ports)
        stated: list[str] = []
        for user in (ADMIN, *users):
            stated += ["--add-scram", f"SCRAM-SHA-512=[name={user},password={password(user)}]"]
        self.node = formatted(classpath, self.folder, self._settings(controller), *stated)

    def start(self) -> None:
        """Start it, and wait until it serves."""
        self.node.spawn()
        serves = partial(sees, self._ports["MUTUAL"], 1, self._own())
        if not wait_until(serves, START_SECONDS):
            raise Missing(f"Kafka did not start: {self.node.said()}")

    def remove(self) -> None:
        """Kill it and delete what it stored."""
        self.node.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    async def grant(self, rights: Mapping[str, Iterable[Right]]) -> None:
        """Let each user do this, and wait until it is so."""
        entries = [
            (
                RESOURCES[right.resource],
                right.name,
                PATTERNS[right.pattern],
                f"User:{user}",
                _EVERY_HOST,
                OPERATIONS[operation],
                ALLOW,
            )
            for user, own in rights.items()
            for right in own
            for operation in right.operations
        ]
        admin = self.administrator()
        await admin.start()
        try:
            known = await _granted(admin)
            answer = await admin._client.send(1, _Asked(CreateAclsRequest_v1(entries)))  # noqa: SLF001
            assert not any(code for code, _message in answer.creation_responses)
            while await _granted(admin) < known + len(entries):
                pass
        finally:
            await admin.close()

    def administrator(self) -> AIOKafkaAdminClient:
        """Return a client that may do everything."""
        return AIOKafkaAdminClient(
            bootstrap_servers=self.mutual, security_protocol="SSL", ssl_context=self._own()
        )

    def _own(self) -> ssl.SSLContext:
        """Return how the administrator shows who it is."""
        context = ssl.create_default_context(cafile=str(self.authority.certificates))
        context.load_cert_chain(self.authority.client(ADMIN))
        return context

    def _settings(self, controller: int) -> dict[str, str]:
        addresses = {name: f"{name}://{LOOPBACK}:{port}" for name, port in self._ports.items()}
        protocols = {**LISTENERS, "CONTROLLER": "SSL"}
        return {
            **SETTINGS,
            "node.id": "1",
            "controller.quorum.voters": f"1@{LOOPBACK}:{controller}",
            "listeners": ",".join((*addresses.values(), f"CONTROLLER://{LOOPBACK}:{controller}")),
            "advertised.listeners": ",".join(addresses.values()),
            "listener.security.protocol.map": ",".join(f"{k}:{v}" for k, v in protocols.items()),
            "inter.broker.listener.name": "MUTUAL",
            "offsets.topic.replication.factor": "1",
            "transaction.state.log.replication.factor": "1",
            "transaction.state.log.min.isr": "1",
            "authorizer.class.name": AUTHORIZER,
            "super.users": f"User:kafka;User:{ADMIN}",
            "sasl.enabled.mechanisms": "SCRAM-SHA-512",
            "listener.name.login.scram-sha-512.sasl.jaas.config": (
                "org.apache.kafka.common.security.scram.ScramLoginModule required;"
            ),
            **self._tls(),
            "log.dirs": str(self.folder / "data"),
        }

    def _tls(self) -> dict[str, str]:
        demanded = "required"
        return {
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": str(self.authority.server()),
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": str(self.authority.certificates),
            # A certificate's user is its common name.
            "ssl.principal.mapping.rules": "RULE:^.*CN=([A-Za-z0-9-]+).*$/$1/",
            "listener.name.mutual.ssl.client.auth": demanded,
            "listener.name.controller.ssl.client.auth": demanded,
            "listener.name.expired.ssl.keystore.type": "PEM",
            "listener.name.expired.ssl.keystore.location": str(self.authority.expired_server()),
        }


class SecuredRedis:
    """A server that speaks TLS alone; ``users`` are lines of its list, without passwords.

    With ``mutual`` it wants a certificate of whoever comes.
    """

    def __init__(self, users: Iterable[str], *, mutual: bool = False) -> None:
        """Lay it out; ``Missing`` where the machine has none."""
        self.folder = Path(tempfile.mkdtemp(prefix="redis-secured-"))
        self.authority = Authority(self.folder)
        (self.port,) = free_ports(1)
        listed = self.folder / "users.acl"
        lines = ["user default off"]
        lines += [f"{line} >{password(line.split()[1])}" for line in users]
        listed.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        server = self.authority.server()
        command = [binary()]
        for name, value in {
            "bind": LOOPBACK,
            "port": "0",
            "tls-port": str(self.port),
            "tls-cert-file": str(server),
            "tls-key-file": str(server),
            "tls-ca-cert-file": str(self.authority.certificates),
            "tls-auth-clients": "yes" if mutual else "no",
            "aclfile": str(listed),
            "maxmemory-policy": "noeviction",
            "save": "",
            "dir": str(self.folder),
        }.items():
            command += [f"--{name}", value]
        self.server = Server(command, self.folder, "redis")

    def start(self) -> None:
        """Start it, and wait until it asks who is there."""
        self.server.spawn()
        tls = ssl.create_default_context(cafile=str(self.authority.certificates))
        tls.load_cert_chain(self.authority.client(ADMIN))
        asks = partial(ask, self.port, b"PING\r\n", tls=tls)
        if not wait_until(lambda: asks().startswith(b"-NOAUTH"), REDIS_SECONDS, 0.01):
            raise Missing(f"Redis did not start with TLS: {self.server.said()}")

    def url(self, user: str, host: str = LOOPBACK) -> str:
        """Return what a user connects to, without the password."""
        return f"rediss://{user}@{host}:{self.port}/0"

    def remove(self) -> None:
        """Kill it and delete its folder."""
        self.server.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


class _Asked:
    """A request that is built already."""

    def __init__(self, built: RequestStruct) -> None:
        self._built = built

    def prepare(self, versions: Mapping[int, tuple[int, int]]) -> RequestStruct:
        """Return it, whatever the broker knows."""
        del versions
        return self._built


async def _granted(admin: AIOKafkaAdminClient) -> int:
    """Return how many rights the broker knows."""
    question = DescribeAclsRequest_v1(_ANY, None, _ANY, None, None, _ANY, _ANY)
    answer = await admin._client.send(1, _Asked(question))  # noqa: SLF001
    return sum(len(resource[-1]) for resource in answer.resources)
