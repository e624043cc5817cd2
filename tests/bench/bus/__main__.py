"""``python -m tests.bench.bus``: the consumers on a real broker, as ratios of one run."""

import asyncio
from argparse import ArgumentParser

from reference.rulebook import load
from tests.bench.bus.latency import latency
from tests.bench.bus.servers import a_bus
from tests.bench.bus.takeover import rebuild, takeover
from tests.bench.bus.throughput import throughput


def main() -> None:
    """Print every figure; the servers are started for this run and are gone after it."""
    parser = ArgumentParser(prog="python -m tests.bench.bus", description=__doc__)
    parser.add_argument("--partitions", type=int, default=12)
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=20)
    arguments = parser.parse_args()
    with a_bus(arguments.partitions) as bus:
        asyncio.run(latency(bus, arguments.seconds, load()))
        asyncio.run(throughput(bus, arguments.events, arguments.rounds))
        asyncio.run(rebuild(bus, load()))
        asyncio.run(takeover(bus))


if __name__ == "__main__":
    main()
