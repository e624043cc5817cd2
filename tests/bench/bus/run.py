"""Everything that is measured on a bus, one after the other on the same servers."""

import asyncio
import gc

from reference.rulebook import RuleBook
from tests.bench.bus.latency import latency
from tests.bench.bus.servers import a_bus
from tests.bench.bus.takeover import rebuild, takeover
from tests.bench.bus.throughput import throughput

PARTITIONS = 4
EVENTS = 20_000
ROUNDS = 3
SECONDS = 20


def measure(
    rulebook: RuleBook,
    partitions: int = PARTITIONS,
    events: int = EVENTS,
    rounds: int = ROUNDS,
    seconds: int = SECONDS,
) -> None:
    """Print all of it; ``Missing`` where this machine has no broker or no Redis."""
    gc.freeze()
    with a_bus(partitions) as bus:
        print(f"\non a real broker and Redis, {partitions} partitions, all on this machine:\n")
        asyncio.run(latency(bus, seconds, rulebook))
        print()
        asyncio.run(throughput(bus, events, rounds))
        asyncio.run(rebuild(bus, rulebook))
        print()
        asyncio.run(takeover(bus))
