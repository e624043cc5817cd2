"""A consumer without billing, over the doubles: it sums the numbers of each key."""

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from runtime.doubles.broker import Broker
from runtime.doubles.log import MemoryLog
from runtime.doubles.view import Hash, MemoryView
from runtime.engine.codec import JsonCodec
from runtime.engine.commit import Committer
from runtime.engine.founding import found
from runtime.engine.plan import Counts, Places, Plan, Tally, Unread
from runtime.engine.records import Message, Place, Record
from runtime.processor import Key, Output, Step, Steps, pass_on
from schemas.envelope import Event

PARTITIONS = 2
NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


class Sum(msgspec.Struct, frozen=True):
    """The numbers of a key so far."""

    patient_id: str
    total: int


class Summing:
    """Emits the sum after each number; 0 forgets the key, 13 is a bug, 7 is passed on.

    A number over 100 is kept in a second value, which is asked for in a second round.
    """

    source = "/therapy/sums"

    def process(self, event: Event) -> Steps:
        """Handle one number."""
        return pass_on() if event.data == 7 else self._add(event.partitionkey, event.data)

    def _add(self, name: str, number: int) -> Steps:
        if number == 13:
            raise ArithmeticError("13")
        key = sum_key(name)
        before: Sum | None = (yield (key,))[key]
        total = number + (before.total if before else 0)
        changes: dict[Key, Sum | None] = {key: None if number == 0 else Sum(name, total)}
        if total > 100:
            large = ("large", name, str(total // 100))
            seen = (yield (large,))[large]
            changes[large] = Sum(name, 1 + (seen.total if seen else 0))
        output = Output("sum.v1", name, Sum(name, total))
        return Step(changes, (output,))


def count_sum(key: Key, value: Sum) -> Counts:
    """Count sums by whether they are odd, and what they come to."""
    return ((f"{key[0]} {'odd' if value.total % 2 else 'even'}", 1), ("total", value.total))


SUMS = Tally(3, {"sum": count_sum})


def sum_key(name: str) -> Key:
    """Name the sum of a key."""
    return ("sum", name)


def read(record: Record) -> Event | Unread:
    """Read a number; its id is its place on the bus."""
    if record.value is None or not record.value.isdigit():
        return Unread("not_json", "the value is no number")
    assert record.key is not None
    return Event(
        type="number.v1",
        source="/bus",
        id=str(record.offset),
        time=NOON,
        partitionkey=record.key.decode(),
        data=int(record.value),
    )


def write_letter(place: Place, record: Record, why: Unread) -> Message:
    """Keep where a record stood, and why it was not handled."""
    said = f"{why.reason} at {place.topic}-{place.partition}:{record.offset}"
    return Message(record.key, said.encode())


def summing_plan(schema: int = 1) -> Plan:
    """Return the consumer."""
    decoder = msgspec.json.Decoder(Sum)
    return Plan(
        name="sums",
        ordinal=1,
        input="numbers",
        output="sums",
        dead_letters="letters",
        processor=Summing(),
        rulebook="r1",
        read=read,
        write_letter=write_letter,
        codec=JsonCodec(
            msgspec.json.encode, {("sum", 2): decoder.decode, ("large", 3): decoder.decode}
        ),
        state_schema=schema,
        tally=SUMS,
    )


class Bench:
    """One partition of the consumer, with everything that it stands on."""

    def __init__(self) -> None:
        self.plan = summing_plan()
        self.places: Places = self.plan.places(0, PARTITIONS)
        self.broker = Broker()
        self.log = MemoryLog(self.broker)
        self.hash = Hash()
        self.view = MemoryView(self.hash)

    async def make_topics(self) -> None:
        """Write position record 0."""
        assert await found(self.log, self.plan, 0, PARTITIONS)

    async def committer(self, word: str = "a") -> Committer:
        """Return a committer with a new epoch."""
        writer = await self.log.writer(self.plan.transactional_id(0))
        return Committer(
            self.plan, self.places, self.log, self.view, writer, lambda number: f"{number}-{word}"
        )

    def numbers(self, *numbers: tuple[str, str]) -> list[Record]:
        """Write key and value of each number to the bus, and return the records."""
        messages = [Message(key.encode(), value.encode()) for key, value in numbers]
        first = self.log.append_plain(self.places.input, messages)
        return self.broker.leaders[self.places.input].records_between(
            first, first + len(messages), committed=True
        )

    def shown(self, place: Place) -> list[Record]:
        """Return what a read_committed reader sees of a place."""
        leader = self.broker.leaders[place]
        return leader.records_between(0, leader.end(committed=True), committed=True)

    def values(self, place: Place) -> Sequence[bytes | None]:
        """Return the values that a read_committed reader sees of a place."""
        return [record.value for record in self.shown(place)]
