"""Every implementation of the log: what a transaction shows, to whom, and when."""

import pytest

from runtime.engine.commit import seen
from runtime.engine.ports import Log
from runtime.engine.records import Message
from runtime.errors import Fenced, Indefinite, Refused
from runtime.kafka.settings import LARGEST_BATCH
from tests.runtime.engine.ports.spot import Spot, commit, end, gather, message, texts, write


async def test_an_open_transaction_is_hidden(log: Log, spot: Spot) -> None:
    """Readers of committed records see nothing of a transaction before it is decided."""
    writer = await log.writer(spot.owner)
    await writer.begin()
    await write(writer, spot.here, "one", "two")
    assert await texts(log, spot.here) == []
    assert await texts(log, spot.here, committed=False) == ["one", "two"]
    assert await end(log, spot.here) == 0
    assert await end(log, spot.here, committed=False) == 2
    writer.drop()


async def test_a_commit_shows_all_places(log: Log, spot: Spot) -> None:
    """A committed transaction is visible on every place that it wrote to."""
    writer = await log.writer(spot.owner)
    await writer.begin()
    firsts = await writer.append({spot.here: [message("h")], spot.there: [message("t")] * 2})
    await writer.commit()
    assert firsts == {spot.here: 0, spot.there: 0}
    ends = await seen(log, {spot.here: 0, spot.there: 1})
    assert ends == {spot.here: 2, spot.there: 3}
    assert await texts(log, spot.here) == ["h"]
    assert await texts(log, spot.there) == ["t", "t"]
    writer.drop()


async def test_an_abort_hides_for_good(log: Log, spot: Spot) -> None:
    """Aborted records are never committed, and stay readable to who asks for all."""
    writer = await log.writer(spot.owner)
    await writer.begin()
    await write(writer, spot.here, "aborted")
    await writer.abort()
    await seen(log, {spot.here: 0})
    await commit(log, writer, spot.here, "committed")
    assert await texts(log, spot.here) == ["committed"]
    assert await texts(log, spot.here, committed=False) == ["aborted", "committed"]
    writer.drop()


async def test_markers_take_an_offset(log: Log, spot: Spot) -> None:
    """After each transaction one offset is a marker's, and a marker is no record."""
    writer = await log.writer(spot.owner)
    assert await commit(log, writer, spot.here, "one") == 0
    assert await commit(log, writer, spot.here, "two", "three") == 2
    assert await end(log, spot.here) == 5
    offsets = [record.offset for record in await gather(log, spot.here, committed=False)]
    assert offsets == [0, 2, 3]
    writer.drop()


async def test_the_first_undecided_record_holds_back_what_follows(log: Log, spot: Spot) -> None:
    """A committed record after an undecided one is not visible yet; the order stays."""
    slow, quick = await log.writer(spot.owner), await log.writer(f"{spot.owner}-2")
    await slow.begin()
    await write(slow, spot.here, "slow")
    await quick.begin()
    await write(quick, spot.here, "quick")
    await quick.commit()
    assert await end(log, spot.here) == 0
    assert await texts(log, spot.here) == []
    await slow.commit()
    await seen(log, {spot.here: 1})
    assert await texts(log, spot.here) == ["slow", "quick"]
    slow.drop()
    quick.drop()


async def test_records_come_back_as_they_were_written(log: Log, spot: Spot) -> None:
    """Keys, values, tombstones and headers are the same bytes in the same order."""
    messages = [
        Message(b"key", b"value", (("a", b"1"), ("b", b""), ("a", b"2"))),
        Message(b'["day","\xc3\xa9"]', None),
        Message(None, b"\x00\xff"),
        Message(b"", b"", (("therapy-commit", b"7-x/0"),)),
    ]
    writer = await log.writer(spot.owner)
    await writer.begin()
    await writer.append({spot.here: messages})
    await writer.commit()
    await seen(log, {spot.here: 3})
    records = await gather(log, spot.here)
    assert [Message(each.key, each.value, each.headers) for each in records] == messages  # type: ignore[arg-type]
    assert all(each.timestamp > 0 for each in records)
    writer.drop()


async def test_a_transaction_may_append_more_than_once(log: Log, spot: Spot) -> None:
    """Later appends of a transaction follow its earlier ones on each place."""
    writer = await log.writer(spot.owner)
    await writer.begin()
    assert await write(writer, spot.here, "one") == 0
    assert await write(writer, spot.there, "two") == 0
    assert await write(writer, spot.here, "three") == 1
    await writer.commit()
    await seen(log, {spot.here: 1, spot.there: 0})
    assert await texts(log, spot.here) == ["one", "three"]
    writer.drop()


async def test_many_records_come_in_order(log: Log, spot: Spot) -> None:
    """More than one batch and one fetch hold come whole and in order, from any offset on."""
    written = [f"{number:05} {'x' * 900}" for number in range(5_000)]
    writer = await log.writer(spot.owner)
    first = await commit(log, writer, spot.here, *written)
    assert first == 0
    assert await texts(log, spot.here) == written
    assert await texts(log, spot.here, (1_234, 1_237)) == written[1_234:1_237]
    assert await texts(log, spot.here, (4_998, 9_999)) == written[4_998:]
    writer.drop()


async def test_a_large_record_is_taken(log: Log, spot: Spot) -> None:
    """A record of nearly the largest size is written and read, beside small ones."""
    large = "x" * (LARGEST_BATCH - 1_000)
    writer = await log.writer(spot.owner)
    await commit(log, writer, spot.here, "small", large, "small too")
    assert [len(text) for text in await texts(log, spot.here)] == [5, len(large), 9]
    assert await texts(log, spot.here, (2, 3)) == ["small too"]
    writer.drop()


async def test_a_record_too_large_is_refused(log: Log, spot: Spot) -> None:
    """What the broker never takes is refused, and an abort leaves nothing of it visible."""
    writer = await log.writer(spot.owner)
    await writer.begin()
    with pytest.raises(Refused):
        await writer.append({spot.here: [message("x" * (LARGEST_BATCH + 1))]})
    await writer.abort()
    await commit(log, writer, spot.here, "small")
    assert await texts(log, spot.here) == ["small"]
    writer.drop()


async def test_a_span_is_half_open(log: Log, spot: Spot) -> None:
    """A read begins at its start, ends before its stop, and may hold nothing."""
    writer = await log.writer(spot.owner)
    await commit(log, writer, spot.here, "0", "1", "2", "3")
    assert await texts(log, spot.here, (1, 3)) == ["1", "2"]
    assert await texts(log, spot.here, (2, 2)) == []
    assert await texts(log, spot.here, (3, 1)) == []
    assert await texts(log, spot.here, (4, 5)) == [], "a marker"
    assert await texts(log, spot.here, (77, 99)) == [], "beyond the end"
    assert await texts(log, spot.there) == [], "a place without records"
    writer.drop()


async def test_a_read_ends_behind_markers_and_aborted_records(log: Log, spot: Spot) -> None:
    """A read comes to its end where nothing but aborted records and markers is left."""
    writer = await log.writer(spot.owner)
    await commit(log, writer, spot.here, "kept")
    for _ in range(3):
        await writer.begin()
        first = await write(writer, spot.here, "aborted")
        await writer.abort()
        await seen(log, {spot.here: first})
    assert await texts(log, spot.here, (0, await end(log, spot.here))) == ["kept"]
    assert await texts(log, spot.here, (2, await end(log, spot.here))) == []
    writer.drop()


async def test_a_newer_writer_fences_an_older_one(log: Log, spot: Spot) -> None:
    """Once a newer epoch is open, the older one can neither append nor decide."""
    older = await log.writer(spot.owner)
    await older.begin()
    await write(older, spot.here, "older")
    newer = await log.writer(spot.owner)
    with pytest.raises(Fenced):
        await older.commit()
    await commit(log, newer, spot.here, "newer")
    assert await texts(log, spot.here) == ["newer"]
    older.drop()
    newer.drop()


async def test_an_append_of_an_older_writer_is_refused(log: Log, spot: Spot) -> None:
    """A zombie that begins after the newer epoch has written gets nothing in."""
    older, newer = await log.writer(spot.owner), await log.writer(spot.owner)
    await commit(log, newer, spot.here, "newer")
    await older.begin()
    with pytest.raises(Fenced):
        await write(older, spot.here, "zombie")
    assert await texts(log, spot.here, committed=False) == ["newer"]
    older.drop()
    newer.drop()


async def test_the_next_epoch_aborts_what_a_dropped_writer_left(log: Log, spot: Spot) -> None:
    """Dropping decides nothing; the next writer of the same id aborts what was open."""
    writer = await log.writer(spot.owner)
    await writer.begin()
    await write(writer, spot.here, "left open")
    writer.drop()
    assert await end(log, spot.here) == 0
    successor = await log.writer(spot.owner)
    await seen(log, {spot.here: 0})
    await commit(log, successor, spot.here, "after it")
    assert await texts(log, spot.here) == ["after it"]
    successor.drop()


async def test_a_dropped_writer_is_of_no_more_use(log: Log, spot: Spot) -> None:
    """Every call after a drop is indefinite, and dropping again does nothing."""
    writer = await log.writer(spot.owner)
    await writer.begin()
    writer.drop()
    writer.drop()
    with pytest.raises(Indefinite):
        await write(writer, spot.here, "late")
    with pytest.raises(Indefinite):
        await writer.commit()


async def test_writers_of_different_ids_do_not_fence_each_other(log: Log, spot: Spot) -> None:
    """Each transactional id has epochs of its own."""
    one, two = await log.writer(spot.owner), await log.writer(f"{spot.owner}-2")
    await commit(log, one, spot.here, "one")
    await commit(log, two, spot.here, "two")
    await commit(log, one, spot.here, "three")
    assert await texts(log, spot.here) == ["one", "two", "three"]
    assert one.name != two.name
    one.drop()
    two.drop()


async def test_an_empty_transaction_leaves_no_trace(log: Log, spot: Spot) -> None:
    """Beginning and deciding without records writes nothing, not even a marker."""
    writer = await log.writer(spot.owner)
    for decide in (writer.commit, writer.abort):
        await writer.begin()
        assert await writer.append({spot.here: []}) == {}
        await decide()
    assert await end(log, spot.here, committed=False) == 0
    await commit(log, writer, spot.here, "then one")
    writer.drop()


async def test_a_place_without_messages_is_left_out(log: Log, spot: Spot) -> None:
    """Only places that were written to have a first offset and a marker."""
    writer = await log.writer(spot.owner)
    await writer.begin()
    assert await writer.append({spot.here: [message("one")], spot.there: []}) == {spot.here: 0}
    await writer.commit()
    await seen(log, {spot.here: 0})
    assert await end(log, spot.there, committed=False) == 0
    writer.drop()


async def test_the_beginning_of_a_fresh_place_is_zero(log: Log, spot: Spot) -> None:
    """Places that lost nothing begin at 0."""
    beginnings = await log.beginnings((spot.here, spot.there))
    assert beginnings == {spot.here: 0, spot.there: 0}


async def test_reads_side_by_side_do_not_disturb_each_other(log: Log, spot: Spot) -> None:
    """Two reads of one place, taken in turns, both come whole."""
    written = [f"{number} {'x' * 2_000}" for number in range(3_000)]
    writer = await log.writer(spot.owner)
    await commit(log, writer, spot.here, *written)
    everything, later = (
        log.read(spot.here, 0, 9_999, committed=True),
        log.read(spot.here, 1_500, 9_999, committed=False),
    )
    seen_by_one = [(await anext(everything))[0].offset, (await anext(later))[0].offset]
    assert seen_by_one == [0, 1_500]
    assert await texts(log, spot.here) == written
    writer.drop()
