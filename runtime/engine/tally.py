"""What state values count as: sums that stand in the position record and move with each batch.

A value counts as what its plan says of it alone (``Plan.tally``), so the tallies are always the
sum over all values there are. Where the record was written by another way of counting, or by a
release that knew none, they are counted anew from the changelog.
"""

from collections import Counter
from collections.abc import Iterable, Mapping

import msgspec

from runtime.engine.plan import Counts, Plan, Tally
from runtime.engine.ports import Log
from runtime.engine.position import PositionRecord, is_position
from runtime.engine.records import Place
from runtime.processor import Key, Value

NOTHING: Counts = ()


def count(tally: Tally, key: Key, value: Value) -> Counts:
    """Return what a state value counts as; None, which is no value, counts as nothing."""
    counts_of = tally.kinds.get(key[0])
    return NOTHING if counts_of is None or value is None else counts_of(key, value)


def moves(
    tally: Tally, changed: Iterable[tuple[Key, Value | None, Value | None]]
) -> Mapping[str, int]:
    """Return by how much each sum rises or falls; given each key with its values, old and new."""
    moved: Counter[str] = Counter()
    for key, before, after in changed:
        was, now = count(tally, key, before), count(tally, key, after)
        if was is now:
            continue
        for name, number in was:
            moved[name] -= number
        for name, number in now:
            moved[name] += number
    return moved


def add(
    tally: Tally | None, tallies: Mapping[str, int], moved: Mapping[str, int], at: int
) -> Mapping[str, int]:
    """Return the tallies after a batch whose last record came ``at``, in ms since 1970.

    They stand by name, and what counts nothing is left out.
    """
    if tally is None or not moved:
        return tallies
    after = dict(tallies)
    for name, number in moved.items():
        if summed := after.get(name, 0) + number:
            after[name] = summed
        else:
            after.pop(name, None)
    if any(name not in tallies for name in moved):
        after = dict(sorted(after.items()))
    return tally.fold(after, at)


def is_counted(plan: Plan, position: PositionRecord) -> bool:
    """Tell whether a position record was written by the plan's own way of counting."""
    return plan.tally is None or position.counted_by == plan.tally.version


async def recount(log: Log, plan: Plan, changelog: Place, end: int) -> Mapping[str, int]:
    """Return the tallies of all state values of a changelog below ``end``.

    It holds what each value counts as until the end: about 0.2 KB for each value that counts.
    """
    tally, decode = plan.tally, plan.codec.decode
    assert tally is not None, "who counts nothing needs no recount"
    counted: dict[bytes, Counts] = {}
    async for records in log.read(changelog, 0, end, committed=True):
        for record in records:
            if is_position(record):
                continue
            assert record.key is not None, "a compacted topic has a key on every record"
            key: Key = tuple(msgspec.json.decode(record.key))
            if key[0] not in tally.kinds:
                continue
            if record.value is None:
                counted.pop(record.key, None)
            else:
                counted[record.key] = count(tally, key, decode(key, record.value))
    sums: Counter[str] = Counter()
    for counts in counted.values():
        sums.update(dict(counts))
    return dict(sorted(sums.items()))
