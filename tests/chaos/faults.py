"""What goes wrong in a chaos run, one thing after the other, by a seed."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field

from tests.chaos.workers import Workers
from tests.cluster.kafka import Kafka
from tests.cluster.redis import Redis

WORKERS_MAX = 3
Fault = Callable[[], Coroutine[None, None, None]]


@dataclass(slots=True)
class Faults:
    """Everything that can be hurt, and how often it was."""

    kafka: Kafka
    redis: Redis
    workers: Workers
    chance: random.Random
    counts: Counter[str] = field(default_factory=Counter)

    async def rage(self, seconds: float) -> None:
        """Let things go wrong for so many seconds, then put everything right again."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while loop.time() < end:
            await asyncio.sleep(self.chance.uniform(0.2, 3))
            fault = self.chance.choice(self._choices())
            self.counts[fault.__name__] += 1
            await fault()
            if not self.workers.running:
                self.workers.start()
        self.workers.start()

    def _choices(self) -> list[Fault]:
        choices: list[Fault] = [
            self.kill_worker,
            self.kill_worker,
            self.freeze_worker,
            self.flush_redis,
            self.kill_redis,
            self.empty_redis,
            self.kill_broker,
            self.kill_broker,
            self.freeze_broker,
        ]
        if len(self.workers.running) < WORKERS_MAX:
            choices += [self.start_worker] * 3
        if len(self.workers.running) > 1:
            choices.append(self.end_worker)
        return choices

    async def start_worker(self) -> None:
        """One more shares the partitions."""
        self.workers.start()

    async def end_worker(self) -> None:
        """One is told to end, and hands over."""
        self.chance.choice(self.workers.running).terminate()

    async def kill_worker(self) -> None:
        """One dies, and comes back at once."""
        self.chance.choice(self.workers.running).kill()
        self.workers.start()

    async def freeze_worker(self) -> None:
        """One stands still, maybe long enough for others to take over, and goes on."""
        worker = self.chance.choice(self.workers.running)
        worker.pause()
        await asyncio.sleep(self.chance.choice((0.5, 3, 9)))
        worker.resume()

    async def flush_redis(self) -> None:
        """Everything in Redis is gone."""
        self.redis.flush()

    async def kill_redis(self) -> None:
        """Redis dies, and comes back with what its file holds."""
        await asyncio.to_thread(self.redis.restart)

    async def empty_redis(self) -> None:
        """Redis dies, and comes back with nothing."""
        await asyncio.to_thread(self.redis.restart_empty)

    async def kill_broker(self) -> None:
        """A broker dies, and comes back."""
        node = self.chance.choice(self.kafka.nodes)
        node.kill()
        await asyncio.sleep(self.chance.uniform(0, 2))
        await asyncio.to_thread(self.kafka.start)

    async def freeze_broker(self) -> None:
        """A broker stands still, and goes on."""
        node = self.chance.choice(self.kafka.nodes)
        node.pause()
        await asyncio.sleep(self.chance.uniform(0.5, 5))
        node.resume()
