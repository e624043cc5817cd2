"""The log in memory does what Kafka 4.2 and 4.3 do with transactions, on bad days too."""

import asyncio
from collections.abc import Sequence

import pytest

from runtime.doubles.broker import Broker
from runtime.doubles.log import MemoryLog
from runtime.engine.records import Message, Place
from runtime.errors import Fenced, Indefinite, Refused
from tests.runtime.doubles.virtual import (
    OWNER,
    A,
    B,
    end,
    gather,
    message,
    on_virtual_time,
    seen,
    texts,
    write,
)


class Markers:
    """The fate of markers by place, as a test wants it at the moment."""

    def __init__(self) -> None:
        """Start on a good day."""
        self.at: dict[Place, tuple[float, ...]] = {}

    def __call__(self, place: Place) -> Sequence[float]:
        """Return when the next marker of a place lands."""
        return self.at.get(place, (0.0,))


def log_with(markers: Markers) -> MemoryLog:
    """Return a log over a broker whose markers have these fates."""
    return MemoryLog(Broker(fate=markers))


@on_virtual_time
async def test_a_committed_transaction_is_read_in_order() -> None:
    """Its records are visible, with first offsets as told; its marker takes an offset."""
    log = MemoryLog()
    writer = await log.writer(OWNER)
    await writer.begin()
    firsts = await writer.append({A: [message("1"), message("2")], B: []})
    more = await writer.append({A: [message("3")]})
    await writer.commit()
    assert (firsts, more) == ({A: 0}, {A: 2})
    assert await seen(log, A) == ["1", "2", "3"]
    assert [await end(log, A), await end(log, A, committed=False)] == [4, 4]
    await write(writer, "4", A)
    await writer.commit()
    assert [record.offset for record in await gather(log.read(A, 0, 9, committed=True))] == [
        0,
        1,
        2,
        4,
    ]


@on_virtual_time
async def test_an_aborted_transaction_is_read_only_uncommitted() -> None:
    """Committed reads leave its records out and go on behind it."""
    log = MemoryLog()
    writer = await log.writer(OWNER)
    await write(writer, "gone", A)
    await writer.abort()
    await write(writer, "kept", A)
    await writer.commit()
    assert await seen(log, A) == ["kept"]
    assert await seen(log, A, committed=False) == ["gone", "kept"]


@on_virtual_time
async def test_committed_reads_stop_at_the_first_open_transaction() -> None:
    """What others committed behind it waits too."""
    log = MemoryLog()
    first, second = await log.writer(OWNER), await log.writer("group-b-0")
    await write(first, "open", A)
    await write(second, "behind", A)
    await second.commit()
    assert [await end(log, A), await end(log, A, committed=False)] == [0, 3]
    assert await seen(log, A) == []
    await first.commit()
    assert await seen(log, A) == ["open", "behind"]


@on_virtual_time
async def test_a_span_is_read_from_its_start_to_its_stop() -> None:
    """A start below the beginning reads from there, and one beyond the end reads nothing."""
    log = MemoryLog()
    log.append_plain(A, [message(text) for text in "abcde"])
    log.broker.leaders[A].expire(1)
    assert texts(await gather(log.read(A, 0, 4, committed=True))) == ["b", "c", "d"]
    assert await gather(log.read(A, 7, 9, committed=True)) == []
    assert await log.beginnings([A, B]) == {A: 1, B: 0}


@on_virtual_time
async def test_a_new_epoch_aborts_what_the_older_one_left_open() -> None:
    """A dropped writer decides nothing: the next owner's epoch does."""
    log = MemoryLog()
    old = await log.writer(OWNER)
    await write(old, "left", A)
    old.drop()
    assert await end(log, A) == 0
    new = await log.writer(OWNER)
    assert (await seen(log, A), await end(log, A)) == ([], 2)
    assert old.name != new.name
    with pytest.raises(Indefinite):
        await old.commit()


@on_virtual_time
async def test_a_lost_marker_leaves_decided_records_hanging_where_it_is_lost() -> None:
    """The commit succeeds; one place shows it, the other stays where it was."""
    markers = Markers()
    log = log_with(markers)
    writer = await log.writer(OWNER)
    markers.at[B] = ()
    await write(writer, "1", A, B)
    await writer.commit()
    assert [await seen(log, A), await seen(log, B)] == [["1"], []]
    assert [await end(log, A), await end(log, B)] == [2, 0]


async def log_where_hangs(text: str) -> MemoryLog:
    """Return a log in which a transaction was decided for and its marker lost, that one alone."""
    markers = Markers()
    log = log_with(markers)
    writer = await log.writer(OWNER)
    markers.at[A] = ()
    await write(writer, text, A)
    await writer.commit()
    markers.at.clear()
    return log


@on_virtual_time
async def test_the_next_commit_reveals_what_hangs() -> None:
    """It does so with its own records, so that a second version doubles the first."""
    log = await log_where_hangs("once")
    owner = await log.writer(OWNER)
    assert await seen(log, A) == []
    await write(owner, "twice", A)
    await owner.commit()
    assert await seen(log, A) == ["once", "twice"]


@on_virtual_time
async def test_the_next_abort_buries_what_hangs() -> None:
    """What was decided for is invisible for ever."""
    log = await log_where_hangs("decided")
    owner = await log.writer(OWNER)
    await write(owner, "burial", A)
    await owner.abort()
    assert (await seen(log, A), await end(log, A)) == ([], 3)


@on_virtual_time
async def test_a_commit_reveals_what_was_decided_away_where_that_marker_was_lost() -> None:
    """An abort's marker can be lost too: its records come back with a later commit."""
    markers = Markers()
    log = log_with(markers)
    writer = await log.writer(OWNER)
    markers.at[A] = ()
    await write(writer, "aborted", A)
    await writer.abort()
    assert await end(log, A) == 0
    markers.at.clear()
    await write(writer, "committed", A)
    await writer.commit()
    assert await seen(log, A) == ["aborted", "committed"]


@on_virtual_time
async def test_a_place_without_a_record_has_the_marker_all_the_same() -> None:
    """A worker that dies between adding a place and writing there turns what hangs there over."""
    log = await log_where_hangs("decided")
    assert log.broker.add(OWNER, 1, [A])
    await log.writer(OWNER)
    assert (await seen(log, A), await end(log, A)) == ([], 2)


@on_virtual_time
async def test_a_zombie_writes_until_the_place_knows_the_newer_epoch() -> None:
    """Where the marker was lost its record joins what hangs; a newer epoch's record ends that."""
    markers = Markers()
    log = log_with(markers)
    zombie = await log.writer(OWNER)
    markers.at[B] = ()
    await write(zombie, "1", A, B)
    owner = await log.writer(OWNER)
    with pytest.raises(Fenced):
        await zombie.append({A: [message("2")]})
    await zombie.append({B: [message("2")]})
    assert await seen(log, B, committed=False) == ["1", "2"]
    markers.at.clear()
    await write(owner, "3", B)
    with pytest.raises(Fenced):
        await zombie.append({B: [message("4")]})
    await owner.commit()
    assert await seen(log, B) == ["1", "2", "3"]


@on_virtual_time
async def test_the_coordinator_refuses_a_zombie_always() -> None:
    """It can decide nothing, and add no place."""
    log = MemoryLog()
    first, second, third = [await log.writer(OWNER) for _ in range(3)]
    for zombie in (first, second):
        await zombie.begin()
        with pytest.raises(Fenced):
            await zombie.append({A: [message("late")]})
    await write(third, "1", A)
    await log.writer(OWNER)
    with pytest.raises(Fenced):
        await third.commit()


@on_virtual_time
async def test_a_late_marker_is_seen_later_and_the_next_transaction_waits_for_it() -> None:
    """A commit is told before it is seen; only one transaction at a time is on its way."""
    markers = Markers()
    log = log_with(markers)
    loop = asyncio.get_running_loop()
    writer = await log.writer(OWNER)
    markers.at[A] = (2.0,)
    await write(writer, "1", A, B)
    await writer.commit()
    assert [await end(log, A), await end(log, B)] == [0, 2]
    await write(writer, "2", B)
    assert 2 <= loop.time() < 2.2
    assert await seen(log, A) == ["1"]


@on_virtual_time
async def test_a_second_marker_of_the_same_epoch_meets_the_next_transaction() -> None:
    """It decides what is open by then; a place that knows a newer epoch refuses it."""
    markers = Markers()
    log = log_with(markers)
    writer = await log.writer(OWNER)
    markers.at[A] = markers.at[B] = (0.0, 1.0)
    await write(writer, "1", A, B)
    await writer.commit()
    await write(writer, "2", A)
    owner = await log.writer("group-b-0")
    await write(owner, "3", B)
    await asyncio.sleep(2)
    assert await seen(log, A) == ["1", "2"]
    assert await seen(log, B) == ["1"]


@on_virtual_time
async def test_a_record_that_is_too_large_is_refused() -> None:
    """What other places took of the transaction goes with its abort."""
    log = MemoryLog(Broker(size_max=4))
    writer = await log.writer(OWNER)
    await writer.begin()
    with pytest.raises(Refused):
        await writer.append({A: [message("fits")], B: [message("large")]})
    await writer.abort()
    assert await seen(log, A) == []
    assert await seen(log, B, committed=False) == []


@on_virtual_time
async def test_a_topic_may_have_a_limit_of_its_own() -> None:
    """What another topic takes is refused there."""
    log = MemoryLog(Broker(sizes={B.topic: 4}))
    writer = await log.writer(OWNER)
    await writer.begin()
    await writer.append({A: [message("large")]})
    with pytest.raises(Refused):
        await writer.append({B: [message("large")]})


@on_virtual_time
async def test_whoever_waits_for_news_hears_of_it() -> None:
    """Of plain records at once, and of a transaction's with its marker."""
    log = MemoryLog()
    heard: list[str] = []
    log.broker.leaders[A].listeners.append(lambda: heard.append("news"))
    log.append_plain(A, [message("1")])
    assert len(heard) == 1
    writer = await log.writer(OWNER)
    await write(writer, "2", A, B)
    assert len(heard) == 1
    await writer.commit()
    assert len(heard) == 2


@on_virtual_time
async def test_a_plain_producer_s_records_are_there_at_once() -> None:
    """They wait only where a transaction before them is open."""
    log = MemoryLog()
    assert log.append_plain(A, [message("1"), message("2")]) == 0
    assert await seen(log, A) == ["1", "2"]
    writer = await log.writer(OWNER)
    await write(writer, "3", A)
    assert log.append_plain(A, [message("4")]) == 3
    assert await seen(log, A) == ["1", "2"]


@on_virtual_time
async def test_an_idle_transaction_is_aborted_by_the_broker() -> None:
    """Its epoch is fenced though nobody else asked for one."""
    log = MemoryLog(Broker(timeout=15))
    writer = await log.writer(OWNER)
    await write(writer, "1", A)
    await asyncio.sleep(16)
    assert (await seen(log, A), await end(log, A)) == ([], 2)
    with pytest.raises(Fenced):
        await writer.commit()
    quick = await log.writer(OWNER)
    await write(quick, "2", A)
    await quick.commit()
    await asyncio.sleep(16)
    assert await seen(log, A) == ["2"]


@on_virtual_time
async def test_compaction_keeps_the_last_committed_record_of_a_key() -> None:
    """Only below what is decided, and below the offset that is named."""
    log = MemoryLog()
    log.append_plain(A, [message("1", "x"), message("2", "y"), message("3", "x")])
    log.append_plain(A, [message("4", "y")])
    log.broker.leaders[A].compact(before=3)
    assert await seen(log, A) == ["2", "3", "4"]
    log.append_plain(A, [message("5", "x")])
    log.broker.leaders[A].compact(before=4)
    assert await seen(log, A) == ["3", "4", "5"]


@on_virtual_time
async def test_old_tombstones_go_too() -> None:
    """Young ones stay with their compaction."""
    log = MemoryLog()
    log.append_plain(A, [message("1", "x"), Message(b"x", None), message("2", "y")])
    leader = log.broker.leaders[A]
    leader.compact(before=3)
    assert await seen(log, A) == ["", "2"]
    leader.compact(before=3, keep_tombstones=False)
    assert await seen(log, A) == ["2"]


@on_virtual_time
async def test_a_transaction_without_a_record_touches_nothing() -> None:
    """It is decided on the worker's side alone."""
    log = MemoryLog()
    writer = await log.writer(OWNER)
    await writer.begin()
    await log.writer(OWNER)
    await writer.commit()
    assert await end(log, A, committed=False) == 0
