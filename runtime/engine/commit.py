"""One transaction: outputs, state values and position in one append that Kafka decides.

    1  read     one read of the view per round, whose position must be the one expected
    2  step     the records through the processor, on an overlay (``engine.batch``)
    3  append   outputs, then values, the position record last; every answer awaited; the first
                offset on each place must be its known end, else somebody else wrote there
    4  commit   Kafka decides
    5  seen     wait until a read_committed reader sees the last record on every place
    6  apply    only then the view moves, by compare-and-set

The next transaction begins only after the sixth step. After any error the writer is dropped as it
is and the partition recovers: what was open is then aborted, and only recovery can say what became
of what may have been decided.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from runtime.engine.batch import Batch, Outcome
from runtime.engine.messages import signed
from runtime.engine.plan import Places, Plan
from runtime.engine.ports import Log, View, ViewPosition, Writer
from runtime.engine.position import PositionRecord, write_position, wrote_all
from runtime.engine.records import Message, Place, Record
from runtime.engine.tally import add
from runtime.errors import Indefinite, ViewMoved
from runtime.processor import Key, Value

SEEN_WITHIN = 5.0
"""Seconds in which a decided transaction must be visible."""
SEEN_PAUSES = (0.001, 0.002, 0.004, 0.008, 0.016, 0.032)
"""Seconds between two looks; the last one repeats."""


@dataclass(slots=True)
class Standing:
    """Where a partition stands: its last position record, where that is, and the places' ends."""

    last: PositionRecord
    offset: int
    ends: dict[Place, int]

    @property
    def view(self) -> ViewPosition:
        """The position that the view must have."""
        return ViewPosition(self.offset + 1, self.last.next_offset, self.last.commit)

    @property
    def is_rested(self) -> bool:
        """Tell whether the last transaction left every output alone, and none has grown since.

        Then nothing that an output holds is asked for by the next owner, and all of it may expire.
        """
        return all(
            wrote.count == 0 and wrote.floor == self.ends[place]
            for place, wrote in self.last.wrote().items()
        )


@dataclass(frozen=True, slots=True)
class Committer:
    """What a partition commits with; ``name_commit`` gives an id that no other attempt has."""

    plan: Plan
    places: Places
    log: Log
    view: View
    writer: Writer
    name_commit: Callable[[int], str]

    async def step(self, standing: Standing, records: Sequence[Record]) -> Outcome:
        """Do 1 and 2: return what the records lead to; nothing is written."""
        batch = Batch(self.plan, lambda keys: self._read(standing, keys))
        return await batch.run(self.places.input, records)

    async def change(self, standing: Standing, changes: Mapping[Key, Value]) -> Outcome:
        """Return what changes of state values without a record come to; nothing is written."""
        batch = Batch(self.plan, lambda keys: self._read(standing, keys))
        return await batch.change(changes)

    async def _read(self, standing: Standing, keys: Sequence[str]) -> list[bytes | None]:
        position, values = await self.view.get(keys)
        if position != standing.view:
            raise ViewMoved("the view is not at the last transaction")
        return values

    async def write(self, standing: Standing, outcome: Outcome, next_offset: int) -> None:
        """Do 3 to 6, and move ``standing``; the input goes on at ``next_offset``."""
        last, tally = standing.last, self.plan.tally
        commit = self.name_commit(last.number + 1)
        output, letters, changelog = self.places.written
        batches: dict[Place, Sequence[Message]] = {
            output: signed(outcome.output, commit),
            letters: signed(outcome.letters, commit),
        }
        position = PositionRecord(
            number=last.number + 1,
            commit=commit,
            previous=last.commit,
            next_offset=next_offset,
            values=len(outcome.changes),
            live_keys=last.live_keys + outcome.live_delta,
            state_schema=self.plan.state_schema,
            partitions=last.partitions,
            transactional_id=last.transactional_id,
            tallies=add(tally, last.tallies, outcome.tallies, outcome.at),
            counted_by=0 if tally is None else tally.version,
            outputs=wrote_all(
                {place: len(messages) for place, messages in batches.items()}, standing.ends
            ),
        )
        values = [Message(key.encode(), value) for key, value in outcome.changes.items()]
        batches[changelog] = [*values, write_position(position)]
        firsts = await self._append(batches, standing.ends)
        await self.writer.commit()
        lasts = {place: first + len(batches[place]) - 1 for place, first in firsts.items()}
        await seen(self.log, lasts)
        expected = standing.view
        standing.last, standing.offset = position, lasts[changelog]
        # The marker takes an offset of its own behind the last record.
        standing.ends.update({place: offset + 2 for place, offset in lasts.items()})
        if not await self.view.apply(expected, outcome.changes, standing.view):
            raise ViewMoved("the view moved before a transaction was applied")

    async def _append(
        self, batches: Mapping[Place, Sequence[Message]], ends: Mapping[Place, int]
    ) -> dict[Place, int]:
        written = {place: messages for place, messages in batches.items() if messages}
        await self.writer.begin()
        firsts = await self.writer.append(written)
        if any(first != ends[place] for place, first in firsts.items()):
            raise Indefinite("somebody else wrote where only this partition may")
        return firsts


async def seen(log: Log, lasts: Mapping[Place, int]) -> dict[Place, int]:
    """Return the places' ends, once each shows its last record to a read_committed reader.

    Raises ``Indefinite`` where that takes longer than 5 s: a marker was lost.
    """
    try:
        async with asyncio.timeout(SEEN_WITHIN):
            pauses = iter(SEEN_PAUSES)
            pause = 0.0
            while True:
                ends = await log.ends(lasts, committed=True)
                if all(ends[place] > offset for place, offset in lasts.items()):
                    return ends
                pause = next(pauses, pause)
                await asyncio.sleep(pause)
    except TimeoutError:
        raise Indefinite("a decided transaction is not seen") from None
