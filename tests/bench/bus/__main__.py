"""The consumers on a real broker, as ratios of one run: ``python -m tests.bench.bus``."""

from argparse import ArgumentParser

from reference.rulebook import load
from tests.bench.bus.run import EVENTS, PARTITIONS, ROUNDS, SECONDS, measure


def main() -> None:
    """Measure with what the command line says."""
    parser = ArgumentParser(prog="python -m tests.bench.bus", description=__doc__)
    parser.add_argument("--partitions", type=int, default=PARTITIONS, help="of every topic")
    parser.add_argument("--events", type=int, default=EVENTS, help="in one round of the rates")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="of the rates")
    parser.add_argument("--seconds", type=int, default=SECONDS, help="of the ages")
    measure(load(), **vars(parser.parse_args()))


if __name__ == "__main__":
    main()
