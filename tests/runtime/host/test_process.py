"""A whole process: it answers over HTTP, polls, ends when told, and when it must."""

import asyncio
import gc
import json
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest
from aiokafka.admin import AIOKafkaAdminClient

from runtime.engine.feed import Feed
from runtime.engine.observer import Observer
from runtime.engine.partition import Status
from runtime.engine.records import Place
from runtime.errors import Indefinite, PartitionStopped
from runtime.host.contract import Contract
from runtime.host.forwarding import Forwarding
from runtime.host.health import bind
from runtime.host.metrics import Metrics
from runtime.host.opening import StartRefused
from runtime.host.process import Process, Service, run_process
from tests.runtime.host.stand_in import (
    PATIENCE,
    CountingWorker,
    contract_of,
    fill,
    make_topic,
    new_name,
    settings_of,
    until,
)

OUTPUT = "output"


@dataclass
class Hosted:
    """A process with one service, whose worker only counts."""

    broker: str
    topic: str
    stop_seconds: float = 0.0
    fails: int = 0
    """So many times the worker cannot be opened."""
    fails_with: Exception = field(default_factory=lambda: Indefinite("not there yet"))
    running: "asyncio.Task[int] | None" = None
    group: str = field(default_factory=lambda: new_name("group"))
    worker: CountingWorker | None = None
    port: int = 0
    status: int | None = None
    process: Process = field(init=False)

    def __post_init__(self) -> None:
        """Build it; nothing is connected."""
        settings = settings_of(self.broker)
        service = Service("units", self.group, self.topic, (OUTPUT,), self._open)
        metrics = Metrics(lambda _event: None, lambda: 0.0)
        contract = contract_of(self.topic, OUTPUT)
        self.process = Process(settings, [service], metrics, lambda: 0.0, contract)

    @asynccontextmanager
    async def _open(self, feed: Feed, observer: Observer) -> AsyncIterator[CountingWorker]:
        if self.fails:
            self.fails -= 1
            raise self.fails_with
        self.worker = CountingWorker(feed, observer, self.stop_seconds)
        yield self.worker

    async def get(self, path: str) -> tuple[int, bytes]:
        """Return status and body of one answer."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(f"GET {path} HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n".encode())
        answer = await reader.read()
        writer.close()
        head, _, body = answer.partition(b"\r\n\r\n")
        return int(head.split()[1]), body

    @property
    def working(self) -> CountingWorker:
        """The worker, which is there."""
        assert self.worker is not None
        return self.worker


@asynccontextmanager
async def running(hosted: Hosted) -> AsyncIterator[Hosted]:
    """Run a process until the end of the block, and keep its status."""
    listening = bind("127.0.0.1", 0)
    hosted.port = listening.getsockname()[1]
    task = hosted.running = asyncio.create_task(hosted.process.run(listening))
    try:
        yield hosted
    finally:
        hosted.process.told.set()
        hosted.status = await task
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(None)
        for each in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(each)


async def test_it_polls_and_answers(broker: str) -> None:
    """Records reach the worker; health, metrics and the contract are served."""
    topic = await make_topic(broker, partitions=2)
    await fill(broker, topic, 10, partitions=2)
    async with running(Hosted(broker, topic)) as hosted:
        await until(lambda: hosted.worker is not None)
        await hosted.working.has(20)
        assert await hosted.get("/health/live") == (200, b'{"dead":{}}')
        status, body = await hosted.get("/health/ready")
        assert status == 200
        assert json.loads(body) == {
            "ready": True,
            "services": {
                "units": {"joined": True, "partitions": {"0": "running", "1": "running"}}
            },
        }
        _status, told = await hosted.get("/metrics")
        assert b'therapy_records_total{service="units"} 20.0' in told
        _status, described = await hosted.get("/asyncapi.json")
        assert json.loads(described) == hosted.process.contract.to_jsonable()
        assert (await hosted.get("/other"))[0] == 404
    assert hosted.status == 0


async def test_it_is_ready_when_every_partition_is_recovered(broker: str) -> None:
    """One that recovers or is stopped makes it unready, and leaves it alive."""
    topic = await make_topic(broker, partitions=2)
    async with running(Hosted(broker, topic)) as hosted:
        await until(lambda: hosted.worker is not None and len(hosted.worker.status()) == 2)
        assert (await hosted.get("/health/ready"))[0] == 200
        for status in (Status.RECOVERING, Status.STOPPED):
            hosted.working._status[Place(topic, 1)] = status  # noqa: SLF001
            assert (await hosted.get("/health/ready"))[0] == 503
            assert (await hosted.get("/health/started"))[0] == 200
            assert (await hosted.get("/health/live"))[0] == 200


async def test_it_answers_before_kafka_and_redis_do(broker: str) -> None:
    """What cannot be reached is tried again; meanwhile it lives and is not ready."""
    topic = await make_topic(broker)
    async with running(Hosted(broker, topic, fails=1)) as hosted:
        assert (await hosted.get("/health/live"))[0] == 200
        assert (await hosted.get("/health/ready"))[0] == 503
        await until(lambda: hosted.worker is not None and len(hosted.worker.status()) == 1)
        assert (await hosted.get("/health/ready"))[0] == 200


async def test_a_broker_that_is_not_there_is_waited_for() -> None:
    """Liveness is not the reachability of Kafka, and it ends when told all the same."""
    async with running(Hosted("127.0.0.1:1", "t")) as hosted:
        await until(lambda: hosted.worker is not None)
        await asyncio.sleep(0.7)
        assert (await hosted.get("/health/live"))[0] == 200
        assert (await hosted.get("/health/started"))[0] == 503
        assert (await hosted.get("/health/ready"))[0] == 503
    assert hosted.status == 0


async def test_sigterm_ends_it_within_eight_seconds(broker: str) -> None:
    """It stops polling, lets the worker finish, leaves the group, and exits with 0."""
    topic = await make_topic(broker)
    await fill(broker, topic, 3)
    async with running(Hosted(broker, topic, stop_seconds=5.0)) as hosted:
        await until(lambda: hosted.worker is not None)
        await hosted.working.has(3)
        begun = asyncio.get_running_loop().time()
        os.kill(os.getpid(), signal.SIGTERM)
        await until(lambda: ("stopped", frozenset({Place(topic, 0)})) in hosted.working.heard)
        await fill(broker, topic, 3)
    assert hosted.status == 0
    assert asyncio.get_running_loop().time() - begun < 8
    assert len(hosted.working.records) == 3
    assert await _members_of(broker, hosted.group) == 0


async def _members_of(broker: str, group: str) -> int:
    admin = AIOKafkaAdminClient(bootstrap_servers=broker)
    await admin.start()
    try:
        (answer,) = await admin.describe_consumer_groups([group])
    finally:
        await admin.close()
    (described,) = answer.groups
    return len(described[5])


async def test_a_dead_consumer_ends_it(broker: str) -> None:
    """The consumer may lose its coordinator and say nothing: the process ends with 1."""
    topic = await make_topic(broker)
    async with running(Hosted(broker, topic)) as hosted:
        await until(lambda: hosted.worker is not None and len(hosted.worker.status()) == 1)
        consumer = hosted.working._feed._consumer  # type: ignore[attr-defined] # noqa: SLF001
        consumer._coordinator._coordination_task.cancel()  # noqa: SLF001
        await until(lambda: hosted.working.heard[-1][0] == "stopped")
    assert hosted.status == 1


async def test_a_bug_in_a_partition_ends_it(broker: str) -> None:
    """An exception that nobody foresaw is no state to go on from."""
    topic = await make_topic(broker)
    async with running(Hosted(broker, topic)) as hosted:
        await until(lambda: hosted.worker is not None and len(hosted.worker.status()) == 1)
        hosted.working.bug = ZeroDivisionError()
        hosted.working.broken.set()
        await until(lambda: hosted.working.heard[-1][0] == "stopped")
    assert hosted.status == 1


async def _as_they_must_be() -> None:
    """Find the topics as they must be."""


async def test_the_gateway_runs_without_a_consumer(broker: str) -> None:
    """It is ready when its groups have let it in, shows its lag, and ends with 0 when told."""
    reads, writes = await make_topic(broker), await make_topic(broker)
    hosted = Hosted(broker, reads)
    way = Forwarding("way", hosted.group, reads, writes, frozenset(), str, _as_they_must_be)
    hosted.process = replace(hosted.process, services=[], ways=[way])
    await fill(broker, reads, 3)
    async with running(hosted):
        await _until_ready(hosted)
        assert b'"way":{"joined":true' in (await hosted.get("/health/ready"))[1]
        assert (
            b'therapy_lag_records{partition="0",service="way"}'
            in (await hosted.get("/metrics"))[1]
        )
        begun = asyncio.get_running_loop().time()
    assert hosted.status == 0
    assert asyncio.get_running_loop().time() - begun < 8
    assert await _members_of(broker, hosted.group) == 0


async def _until_ready(hosted: Hosted) -> None:
    async with asyncio.timeout(PATIENCE):
        while (await hosted.get("/health/ready"))[0] != 200:  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.05)


async def test_topics_that_are_not_as_they_must_be_end_the_gateway(broker: str) -> None:
    """As they end a consumer's start."""

    async def refuse() -> None:
        raise StartRefused("t: partitions is 1, must be 2")

    hosted = Hosted(broker, "t")
    way = Forwarding("way", hosted.group, "t", "u", frozenset(), str, refuse)
    hosted.process = replace(hosted.process, services=[], ways=[way])
    async with running(hosted):
        await until(lambda: hosted.running is not None and hosted.running.done())
    assert hosted.status == 1


async def test_a_start_that_is_refused_ends_it() -> None:
    """What is not a matter of time is not tried again."""
    hosted = Hosted("127.0.0.1:1", "t", fails=1, fails_with=PartitionStopped("no such topic"))
    async with running(hosted):
        await until(lambda: hosted.running is not None and hosted.running.done())
    assert hosted.status == 1


async def test_partitions_move_when_another_joins(broker: str) -> None:
    """The first lets go of all before it takes its share; together they have every partition."""
    topic = await make_topic(broker, partitions=4)
    async with running(Hosted(broker, topic)) as one:
        await until(lambda: one.worker is not None and len(one.worker.status()) == 4)
        async with running(Hosted(broker, topic, group=one.group)) as two:
            await until(lambda: two.worker is not None and len(two.worker.status()) == 2)
            await until(lambda: len(one.working.status()) == 2)
            every = {Place(topic, partition) for partition in range(4)}
            assert {*one.working.status(), *two.working.status()} == every
            assert [what for what, _places in one.working.heard] == [
                "assigned",
                "revoked",
                "assigned",
            ]
        await until(lambda: len(one.working.status()) == 4)


def test_a_process_that_breaks_says_no_words_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    """Its status is 1, and the interpreter prints nothing."""
    hosted = Hosted("127.0.0.1:1", "t")
    broken = replace(hosted.process, contract=Contract({"channels": {}, "info": {"title": "t"}}))
    thresholds = gc.get_threshold()
    try:
        assert run_process(broken, bind("127.0.0.1", 0)) == 1
    finally:
        gc.unfreeze()
        gc.set_threshold(*thresholds)
    assert "Traceback" not in capsys.readouterr().err
