"""The tallies are the sum of what all state values count as, whoever wrote them."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from msgspec import json, structs

from runtime.engine.plan import Tally
from runtime.engine.position import POSITION_KEY, read_position, write_position, wrote_all
from runtime.engine.records import Message
from runtime.engine.recover import recover
from runtime.engine.tally import add, moves
from tests.runtime.doubles.virtual import on_virtual_time
from tests.runtime.engine.test_commit import handle, taken
from tests.runtime.engine.test_recover import worked
from tests.runtime.engine.toy import PARTITIONS, SUMS, Bench, Sum, sum_key

KEY = sum_key("a")


def test_what_a_value_was_counted_as_is_taken_back() -> None:
    """A sum moves by the difference; a value that comes or goes has but one side."""
    one, four = Sum("a", 1), Sum("a", 4)
    assert moves(SUMS, [(KEY, one, four)]) == {"sum odd": -1, "sum even": 1, "total": 3}
    assert moves(SUMS, [(KEY, None, one)]) == {"sum odd": 1, "total": 1}
    assert moves(SUMS, [(KEY, four, None)]) == {"sum even": -1, "total": -4}


def test_a_kind_that_nobody_counts_moves_nothing() -> None:
    """Only the first part of the key says what a value is."""
    assert moves(SUMS, [(("large", "a", "2"), None, Sum("a", 1))]) == {}


def test_tallies_stand_by_name_and_nothing_is_left_out() -> None:
    """So the same counts are the same bytes, and none takes room for nothing."""
    after = add(SUMS, {"b": 2, "c": 1}, {"a": 3, "b": -2, "c": 1}, 0)
    assert list(after.items()) == [("a", 3), ("c", 2)]


def test_who_counts_folds_by_the_time_of_the_records() -> None:
    """Not by a clock: the engine has none."""

    def fold(tallies: Mapping[str, int], at: int) -> Mapping[str, int]:
        return {f"before {at}": sum(tallies.values())}

    assert add(replace(SUMS, fold=fold), {"a": 1}, {"b": 2}, 77) == {"before 77": 3}


@on_virtual_time
async def test_a_batch_hands_on_when_its_last_record_came() -> None:
    """That is the broker's own time, which every owner of the partition would read."""
    times: list[int] = []

    def fold(tallies: Mapping[str, int], at: int) -> Mapping[str, int]:
        times.append(at)
        return tallies

    bench = Bench()
    bench.plan = replace(bench.plan, tally=replace(SUMS, fold=fold))
    await bench.make_topics()
    committer, standing = await taken(bench)
    moment = int(datetime(2026, 3, 2, tzinfo=UTC).timestamp() * 1000)
    bench.broker.clock = lambda: moment
    await handle(committer, standing, bench.numbers(("a", "1"), ("b", "1")))
    assert times == [moment]


@on_virtual_time
async def test_an_heir_goes_on_with_the_tallies_of_the_last_owner() -> None:
    """Of a restart or another process: they stand in the log, and nowhere else."""
    bench = await worked()
    heir, standing = await taken(bench, "heir")
    assert standing.last.tallies == {"sum odd": 2, "total": 8}
    await handle(heir, standing, bench.numbers(("b", "1")))
    assert standing.last.tallies == {"sum even": 1, "sum odd": 1, "total": 9}


@on_virtual_time
async def test_what_a_release_without_tallies_left_is_counted_anew() -> None:
    """Its position record has none, or had them under other names; its values say the rest."""
    bench = await worked()
    await leave_as_older(bench, {"odd ones": 2})
    _committer, standing = await taken(bench, "heir")
    assert standing.last.tallies == {"sum odd": 2, "total": 8}


@on_virtual_time
async def test_another_way_of_counting_counts_anew() -> None:
    """A value that left, and one that was overwritten, count no more."""
    bench = await worked()
    bench.plan = replace(bench.plan, tally=Tally(4, {"sum": lambda key, _: ((key[1], 1),)}))
    committer, standing = await taken(bench, "heir")
    assert standing.last.tallies == {"a": 1, "b": 1}
    await handle(committer, standing, bench.numbers(("b", "0"), ("d", "1")))
    said = read_position(bench.shown(bench.places.changelog)[-1])
    assert (said.tallies, said.counted_by) == ({"a": 1, "d": 1}, 4)


@on_virtual_time
async def test_the_same_way_of_counting_reads_no_value_again() -> None:
    """The position record is trusted, as everything else that it says."""
    bench = await worked()
    calls: list[str] = []

    def count(key: tuple[str, ...], _value: Sum) -> tuple[tuple[str, int], ...]:
        calls.append(key[1])
        return ()

    bench.plan = replace(bench.plan, tally=Tally(SUMS.version, {"sum": count}))
    assert (await recover(await bench.committer("heir"), PARTITIONS)).standing.last.tallies
    assert calls == []


async def leave_as_older(bench: Bench, tallies: dict[str, int]) -> None:
    """Write the position record of a release that named no way of counting."""
    _committer, standing = await taken(bench, "older")
    last = standing.last
    after = structs.replace(
        last,
        number=last.number + 1,
        commit="of an older release",
        previous=last.commit,
        values=0,
        outputs=wrote_all(dict.fromkeys(bench.places.outputs, 0), standing.ends),
    )
    written = json.decode(write_position(after).value or b"") | {"tallies": tallies}
    del written["counted_by"]
    bench.log.append_plain(bench.places.changelog, [Message(POSITION_KEY, json.encode(written))])
