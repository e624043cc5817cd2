"""The servers that the tests share, and what happens where one cannot be had.

On a person's machine the tests that need it are skipped, and the summary says so aloud; where
``CI`` is set they fail.
"""
# ruff: noqa: TID251 - what a machine has is said by its environment; names are new by the time

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Protocol, TypeVar

import pytest

from tests.cluster.grafana import fetched
from tests.cluster.kafka import Kafka
from tests.cluster.prometheus import Prometheus, tool
from tests.cluster.redis import Redis
from tests.cluster.secured import SecuredKafka, SecuredRedis
from tests.cluster.server import Missing
from tests.deploy.tools import chart_tools


class Removable(Protocol):
    """A server that a test starts, and removes."""

    def start(self) -> None:
        """Start it, and wait until it serves."""

    def remove(self) -> None:
        """Kill it and delete what it stored."""


Had = TypeVar("Had")
Own = TypeVar("Own", bound=Removable)
RUN = f"{time.time_ns():x}"
"""Part of every name in a server that is shared, so that runs do not meet there."""
MISSING: list[str] = []
"""What could not be had in this run, and why."""


def kafka() -> Iterator[str]:
    """Yield the bootstrap servers of the broker that is there, else of one of our own."""
    given = os.environ.get("THERAPY_KAFKA_BOOTSTRAP_SERVERS")
    if given:
        yield given
        return
    for own in own_kafka():
        yield own.bootstrap_servers


def own_kafka(settings: Mapping[str, str] | None = None) -> Iterator[Kafka]:
    """Yield a running broker of the test's own, to be killed; ``settings`` are added."""
    return _own(lambda: Kafka(settings=settings))


def own_redis(configuration: Path | None = None) -> Iterator[Redis]:
    """Yield a running Redis of the test's own, to be killed; a file may say how it is."""
    return _own(lambda: Redis(configuration))


def own_prometheus(port: int) -> Iterator[Prometheus]:
    """Yield a running Prometheus of the test's own, which scrapes a process on this port."""
    return _own(lambda: Prometheus(port))


def secured_kafka(users: Iterable[str]) -> Iterator[SecuredKafka]:
    """Yield a running broker that knows these users, to be killed."""
    return _own(lambda: SecuredKafka(users))


def secured_redis(users: Iterable[str], *, mutual: bool = False) -> Iterator[SecuredRedis]:
    """Yield a running Redis with TLS and these lines of users, to be killed."""
    return _own(lambda: SecuredRedis(users, mutual=mutual))


def _own(make: Callable[[], Own]) -> Iterator[Own]:
    """Yield a server that runs, and remove it."""
    own = _have(make)
    try:
        _have(own.start)
        yield own
    finally:
        own.remove()


def promtool() -> str:
    """Return the path of Prometheus' own tool for rules."""
    return _have(tool)


def grafana_types() -> Path:
    """Return the folder of Grafana's published types, and the compiler that reads them."""
    return _have(fetched)


def redis() -> Iterator[str]:
    """Yield the address of the Redis that is there, else of one of our own."""
    given = os.environ.get("THERAPY_REDIS_URL")
    if given:
        yield given
        return
    for own in own_redis():
        yield own.url


def helm() -> Path:
    """Return where helm is, and the schemas beside it."""
    return _have(chart_tools)


def _have(make: Callable[[], Had]) -> Had:
    try:
        return make()
    except Missing as missing:
        reason = str(missing)
    if reason not in MISSING:
        MISSING.append(reason)
    if os.environ.get("CI"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
