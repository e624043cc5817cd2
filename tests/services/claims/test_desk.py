"""The desk: values read once, and lists in segments that grow and shrink."""

from collections.abc import Generator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from runtime.memory import MemoryStateView
from services.claims.desk import Desk, append, listed, load_list, remove, segment_behind
from services.claims.state import SEGMENT

LIST = ("days", "P-1")


def run(view: MemoryStateView, asking: Generator[Any, Any, Any]) -> Any:  # noqa: ANN401
    """Answer what is asked for from the view, and return the answer."""
    try:
        keys = next(asking)
        while True:
            keys = asking.send(view.get(keys))
    except StopIteration as done:
        return done.value


def read_list(view: MemoryStateView) -> list[str]:
    """Return the list as it stands in the view."""
    desk = Desk()
    run(view, load_list(desk, LIST))
    return listed(desk, LIST)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 99)), max_size=120))
def test_a_list_has_what_was_put_in_and_not_taken_out(
    moves: list[tuple[bool, int]],
) -> None:
    """Whatever the order of appends and removals, the list is what a plain list would be."""
    view, plain, segments = MemoryStateView(), [], {}
    for is_append, number in moves:
        name, desk = str(number), Desk()
        run(view, desk.load([LIST]))
        if is_append and name not in plain:
            segments[name] = append(desk, LIST, name)
            plain.append(name)
        elif not is_append and name in plain:
            run(view, desk.load(segment_behind(desk, LIST, segments[name])))
            remove(desk, LIST, segments.pop(name), name)
            plain.remove(name)
        view.apply(desk.clear_away().changes)
    assert read_list(view) == plain


def test_a_segment_has_at_most_its_entries() -> None:
    """The entry after a full segment begins the next one."""
    view = MemoryStateView()
    numbers = []
    for number in range(SEGMENT + 1):
        desk = Desk()
        run(view, desk.load([LIST]))
        numbers.append(append(desk, LIST, str(number)))
        view.apply(desk.clear_away().changes)
    assert numbers == [0] * SEGMENT + [1]


def test_a_value_at_hand_is_not_asked_for_again() -> None:
    """A desk asks for a key once, and for none that was put on it."""
    desk = Desk()
    desk.put(("a",), 1)
    asked = next(desk.load([("a",), ("b",)]))
    assert asked == [("b",)]
