"""A partition is taken over from the log alone, and its view is the fold of its changelog."""

import pytest
from msgspec.structs import replace

from runtime.engine.ports import ViewPosition
from runtime.engine.position import write_position, wrote_all
from runtime.engine.records import Message
from runtime.engine.recover import Recovered, recover
from runtime.errors import PartitionStopped
from tests.runtime.doubles.virtual import on_virtual_time
from tests.runtime.engine.test_commit import handle, taken
from tests.runtime.engine.toy import PARTITIONS, Bench, summing_plan

FOLD = {
    '["sum","a"]': b'{"patient_id":"a","total":3}',
    '["sum","b"]': b'{"patient_id":"b","total":5}',
}


async def worked() -> Bench:
    """Return a partition after three transactions."""
    bench = Bench()
    await bench.make_topics()
    committer, standing = await taken(bench)
    for numbers in ((("a", "1"), ("c", "9")), (("a", "2"), ("c", "0")), (("b", "5"),)):
        await handle(committer, standing, bench.numbers(*numbers))
    return bench


async def recovered(bench: Bench) -> Recovered:
    """Take the partition over."""
    return await recover(await bench.committer("heir"), PARTITIONS)


@on_virtual_time
async def test_a_view_that_stands_right_is_kept() -> None:
    """Nothing is read from the changelog but its end."""
    bench = await worked()
    result = await recovered(bench)
    assert (result.rebuilt, result.restored) == (False, 0)
    assert bench.hash.values == FOLD


@on_virtual_time
async def test_an_emptied_view_is_made_again() -> None:
    """Its values and its position are those of the changelog."""
    bench = await worked()
    bench.hash.restore(0)
    result = await recovered(bench)
    assert (result.rebuilt, bench.hash.values) == (True, FOLD)
    assert bench.hash.position == result.standing.view


@pytest.mark.parametrize("back", [1, 2, 3])
def test_a_view_that_was_rolled_back_catches_up(back: int) -> None:
    """It goes on from where it stands, without being made again."""

    @on_virtual_time
    async def play() -> None:
        bench = await worked()
        bench.hash.restore(bench.hash.versions() - 1 - back)
        result = await recovered(bench)
        assert (result.rebuilt, bench.hash.values) == (False, FOLD)

    play()


@on_virtual_time
async def test_a_position_that_the_changelog_does_not_confirm_is_not_kept() -> None:
    """A view of another history is made again."""
    bench = await worked()
    position = bench.hash.position
    assert position is not None
    moved = ViewPosition(position.applied, position.next_offset, "another commit")
    bench.hash.apply(position, {'["sum","z"]': b"1"}, moved)
    assert (await recovered(bench)).rebuilt
    assert bench.hash.values == FOLD


@on_virtual_time
async def test_a_view_with_a_lost_value_is_made_again() -> None:
    """Its values are counted against the position record."""
    bench = await worked()
    position = bench.hash.position
    assert position is not None
    bench.hash.apply(position, {'["sum","a"]': None}, position)
    assert (await recovered(bench)).rebuilt
    assert bench.hash.values == FOLD


@on_virtual_time
async def test_a_compacted_changelog_gives_the_same_view() -> None:
    """Only the last record of each key is left."""
    bench = await worked()
    leader = bench.broker.leaders[bench.places.changelog]
    leader.compact(leader.end(committed=True))
    bench.hash.restore(0)
    await recovered(bench)
    assert bench.hash.values == FOLD


@on_virtual_time
async def test_a_view_ahead_of_the_changelog_stops_the_partition() -> None:
    """The broker lost records that it had shown."""
    bench = await worked()
    position = bench.hash.position
    assert position is not None
    bench.hash.apply(position, {}, ViewPosition(999, 9, "later"))
    with pytest.raises(PartitionStopped, match="ahead of the changelog"):
        await recovered(bench)


@on_virtual_time
async def test_input_that_expired_before_it_was_handled_stops_the_partition() -> None:
    """Records that are gone are not passed over."""
    bench = await worked()
    bench.numbers(("a", "1"), ("a", "1"))
    bench.broker.leaders[bench.places.input].expire(6)
    with pytest.raises(PartitionStopped, match="no longer held"):
        await recovered(bench)


@on_virtual_time
async def test_an_input_that_was_made_anew_stops_the_partition() -> None:
    """It ends before what was handled."""
    bench = await worked()
    bench.broker.leaders[bench.places.input].records.clear()
    with pytest.raises(PartitionStopped, match="made anew"):
        await recovered(bench)


@on_virtual_time
async def test_another_number_of_partitions_stops_the_partition() -> None:
    """Keys would be placed elsewhere."""
    bench = await worked()
    with pytest.raises(PartitionStopped, match="number of partitions"):
        await recover(await bench.committer("heir"), PARTITIONS + 1)


@on_virtual_time
async def test_state_of_a_newer_schema_stops_the_partition() -> None:
    """An older reader would misread it."""
    bench = Bench()
    bench.plan = summing_plan(schema=2)
    await bench.make_topics()
    bench.plan = summing_plan(schema=1)
    with pytest.raises(PartitionStopped, match="newer schema"):
        await recovered(bench)


@on_virtual_time
async def test_a_changelog_without_its_beginning_stops_the_partition() -> None:
    """Retention by time on a changelog loses state."""
    bench = await worked()
    bench.broker.leaders[bench.places.changelog].expire(2)
    with pytest.raises(PartitionStopped, match="does not begin at offset 0"):
        await recovered(bench)


@on_virtual_time
async def test_position_records_that_do_not_follow_each_other_stop_the_partition() -> None:
    """A rebuild reads them all."""
    bench = await worked()
    _committer, standing = await taken(bench, "forger")
    untouched = wrote_all(dict.fromkeys(bench.places.outputs, 0), standing.ends)
    forged = replace(standing.last, commit="forged", previous="nobody", outputs=untouched)
    bench.log.append_plain(bench.places.changelog, [write_position(forged)])
    bench.hash.restore(0)
    with pytest.raises(PartitionStopped, match="follow each other"):
        await recovered(bench)


@on_virtual_time
async def test_values_behind_the_last_position_record_stop_the_partition() -> None:
    """Somebody else wrote to the changelog."""
    bench = await worked()
    bench.log.append_plain(bench.places.changelog, [Message(b'["sum","a"]', b"1")])
    with pytest.raises(PartitionStopped, match="without their position record"):
        await recovered(bench)
