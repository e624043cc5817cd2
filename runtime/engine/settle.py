"""Before anything is trusted: is what was decided also shown, everywhere and once?

A broker may lose the marker of a decided transaction on some of its partitions (KAFKA-20734): its
records hang there, and the next commit of the same producer would show them beside their second
version. So no owner commits anything before it has settled:

    1  bury      one record on every place, aborted: whatever older epochs left open is aborted
                 too, zombies are refused at every leader, and its offsets say how far to read
    2  compare   the last visible position record with what its outputs show
    3  re-send   what was decided and is not shown everywhere: the same bytes under the same
                 commit id, in one transaction; then from 1 again until nothing is missing

It is safe to crash in and to repeat from any point. Its reasons are in docs/guarantee.md.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from runtime.engine.commit import seen
from runtime.engine.history import (
    Missing,
    Standpoint,
    buried,
    buried_position,
    buried_values,
    last_position,
    missing,
    newer_commit,
    shown,
)
from runtime.engine.plan import Places
from runtime.engine.ports import Log, Writer
from runtime.engine.position import Wrote
from runtime.engine.records import Message, Place
from runtime.errors import Indefinite, PartitionStopped

BURIALS = 3
"""So many burials in a row that are not seen stop the partition."""
ROUNDS = 8
"""So many re-sendings that leave something missing stop it too."""
BURIAL = Message(b"settle", None)


@dataclass(frozen=True, slots=True)
class Settled:
    """The last position record shown everywhere, and the next free offset of each place."""

    last: Standpoint
    ends: dict[Place, int]
    resent: int
    """Records of decided transactions that had to be sent again."""


async def settle(log: Log, writer: Writer, places: Places) -> Settled:
    """Make what was decided visible everywhere. Raises what ``runtime.errors`` draws."""
    resent = 0
    for _ in range(ROUNDS):
        burials, ends = await bury(log, writer, places)
        last = await last_position(log, places.changelog, burials[places.changelog])
        lost = await _compare(log, places, last, burials)
        if lost is None:
            return Settled(last, ends, resent)
        resent += await _resend(log, writer, places, lost, burials)
    raise PartitionStopped("settle: what is sent again does not stay visible")


async def bury(
    log: Log, writer: Writer, places: Places
) -> tuple[dict[Place, int], dict[Place, int]]:
    """Close what is open as aborted; return the burials' offsets and the places' ends.

    What stands beyond a burial is a newer owner's, and is not looked at.
    """
    offsets: dict[Place, int] = {}
    for _ in range(BURIALS):
        await writer.begin()
        offsets = await writer.append(dict.fromkeys(places.written, (BURIAL,)))
        await writer.abort()
        try:
            return offsets, await seen(log, offsets)
        except Indefinite:
            # An abort's marker can be lost too.
            continue
    ends = await log.ends(places.written, committed=True)
    where = ", ".join(
        f"{place.topic}-{place.partition} at {ends[place]}"
        for place, offset in offsets.items()
        if ends[place] <= offset
    )
    raise PartitionStopped(f"settle: a transaction of {writer.name} stays open on {where}")


async def _compare(
    log: Log, places: Places, last: Standpoint, burials: Mapping[Place, int]
) -> Missing | None:
    wrote = _wrote(last, places)
    shows = {
        place: await shown(log, place, wrote[place].floor, burials[place])
        for place in places.outputs
    }
    absent = missing(last.position, shows)
    newer = newer_commit(last.position, shows)
    if newer is None:
        return Missing(last, absent) if absent else None
    if absent:
        raise PartitionStopped("outputs: a transaction is shown whose predecessor is not")
    end = burials[places.changelog]
    decided = await buried_position(log, places.changelog, last, newer, end)
    _wrote(decided, places)
    return Missing(decided, (*missing(decided.position, shows), places.changelog))


def _wrote(standpoint: Standpoint, places: Places) -> Mapping[Place, Wrote]:
    """Return what a transaction wrote by output; stop where it names others than ours."""
    wrote = standpoint.position.wrote()
    if set(wrote) != set(places.outputs):
        raise PartitionStopped("position record: it names other outputs than this consumer's")
    return wrote


async def _resend(
    log: Log, writer: Writer, places: Places, lost: Missing, burials: Mapping[Place, int]
) -> int:
    """Write what is missing, the same bytes under the same commit id; return how many records."""
    batches = {}
    for place in lost.places:
        if place == places.changelog:
            batches[place] = await buried_values(log, place, lost.decided)
        else:
            batches[place] = await buried(log, place, lost.decided, burials[place])
    await writer.begin()
    offsets = await writer.append(batches)
    await writer.commit()
    # Its own marker may be lost: the next round buries and compares again.
    with suppress(Indefinite):
        await seen(log, {place: at + len(batches[place]) - 1 for place, at in offsets.items()})
    return sum(map(len, batches.values()))
