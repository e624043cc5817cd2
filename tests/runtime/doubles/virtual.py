"""Tests of the doubles run on a virtual loop, so that no second of theirs is lived through."""

from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from functools import wraps
from typing import Any, ParamSpec

from runtime.doubles.clock import run
from runtime.doubles.log import MemoryLog, MemoryWriter
from runtime.engine.records import Message, Place, Record

P = ParamSpec("P")
A, B = Place("a", 0), Place("b", 0)
OWNER = "group-a-0"


def on_virtual_time(test: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """Make a test of a coroutine."""

    @wraps(test)
    def run_it(*args: P.args, **kwargs: P.kwargs) -> None:
        run(test(*args, **kwargs))

    return run_it


def message(text: str, key: str | None = None) -> Message:
    """Return a message whose value is the text."""
    return Message(None if key is None else key.encode(), text.encode())


def texts(records: Sequence[Record]) -> list[str]:
    """Return the values of records."""
    return ["" if record.value is None else record.value.decode() for record in records]


async def gather(chunks: AsyncIterator[Sequence[Record]]) -> list[Record]:
    """Return the records of all chunks."""
    return [record async for chunk in chunks for record in chunk]


async def seen(log: MemoryLog, place: Place, *, committed: bool = True) -> list[str]:
    """Return the values that a reader of the whole place gets now."""
    return texts(await gather(log.read(place, 0, 1_000, committed=committed)))


async def end(log: MemoryLog, place: Place, *, committed: bool = True) -> int:
    """Return a place's last stable offset, or its high watermark."""
    return (await log.ends([place], committed=committed))[place]


async def write(writer: MemoryWriter, text: str, *places: Place) -> None:
    """Begin a transaction with one message to each place, and leave it open."""
    await writer.begin()
    await writer.append({place: [message(text)] for place in places})
