"""What was decided is shown everywhere and once, whichever markers were lost."""

from collections.abc import Callable
from itertools import product

import pytest

from runtime.engine.records import Message, Place
from runtime.engine.recover import recover
from runtime.errors import Indefinite, PartitionStopped
from tests.runtime.doubles.virtual import on_virtual_time
from tests.runtime.engine.test_commit import handle, taken
from tests.runtime.engine.toy import PARTITIONS, Bench

ALL_LOSSES = list(product((True, False), repeat=3))
"""Of output, dead letters and changelog: which show a decided transaction."""


def fate(bench: Bench, shown: tuple[bool, ...]) -> Callable[[Place], tuple[float, ...]]:
    """Return markers that reach only the places that show the transaction."""
    lands = dict(zip(bench.places.written, shown, strict=True))
    return lambda place: (0.0,) if lands.get(place, True) else ()


async def decide(bench: Bench, shown: tuple[bool, ...]) -> None:
    """Commit a transaction over one number and one dead letter whose markers are partly lost."""
    committer, standing = await taken(bench, "first")
    records = bench.numbers(("a", "1"), ("a", "x"))
    bench.broker.fate = fate(bench, shown)
    try:
        await handle(committer, standing, records)
    except Indefinite:
        pass
    else:
        assert all(shown)
    bench.broker.fate = lambda _place: (0.0,)


@pytest.mark.parametrize("shown", ALL_LOSSES)
def test_a_decided_transaction_is_shown_everywhere_or_nowhere(shown: tuple[bool, ...]) -> None:
    """Shown somewhere, it is sent again where it is not; shown nowhere, its input comes again."""

    @on_virtual_time
    async def play() -> None:
        bench = Bench()
        await bench.make_topics()
        await decide(bench, shown)
        committer, standing = await taken(bench, "heir")
        written = bench.values(bench.places.output)
        if any(shown):
            assert standing.last.next_offset == 2
            assert written == [b'{"patient_id":"a","total":1}']
            assert bench.values(bench.places.dead_letters) == [b"not_json at numbers-0:1"]
            assert bench.hash.values == {'["sum","a"]': b'{"patient_id":"a","total":1}'}
        else:
            assert (standing.last.next_offset, written) == (0, [])
        await handle(committer, standing, bench.numbers(("a", "2")))
        again = bench.values(bench.places.output)
        assert len(again) == len(written) + 1

    play()


@pytest.mark.parametrize("lost", range(3))
def test_the_markers_of_what_is_sent_again_may_be_lost_too(lost: int) -> None:
    """The next round finds it, and the bytes are still shown once."""

    @on_virtual_time
    async def play() -> None:
        bench = Bench()
        await bench.make_topics()
        await decide(bench, (False, True, False))
        losses = iter(range(12))
        place_lost = bench.places.written[lost]
        bench.broker.fate = lambda place: (
            () if place == place_lost and next(losses, 99) % 3 == 1 else (0.0,)
        )
        committer = await bench.committer("heir")
        recovered = await recover(committer, PARTITIONS)
        assert recovered.standing.last.next_offset == 2
        assert bench.values(bench.places.output) == [b'{"patient_id":"a","total":1}']

    play()


@on_virtual_time
async def test_a_broker_that_closes_nothing_stops_the_partition_by_name() -> None:
    """Three burials that are not seen are a case for a person."""
    bench = Bench()
    await bench.make_topics()
    bench.broker.fate = lambda _place: ()
    with pytest.raises(PartitionStopped, match="stays open on sums-0 at 2"):
        await taken(bench)


@on_virtual_time
async def test_a_foreign_record_on_an_output_stops_the_partition() -> None:
    """Its place belongs to one writer alone."""
    bench = Bench()
    await bench.make_topics()
    bench.log.append_plain(bench.places.output, [Message(b"a", b"foreign")])
    with pytest.raises(PartitionStopped, match="not this consumer's"):
        await taken(bench)


@on_virtual_time
async def test_outputs_that_expired_under_the_last_transaction_stop_the_partition() -> None:
    """What is no longer held can be compared with nothing."""
    bench = Bench()
    await bench.make_topics()
    committer, standing = await taken(bench)
    await handle(committer, standing, bench.numbers(("a", "1")))
    leader = bench.broker.leaders[bench.places.output]
    leader.expire(leader.end(committed=True))
    with pytest.raises(PartitionStopped, match="begins after the last transaction"):
        await taken(bench, "heir")


@on_virtual_time
async def test_topics_that_were_never_made_stop_the_partition() -> None:
    """Without position record 0 nobody knows where the input begins."""
    with pytest.raises(PartitionStopped, match="were the topics made"):
        await taken(Bench())
