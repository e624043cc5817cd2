"""Take a partition over: what was decided is settled, and the view is its fold.

1  open      a new epoch of the transactional id: older transactions are decided
2  settle    what was decided is shown everywhere (``engine.settle``); the last position record
             says where the input goes on
3  check     what would make going on a guess stops the partition by name
4  place     the view's position is kept only if the changelog shows, just below it, a position
             record that says the same; else everything in it is forgotten
5  restore   the changelog from there to the last position record goes into the view, by
             compare-and-set
6  count     the view has as many values as the position record says, else it is rebuilt once
7  tally     what the values count as, where another release counted otherwise
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from msgspec.structs import replace

from runtime.engine.commit import Committer, Standing
from runtime.engine.ports import Log, View, ViewPosition
from runtime.engine.position import PositionRecord, is_position, read_position
from runtime.engine.records import Place, Record
from runtime.engine.settle import settle
from runtime.engine.tally import is_counted, recount
from runtime.errors import PartitionStopped, ViewMoved


@dataclass(frozen=True, slots=True)
class Recovered:
    """Where the partition stands, and what it took to get there."""

    standing: Standing
    restored: int
    """State values read from the changelog."""
    resent: int
    """Records of decided transactions that were sent again."""
    rebuilt: bool
    """Nothing of what the view held could be kept."""


async def recover(committer: Committer, partitions: int) -> Recovered:
    """Do steps 2 to 7 with a writer that was just opened; the input has so many partitions.

    Raises what ``runtime.errors`` draws.
    """
    places, log, view = committer.places, committer.log, committer.view
    settled = await settle(log, committer.writer, places)
    last = settled.last
    await _check(committer, last.position, partitions)
    at = await _place(places.changelog, log, view)
    rebuilt = at is None
    standing = Standing(last.position, last.offset, settled.ends)
    restored = await _restore(places.changelog, log, view, at, standing.view)
    if not await _is_whole(view, standing):
        if not rebuilt:
            restored += await _restore(places.changelog, log, view, None, standing.view)
            rebuilt = True
        if not await _is_whole(view, standing):
            raise PartitionStopped("changelog: it holds other state values than its position says")
    if not is_counted(committer.plan, last.position):
        tallies = await recount(log, committer.plan, places.changelog, last.offset)
        standing.last = replace(last.position, tallies=tallies)
    return Recovered(standing, restored, settled.resent, rebuilt)


async def _check(committer: Committer, last: PositionRecord, partitions: int) -> None:
    """Stop where the record is another consumer's, newer than we are, or outside the input."""
    plan, places, log = committer.plan, committer.places, committer.log
    if last.partitions != partitions:
        raise PartitionStopped("input: it has another number of partitions than was recorded")
    if last.transactional_id != plan.transactional_id(places.input.partition):
        raise PartitionStopped("position record: written under another transactional id")
    if last.state_schema > plan.state_schema:
        raise PartitionStopped("position record: its state values are of a newer schema")
    begins = (await log.beginnings((places.input,)))[places.input]
    ends = (await log.ends((places.input,), committed=False))[places.input]
    if last.next_offset < begins:
        raise PartitionStopped("input: records that were not handled are no longer held")
    if last.next_offset > ends:
        raise PartitionStopped("input: it ends before what was handled; was the topic made anew?")


async def _place(changelog: Place, log: Log, view: View) -> ViewPosition | None:
    """Return the view's position where the changelog confirms it."""
    position, _values = await view.get(())
    if position is None:
        return None
    # Asked for after the view: meanwhile a newer owner may have written, and moved the view.
    end = (await log.ends((changelog,), committed=False))[changelog]
    if position.applied > end:
        raise PartitionStopped("view: it is ahead of the changelog; did the broker lose records?")
    below = position.applied - 1
    async for records in log.read(changelog, below, below + 1, committed=True):
        for record in records:
            if is_position(record) and record.offset == below:
                said = read_position(record)
                if (said.next_offset, said.commit) == position[1:]:
                    return position
    return None


async def _is_whole(view: View, standing: Standing) -> bool:
    """Tell whether the view has as many values as the position record says."""
    values = await view.count()
    position, _values = await view.get(())
    if position != standing.view:
        # Only a position that is still ours says whose values were counted.
        raise ViewMoved("another worker writes to the view")
    return values == standing.last.live_keys


async def _restore(
    changelog: Place, log: Log, view: View, at: ViewPosition | None, moved: ViewPosition
) -> int:
    """Bring the view from ``at``, or from nothing, to where it must stand."""
    if at == moved:
        return 0
    if at is not None and at.applied > moved.applied:
        raise ViewMoved("a newer owner moved the view")
    if at is None:
        await view.clear()
    stands, done = at, 0 if at is None else at.applied
    fold = Fold()
    async for records in log.read(changelog, done, moved.applied, committed=True):
        reached = fold.take(records)
        if stands is None:
            read = records[-1].offset + 1
            granted = await view.load(done, fold.all(), read)
            done = read
        elif reached is not None:
            granted = await view.apply(stands, fold.whole(), reached)
            stands, done = reached, reached.applied
        else:
            continue
        if not granted:
            raise ViewMoved("another worker writes to the view")
    if done != moved.applied:
        raise PartitionStopped("changelog: it cannot be read up to its last position record")
    if at is None and not await view.finish(done, moved):
        raise ViewMoved("another worker writes to the view")
    return fold.restored


@dataclass(slots=True)
class Fold:
    """The values of the changelog as they are read, those of whole transactions apart."""

    restored: int = 0
    _whole: dict[str, bytes | None] = field(default_factory=dict)
    _open: dict[str, bytes | None] = field(default_factory=dict)
    _last: PositionRecord | None = None

    def take(self, records: Sequence[Record]) -> ViewPosition | None:
        """Take records in order; return where the last position record among them stands."""
        reached: ViewPosition | None = None
        for record in records:
            if is_position(record):
                position = read_position(record)
                self._follow(position)
                self._whole.update(self._open)
                self._open.clear()
                reached = ViewPosition(record.offset + 1, position.next_offset, position.commit)
            else:
                assert record.key is not None, "a compacted topic has a key on every record"
                self._open[record.key.decode()] = record.value
                self.restored += 1
        return reached

    def _follow(self, position: PositionRecord) -> None:
        """Stop where numbers do not rise, or consecutive ones do not name each other.

        Compaction may have taken any but the last record away, so numbers may jump.
        """
        last = self._last
        if last is not None:
            rises = position.number > last.number
            if not rises or (
                position.number == last.number + 1 and position.previous != last.commit
            ):
                raise PartitionStopped("changelog: its position records do not follow each other")
        self._last = position

    def whole(self) -> dict[str, bytes | None]:
        """Hand over the values of whole transactions."""
        handed, self._whole = self._whole, {}
        return handed

    def all(self) -> dict[str, bytes | None]:
        """Hand over every value taken so far, as a rebuild may."""
        handed = {**self._whole, **self._open}
        self._whole, self._open = {}, {}
        return handed
