"""What the log shows of the last transactions of a partition, and what that means.

``compare`` gives one of three verdicts: settled, something decided is not shown everywhere, or a
stop by name where what is shown follows from no history that the protocol can have.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from runtime.engine.messages import commit_of
from runtime.engine.ports import Log
from runtime.engine.position import PositionRecord, is_position, read_position
from runtime.engine.records import Message, Place, Record
from runtime.errors import PartitionStopped

WINDOW = 1_024
"""Offsets of the changelog that are looked at first, from its end; each look is eight times it."""


@dataclass(frozen=True, slots=True)
class Standpoint:
    """A position record and its offset in the changelog."""

    position: PositionRecord
    offset: int


@dataclass(frozen=True, slots=True)
class Missing:
    """A decided transaction, and the places that do not show it."""

    decided: Standpoint
    places: tuple[Place, ...]


async def last_position(log: Log, changelog: Place, end: int) -> Standpoint:
    """Return the last visible position record below ``end``; stop where there is none."""
    if (await log.beginnings((changelog,)))[changelog] > 0:
        raise PartitionStopped("changelog: it does not begin at offset 0")
    stop, window, newest = end, WINDOW, -1
    while stop > 0:
        start = max(0, stop - window)
        found: Standpoint | None = None
        async for records in log.read(changelog, start, stop, committed=True):
            for record in records:
                if is_position(record):
                    found = Standpoint(read_position(record), record.offset)
                newest = max(newest, record.offset)
        if found is not None:
            if newest > found.offset:
                raise PartitionStopped("changelog: values are shown without their position record")
            return found
        stop, window = start, window * 8
    raise PartitionStopped("changelog: no position record; were the topics made?")


async def shown(log: Log, place: Place, floor: int, end: int) -> list[tuple[str, int]]:
    """Return commit id and index of every record that a place shows, in the order of offsets."""
    if (await log.beginnings((place,)))[place] > floor:
        raise PartitionStopped(f"{place.topic}: its log begins after the last transaction")
    listed: list[tuple[str, int]] = []
    async for records in log.read(place, floor, end, committed=True):
        for record in records:
            commit = commit_of(record)
            if commit is None:
                raise PartitionStopped(f"{place.topic}: a record that is not this consumer's")
            listed.append(commit)
    return listed


def newer_commit(
    last: PositionRecord, shows: Mapping[Place, Sequence[tuple[str, int]]]
) -> str | None:
    """Return the one commit after the last position that some place shows; stop at two."""
    newer = {commit for listed in shows.values() for commit, _ in listed} - {last.commit}
    if len(newer) > 1:
        raise PartitionStopped("outputs: two transactions after the last position record")
    return newer.pop() if newer else None


def missing(
    decided: PositionRecord, shows: Mapping[Place, Sequence[tuple[str, int]]]
) -> tuple[Place, ...]:
    """Return the places that show nothing of a decided transaction, though it wrote there.

    Stops where one shows it in part, twice, or out of order: the protocol cannot lead there.
    """
    absent = []
    for place, wrote in decided.wrote().items():
        indices = [index for commit, index in shows[place] if commit == decided.commit]
        if indices == list(range(wrote.count)):
            continue
        if indices:
            raise PartitionStopped(f"{place.topic}: a transaction is shown in part or twice")
        absent.append(place)
    return tuple(absent)


async def buried_position(
    log: Log, changelog: Place, last: Standpoint, commit: str, end: int
) -> Standpoint:
    """Return the position record of a decided transaction that the changelog does not show."""
    found: Standpoint | None = None
    async for records in log.read(changelog, last.offset + 1, end, committed=False):
        for record in records:
            if is_position(record):
                position = read_position(record)
                if position.commit == commit:
                    found = Standpoint(position, record.offset)
    if found is None:
        raise PartitionStopped("changelog: a transaction that is shown has no position record")
    following = (last.position.number + 1, last.position.commit)
    if (found.position.number, found.position.previous) != following:
        raise PartitionStopped("changelog: a transaction that is shown does not follow the last")
    return found


async def buried(log: Log, place: Place, decided: Standpoint, end: int) -> list[Message]:
    """Return what a decided transaction wrote to an output; stop where it is not whole."""
    wrote = decided.position.wrote()[place]
    found: dict[int, Record] = {}
    async for records in log.read(place, wrote.floor, end, committed=False):
        for record in records:
            commit, index = commit_of(record) or ("", 0)
            if commit == decided.position.commit:
                found.setdefault(index, record)
    if sorted(found) != list(range(wrote.count)):
        raise PartitionStopped(f"{place.topic}: a decided transaction is no longer whole")
    return [_again(found[index]) for index in range(wrote.count)]


async def buried_values(log: Log, changelog: Place, decided: Standpoint) -> list[Message]:
    """Return a decided transaction's values and its position record; stop where one is gone."""
    start = decided.offset - decided.position.values
    found: list[Record] = []
    async for records in log.read(changelog, start, decided.offset + 1, committed=False):
        found += records
    if [record.offset for record in found] != list(range(start, decided.offset + 1)):
        raise PartitionStopped("changelog: a decided transaction is no longer whole")
    return [_again(record) for record in found]


def _again(record: Record) -> Message:
    headers = tuple((name, value) for name, value in record.headers if value is not None)
    return Message(record.key, record.value, headers)
