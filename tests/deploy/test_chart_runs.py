"""What the chart's containers run, run as processes against a real Kafka and a real Redis."""
# ruff: noqa: TID251 - the processes that are started here have our environment

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from commands.exits import READ
from tests.cluster.ports import LOOPBACK, free_ports, wait_until
from tests.cluster.server import Server
from tests.commands.cluster import THERAPY, Cluster, own_cluster
from tests.deploy.chart import pods, render

VALUES = "trial"
SERVICES = ("units", "spend", "claims", "clinicians", "gateway")
STARTED_WITHIN = 120.0
ENDS_WITHIN = 45.0
PROBES = ("startupProbe", "livenessProbe", "readinessProbe")
OK = 200


def container(component: str) -> Any:  # noqa: ANN401 - a container as Kubernetes takes it
    """Return the container of a process, of the Job or of the test's pod."""
    [found] = [
        pod["spec"]["containers"][0]
        for pod in pods(render(VALUES))
        if pod["metadata"]["labels"]["app.kubernetes.io/component"] == component
    ]
    return found


def environment(component: str, cluster: Cluster, port: int = 0) -> dict[str, str]:
    """Return a container's variables, with this machine's addresses for the cluster's."""
    here = {
        "THERAPY_KAFKA_BOOTSTRAP_SERVERS": cluster.kafka,
        "THERAPY_REDIS_URL": cluster.redis,
        "THERAPY_GROUP_INSTANCE_ID": f"therapy-{component}-0",
        "THERAPY_HTTP_HOST": LOOPBACK,
        "THERAPY_HTTP_PORT": str(port),
    }
    named = {each["name"]: each.get("value", "") for each in container(component)["env"]}
    return {**os.environ, **named, **{name: here[name] for name in here.keys() & named.keys()}}


def complete(component: str, cluster: Cluster) -> subprocess.CompletedProcess[str]:
    """Run a container that ends."""
    return subprocess.run(
        [THERAPY, *container(component)["args"]],
        env=environment(component, cluster),
        capture_output=True,
        text=True,
        check=False,
    )


@contextmanager
def running(cluster: Cluster, folder: Path) -> Iterator[dict[str, tuple[Server, int]]]:
    """Yield every process that runs for ever, with its port."""
    servers = {}
    for service, port in zip(SERVICES, free_ports(len(SERVICES)), strict=True):
        command = [str(THERAPY), *container(service)["args"]]
        server = Server(command, folder, service, environment(service, cluster, port))
        server.spawn()
        servers[service] = server, port
    try:
        yield servers
    finally:
        for server, _port in servers.values():
            server.kill()


def answers(service: str, port: int) -> bool:
    """Tell whether all probes of a process are answered as Kubernetes wants them."""
    return all(
        _status(port, container(service)[probe]["httpGet"]["path"]) == OK for probe in PROBES
    )


def _status(port: int, path: str) -> int | None:
    connection = HTTPConnection(LOOPBACK, port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except OSError:
        return None
    finally:
        connection.close()


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """Yield a Kafka and a Redis with nothing in them."""
    yield from own_cluster()


def test_an_installation_decides(cluster: Cluster, tmp_path: Path) -> None:
    """The Job makes the topics, all probes are answered, the session is decided, and all end."""
    made = complete("topics", cluster)
    assert made.returncode == READ, made.stderr
    with running(cluster, tmp_path) as servers:
        for service, (server, port) in servers.items():
            is_up = partial(answers, service, port)
            assert wait_until(is_up, STARTED_WITHIN, pause=0.5), server.said()
        decided = complete("probe", cluster)
        assert decided.returncode == READ, decided.stderr
        for server, _port in servers.values():
            assert server.end(ENDS_WITHIN) == READ, server.said()
