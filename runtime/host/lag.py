"""How far behind each partition is, in records and in seconds.

Records are offsets: what the log has, less what is handled. Seconds are the age of the oldest
record that was delivered and is not handled; where nothing is delivered although there is more
(a partition that recovers or is stopped), they run from when that was first seen.
"""

from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import NamedTuple

from runtime.engine.records import Place, Record

MILLISECOND = 1 / 1000


class Behind(NamedTuple):
    """The lag of one partition."""

    records: int
    seconds: float


class _Partition:
    """What is known of one partition."""

    __slots__ = ("delivered", "end", "handled", "since")

    def __init__(self) -> None:
        self.delivered: deque[Sequence[Record]] = deque()
        self.handled: int | None = None
        self.end: int | None = None
        self.since: float | None = None
        """When it was first seen to be behind with nothing delivered."""

    def oldest(self) -> Record | None:
        """Return the first record that was delivered and is not handled."""
        while self.delivered:
            records = self.delivered[0]
            at = bisect_left(records, self.handled or 0, key=attrgetter("offset"))
            if at < len(records):
                return records[at]
            self.delivered.popleft()
        return None

    def records(self) -> int:
        if self.end is None or self.handled is None:
            return 0
        return max(self.end - self.handled, 0)


class Lag:
    """The lag of every partition that is assigned; ``now`` gives seconds since 1970."""

    def __init__(self, now: Callable[[], float]) -> None:
        """Know of no partition yet."""
        self._now = now
        self._partitions: dict[Place, _Partition] = {}

    def assigned(self, places: Iterable[Place]) -> None:
        """Begin anew with these partitions and no others."""
        self._partitions = {place: _Partition() for place in places}

    def delivered(self, place: Place, records: Sequence[Record]) -> None:
        """Note records that came, in the order of their offsets."""
        partition = self._partitions.get(place)
        if partition is not None:
            partition.delivered.append(records)

    def sought(self, place: Place, offset: int) -> None:
        """Note that records come again from ``offset`` on."""
        partition = self._partitions.get(place)
        if partition is not None:
            partition.delivered.clear()
            partition.handled = offset

    def handled(self, place: Place, offset: int) -> None:
        """Note that everything below ``offset`` is done."""
        partition = self._partitions.get(place)
        if partition is not None:
            partition.handled = offset
            partition.oldest()

    def ended(self, ends: Mapping[Place, int]) -> None:
        """Note the end of each partition as a reader of committed records sees it."""
        for place, end in ends.items():
            partition = self._partitions.get(place)
            if partition is not None:
                partition.end = end
                is_behind = partition.handled is None or end > partition.handled
                if not is_behind or partition.oldest() is not None:
                    partition.since = None
                elif partition.since is None:
                    partition.since = self._now()

    def is_waiting(self, place: Place) -> bool:
        """Tell whether records were delivered that are not handled."""
        partition = self._partitions.get(place)
        return partition is not None and partition.oldest() is not None

    def behind(self) -> dict[Place, Behind]:
        """Return the lag of each partition whose position is known."""
        now = self._now()
        return {
            place: Behind(partition.records(), self._seconds(partition, now))
            for place, partition in self._partitions.items()
        }

    def _seconds(self, partition: _Partition, now: float) -> float:
        oldest = partition.oldest()
        if oldest is not None:
            return max(now - oldest.timestamp * MILLISECOND, 0.0)
        return 0.0 if partition.since is None else now - partition.since
