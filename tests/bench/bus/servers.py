"""A broker and a Redis with everything on them, and the processes that are measured there."""

import asyncio
import http.client
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from runtime.kafka import topics
from runtime.kafka.settings import KafkaSettings
from tests.bench.bus.echo import SETTINGS
from tests.bench.bus.measured import PROFILE, USED, Used, read_used
from tests.cluster.kafka import Kafka
from tests.cluster.ports import LOOPBACK, free_ports, wait_until
from tests.cluster.redis import Redis
from tests.cluster.server import Server

SESSION_TIMEOUT_MS = 6_000
"""The shortest that a broker lets a group have."""
START_SECONDS = 60.0
END_SECONDS = 20.0
PATIENCE_SECONDS = 180.0
POLL_SECONDS = 0.25
TRIES = 4
THERAPY = Path(sys.executable).parent / "therapy"


class Failed(Exception):  # noqa: N818 - named for what happened
    """A process did not do what it was to do; the message has the end of what it said."""


@dataclass(slots=True)
class Process:
    """A process that is measured."""

    server: Server
    used_at: Path
    profiled_at: Path
    port: int

    def get(self, path: str) -> tuple[int, str]:
        """Return status and body of what it answers over HTTP; status 0 where it does not."""
        asking = http.client.HTTPConnection(LOOPBACK, self.port, timeout=5)
        try:
            asking.request("GET", path)
            answer = asking.getresponse()
            return answer.status, answer.read().decode()
        except (OSError, http.client.HTTPException):
            return 0, ""
        finally:
            asking.close()

    def metric(self, name: str) -> float:
        """Return the sum of a metric over its labels."""
        _status, text = self.get("/metrics")
        lines = (line for line in text.splitlines() if line.startswith((f"{name}{{", f"{name} ")))
        return sum(float(line.rpartition(" ")[2]) for line in lines)

    def wait_until_ready(self) -> None:
        """Return once every one of its partitions is recovered."""

        def is_ready() -> bool:
            return self.get("/health/ready")[0] == http.HTTPStatus.OK

        wait_until(lambda: is_ready() or not self.server.is_running, START_SECONDS)
        if not is_ready():
            raise Failed(f"it does not start: {self.server.said()}")

    def used(self) -> list[Used]:
        """Return what it noted of itself."""
        return read_used(self.used_at)

    def partitions(self, service: str) -> list[int]:
        """Return the partitions that it has recovered."""
        _status, said = self.get("/health/ready")
        listed = json.loads(said)["services"][service]["partitions"]
        return [int(partition) for partition, status in listed.items() if status == "running"]

    def end(self) -> None:
        """Tell it to end, and wait."""
        if self.server.end(END_SECONDS) != 0:
            raise Failed(f"it does not end: {self.server.said()}")


@dataclass(slots=True)
class Bus:
    """The servers, and a folder for what processes say and note."""

    kafka: Kafka
    redis: Redis
    partitions: int
    settings: dict[str, str] = field(default_factory=dict)
    """Variables that processes started from now on are told besides."""
    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="bench-")))
    _names: Iterator[int] = field(default_factory=count)
    _processes: list[Process] = field(default_factory=list)

    @property
    def servers(self) -> str:
        """What a client of Kafka connects to."""
        return self.kafka.bootstrap_servers

    @property
    def environment(self) -> Mapping[str, str]:
        """What a process of ours is told; all else is as by default."""
        return {
            **os.environ,
            "THERAPY_KAFKA_BOOTSTRAP_SERVERS": self.servers,
            "THERAPY_REDIS_URL": self.redis.url,
            "THERAPY_KAFKA_SESSION_TIMEOUT_MS": str(SESSION_TIMEOUT_MS),
            **self.settings,
        }

    def start_service(self, service: str) -> Process:
        """Start a consumer, or all of them in one process, and wait until it is ready."""
        process = self.start("measured", "run", service)
        process.wait_until_ready()
        return process

    def start(self, module: str, *arguments: str) -> Process:
        """Start a program of this folder."""
        name = f"{next(self._names)}-{module}"
        (port,) = free_ports(1)
        used_at, profiled_at = self.folder / f"{name}.used", self.folder / f"{name}.profile"
        used_at.touch()
        noting = {USED: str(used_at), PROFILE: str(profiled_at)}
        environment = {**self.environment, **noting, "THERAPY_HTTP_PORT": str(port)}
        command = [sys.executable, "-m", f"tests.bench.bus.{module}", *arguments]
        process = Process(
            Server(command, self.folder, name, environment), used_at, profiled_at, port
        )
        process.server.spawn()
        self._processes.append(process)
        return process

    def start_echo(self, hops: Iterable[tuple[str, str]], begins: Mapping[int, int]) -> Process:
        """Start the bare echo over hops, each from these offsets by partition."""
        each = [(reads, writes, begins) for reads, writes in hops]
        given = {"servers": self.servers, "hops": each, "settings": SETTINGS}
        return self.start("echo", json.dumps(given))

    async def until(self, is_so: Callable[[], Awaitable[bool]]) -> None:
        """Wait until it is so."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while not await is_so():
                    self._check()
                    await asyncio.sleep(POLL_SECONDS)
        except TimeoutError:
            raise Failed(f"it takes too long: {self._processes[-1].server.said()}") from None

    def _check(self) -> None:
        """Raise where something ended that should run."""
        for server in (*self.kafka.nodes, self.redis.server, self._processes[-1].server):
            if not server.is_running:
                raise Failed(f"it ended: {server.said()}")

    def make_topics(self) -> None:
        """Make our topics, as an operator does: again where the broker was too slow for many."""
        command = [str(THERAPY), "topics", "create", "--partitions", str(self.partitions)]
        command += ["--replicas", "1"]
        said = ""
        for _ in range(TRIES):
            made = subprocess.run(
                command, env=self.environment, check=False, capture_output=True, text=True
            )
            if made.returncode == 0:
                return
            said = made.stderr
        raise Failed(f"no topics: {said}")

    async def make_bare_topics(self, *names: str) -> None:
        """Make topics for the echo, as ours are."""
        bare = [topics.Topic(name, self.partitions, topics.EVENTS) for name in names]
        await topics.create_topics(KafkaSettings(self.servers), bare, replicas=1)

    def end(self) -> None:
        """Kill what still runs, and delete what was noted; the servers stay."""
        for process in self._processes:
            process.server.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


@contextmanager
def a_bus(partitions: int) -> Iterator[Bus]:
    """Yield servers of their own with our topics; ``Missing`` where the machine has none."""
    with ExitStack() as stack:
        kafka = Kafka()
        stack.callback(kafka.remove)
        redis = Redis()
        stack.callback(redis.remove)
        kafka.start()
        redis.start()
        bus = Bus(kafka, redis, partitions)
        stack.callback(bus.end)
        bus.make_topics()
        yield bus
