"""What one event has read, changed and emitted so far; a desk lives as long as its event."""

from collections.abc import Generator, Iterable, Mapping, Sequence
from typing import TypeVar

from runtime.processor import Key, Output, Step, Value
from services.claims.state import SEGMENT, ListSegment, ListTail

Answer = TypeVar("Answer")
AskingFor = Generator[Sequence[Key], Mapping[Key, Value], Answer]
"""Asks for state values, leaves them on the desk, and returns an answer."""
Asking = AskingFor[None]
"""Asks for state values and leaves them on the desk."""
NO_DAYS = ListTail()


class Desk(dict[Key, Value]):
    """The state values at hand, None where absent: read once, the latest change on top.

    What was read is laid on it with ``update``, what changes is ``put``.
    """

    __slots__ = ("_changes", "_outputs")

    def __init__(self) -> None:
        self._changes: dict[Key, Value] = {}
        self._outputs: list[Output] = []

    def load(self, keys: Iterable[Key]) -> Asking:
        """Ask for those of the values that are not at hand yet."""
        unread = [key for key in keys if key not in self]
        if unread:
            self.update((yield unread))

    def put(self, key: Key, value: Value) -> None:
        """Keep a value; None deletes it."""
        self[key] = self._changes[key] = value

    def emit(self, output: Output) -> None:
        """Add an event to what this one led to."""
        self._outputs.append(output)

    def clear_away(self) -> Step:
        """Return all that the event did."""
        return Step(self._changes, self._outputs)


def segment_key(list_: Key, number: int) -> Key:
    """Name one full segment of a list, counted from 0; the last one is the list's own value."""
    return (*list_, str(number))


def load_list(desk: Desk, list_: Key) -> Asking:
    """Ask for a whole list."""
    yield from desk.load([list_])
    tail: ListTail = desk[list_] or NO_DAYS
    yield from desk.load(segment_key(list_, number) for number in range(tail.number))


def listed(desk: Desk, list_: Key) -> list[str]:
    """Return the visit days of a loaded list, in its order."""
    tail: ListTail = desk[list_] or NO_DAYS
    full: list[ListSegment | None] = [
        desk[segment_key(list_, number)] for number in range(tail.number)
    ]
    before = [each for segment in full if segment is not None for each in segment.visit_day_ids]
    return [*before, *tail.visit_day_ids]


def segment_behind(desk: Desk, list_: Key, number: int | None) -> list[Key]:
    """Name the segment that has to be at hand before a day can be taken out of it."""
    tail: ListTail | None = desk[list_]
    if number is None or tail is None or number == tail.number:
        return []
    return [segment_key(list_, number)]


def append(desk: Desk, list_: Key, visit_day_id: str) -> int:
    """Put a visit day at the end of a list at hand; return the number of its segment."""
    tail: ListTail = desk[list_] or NO_DAYS
    number, ids = tail.number, tail.visit_day_ids
    if len(ids) == SEGMENT:
        desk.put(segment_key(list_, number), ListSegment(ids))
        number, ids = number + 1, ()
    desk.put(list_, ListTail(number, (*ids, visit_day_id)))
    return number


def remove(desk: Desk, list_: Key, number: int, visit_day_id: str) -> None:
    """Take a visit day out of a list's segment at hand."""
    tail: ListTail = desk[list_]
    if number == tail.number:
        desk.put(list_, ListTail(number, _without(tail.visit_day_ids, visit_day_id)))
        return
    key = segment_key(list_, number)
    segment: ListSegment = desk[key]
    left = _without(segment.visit_day_ids, visit_day_id)
    desk.put(key, ListSegment(left) if left else None)


def _without(visit_day_ids: tuple[str, ...], visit_day_id: str) -> tuple[str, ...]:
    return tuple([each for each in visit_day_ids if each != visit_day_id])
