"""What one event has read, changed and emitted so far; a desk lives as long as its event."""

from collections.abc import Generator, Iterable, Mapping, Sequence
from typing import TypeVar

from runtime.processor import Key, Output, Step, Value
from services.claims.state import SEGMENT, ListHead, ListSegment

Answer = TypeVar("Answer")
AskingFor = Generator[Sequence[Key], Mapping[Key, Value], Answer]
"""Asks for state values, leaves them on the desk, and returns an answer."""
Asking = AskingFor[None]
"""Asks for state values and leaves them on the desk."""


class Desk:
    """The state values at hand: read once, the latest change on top."""

    __slots__ = ("_changes", "_outputs", "_values")

    def __init__(self) -> None:
        self._values: dict[Key, Value] = {}
        self._changes: dict[Key, Value] = {}
        self._outputs: list[Output] = []

    def load(self, keys: Iterable[Key]) -> Asking:
        """Ask for those of the values that are not at hand yet."""
        unread = [key for key in keys if key not in self._values]
        if unread:
            self._values.update((yield unread))

    def lay(self, values: Mapping[Key, Value]) -> None:
        """Put on the desk what was asked for; nothing of it was at hand."""
        self._values.update(values)

    def __contains__(self, key: Key) -> bool:
        """Say whether a value was read or put."""
        return key in self._values

    def __getitem__(self, key: Key) -> Value:
        """Return a value at hand; None where it is absent."""
        return self._values[key]

    def put(self, key: Key, value: Value) -> None:
        """Keep a value; None deletes it."""
        self._values[key] = self._changes[key] = value

    def emit(self, output: Output) -> None:
        """Add an event to what this one led to."""
        self._outputs.append(output)

    def clear_away(self) -> Step:
        """Return all that the event did."""
        return Step(self._changes, self._outputs)


def segment_key(list_: Key, number: int) -> Key:
    """Name one segment of a list, counted from 0."""
    return (*list_, str(number))


def load_list(desk: Desk, list_: Key) -> Asking:
    """Ask for a whole list."""
    yield from desk.load([list_])
    head: ListHead = desk[list_] or ListHead()
    yield from desk.load(segment_key(list_, number) for number in range(head.segments))


def listed(desk: Desk, list_: Key) -> list[str]:
    """Return the visit days of a loaded list, in its order."""
    head: ListHead = desk[list_] or ListHead()
    segments: list[ListSegment | None] = [
        desk[segment_key(list_, number)] for number in range(head.segments)
    ]
    return [each for segment in segments if segment is not None for each in segment.visit_day_ids]


def append(desk: Desk, list_: Key, visit_day_id: str) -> AskingFor[int]:
    """Put a visit day at the end of a list; return the number of its segment."""
    if list_ not in desk:
        desk.lay((yield (list_,)))
    head: ListHead | None = desk[list_]
    number = 0 if head is None else head.segments - 1
    key = segment_key(list_, number)
    if key not in desk:
        desk.lay((yield (key,)))
    segment: ListSegment | None = desk[key]
    ids = () if segment is None else segment.visit_day_ids
    if len(ids) == SEGMENT:
        number, ids = number + 1, ()
        key = segment_key(list_, number)
    if head is None or number == head.segments:
        desk.put(list_, ListHead(segments=number + 1))
    desk.put(key, ListSegment((*ids, visit_day_id)))
    return number


def remove(desk: Desk, list_: Key, number: int, visit_day_id: str) -> Asking:
    """Take a visit day out of its segment of a list."""
    key = segment_key(list_, number)
    yield from desk.load([key])
    segment: ListSegment = desk[key] or ListSegment()
    left = tuple([each for each in segment.visit_day_ids if each != visit_day_id])
    desk.put(key, ListSegment(visit_day_ids=left) if left else None)
