"""What every state view and log must do, shown on those in memory."""

from datetime import UTC, datetime

from runtime.memory import MemoryLog, MemoryStateView
from schemas.envelope import Event

KEY, OTHER = ("session", "P-1", "S-1"), ("session", "P-1", "S-2")


def event(name: str) -> Event:
    """Return an event of no type of ours."""
    at = datetime(2026, 3, 2, tzinfo=UTC)
    return Event(type="x", source="/x", id=name, time=at, partitionkey="P-1", data=None)


def test_a_view_returns_every_key_that_it_is_asked_for() -> None:
    """A key without a value is there, with None."""
    view = MemoryStateView()
    view.apply({KEY: 1})
    assert view.get([KEY, OTHER]) == {KEY: 1, OTHER: None}


def test_none_deletes_a_value() -> None:
    """A deleted key is as if it never was; deleting it again is nothing."""
    view = MemoryStateView()
    view.apply({KEY: 1, OTHER: 2})
    view.apply({KEY: None})
    view.apply({KEY: None})
    assert list(view.items()) == [(OTHER, 2)]


def test_a_log_gives_each_event_once_and_in_order() -> None:
    """What is taken is gone, so that memory holds only what waits."""
    log = MemoryLog()
    log.append("a", [event("1"), event("2")])
    log.append("b", [event("3")])
    log.append("a", [event("4")])
    assert [each.id for each in log.take_all("a")] == ["1", "2", "4"]
    assert [list(log.take_all(topic)) for topic in ("a", "never")] == [[], []]
