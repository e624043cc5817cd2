"""One transaction is all or nothing, and the view follows it."""

import pytest

from runtime.engine.commit import Committer, Standing
from runtime.engine.messages import commit_of
from runtime.engine.position import read_position
from runtime.engine.records import Message, Record
from runtime.engine.recover import recover
from runtime.errors import Fenced, Indefinite, ViewMoved
from tests.runtime.doubles.virtual import on_virtual_time
from tests.runtime.engine.toy import PARTITIONS, SUMS, Bench


async def taken(bench: Bench, word: str = "a") -> tuple[Committer, Standing]:
    """Return a committer that has recovered."""
    committer = await bench.committer(word)
    return committer, (await recover(committer, PARTITIONS)).standing


async def handle(committer: Committer, standing: Standing, records: list[Record]) -> None:
    """Take records through one transaction."""
    outcome = await committer.step(standing, records)
    await committer.write(standing, outcome, records[-1].offset + 1)


@on_virtual_time
async def test_outputs_values_and_position_are_written_together() -> None:
    """The position record is the last of its transaction, and says where everything stands."""
    bench = Bench()
    await bench.make_topics()
    committer, standing = await taken(bench)
    await handle(committer, standing, bench.numbers(("a", "1"), ("b", "x")))
    assert bench.values(bench.places.output) == [b'{"patient_id":"a","total":1}']
    assert bench.values(bench.places.dead_letters) == [b"not_json at numbers-0:1"]
    value, position = bench.shown(bench.places.changelog)[-2:]
    assert (value.key, value.value) == (b'["sum","a"]', b'{"patient_id":"a","total":1}')
    said = read_position(position)
    assert (said.number, said.next_offset, said.values, said.live_keys) == (1, 2, 1, 1)
    assert [each.count for each in said.outputs] == [1, 1]


@on_virtual_time
async def test_the_tallies_stand_in_the_position_record() -> None:
    """They are added up over transactions, and a tally of nothing is left out."""
    bench = Bench()
    await bench.make_topics()
    committer, standing = await taken(bench)
    await handle(committer, standing, bench.numbers(("a", "1"), ("b", "1")))
    assert standing.last.tallies == {"sum odd": 2, "total": 2}
    await handle(committer, standing, bench.numbers(("a", "1"), ("b", "1")))
    said = read_position(bench.shown(bench.places.changelog)[-1])
    assert (said.tallies, said.counted_by) == ({"sum even": 2, "total": 4}, SUMS.version)
    await handle(committer, standing, bench.numbers(("a", "0"), ("b", "0")))
    assert standing.last.tallies == {}


@on_virtual_time
async def test_every_output_names_its_transaction_and_its_place_in_it() -> None:
    """Settling finds by it what was decided."""
    bench = Bench()
    await bench.make_topics()
    committer, standing = await taken(bench)
    await handle(committer, standing, bench.numbers(("a", "1"), ("a", "2")))
    commits = [commit_of(record) for record in bench.shown(bench.places.output)]
    assert commits == [("1-a", 0), ("1-a", 1)]


@on_virtual_time
async def test_the_view_stands_where_the_position_record_says() -> None:
    """Its values are those of the changelog, and the next transaction builds on them."""
    bench = Bench()
    await bench.make_topics()
    committer, standing = await taken(bench)
    await handle(committer, standing, bench.numbers(("a", "1")))
    assert bench.hash.position == standing.view
    await handle(committer, standing, bench.numbers(("a", "2")))
    assert bench.hash.values == {'["sum","a"]': b'{"patient_id":"a","total":3}'}


@on_virtual_time
async def test_a_view_that_was_rolled_back_is_not_read() -> None:
    """No step runs on values that are older than the last transaction."""
    bench = Bench()
    await bench.make_topics()
    committer, standing = await taken(bench)
    await handle(committer, standing, bench.numbers(("a", "1")))
    bench.hash.restore(bench.hash.versions() - 2)
    with pytest.raises(ViewMoved):
        await committer.step(standing, bench.numbers(("a", "2")))


@on_virtual_time
async def test_a_view_that_was_swapped_at_the_same_offset_is_not_moved() -> None:
    """A batch that reads no state finds it when it applies: its values are not those below."""
    bench = Bench()
    await bench.make_topics()
    committer, standing = await taken(bench)
    await handle(committer, standing, bench.numbers(("a", "1")))
    position = bench.hash.position
    assert position is not None
    bench.hash.become({'["sum","z"]': b"other"}, position._replace(commit="of another history"))
    with pytest.raises(ViewMoved):
        await handle(committer, standing, bench.numbers(("a", "x")))


@on_virtual_time
async def test_an_older_owner_cannot_commit() -> None:
    """Nothing of its transaction is shown once another one has settled."""
    bench = Bench()
    await bench.make_topics()
    zombie, standing = await taken(bench, "zombie")
    await taken(bench, "heir")
    with pytest.raises(Fenced):
        await handle(zombie, standing, bench.numbers(("a", "1")))
    assert bench.values(bench.places.output) == []


@on_virtual_time
async def test_a_transaction_behind_somebody_elses_record_is_not_committed() -> None:
    """The first offset must be the known end of the place."""
    bench = Bench()
    await bench.make_topics()
    committer, standing = await taken(bench)
    bench.log.append_plain(bench.places.output, [Message(b"a", b"foreign")])
    with pytest.raises(Indefinite):
        await handle(committer, standing, bench.numbers(("a", "1")))
    assert bench.values(bench.places.output) == [b"foreign"]


@on_virtual_time
async def test_a_transaction_that_is_not_seen_is_indefinite() -> None:
    """A lost marker on one place keeps the view where it was."""
    bench = Bench()
    await bench.make_topics()
    committer, standing = await taken(bench)
    before = bench.hash.position
    lost = bench.places.output
    bench.broker.fate = lambda place: () if place == lost else (0.0,)
    with pytest.raises(Indefinite):
        await handle(committer, standing, bench.numbers(("a", "1")))
    assert bench.hash.position == before
