"""Every implementation of the view: one position, moved by compare-and-set with its values."""

import asyncio

from runtime.engine.ports import View, ViewPosition

AT_TEN = ViewPosition(10, 5, "1-a")
AT_TWENTY = ViewPosition(20, 9, "2-a")


async def rebuilt(view: View, **values: bytes) -> View:
    """Return the view at position 10 with these values."""
    await view.clear()
    assert await view.load(0, values, 10)
    assert await view.finish(10, AT_TEN)
    return view


async def test_a_view_that_was_never_filled_has_no_position(view: View) -> None:
    """Nothing is known of a hash that is not there, and nothing can be applied to it."""
    assert await view.get(["a"]) == (None, [None])
    assert await view.get([]) == (None, [])
    assert await view.count() == 0
    assert not await view.apply(AT_TEN._replace(applied=0), {"a": b"1"}, AT_TEN)
    assert not await view.load(0, {"a": b"1"}, 1)
    assert not await view.finish(0, AT_TEN)
    assert await view.get(["a"]) == (None, [None])


async def test_a_rebuild_has_a_position_only_when_it_is_finished(view: View) -> None:
    """While it is loaded a view says that it stands nowhere."""
    await view.clear()
    assert await view.load(0, {"a": b"1", "b": b"2"}, 4)
    assert (await view.get(["a"]))[0] is None
    assert await view.load(4, {"b": None, "c": b"3"}, 10)
    assert (await view.get(["a"]))[0] is None
    assert await view.finish(10, AT_TEN)
    assert await view.get(["a", "b", "c"]) == (AT_TEN, [b"1", None, b"3"])
    assert await view.count() == 2


async def test_a_load_from_elsewhere_is_refused(view: View) -> None:
    """Who has not read up to where the rebuild stands changes nothing."""
    await view.clear()
    assert await view.load(0, {"a": b"1"}, 4)
    assert not await view.load(0, {"a": b"other", "b": b"2"}, 9)
    assert not await view.load(5, {"a": b"other"}, 9)
    assert not await view.finish(9, AT_TEN)
    assert not await view.apply(AT_TEN._replace(applied=4), {"a": b"other"}, AT_TEN)
    assert await view.finish(4, AT_TEN)
    assert await view.get(["a", "b"]) == (AT_TEN, [b"1", None])


async def test_an_apply_moves_with_its_changes(view: View) -> None:
    """Values are set and deleted and the position moves, all at once."""
    await rebuilt(view, a=b"1", b=b"2")
    assert await view.apply(AT_TEN, {"a": b"new", "b": None, "c": b"3", "never": None}, AT_TWENTY)
    assert await view.get(["a", "b", "c"]) == (AT_TWENTY, [b"new", None, b"3"])
    assert await view.count() == 2


async def test_an_apply_from_elsewhere_is_refused(view: View) -> None:
    """Where the position is not the expected one nothing changes, a repetition included."""
    await rebuilt(view, a=b"1")
    assert not await view.apply(AT_TEN._replace(applied=9), {"a": b"other"}, AT_TWENTY)
    assert not await view.apply(AT_TEN._replace(applied=11), {"a": b"other"}, AT_TWENTY)
    assert await view.apply(AT_TEN, {"a": b"new"}, AT_TWENTY)
    assert not await view.apply(AT_TEN, {"a": b"again"}, AT_TWENTY)
    assert await view.get(["a"]) == (AT_TWENTY, [b"new"])


async def test_a_move_without_changes(view: View) -> None:
    """A transaction that changes no value still moves the position."""
    await rebuilt(view, a=b"1")
    assert await view.apply(AT_TEN, {}, AT_TWENTY)
    assert await view.get(["a"]) == (AT_TWENTY, [b"1"])


async def test_a_finished_rebuild_takes_no_more_loads(view: View) -> None:
    """What was loaded belongs to a rebuild that is over."""
    await rebuilt(view, a=b"1")
    assert not await view.load(10, {"a": b"late"}, 12)
    assert not await view.finish(10, AT_TWENTY)
    assert await view.get(["a"]) == (AT_TEN, [b"1"])


async def test_clearing_forgets_everything(view: View) -> None:
    """After a clear there is no value and no position, and applies are refused."""
    await rebuilt(view, a=b"1")
    await view.clear()
    assert await view.get(["a"]) == (None, [None])
    assert await view.count() == 0
    assert not await view.apply(AT_TEN, {"a": b"2"}, AT_TWENTY)
    await view.clear()
    assert await view.load(0, {}, 0)


async def test_positions_are_no_values(view: View) -> None:
    """The count is that of state values alone, in a rebuild too."""
    await view.clear()
    assert await view.count() == 0
    assert await view.load(0, {"a": b"1"}, 3)
    assert await view.count() == 1
    assert await view.finish(3, AT_TEN)
    assert await view.count() == 1


async def test_values_are_bytes_as_they_were(view: View) -> None:
    """Empty values, any bytes and any text in keys come back as they were."""
    values = {'["day","P-é","x y"]': b"\x00\xff\r\n", "empty": b"", "[1]": "żółw".encode()}
    await rebuilt(view)
    assert await view.apply(AT_TEN, values, ViewPosition(2**62, 2**61, "commit é"))
    position, held = await view.get(list(values))
    assert position == ViewPosition(2**62, 2**61, "commit é")
    assert held == list(values.values())
    assert await view.get(["empty", "empty"]) == (position, [b"", b""])


async def test_more_changes_than_one_command_takes(view: View) -> None:
    """Tens of thousands of changes are one step."""
    values = {f'["day","P-{number}"]': b"%d" % number for number in range(30_001)}
    gone = list(values)[::2]
    await view.clear()
    assert await view.load(0, values, 7)
    assert await view.count() == len(values)
    assert await view.finish(7, AT_TEN)
    changes = {**dict.fromkeys(gone), "other": b"x"}
    assert await view.apply(AT_TEN, changes, AT_TWENTY)
    assert await view.count() == len(values) - len(gone) + 1
    position, held = await view.get(list(values))
    assert position == AT_TWENTY
    assert held[1::2] == list(values.values())[1::2]
    assert set(held[::2]) == {None}


async def test_of_two_that_apply_at_once_one_is_refused(view: View) -> None:
    """Two workers at the same position: one moves it, the other hears that it moved."""
    await rebuilt(view)
    answers = await asyncio.gather(
        *(view.apply(AT_TEN, {"a": b"%d" % n}, ViewPosition(20 + n, 9, f"{n}")) for n in range(10))
    )
    assert sorted(answers) == [False] * 9 + [True]
    winner = answers.index(True)
    assert await view.get(["a"]) == (ViewPosition(20 + winner, 9, f"{winner}"), [b"%d" % winner])


async def test_a_view_of_another_history_is_not_changed(view: View) -> None:
    """At the same offset another commit, or another place of the input, is another view."""
    await rebuilt(view, a=b"1")
    for other in (AT_TEN._replace(commit="1-b"), AT_TEN._replace(next_offset=6)):
        assert not await view.apply(other, {"a": b"2"}, AT_TWENTY)
    assert await view.get(["a"]) == (AT_TEN, [b"1"])
