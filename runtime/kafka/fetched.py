"""What a fetch brought, as records: without markers, and without what was aborted.

Read here rather than by aiokafka's consumer, which cannot read a marker's batch that compaction
has emptied, and does not say how far it got where there is nothing but markers.
"""

from collections import deque
from collections.abc import Iterable
from typing import Any, NamedTuple

from aiokafka.errors import CorruptRecordException
from aiokafka.record.control_record import ABORT_MARKER, ControlRecord
from aiokafka.record.memory_records import MemoryRecords

from runtime.engine.records import Record


class Fetched(NamedTuple):
    """A broker's answer for one place."""

    end: int
    """The last stable offset, or the high watermark, when it answered."""
    aborted: list[tuple[int, int]]
    """Producer id and first offset of the aborted transactions that reach into the bytes."""
    batches: bytes
    committed: bool
    """Whether what was aborted is left out."""


def readable(fetched: Fetched, start: int, stop: int) -> tuple[list[Record], int]:
    """Return the records from ``start`` on and below ``stop``, and where to read on."""
    records: list[Record] = []
    aborted = Aborted(fetched.aborted if fetched.committed else ())
    batches = MemoryRecords(fetched.batches)
    position = start
    while position < stop and batches.has_next():
        batch: Any = batches.next_batch()
        if not batch.validate_crc():
            raise CorruptRecordException
        if batch.next_offset <= position:
            continue
        if batch.is_control_batch:
            aborted.pass_marker(batch)
        elif not aborted.has(batch):
            records += [
                Record(each.offset, each.key, each.value, tuple(each.headers), each.timestamp)
                for each in batch
                if start <= each.offset < stop
            ]
        position = batch.next_offset
    return records, min(position, stop)


class Aborted:
    """The producers whose transaction, at this point of the log, was aborted."""

    def __init__(self, aborted: Iterable[tuple[int, int]]) -> None:
        """Take the aborted transactions: producer id and first offset."""
        self._coming = deque(sorted(aborted, key=lambda transaction: transaction[1]))
        self._producers: set[int] = set()

    def has(self, batch: Any) -> bool:  # noqa: ANN401 - aiokafka's batch, in C or in Python
        """Tell whether a batch of records was aborted."""
        self._reach(batch.base_offset)
        return batch.is_transactional and batch.producer_id in self._producers

    def pass_marker(self, batch: Any) -> None:  # noqa: ANN401
        """Pass a marker: after an abort's, what its producer writes is another transaction.

        One that compaction has emptied says nothing: the transaction's records are gone, too.
        """
        self._reach(batch.base_offset)
        for marker in batch:
            if ControlRecord.parse(marker.key) == ABORT_MARKER:
                self._producers.discard(batch.producer_id)

    def _reach(self, offset: int) -> None:
        while self._coming and self._coming[0][1] <= offset:
            self._producers.add(self._coming.popleft()[0])
