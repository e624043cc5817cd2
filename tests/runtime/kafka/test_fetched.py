"""What a fetch brought, read from bytes as a broker stores them."""

import struct
from collections.abc import Sequence

import pytest
from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.util import calc_crc32c

from runtime.kafka.fetched import Fetched, readable

TRANSACTIONAL, CONTROL = 0x10, 0x20
ABORT, COMMIT = 0, 1
ATTRIBUTES, RECORDS = 21, 57
"""Where a batch's attributes begin, and its count of records."""


def batch(base: int, producer: int, texts: Sequence[str], *, control: bool = False) -> bytes:
    """Return a transactional batch that begins at an offset."""
    builder = DefaultRecordBatchBuilder(2, 0, 1, producer, 0, 0, 1_000_000)
    for index, text in enumerate(texts):
        key = struct.pack(">HH", 0, int(text)) if control else b"key"
        builder.append(index, 1_000, key, text.encode(), [("name", b"value")])
    attributes = TRANSACTIONAL | (CONTROL if control else 0)
    return stored(bytes(builder.build()), base, attributes)


def stored(built: bytes, base: int, attributes: int) -> bytes:
    """Return a batch as a broker stores it: at an offset, with these attributes."""
    changed = bytearray(built)
    struct.pack_into(">q", changed, 0, base)
    struct.pack_into(">h", changed, ATTRIBUTES, attributes)
    struct.pack_into(">I", changed, ATTRIBUTES - 4, calc_crc32c(bytes(changed[ATTRIBUTES:])))
    return bytes(changed)


def marker(base: int, producer: int, kind: int) -> bytes:
    """Return the batch of a marker."""
    return batch(base, producer, [str(kind)], control=True)


def emptied(base: int, producer: int, kind: int) -> bytes:
    """Return a marker's batch as compaction leaves it: without the marker."""
    header = bytearray(marker(base, producer, kind)[: RECORDS + 4])
    struct.pack_into(">i", header, 8, len(header) - 12)
    struct.pack_into(">i", header, RECORDS, 0)
    return stored(bytes(header), base, TRANSACTIONAL | CONTROL)


def read(fetched: Fetched, start: int = 0, stop: int = 1_000) -> tuple[list[tuple[int, str]], int]:
    """Return offsets and texts, and where to read on."""
    records, position = readable(fetched, start, stop)
    return [(each.offset, (each.value or b"").decode()) for each in records], position


def test_markers_are_passed_over() -> None:
    """A marker is no record, and the position moves behind it."""
    fetched = Fetched(4, [], batch(0, 7, ["a", "b"]) + marker(2, 7, COMMIT), committed=True)
    assert read(fetched) == ([(0, "a"), (1, "b")], 3)


def test_a_record_has_all_its_parts() -> None:
    """Key, headers and timestamp come with the value."""
    ((record,), _position) = readable(Fetched(1, [], batch(3, 7, ["a"]), committed=True), 3, 4)
    assert (record.offset, record.key, record.value) == (3, b"key", b"a")
    assert (record.headers, record.timestamp) == ((("name", b"value"),), 1_000)


def test_aborted_records_are_left_out() -> None:
    """From its first offset to its marker an aborted transaction of a producer is hidden."""
    stored_bytes = (
        batch(0, 7, ["a"])
        + batch(1, 8, ["other"])
        + batch(2, 7, ["b"])
        + marker(3, 7, ABORT)
        + batch(4, 7, ["c"])
        + marker(5, 7, COMMIT)
    )
    fetched = Fetched(6, [(7, 0)], stored_bytes, committed=True)
    assert read(fetched) == ([(1, "other"), (4, "c")], 6)
    everything = fetched._replace(committed=False)
    assert read(everything) == ([(0, "a"), (1, "other"), (2, "b"), (4, "c")], 6)


def test_an_abort_that_began_before_the_fetch_counts() -> None:
    """A transaction whose first record lies before the bytes is hidden all the same."""
    fetched = Fetched(9, [(7, 2)], batch(5, 7, ["x"]) + marker(6, 7, ABORT), committed=True)
    assert read(fetched, 5) == ([], 7)


def test_two_aborts_of_one_producer() -> None:
    """Each abort of a producer ends at its own marker, and what is between is visible."""
    stored_bytes = (
        batch(0, 7, ["a"])
        + marker(1, 7, ABORT)
        + batch(2, 7, ["b"])
        + marker(3, 7, COMMIT)
        + batch(4, 7, ["c"])
        + marker(5, 7, ABORT)
    )
    fetched = Fetched(6, [(7, 4), (7, 0)], stored_bytes, committed=True)
    assert read(fetched) == ([(2, "b")], 6)


def test_a_marker_that_compaction_emptied_is_passed_over() -> None:
    """A marker's batch without a marker neither stops the reading nor hides anything."""
    stored_bytes = emptied(3, 7, ABORT) + batch(8, 7, ["a"]) + marker(9, 7, COMMIT)
    for committed in (True, False):
        assert read(Fetched(10, [], stored_bytes, committed=committed)) == ([(8, "a")], 10)


def test_only_the_span_is_read() -> None:
    """Records of a batch that lie outside of the span are left out."""
    fetched = Fetched(
        9, [], batch(0, 7, ["a", "b", "c", "d"]) + marker(4, 7, COMMIT), committed=True
    )
    assert read(fetched, 1, 3) == ([(1, "b"), (2, "c")], 3)
    assert read(fetched, 3, 4) == ([(3, "d")], 4)


def test_a_batch_cut_off_is_read_next_time() -> None:
    """The last batch of an answer may be cut off: the position stays before it."""
    whole = batch(0, 7, ["a"])
    fetched = Fetched(9, [], whole + batch(1, 7, ["b"])[:-5], committed=True)
    assert read(fetched) == ([(0, "a")], 1)
    assert read(Fetched(9, [], b"", committed=True), 4) == ([], 4)


def test_broken_bytes_are_an_error() -> None:
    """A batch whose checksum is wrong is never taken for records."""
    broken = bytearray(batch(0, 7, ["a"]))
    broken[-3] ^= 1
    with pytest.raises(CorruptRecordException):
        readable(Fetched(1, [], bytes(broken), committed=True), 0, 9)
