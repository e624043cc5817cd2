"""Every partition begins with position record 0, once."""

import pytest

from runtime.engine.founding import found, found_all
from runtime.engine.records import Place
from runtime.errors import PartitionStopped
from tests.runtime.doubles.virtual import on_virtual_time
from tests.runtime.engine.test_commit import taken
from tests.runtime.engine.toy import PARTITIONS, Bench


@on_virtual_time
async def test_a_second_founding_changes_nothing() -> None:
    """The first one holds."""
    bench = Bench()
    assert await found_all(bench.log, bench.plan, PARTITIONS) == PARTITIONS
    assert await found_all(bench.log, bench.plan, PARTITIONS) == 0


@on_virtual_time
async def test_a_founding_that_was_never_shown_is_done_again() -> None:
    """Its marker was lost and a later epoch aborted it."""
    bench = Bench()
    # The burial's three markers land, the founding's own does not.
    markers = iter(((0.0,), (0.0,), (0.0,), ()))
    bench.broker.fate = lambda _place: next(markers)
    await found(bench.log, bench.plan, 0, PARTITIONS)
    bench.broker.fate = lambda _place: (0.0,)
    assert await found(bench.log, bench.plan, 0, PARTITIONS)
    await taken(bench)


@on_virtual_time
async def test_another_number_of_partitions_is_refused() -> None:
    """Keys would be placed elsewhere than their state."""
    bench = Bench()
    await bench.make_topics()
    with pytest.raises(PartitionStopped, match="begun with 2 partitions"):
        await found(bench.log, bench.plan, 0, PARTITIONS + 1)


@on_virtual_time
async def test_the_input_is_read_from_what_is_still_held() -> None:
    """A topic that is older than its consumer may have lost its beginning."""
    bench = Bench()
    bench.numbers(("a", "1"), ("a", "2"), ("a", "3"))
    bench.broker.leaders[Place("numbers", 0)].expire(2)
    await bench.make_topics()
    _committer, standing = await taken(bench)
    assert standing.last.next_offset == 2
