"""Places of a log that no other test writes to, and short ways to write and read there."""

from collections.abc import Sequence
from itertools import count
from typing import NamedTuple

from runtime.engine.commit import seen
from runtime.engine.ports import Log, Writer
from runtime.engine.records import Message, Place, Record
from runtime.kafka.settings import KafkaSettings
from runtime.kafka.topics import EVENTS, Topic, create_topics
from tests.cluster.needed import RUN

PARTITIONS = 64
SPAN = (0, 1_000_000)


class Spot(NamedTuple):
    """Two places and an owner of a test's own."""

    here: Place
    there: Place
    owner: str


class Spots:
    """Gives away the partitions of two topics, one after the other."""

    def __init__(self) -> None:
        """Begin with the first partition; the topics are made when they are first needed."""
        self._numbers = count()
        self._made: set[str] = set()

    async def fresh(self, servers: str | None = None) -> Spot:
        """Return what nobody has used; ``servers`` are those of a real broker."""
        number = next(self._numbers)
        here, there = f"here-{RUN}-{number // PARTITIONS}", f"there-{RUN}-{number // PARTITIONS}"
        if servers is not None and here not in self._made:
            topics = [Topic(name, PARTITIONS, EVENTS) for name in (here, there)]
            await create_topics(KafkaSettings(servers), topics, replicas=1)
            self._made.add(here)
        partition = number % PARTITIONS
        return Spot(Place(here, partition), Place(there, partition), f"owner-{RUN}-{number}")


spots = Spots()


def message(text: str) -> Message:
    """Return a message with this value."""
    return Message(b"key", text.encode())


async def write(writer: Writer, place: Place, *texts: str) -> int:
    """Append records within the open transaction; return the first offset."""
    return (await writer.append({place: [message(text) for text in texts]}))[place]


async def commit(log: Log, writer: Writer, place: Place, *texts: str) -> int:
    """Write records in one transaction, wait until they are seen; return the first offset."""
    await writer.begin()
    first = await write(writer, place, *texts)
    await writer.commit()
    await seen(log, {place: first + len(texts) - 1})
    return first


async def gather(
    log: Log, place: Place, span: tuple[int, int] = SPAN, *, committed: bool = True
) -> list[Record]:
    """Return the records of a span."""
    return [
        record async for chunk in log.read(place, *span, committed=committed) for record in chunk
    ]


async def texts(
    log: Log, place: Place, span: tuple[int, int] = SPAN, *, committed: bool = True
) -> list[str]:
    """Return the values of the records of a span."""
    return [
        (each.value or b"").decode()
        for each in await gather(log, place, span, committed=committed)
    ]


async def end(log: Log, place: Place, *, committed: bool = True) -> int:
    """Return a place's last stable offset, or its high watermark."""
    return (await log.ends((place,), committed=committed))[place]


def values(records: Sequence[Record]) -> list[bytes | None]:
    """Return the values of records as they are."""
    return [record.value for record in records]
