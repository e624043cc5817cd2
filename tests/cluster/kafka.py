"""A real Kafka on loopback: one node or three, in a folder of its own, made to be killed.

The jars are fetched by ``make broker`` (``make broker KAFKA=4.3.1`` for another version).
"""

import shutil
import ssl
import struct
import subprocess
import tempfile
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from tests.cluster.ports import LOOPBACK, ask, free_ports, wait_until
from tests.cluster.server import Missing, Server
from tests.style.tree import ROOT

VERSION = "4.2.1"
START_SECONDS = 60.0
_COUNTED = 12
"""Bytes of an answer up to and with the count: length, number of the question, count."""
LEAN = ("-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
CLUSTER_ID = "dGhlcmFweS1iaWxsaW5nLQ"
FORMAT = ("kafka.tools.StorageTool", "format", "--cluster-id", CLUSTER_ID, "--config")
SETTINGS: Mapping[str, str] = {
    "process.roles": "broker,controller",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
    "auto.create.topics.enable": "false",
    "group.initial.rebalance.delay.ms": "0",
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.num.partitions": "4",
    # A killed node may come back only when the controller no longer counts on it.
    "broker.heartbeat.interval.ms": "500",
    "broker.session.timeout.ms": "3000",
    # Compaction that a test can wait for.
    "log.cleaner.backoff.ms": "200",
}


class Kafka:
    """A cluster whose nodes are brokers and controllers both.

    With three nodes the internal topics have three replicas; ours have as many as they say.
    """

    def __init__(
        self, nodes: int = 1, version: str = VERSION, settings: Mapping[str, str] | None = None
    ) -> None:
        """Lay it out and format it; ``settings`` are added to every node's."""
        classpath = f"{jars(version)}/*"
        self.folder = Path(tempfile.mkdtemp(prefix="kafka-"))
        ports = free_ports(2 * nodes)
        self._ports, controllers = ports[:nodes], ports[nodes:]
        voters = ",".join(f"{i}@{LOOPBACK}:{port}" for i, port in enumerate(controllers, 1))
        replicas = str(min(nodes, 3))
        everywhere = {
            **SETTINGS,
            "controller.quorum.voters": voters,
            "offsets.topic.replication.factor": replicas,
            "transaction.state.log.replication.factor": replicas,
            "transaction.state.log.min.isr": str(min(nodes, 2)),
            **(settings or {}),
        }
        self.nodes = [
            self._lay_out(classpath, node, everywhere, controllers[node - 1])
            for node in range(1, nodes + 1)
        ]

    @property
    def bootstrap_servers(self) -> str:
        """Return what a client connects to."""
        return ",".join(f"{LOOPBACK}:{port}" for port in self._ports)

    def start(self) -> None:
        """Start every node that does not run, and wait until the cluster is whole."""
        for node in self.nodes:
            if not node.is_running:
                node.spawn()
        whole = len(self.nodes)
        for node, port in zip(self.nodes, self._ports, strict=True):
            if not wait_until(partial(sees, port, whole), START_SECONDS):
                raise Missing(f"Kafka did not start: {node.said()}")

    def kill(self) -> None:
        """Kill every node."""
        for node in self.nodes:
            node.kill()

    def remove(self) -> None:
        """Kill every node and delete what they stored."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _lay_out(
        self, classpath: str, node: int, settings: Mapping[str, str], controller: int
    ) -> Server:
        folder = self.folder / f"node-{node}"
        folder.mkdir()
        port = self._ports[node - 1]
        client, control = f"PLAINTEXT://{LOOPBACK}:{port}", f"CONTROLLER://{LOOPBACK}:{controller}"
        own = {
            **settings,
            "node.id": str(node),
            "listeners": f"{client},{control}",
            "advertised.listeners": f"{client},{control}",
            "log.dirs": str(folder / "data"),
        }
        return formatted(classpath, folder, own)


def formatted(
    classpath: str, folder: Path, settings: Mapping[str, str], *arguments: str
) -> Server:
    """Return a node whose storage is formatted, with what else the formatting is told."""
    configured = folder / "server.properties"
    configured.write_text("".join(f"{k}={v}\n" for k, v in settings.items()), encoding="utf-8")
    java = ["java", *LEAN, "-Dorg.slf4j.simpleLogger.showDateTime=true"]
    java += ["-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", classpath]
    done = subprocess.run(
        [*java, *FORMAT, str(configured), *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise Missing(f"Kafka's storage cannot be formatted: {done.stderr[-2000:]}")
    return Server([*java, "kafka.Kafka", str(configured)], folder, "kafka")


def jars(version: str = VERSION) -> Path:
    """Return the folder of a version's jars; ``Missing`` where there is none."""
    folder = ROOT / ".cache" / f"kafka-{version}"
    if shutil.which("java") is None:
        raise Missing("Kafka: there is no java on this machine")
    if not (folder / f"kafka_2.13-{version}.jar").exists():
        raise Missing(f"Kafka: no jars in {folder}: make broker KAFKA={version}")
    return folder


def sees(port: int, brokers: int, tls: ssl.SSLContext | None = None) -> bool:
    """Tell whether a node serves, and says that there are so many brokers."""
    # Metadata, version 0, of no topic by name; its answer begins with the brokers' count.
    body = struct.pack(">hhih", 3, 1, 0, -1) + struct.pack(">i", 0)
    answer = ask(port, struct.pack(">i", len(body)) + body, tls=tls)
    return len(answer) >= _COUNTED and struct.unpack_from(">i", answer, 8) == (brokers,)
