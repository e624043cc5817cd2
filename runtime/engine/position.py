"""The position record: the last record of every transaction in the changelog, and its history.

It says what one transaction did and where the partition stands after it. It is all that recovery
trusts: neither Redis nor the group's offset is ever asked where to go on.
"""

from collections.abc import Mapping

import msgspec

from runtime.engine.records import Message, Place, Record
from runtime.errors import PartitionStopped

POSITION_KEY = b"position"
"""Its key in the changelog; a state value's key begins with a bracket, so the two never meet."""
STARTED = "start"
"""The commit id of position record 0, which ``therapy topics create`` writes."""
ENGINE_SCHEMA = 1
"""The version of this record's own shape."""


class Wrote(msgspec.Struct, frozen=True, array_like=True):
    """What a transaction wrote to one output place."""

    topic: str
    partition: int
    count: int
    """Records of this transaction there; none is a place that it left alone."""
    floor: int
    """The end of the place before it: its first record stands there or later."""


class PositionRecord(msgspec.Struct, frozen=True):
    """One transaction: its number from 0, and the state of the partition after it."""

    number: int
    commit: str
    previous: str
    """The commit id of the transaction before it."""
    next_offset: int
    """The input's first offset that is not handled yet."""
    values: int
    """State values that the transaction wrote to the changelog, just before this record."""
    live_keys: int
    """State values that there are after it."""
    state_schema: int
    """The version of the state values' shapes; a reader refuses a newer one."""
    partitions: int
    """Of the input topic, when the topics were made."""
    transactional_id: str
    outputs: tuple[Wrote, ...]
    """Every output place, those left alone too."""
    tallies: Mapping[str, int] = {}
    """What all state values count as, by name (``Plan.tally``)."""
    counted_by: int = 0
    """The version of ``Plan.tally`` that counted; 0 is none, or a release that knew none."""
    engine_schema: int = ENGINE_SCHEMA

    def wrote(self) -> dict[Place, Wrote]:
        """Return what it wrote by place."""
        return {Place(each.topic, each.partition): each for each in self.outputs}


_DECODER = msgspec.json.Decoder(PositionRecord)


def write_position(position: PositionRecord) -> Message:
    """Return the changelog's message for a position record."""
    return Message(POSITION_KEY, msgspec.json.encode(position))


def is_position(record: Record) -> bool:
    """Tell whether a record of the changelog is a position record."""
    return record.key == POSITION_KEY and record.value is not None


def read_position(record: Record) -> PositionRecord:
    """Return what a position record says; stop where it cannot be read or is of a newer shape."""
    assert record.value is not None
    try:
        position = _DECODER.decode(record.value)
    except msgspec.MsgspecError:
        raise PartitionStopped("position record: it cannot be read") from None
    if position.engine_schema > ENGINE_SCHEMA:
        raise PartitionStopped("position record: written by a newer engine")
    return position


def first_position(
    start: int,
    partitions: int,
    transactional_id: str,
    state_schema: int,
    ends: Mapping[Place, int],
) -> PositionRecord:
    """Return position record 0: nothing is done yet, and input is read from ``start``.

    ``ends`` are those of the output places.
    """
    return PositionRecord(
        number=0,
        commit=STARTED,
        previous="",
        next_offset=start,
        values=0,
        live_keys=0,
        state_schema=state_schema,
        partitions=partitions,
        transactional_id=transactional_id,
        outputs=wrote_all(dict.fromkeys(ends, 0), ends),
    )


def wrote_all(counts: Mapping[Place, int], ends: Mapping[Place, int]) -> tuple[Wrote, ...]:
    """Return the outputs of a position record from records and ends of each output place."""
    return tuple(Wrote(*place, count=counts[place], floor=ends[place]) for place in counts)
