"""State values are forgotten by a takeover, beside a worker that goes on with the rest."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import pytest

from runtime.doubles.view import MemoryView
from runtime.engine.commit import Committer, Standing
from runtime.engine.forgetting import Forgetting, delete_all, of_key
from runtime.engine.recover import recover
from runtime.errors import EngineError
from tests.changelog import fold
from tests.runtime.doubles.virtual import on_virtual_time
from tests.runtime.engine.test_commit import handle, taken
from tests.runtime.engine.toy import PARTITIONS, Bench

OTHERS = {'["sum","b"]': b'{"patient_id":"b","total":5}'}


def forgetting(bench: Bench) -> Forgetting:
    """Return what forgets values of the bench's partition."""
    return Forgetting(bench.plan, PARTITIONS, bench.log, lambda _place: bench.view, lambda: "gone")


async def at_work() -> tuple[Bench, Committer, Standing]:
    """Return a partition with two keys, one of them with two values, and its owner."""
    bench = Bench()
    await bench.make_topics()
    committer, standing = await taken(bench)
    await handle(committer, standing, bench.numbers(("a", "150"), ("b", "5")))
    return bench, committer, standing


@on_virtual_time
async def test_every_value_of_a_key_is_forgotten() -> None:
    """In the changelog and in the view; those of other keys stay, and nothing is emitted."""
    bench, _committer, standing = await at_work()
    emitted = [bench.shown(place) for place in bench.places.outputs]
    assert await forgetting(bench).forget(0, of_key("a"), delete_all) == 2
    assert fold(bench.shown(bench.places.changelog)) == OTHERS
    assert bench.hash.values == OTHERS
    assert [bench.shown(place) for place in bench.places.outputs] == emitted
    heir = await recover(await bench.committer("heir"), PARTITIONS)
    assert heir.standing.last.live_keys == 1
    assert heir.standing.last.tallies == {"sum odd": 1, "total": 5}
    assert heir.standing.last.next_offset == standing.last.next_offset


@on_virtual_time
async def test_a_second_time_nothing_is_left_to_forget() -> None:
    """No transaction is written then."""
    bench, _committer, _standing = await at_work()
    await forgetting(bench).forget(0, of_key("a"), delete_all)
    written = bench.shown(bench.places.changelog)
    assert await forgetting(bench).forget(0, of_key("a"), delete_all) == 0
    assert bench.shown(bench.places.changelog) == written


@on_virtual_time
async def test_the_owner_is_fenced_and_its_heir_goes_on_without() -> None:
    """What came meanwhile is handled once, from nothing where a key was forgotten."""
    bench, committer, standing = await at_work()
    await forgetting(bench).forget(0, of_key("a"), delete_all)
    came = bench.numbers(("a", "2"), ("b", "2"))
    with pytest.raises(EngineError):
        await handle(committer, standing, came)
    heir = await bench.committer("heir")
    taken_over = (await recover(heir, PARTITIONS)).standing
    await handle(heir, taken_over, came)
    assert bench.hash.values == {
        '["sum","a"]': b'{"patient_id":"a","total":2}',
        '["sum","b"]': b'{"patient_id":"b","total":7}',
    }
    assert fold(bench.shown(bench.places.changelog)) == bench.hash.values


@dataclass(slots=True)
class Beset(MemoryView):
    """A view during whose first count another owner takes the partition and works."""

    meanwhile: list[Callable[[], Awaitable[None]]] = field(default_factory=list)

    async def count(self) -> int:
        """Count, after what happens meanwhile."""
        if self.meanwhile:
            await self.meanwhile.pop()()
        return await MemoryView.count(self)


@on_virtual_time
async def test_who_loses_the_partition_takes_it_again() -> None:
    """What was written meanwhile is forgotten too, and of other keys it stays."""
    bench, _committer, _standing = await at_work()

    async def rival() -> None:
        committer, standing = await taken(bench, "rival")
        await handle(committer, standing, bench.numbers(("a", "3"), ("a", "100"), ("b", "2")))

    beset = Beset(bench.hash, meanwhile=[rival])
    gone = Forgetting(bench.plan, PARTITIONS, bench.log, lambda _place: beset, lambda: "gone")
    assert await gone.forget(0, of_key("a"), delete_all) == 3
    assert bench.hash.values == {'["sum","b"]': b'{"patient_id":"b","total":7}'}
    assert fold(bench.shown(bench.places.changelog)) == bench.hash.values
