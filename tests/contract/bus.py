"""The consumers as the bus has them: each key at its own pace, and a gateway that repeats."""
# ruff: noqa: TID251 - who goes on is drawn by a seed

import random
from collections import defaultdict, deque
from collections.abc import Iterable

import msgspec

from commands.composition import PROCESSORS, forwarded_from
from reference.rulebook import RuleBook
from runtime.consumer import Consumer
from runtime.memory import MemoryStateView
from schemas.envelope import Event
from schemas.events import Topic
from services.units.merging import MergeRefused

Queue = tuple[str, str]
"""A topic and a key: what stands there keeps its order, and nothing else does."""


class Bus:
    """The consumers, each key of each topic at its own pace, and a gateway that repeats itself."""

    def __init__(self, rulebook: RuleBook, chance: random.Random) -> None:
        """Start with empty topics; ``chance`` says who goes on, and what comes again."""
        self._chance = chance
        self._waiting: defaultdict[Queue, deque[Event]] = defaultdict(deque)
        self._forwarded: defaultdict[Queue, list[tuple[Queue, Event]]] = defaultdict(list)
        self._readers = {
            reads.value: (Consumer(make(rulebook), MemoryStateView(), "r"), writes)
            for make, reads, writes in PROCESSORS.values()
        }
        self.emitted: list[Event] = []
        self.refused = 0
        """Merges that became dead letters."""

    def send(self, event: Event) -> None:
        """Write an event of the hospital."""
        self._waiting[Topic.SESSIONS.value, event.partitionkey].append(event)

    def run(self) -> None:
        """Handle everything, and what comes of it."""
        while queues := [queue for queue, events in self._waiting.items() if events]:
            topic, key = queue = self._chance.choice(queues)
            arriving = self._waiting[queue].popleft()
            consumer, writes = self._readers[topic]
            try:
                handled = consumer.handle(arriving)
            except MergeRefused:
                self.refused += 1
                continue
            self.emitted += handled.emitted
            passed_on = (arriving,) if handled.passes_on else ()
            if writes.value in self._readers:
                self._waiting[writes.value, key].extend((*handled.emitted, *passed_on))
            self._forward(writes, key, handled.emitted)

    def _forward(self, topic: Topic, key: str, emitted: Iterable[Event]) -> None:
        """Take events on in their order; now and then a late one brings some again."""
        sent = self._forwarded[topic.value, key]
        for each in emitted:
            way = forwarded_from(topic).get(each.type)
            if way is not None:
                under = msgspec.structs.replace(each, partitionkey=way.key(each))
                sent.append(((way.topic, under.partitionkey), under))
                repeated = self._chance.choices(sent, k=self._chance.choice([0, 0, 0, 1, 3]))
                for queue, event in (sent[-1], *repeated):
                    self._waiting[queue].append(event)
