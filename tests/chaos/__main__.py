"""``make chaos``: real brokers, Redis and workers under seeded faults, against a replay.

One line a seed; the exit status is 1 where one of them differs from a replay.
"""

import asyncio
import gc
import logging
import random
import sys
from argparse import ArgumentParser, Namespace
from collections import Counter
from functools import partial

from redis.asyncio import Redis as RedisClient

from commands.composition import CHAIN, build_pipeline
from commands.plans import build_plan
from reference.rulebook import RuleBook, load
from runtime.kafka.log import KafkaLog
from runtime.kafka.settings import KafkaSettings
from tests.chaos.check import Stuck, Verdict, judge, wait_until_through
from tests.chaos.clinic import clinic, send
from tests.chaos.faults import Faults
from tests.chaos.workers import Workers
from tests.cluster.kafka import VERSION, Kafka
from tests.cluster.redis import Redis

PARTITIONS = 4
THROUGH_SECONDS = 120.0


def main() -> int:
    """Run the seeds; return the exit status."""
    arguments = _arguments()
    # What the clients say of brokers that are being killed is no news here.
    logging.disable(logging.CRITICAL)
    rulebook = load()
    first, last = arguments.seed, arguments.seed + arguments.seeds
    wrong = 0
    total: Counter[str] = Counter()
    for seed in range(first, last):
        gc.collect()
        try:
            verdict, counts = run(seed, arguments, rulebook)
        except Stuck as stuck:
            wrong += 1
            print(f"seed {seed}: STUCK: {stuck}", flush=True)
            continue
        total += counts
        wrong += not verdict.is_right
        said = ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))
        print(f"seed {seed}: {_said(verdict)}; {said}", flush=True)
    where = f"{arguments.nodes} x Kafka {arguments.kafka}"
    faults = sum(count for name, count in total.items() if not name.startswith("("))
    print(f"{arguments.seeds} seeds on {where}: {wrong} wrong, {faults} faults")
    print(", ".join(f"{name} {count}" for name, count in sorted(total.items())))
    return 1 if wrong else 0


def _arguments() -> Namespace:
    parser = ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="how long things go wrong")
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--seeds", type=int, default=1, help="how many")
    parser.add_argument("--kafka", default=VERSION, help="the broker's version")
    parser.add_argument("--nodes", type=int, choices=(1, 3), default=1, help="brokers")
    parser.add_argument("--keep", action="store_true", help="keep the workers' logs of every seed")
    return parser.parse_args()


def run(seed: int, arguments: Namespace, rulebook: RuleBook) -> tuple[Verdict, Counter[str]]:
    """Run one seed on servers of its own; return what differs, and the faults."""
    kafka, redis = Kafka(arguments.nodes, arguments.kafka), Redis()
    workers = Workers(kafka.bootstrap_servers, redis.url)
    try:
        kafka.start()
        redis.start()
        workers.make_topics(PARTITIONS, arguments.nodes)
        faults = Faults(kafka, redis, workers, random.Random(seed))
        verdict = asyncio.run(_play(seed, arguments.seconds, faults, rulebook))
        workers.kill()
        faults.counts += workers.said()
        if verdict.is_right and not arguments.keep:
            workers.remove()
        return verdict, faults.counts
    finally:
        workers.kill()
        kafka.remove()
        redis.remove()


async def _play(seed: int, seconds: float, faults: Faults, rulebook: RuleBook) -> Verdict:
    plans = [build_plan(service, rulebook) for service in CHAIN]
    settings = KafkaSettings(bootstrap_servers=faults.kafka.bootstrap_servers)
    async with KafkaLog(settings) as log:
        faults.workers.start()
        sending = asyncio.create_task(
            send(settings.bootstrap_servers, clinic(seconds, seed), seconds)
        )
        await faults.rage(seconds)
        await sending
        await wait_until_through(log, plans, PARTITIONS, THROUGH_SECONDS)
        async with RedisClient.from_url(faults.redis.url) as redis:
            return await judge(log, redis, plans, PARTITIONS, partial(build_pipeline, rulebook))


def _said(verdict: Verdict) -> str:
    if verdict.is_right:
        return f"as a replay ({verdict.events} events, {verdict.letters} dead letters)"
    return f"WRONG: {verdict}"


if __name__ == "__main__":
    sys.exit(main())
