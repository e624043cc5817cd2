"""What a process weighs by its number of partitions: idle, and while a backlog goes through."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from tests.bench.bus.events import fill
from tests.bench.bus.servers import Bus, a_bus
from tests.bench.sizes.flow import Clinic, clinic

IDLE_SECONDS = 10.0
LOADED_SECONDS = 20.0
WAITING = 2_000
"""Records of backlog in each partition: as many as a process lets wait."""
PATIENTS_MOST = 3_000
EVENTS_A_PATIENT = 16
VISITS = 12
MIB = 1024 * 1024
ESTABLISHED = "01"
CONNECTIONS = Path("/proc/net/tcp")


class Weight(NamedTuple):
    """What one process took."""

    partitions: int
    process: str
    idle_mib: float
    loaded_mib: float
    """At most, while a backlog goes through."""
    idle_cpu_percent: float
    """Of one core, with nothing to do."""
    connections: int
    """To the one broker and to Redis."""


class Idle(NamedTuple):
    """What a process took while nothing came."""

    memory: int
    cpu: float
    """The share of a core."""
    connections: int


async def weigh(partitions: int, names: Sequence[str]) -> list[Weight]:
    """Return what processes weigh that have so many partitions to themselves, each in turn."""
    patients = min(PATIENTS_MOST, max(1, partitions * WAITING // EVENTS_A_PATIENT))
    with a_bus(partitions) as bus:
        # Before there is anything: what one leaves to do would keep the next one busy.
        idle = {name: await _idle(bus, name) for name in names}
        most = {name: await _most(bus, clinic(patients, VISITS, name), name) for name in names}
    return [
        Weight(
            partitions,
            name,
            idle_mib=round(idle[name].memory / MIB),
            loaded_mib=round(most[name] / MIB),
            idle_cpu_percent=round(100 * idle[name].cpu, 1),
            connections=idle[name].connections,
        )
        for name in names
    ]


async def _idle(bus: Bus, name: str) -> Idle:
    others = _connections(bus)
    process = bus.start_service(name)
    await asyncio.sleep(IDLE_SECONDS)
    connections, used = _connections(bus) - others, process.used()
    begun, *_, ended = (each for each in used if each.at >= used[-1].at - IDLE_SECONDS / 2)
    process.end()
    cpu = (ended.cpu - begun.cpu) / (ended.at - begun.at)
    return Idle(ended.memory, cpu, connections)


async def _most(bus: Bus, coming: Clinic, name: str) -> int:
    """Return the most bytes of a process that finds a backlog."""
    await fill(bus.servers, coming.messages, bus.partitions)
    process = bus.start_service(name)
    await asyncio.sleep(LOADED_SECONDS)
    process.end()
    return max(each.memory for each in process.used())


def _connections(bus: Bus) -> int:
    """Return how many connections stand to the broker and to Redis."""
    ports = {bus.redis.port, *(int(each.rpartition(":")[2]) for each in bus.servers.split(","))}
    rows = [line.split() for line in CONNECTIONS.read_text("utf-8").splitlines()[1:]]
    return sum(
        row[3] == ESTABLISHED and int(row[2].rpartition(":")[2], 16) in ports for row in rows
    )
