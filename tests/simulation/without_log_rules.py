"""Negative controls: the engine with one of its rules on the log left out, for seeds to break.

Three rules have no control here, since no seed needs them. That what is sent again is waited for:
the next round's burial waits for a marker on its way, and closes what hangs by a lost one. That
every attempt has a commit id of its own: an attempt before lies below the floor of the one after
it. And that an append begins where the last transaction ended: who else writes with the
transactional id is fenced, so it takes a foreign producer to see it.
"""

# A control changes the engine from outside; the engine itself has no switches.
# ruff: noqa: SLF001

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import count
from typing import Any

import pytest

from runtime.doubles.log import MemoryLog, MemoryWriter
from runtime.engine import commit, recover, settle
from runtime.engine.batch import Outcome
from runtime.engine.commit import Committer, Standing
from runtime.engine.history import last_position
from runtime.engine.plan import Places
from runtime.engine.ports import Log, Writer
from runtime.engine.records import Message, Place
from runtime.engine.settle import BURIAL, Settled
from runtime.errors import EngineError, Fenced

Patch = pytest.MonkeyPatch
Ends = dict[Place, int]


def no_settle(patch: Patch) -> None:
    """Recovery takes the last visible position record for the last transaction."""
    patch.setattr(recover, "settle", _trust)


async def _trust(log: Log, writer: Writer, places: Places) -> Settled:  # noqa: ARG001 - settle's shape
    shows = await log.ends(places.written, committed=True)
    last = await last_position(log, places.changelog, shows[places.changelog])
    return Settled(last, await log.ends(places.written, committed=False), 0)


def settle_where_something_hangs(patch: Patch) -> None:
    """Recovery settles only where something undecided is found."""

    async def settle_or_trust(log: Log, writer: Writer, places: Places) -> Settled:
        shows = await log.ends(places.written, committed=True)
        if shows == await log.ends(places.written, committed=False):
            return await _trust(log, writer, places)
        return await settle.settle(log, writer, places)

    patch.setattr(recover, "settle", settle_or_trust)


def no_burial(patch: Patch) -> None:
    """Settling looks, and writes nothing before it does."""

    async def look(log: Log, _writer: Writer, places: Places) -> tuple[Ends, Ends]:
        ends = await log.ends(places.written, committed=False)
        return ends, dict(ends)

    patch.setattr(settle, "bury", look)


def burial_in_the_changelog_alone(patch: Patch) -> None:
    """Settling buries what hangs in the changelog, and not what hangs in the outputs."""
    bury = settle.bury

    async def bury_one(log: Log, writer: Writer, places: Places) -> tuple[Ends, Ends]:
        alone = places._replace(output=places.changelog, dead_letters=places.changelog)
        ends = await log.ends(places.outputs, committed=False)
        burials, changelog = await bury(log, writer, alone)
        return {**ends, **burials}, {**ends, **changelog}

    patch.setattr(settle, "bury", bury_one)


def burial_not_seen(patch: Patch) -> None:
    """Settling does not wait until its burial is seen."""

    async def bury(log: Log, writer: Writer, places: Places) -> tuple[Ends, Ends]:
        await writer.begin()
        offsets = await writer.append(dict.fromkeys(places.written, (BURIAL,)))
        await writer.abort()
        return offsets, await log.ends(places.written, committed=False)

    patch.setattr(settle, "bury", bury)


def nothing_sent_again(patch: Patch) -> None:
    """Settling buries, and takes what is visible then for all that was decided."""

    async def compare(*_: object) -> None:
        return None

    patch.setattr(settle, "_compare", compare)


def sent_again_once(patch: Patch) -> None:
    """Settling does not compare again after it sent something again."""
    compare = settle._compare

    async def settle_once(log: Log, writer: Writer, places: Places) -> Settled:
        burials, ends = await settle.bury(log, writer, places)
        last = await last_position(log, places.changelog, burials[places.changelog])
        lost = await compare(log, places, last, burials)
        if lost is None:
            return Settled(last, ends, 0)
        resent = await settle._resend(log, writer, places, lost, burials)
        burials, ends = await settle.bury(log, writer, places)
        last = await last_position(log, places.changelog, burials[places.changelog])
        return Settled(last, ends, resent)

    patch.setattr(recover, "settle", settle_once)


async def _blind(log: Log, lasts: Mapping[Place, int]) -> Ends:
    return await log.ends(lasts, committed=False)


def commit_not_seen(patch: Patch) -> None:
    """A commit is followed by the next transaction, seen or not."""
    patch.setattr(commit, "seen", _blind)


def applied_before_the_commit(patch: Patch) -> None:
    """The view moves before Kafka has decided."""
    write, seen = Committer.write, commit.seen

    async def apply_first(
        self: Committer, standing: Standing, outcome: Outcome, next_offset: int
    ) -> None:
        late = _CommitsLater(self.writer)
        await write(replace(self, writer=late), standing, outcome, next_offset)
        await self.writer.commit()
        last = {self.places.changelog: standing.offset}
        await seen(self.log, last)

    patch.setattr(commit, "seen", _blind)
    patch.setattr(Committer, "write", apply_first)


class _CommitsLater:
    def __init__(self, writer: Writer) -> None:
        self.name, self.begin, self.append = writer.name, writer.begin, writer.append
        self.abort, self.drop = writer.abort, writer.drop

    async def commit(self) -> None:
        """Do nothing yet."""


def the_same_writer_goes_on(patch: Patch) -> None:
    """A writer is used again after an answer was lost; only a fenced one is given up."""
    open_writer, drop = MemoryLog.writer, MemoryWriter.drop
    known: dict[tuple[int, int, str], MemoryWriter] = {}

    async def writer(self: MemoryLog, transactional_id: str) -> MemoryWriter:
        name = id(self.broker), id(self.wire), transactional_id
        if name not in known:
            known[name] = await open_writer(self, transactional_id)
        known[name]._begun = False
        return known[name]

    def forget_where_fenced(method: Callable[..., Any]) -> Callable[..., Any]:
        async def run(self: MemoryWriter, *args: Any) -> Any:  # noqa: ANN401 - the method's own
            try:
                return await method(self, *args)
            except Fenced:
                known.pop((id(self.broker), id(self.wire), self.transactional_id), None)
                drop(self)
                raise

        return run

    patch.setattr(MemoryLog, "writer", writer)
    patch.setattr(MemoryWriter, "drop", lambda _: None)
    for name in ("append", "commit", "abort"):
        patch.setattr(MemoryWriter, name, forget_where_fenced(getattr(MemoryWriter, name)))


def a_transactional_id_for_each_owner(patch: Patch) -> None:
    """Every owner writes under an id of its own, so that none fences the one before it."""
    open_writer, numbers = MemoryLog.writer, count()

    async def writer(self: MemoryLog, transactional_id: str) -> MemoryWriter:
        return await open_writer(self, f"{transactional_id}-{next(numbers)}")

    patch.setattr(MemoryLog, "writer", writer)


def answers_not_awaited(patch: Patch) -> None:
    """A transaction is committed whatever became of its records."""

    async def append(
        self: MemoryWriter, batches: Mapping[Place, Sequence[Message]]
    ) -> dict[Place, int]:
        ends = self.broker.ends(batches, committed=False)
        await self._add([place for place in batches if batches[place]])
        for place, messages in batches.items():
            produce = partial(
                self.broker.produce, self.transactional_id, self.epoch, place, messages
            )
            try:
                await self.wire.call("produce", produce)
            except EngineError:
                continue
        return {place: ends[place] for place in batches if batches[place]}

    patch.setattr(MemoryWriter, "append", append)


def position_record_first(patch: Patch) -> None:
    """The position record stands before the values of its transaction."""
    append = Committer._append

    async def append_reversed(
        self: Committer, batches: Mapping[Place, Sequence[Message]], ends: Mapping[Place, int]
    ) -> dict[Place, int]:
        *values, position = batches[self.places.changelog]
        turned = {**batches, self.places.changelog: [position, *values]}
        return await append(self, turned, ends)

    patch.setattr(Committer, "_append", append_reversed)
