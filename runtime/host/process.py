"""One process: HTTP first, then each worker, then polling; back again in the opposite order.

It ends with 0 when it is told to (SIGTERM, SIGINT), and with 1 when something ended that should
run for ever, or a start is refused: another process then takes up where the log says.
"""

import asyncio
import gc
import signal
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from socket import socket
from typing import TypeVar

import structlog
import uvloop
from aiokafka.errors import KafkaError
from faststream.asgi import AsgiFastStream

from runtime.engine.feed import Feed
from runtime.engine.observer import Observer
from runtime.errors import Indefinite
from runtime.host.app import announce, build_app, build_broker, join
from runtime.host.contract import Contract
from runtime.host.forwarding import Forwarder, Forwarding
from runtime.host.health import Health, pages, serving
from runtime.host.heard import Heard, Tracing
from runtime.host.lag import Lag
from runtime.host.logs import watch_loop
from runtime.host.member import Hosted, Member, Works
from runtime.host.metrics import Metrics
from runtime.host.settings import Settings
from runtime.kafka.denial import denied

TICK = 1.0
"""Seconds between two looks of the watchdog."""
# After 5 seconds at most for the transactions in flight: all of it takes less than 8.
CANCEL_WITHIN = 0.3
LAST_WORD_WITHIN = 0.5
"""Seconds to tell the group how far it came, which only tools read."""
STOP_WITHIN = 4.5
"""Seconds for what is being forwarded; what the broker has not answered for is taken again."""
LEAVE_WITHIN = 1.0
"""Seconds to leave the groups; one that is not left is expired by its session."""
CLOSE_WITHIN = 0.5
"""Seconds to close the workers' connections."""
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
UNREACHABLE = (Indefinite, KafkaError, OSError, TimeoutError)
"""What a start tries again after."""

GC_THRESHOLDS = (50_000, 20, 50)
"""A batch makes no cycles, and looking for some means to visit all that is alive."""

T = TypeVar("T")
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Service:
    """A service to host: its group, its topics, and how its worker is made.

    ``open_worker`` connects and checks. What it raises of ``UNREACHABLE`` is tried again; anything
    else ends the start.
    """

    name: str
    group: str
    reads: str
    writes: tuple[str, ...]
    open_worker: Callable[[Feed, Observer], AbstractAsyncContextManager[Works]]


@dataclass(frozen=True, slots=True)
class Running:
    """What a process is made of while it runs."""

    app: AsgiFastStream
    members: Sequence[Member]
    forwarders: Sequence[Forwarder]
    forwarding: Sequence[asyncio.Task[None]]


@dataclass(frozen=True, slots=True)
class Process:
    """The services that run together, ways of the gateway, and their contract with others.

    ``now`` gives seconds since 1970.
    """

    settings: Settings
    services: Sequence[Service]
    metrics: Metrics
    now: Callable[[], float]
    contract: Contract
    ways: Sequence[Forwarding] = ()
    """What is forwarded beside the services."""
    open_tracing: Callable[[str], Tracing] | None = None
    """Makes the spans of a service, by its name; None where no collector is named."""
    told: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the process is to end."""

    async def run(self, listening: socket) -> int:
        """Answer HTTP on a socket and run until told to end; return the exit status."""
        loop = asyncio.get_running_loop()
        watch_loop(loop)
        for each in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(each, self.told.set)
        members = [
            Member(each.name, each.group, each.reads, Lag(self.now)) for each in self.services
        ]
        forwarders = [Forwarder(way, self.settings, Lag(self.now), loop.time) for way in self.ways]
        health = Health([*members, *forwarders])
        app = self._declare(members, health)
        workers = AsyncExitStack()
        async with serving(app, listening):
            try:
                forwarding = [self._forward(each, workers) for each in forwarders]
                running = Running(app, members, forwarders, forwarding)
                status = await self._work(running, health, workers)
                await _leave(running)
            finally:
                await _within(CLOSE_WITHIN, workers.aclose())
        log.info("ended", status=status)
        return status

    def _declare(self, members: Sequence[Member], health: Health) -> AsgiFastStream:
        broker, contract = build_broker(self.settings), self.contract
        for member in members:
            join(broker, self.settings, member, contract.messages(member.topic))
        for topic in dict.fromkeys(chain(*(service.writes for service in self.services))):
            announce(broker, topic, contract.messages(topic))
        routes = pages(health, self.metrics, contract)
        return build_app(broker, contract, routes)

    def _forward(self, forwarder: Forwarder, workers: AsyncExitStack) -> asyncio.Task[None]:
        observer = self._observe(forwarder, workers)
        return asyncio.create_task(forwarder.run(observer), name=forwarder.name)

    async def _work(self, running: Running, health: Health, workers: AsyncExitStack) -> int:
        members = running.members
        starting = asyncio.create_task(self._start(running.app, members, workers), name="start")
        tasks = [
            starting,
            asyncio.create_task(self._watch(health), name="watchdog"),
            asyncio.create_task(_failure(starting)),
            *(asyncio.create_task(member.feed.keep_telling()) for member in members),
        ]
        told = asyncio.create_task(self.told.wait())
        ends = {told, *tasks[1:], *running.forwarding}
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        is_told = told.done()
        if not is_told:
            raised = map(_raised, (*tasks, *running.forwarding))
            broken = next((error for error in raised if error is not None), None)
            log.critical("ending", dead=health.deaths(), exc_info=broken)
        for task in (told, *tasks):
            task.cancel()
        await asyncio.wait({told, *tasks}, timeout=CANCEL_WITHIN)
        return 0 if is_told else 1

    async def _start(
        self, app: AsgiFastStream, members: Sequence[Member], workers: AsyncExitStack
    ) -> None:
        """Open the workers, then join the groups, each until it is reachable."""
        for service, member in zip(self.services, members, strict=True):
            observer = self._observe(member, workers)
            connect = partial(_connect, workers, service, member.feed, observer)
            member.works_with(await _until_reachable(connect, service.name))
        await _until_reachable(lambda: _join_all(app, members), "kafka")
        log.info("started", services=[service.name for service in self.services])

    def _observe(self, member: Hosted, workers: AsyncExitStack) -> Observer:
        metrics = self.metrics.observe(member)
        if self.open_tracing is None:
            return Heard(member.name, metrics)
        tracing = self.open_tracing(member.name)
        # It may wait for the collector, which the loop must not.
        workers.push_async_callback(asyncio.to_thread, tracing.close)
        return Heard(member.name, metrics, tracing)

    async def _watch(self, health: Health) -> None:
        """Return once something ended that should run for ever."""
        loop = asyncio.get_running_loop()
        while not health.deaths():
            begun = loop.time()
            await asyncio.sleep(TICK)
            self.metrics.loop_delay.set(max(loop.time() - begun - TICK, 0.0))


async def _until_reachable(action: Callable[[], Awaitable[T]], what: str) -> T:
    pause = FIRST_PAUSE
    while True:
        try:
            return await action()
        except UNREACHABLE as error:
            log.warning("not_reachable", what=what, again_in=pause, exc_info=error)
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)


async def _connect(
    workers: AsyncExitStack, service: Service, feed: Feed, observer: Observer
) -> Works:
    return await workers.enter_async_context(service.open_worker(feed, observer))


async def _join_all(app: AsgiFastStream, members: Sequence[Member]) -> None:
    """Start polling; where one group cannot be joined, leave the others and raise.

    Raises ``Denied`` where it may not.
    """
    try:
        await app.start()
    except UNREACHABLE as error:
        for member in members:
            await member.let_go()
        await app.stop()
        if (denial := denied(error, "Read")) is not None:
            raise denial from None
        raise


async def _failure(task: asyncio.Task[None]) -> None:
    """Return once a task has failed; one that succeeds is nothing to return for."""
    await asyncio.wait([task])
    if _raised(task) is None:
        await asyncio.Event().wait()


def _raised(task: asyncio.Task[None]) -> BaseException | None:
    return task.exception() if task.done() and not task.cancelled() else None


async def _leave(running: Running) -> None:
    """Stop polling, finish the transactions in flight, tell how far it came, leave the groups."""
    members = running.members
    await asyncio.gather(*(member.leave() for member in members), _stop_forwarding(running))
    await _within(LAST_WORD_WITHIN, asyncio.gather(*(member.feed.tell() for member in members)))
    await _within(LEAVE_WITHIN, running.app.stop())


async def _stop_forwarding(running: Running) -> None:
    """Let what is being forwarded end; what is late is given up, and taken again by another."""
    for forwarder in running.forwarders:
        forwarder.stop()
    if running.forwarding:
        _done, late = await asyncio.wait(running.forwarding, timeout=STOP_WITHIN)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late, timeout=CANCEL_WITHIN)


async def _within(seconds: float, action: Awaitable[object]) -> None:
    try:
        async with asyncio.timeout(seconds):
            await action
    except Exception as error:
        log.warning("not_left", exc_info=error)


def run_process(process: Process, listening: socket) -> int:
    """Run a process in an event loop of its own; return the exit status."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)
    try:
        with listening:
            return uvloop.run(process.run(listening))
    except Exception as bug:
        log.critical("broken", exc_info=bug)
        return 1
