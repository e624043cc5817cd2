"""How long a partition stands still when its worker goes, and how fast a lost Redis comes back."""

import asyncio
import time
from collections.abc import Collection, Iterable, Mapping, Sequence

from commands.composition import Service
from commands.plans import build_plan
from reference.rulebook import RuleBook
from runtime.engine.observer import Observer
from runtime.engine.records import Message, Place
from runtime.host.opening import Opening
from runtime.host.settings import read_settings
from runtime.kafka.log import KafkaLog
from runtime.kafka.settings import KafkaSettings
from schemas.events import Topic
from tests.bench.bus.events import clinics, send_evenly
from tests.bench.bus.servers import SESSION_TIMEOUT_MS, Bus, Failed, Process

RATE = 200
NO_END = 1 << 60
SETTLING_SECONDS = 3.0
PATIENCE_SECONDS = 60.0
POLL_SECONDS = 0.05
BEYOND_SESSION = 1.0
TERM_WITHIN = 8.0
STATES_A_SECOND = 50_000


async def takeover(bus: Bus) -> None:
    """Print what a kill -9 and a SIGTERM of one of two workers cost, under load."""
    (messages,) = clinics("G", RATE * int(2 * PATIENCE_SECONDS))
    session = SESSION_TIMEOUT_MS / 1000
    stays = bus.start_service("units")
    async with KafkaLog(KafkaSettings(bus.servers)) as log:
        sending = asyncio.create_task(_send(bus, messages))
        goes = await share(bus, stays)
        lost, at = goes.partitions("units"), time.time()
        goes.server.kill()
        seconds = await decided_again(log, lost, at)
        print(
            f"kill -9 of one of two workers, {RATE} messages a second: its {len(lost)} partitions"
        )
        print(f"  decide again after {seconds:.2f} s, {seconds - session:+.2f} s beyond ", end="")
        print(f"the session timeout of {session:.0f} s (at most {BEYOND_SESSION:+.0f} s)")
        goes = await share(bus, stays)
        lost, at = goes.partitions("units"), time.time()
        await asyncio.to_thread(goes.end)
        ended = time.time() - at
        seconds = await decided_again(log, lost, at)
        print(
            f"SIGTERM: it has ended after {ended:.2f} s, its {len(lost)} partitions decide again "
        )
        print(f"  after {seconds:.2f} s (at most {TERM_WITHIN:.0f} s)")
        sending.cancel()
    stays.end()


async def _send(bus: Bus, messages: Sequence[Message]) -> None:
    await send_evenly(bus.servers, Topic.SESSIONS, messages, bus.partitions, RATE)


async def share(bus: Bus, first: Process) -> Process:
    """Start a worker beside another one, and wait until they share the partitions."""
    second = await asyncio.to_thread(bus.start_service, "units")

    async def is_shared() -> bool:
        return len(first.partitions("units")) + len(second.partitions("units")) == bus.partitions

    await bus.until(is_shared)
    await asyncio.sleep(SETTLING_SECONDS)
    return second


async def decided_again(log: KafkaLog, partitions: Collection[int], since: float) -> float:
    """Return the seconds from then until each of the partitions had something new written."""
    firsts: dict[Place, float] = {}
    places = [Place(Topic.UNITS, partition) for partition in partitions]
    positions = await log.beginnings(places)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(firsts) < len(places):
            await asyncio.sleep(POLL_SECONDS)
            for place in places:
                async for records in log.read(place, positions[place], NO_END, committed=True):
                    positions[place] = records[-1].offset + 1
                    later = (each.timestamp / 1000 for each in records)
                    for at in later:
                        if at > since:
                            firsts.setdefault(place, at)
    return max(firsts.values()) - since


class _Unfed:
    """A feed that delivers nothing."""

    def pause(self, places: Iterable[Place]) -> None:
        """Nothing is delivered anyway."""

    def resume(self, places: Iterable[Place]) -> None:
        """Nothing is delivered all the same."""

    def seek(self, place: Place, offset: int) -> None:
        """Nothing is delivered from there either."""

    def handled(self, place: Place, offset: int) -> None:
        """Nobody asks."""


class _Watch(Observer):
    """Notes how many states the recoveries read, and when they were through."""

    def __init__(self) -> None:
        self.states: dict[Place, int] = {}
        self.news = asyncio.Event()

    def recovered(self, place: Place, states: int, seconds: float) -> None:  # noqa: ARG002 - an observer's shape
        """Note it."""
        self.states[place] = states
        self.news.set()


async def rebuild(bus: Bus, rulebook: RuleBook) -> None:
    """Empty Redis, and print how many states a second come back."""
    bus.redis.flush()
    plans = [build_plan(service, rulebook) for service in Service]
    units, watch = plans[0], _Watch()
    settings = read_settings(_ours(bus.environment))
    async with Opening(settings, units, plans).worker(_Unfed(), watch) as worker:
        begun = time.monotonic()
        worker.assigned([Place(units.input, partition) for partition in range(bus.partitions)])
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(watch.states) < bus.partitions:
                watch.news.clear()
                await watch.news.wait()
        seconds = time.monotonic() - begun
        await worker.stop()
    states = sum(watch.states.values())
    if not states:
        raise Failed("there was nothing to rebuild")
    print(f"an emptied Redis: {states} states in {bus.partitions} partitions back ", end="")
    print(f"in {seconds:.2f} s, {states / seconds:.0f} a second (reach {STATES_A_SECOND})")


def _ours(environment: Mapping[str, str]) -> Mapping[str, str]:
    return {name: text for name, text in environment.items() if name.startswith("THERAPY_")}
