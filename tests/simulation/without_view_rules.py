"""Negative controls: the engine with one of its rules on the view or the feed left out.

What is not here: recovery that does not count the view's values, alone. Nothing in the simulation
takes single values out of a view, and what else is wrong with one, its position tells.
"""

# A control changes the engine from outside; the engine itself has no switches.
# ruff: noqa: SLF001

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import inf
from typing import Any, cast

import pytest

from runtime.doubles.log import MemoryLog
from runtime.doubles.view import Hash, MemoryView
from runtime.engine import recover
from runtime.engine.commit import Committer, Standing
from runtime.engine.partition import Partition, Waiting
from runtime.engine.ports import Log, View, ViewPosition, Writer
from runtime.engine.records import Place, Record
from tests.simulation import process
from tests.simulation.process import WaitingFeed

Patch = pytest.MonkeyPatch
Ends = dict[Place, int]


def reads_not_validated(patch: Patch) -> None:
    """A batch takes the view's values, wherever the view stands."""

    async def read(self: Committer, _: Standing, keys: Sequence[str]) -> list[bytes | None]:
        _position, values = await self.view.get(keys)
        return values

    patch.setattr(Committer, "_read", read)


def position_and_values_read_apart(patch: Patch) -> None:
    """The view is asked for its position first, and then for its values."""
    get = MemoryView.get

    async def get_apart(
        self: MemoryView, keys: Sequence[str]
    ) -> tuple[ViewPosition | None, list[bytes | None]]:
        position, _values = await get(self, ())
        _position, values = await get(self, keys)
        return position, values

    patch.setattr(MemoryView, "get", get_apart)


def applies_without_comparing(patch: Patch) -> None:
    """The view takes any transaction's values, wherever it stands."""

    def apply(
        self: Hash, _: ViewPosition, changes: Mapping[str, bytes | None], moved: ViewPosition
    ) -> bool:
        self._write(changes, moved, None)
        return True

    patch.setattr(Hash, "apply", apply)


def rebuilds_without_comparing(patch: Patch) -> None:
    """A rebuild goes on whatever another owner did to the view meanwhile."""

    def load(self: Hash, _: int, changes: Mapping[str, bytes | None], read: int) -> bool:
        self._write(changes, None, read)
        return True

    def finish(self: Hash, _: int, moved: ViewPosition) -> bool:
        self._write({}, moved, None)
        return True

    patch.setattr(Hash, "load", load)
    patch.setattr(Hash, "finish", finish)


def the_view_says_where_it_stands(patch: Patch) -> None:
    """Recovery does not ask the changelog whether the view's position is one."""

    async def place(_changelog: Place, _log: Log, view: View) -> ViewPosition | None:
        position, _values = await view.get(())
        return position

    patch.setattr(recover, "_place", place)


def the_changelog_s_end_is_asked_for_first(patch: Patch) -> None:
    """Recovery asks where the changelog ends before it asks where the view stands."""
    place = recover._place

    class Asked:
        def __init__(self, log: Log, ends: Ends) -> None:
            self._ends, self.read = ends, log.read

        async def ends(self, *_: object, **__: object) -> Ends:
            return self._ends

    async def ask_first(changelog: Place, log: Any, view: View) -> ViewPosition | None:  # noqa: ANN401 - it is one method short
        ends = await log.ends((changelog,), committed=False)
        asked: Any = Asked(log, ends)
        return await place(changelog, asked, view)

    patch.setattr(recover, "_place", ask_first)


def neither_asked_nor_counted(patch: Patch) -> None:
    """Recovery trusts the view's position, and the view's values."""

    async def is_whole(*_: object) -> bool:
        return True

    the_view_says_where_it_stands(patch)
    patch.setattr(recover, "_is_whole", is_whole)


def restored_to_the_very_end(patch: Patch) -> None:
    """Restoring is done where the changelog ends, not at the last position record."""
    restore = recover._restore

    async def wait_for_the_end(
        changelog: Place, log: Log, view: View, at: ViewPosition | None, moved: ViewPosition
    ) -> int:
        restored = await restore(changelog, log, view, at, moved)
        ends = dict.fromkeys((changelog,), 0)
        while moved.applied != ends[changelog]:
            await asyncio.sleep(1)
            ends = await log.ends((changelog,), committed=True)
        return restored

    patch.setattr(recover, "_restore", wait_for_the_end)


def the_group_says_where_to_go_on(patch: Patch) -> None:
    """The input goes on at the consumer group's offset, committed plainly after a transaction."""
    recover_it, handle = Partition._recover, Partition._handle
    offsets: dict[int, tuple[object, dict[tuple[str, Place], int]]] = {}

    def of(self: Partition) -> dict[tuple[str, Place], int]:
        log = self._around.log
        assert isinstance(log, MemoryLog)
        return offsets.setdefault(id(log.broker), (log.broker, {}))[1]

    async def seek(self: Partition, writer: Writer) -> tuple[Committer, Standing]:
        recovered = await recover_it(self, writer)
        place = self._places.input
        offset = of(self).get((self._around.plan.name, place), 0)
        self._waiting.restart(offset)
        self._around.feed.seek(place, offset)
        return recovered

    async def note(self: Partition, committer: Committer, standing: Standing) -> None:
        await handle(self, committer, standing)
        name = self._around.plan.name, self._places.input
        of(self)[name] = standing.last.next_offset

    patch.setattr(Partition, "_recover", seek)
    patch.setattr(Partition, "_handle", note)


def records_held_across_a_seek(patch: Patch) -> None:
    """The feed delivers what it had fetched before it was paused or sought."""
    patch.setattr(WaitingFeed, "_is_wanted", lambda *_: True)


def records_below_the_position_taken(patch: Patch) -> None:
    """Records that were delivered before are taken a second time."""
    add = Waiting.add

    def add_all(self: Waiting, records: Sequence[Record]) -> None:
        self.expected = 0
        add(self, records)

    patch.setattr(Waiting, "add", add_all)


def a_quiet_view_is_not_looked_after(patch: Patch) -> None:
    """A partition without records never looks whether its view is still there."""
    probe = Partition._probe

    class Agreeing:
        def __init__(self, position: ViewPosition) -> None:
            self._position = position

        async def get(self, _: Sequence[str]) -> tuple[ViewPosition, list[bytes | None]]:
            return self._position, []

    async def probe_nothing(self: Partition, committer: Committer, standing: Standing) -> None:
        view, agreeing = self._view, Agreeing(standing.view)
        self._view = cast("View", agreeing)
        try:
            await probe(self, committer, standing)
        finally:
            self._view = view

    patch.setattr(Partition, "_probe", probe_nothing)


def a_quiet_partition_does_not_rest(patch: Patch) -> None:
    """Nothing is written while no records come: the next owner asks for what has expired."""
    patch.setattr(process, "LIMITS", replace(process.LIMITS, rest=inf))


def markers_not_passed_over(patch: Patch) -> None:
    """A partition that rests stays before the markers behind its last record, which expire."""

    async def handled_up_to(_: Partition, next_offset: int) -> int:
        return next_offset

    patch.setattr(Partition, "_handled_up_to", handled_up_to)
