"""The view in memory: atomic, compare-and-set, and put back to whatever it was."""

from runtime.doubles.schedule import Faults, Schedule
from runtime.doubles.view import Hash, MemoryView
from runtime.engine.ports import ViewPosition
from tests.runtime.doubles.virtual import on_virtual_time


def at(applied: int) -> ViewPosition:
    """Return a position that is told by its first number."""
    return ViewPosition(applied, applied * 10, f"c{applied}")


async def rebuilt(values: dict[str, bytes | None], applied: int) -> MemoryView:
    """Return a view that was rebuilt to these values."""
    view = MemoryView()
    await view.clear()
    assert await view.load(0, values, applied)
    assert await view.finish(applied, at(applied))
    return view


@on_virtual_time
async def test_a_rebuild_has_no_position_until_it_is_finished() -> None:
    """Its values are there, and nothing can be applied to them."""
    view = MemoryView()
    await view.clear()
    assert await view.load(0, {"x": b"1"}, 5)
    assert await view.get(["x", "y"]) == (None, [b"1", None])
    assert not await view.apply(at(0), {}, at(6))
    assert not await view.load(0, {"y": b"2"}, 6)
    assert not await view.finish(4, at(5))
    assert await view.finish(5, at(5))
    assert await view.get(["x", "y"]) == (at(5), [b"1", None])


@on_virtual_time
async def test_a_key_that_is_not_there_takes_nothing() -> None:
    """A lost hash is no rebuild at 0: somebody has to begin one."""
    view = MemoryView()
    assert not await view.load(0, {"x": b"1"}, 5)
    assert not await view.finish(0, at(0))
    assert await view.get(["x"]) == (None, [None])


@on_virtual_time
async def test_values_change_only_where_the_view_stands_as_expected() -> None:
    """None deletes, and a refused change leaves everything."""
    view = await rebuilt({"x": b"1", "y": b"2"}, 5)
    assert not await view.apply(at(4), {"x": None}, at(6))
    assert await view.count() == 2
    assert await view.apply(at(5), {"x": None, "z": b"3", "no": None}, at(6))
    assert await view.get(["x", "y", "z"]) == (at(6), [None, b"2", b"3"])
    assert await view.count() == 2


@on_virtual_time
async def test_a_hash_becomes_any_state_that_it_had() -> None:
    """Those of a branch that was given up too; it goes on from there."""
    view = await rebuilt({"x": b"1"}, 5)
    store = view.hash
    before = store.versions() - 1
    assert await view.apply(at(5), {"x": b"2", "y": b"3"}, at(6))
    given_up = store.versions() - 1
    store.restore(before)
    assert await view.get(["x", "y"]) == (at(5), [b"1", None])
    assert await view.apply(at(5), {"x": None}, at(7))
    assert await view.get(["x", "y"]) == (at(7), [None, None])
    store.restore(given_up)
    assert await view.get(["x", "y"]) == (at(6), [b"2", b"3"])
    store.restore(0)
    assert await view.get(["x", "y"]) == (None, [None, None])
    assert await view.count() == 0


@on_virtual_time
async def test_what_is_given_may_change_afterwards() -> None:
    """A state that is remembered is no reference to somebody's dictionary."""
    changes: dict[str, bytes | None] = {"x": b"1"}
    view = await rebuilt(changes, 5)
    changes["x"] = b"2"
    view.hash.restore(view.hash.versions() - 1)
    assert (await view.get(["x"]))[1] == [b"1"]


@on_virtual_time
async def test_a_schedule_puts_a_view_back_or_empties_it() -> None:
    """What was applied is not there at a later call."""
    for faults, found in ((Faults(view_back=1), {0, 5, 6}), (Faults(view_emptied=1), {0})):
        stands = set()
        for seed in range(50):
            store = (await rebuilt({"x": b"1"}, 5)).hash
            assert store.apply(at(5), {}, at(6))
            view = MemoryView(store, Schedule(seed, faults).wire("w"))
            position, _ = await view.get([])
            stands.add(0 if position is None else position.applied)
        assert stands == found


def test_a_hash_starts_as_a_key_that_is_not_there() -> None:
    """It has one state, and stands nowhere."""
    store = Hash()
    assert (store.versions(), store.position, store.count()) == (1, None, 0)


@on_virtual_time
async def test_a_hash_becomes_what_another_one_is() -> None:
    """Values and position, and it can be put back to what it was."""
    view, other = await rebuilt({"x": b"1"}, 5), await rebuilt({"y": b"2"}, 3)
    before = view.hash.versions() - 1
    view.hash.become(other.hash.values, other.hash.position)
    assert await view.get(["x", "y"]) == (at(3), [None, b"2"])
    view.hash.restore(before)
    assert await view.get(["x", "y"]) == (at(5), [b"1", None])
