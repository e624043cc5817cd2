"""The view port in memory: one partition's Redis hash, and a worker's side of it over a wire."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

from runtime.doubles.wire import STRAIGHT, Wire
from runtime.engine.ports import ViewPosition

NOTHING: Mapping[str, bytes | None] = {}


class _Version(NamedTuple):
    """A state of the hash, as what changed since the state before it."""

    parent: int | None
    """None where it begins from nothing."""
    changes: Mapping[str, bytes | None]
    position: ViewPosition | None
    read: int | None


EMPTY = _Version(None, NOTHING, None, None)


class Hash:
    """One hash of a Redis: values, and a position or how far a rebuild has read.

    It remembers every state that it had, so that it can be put back to any of them.
    """

    def __init__(self) -> None:
        """Start as a key that is not there."""
        self.values: dict[str, bytes] = {}
        self._versions = [EMPTY]
        self._at = 0

    @property
    def position(self) -> ViewPosition | None:
        """Where the values stand, while they stand anywhere."""
        return self._versions[self._at].position

    def versions(self) -> int:
        """Return how many states there were; state 0 is a key that is not there."""
        return len(self._versions)

    def restore(self, version: int) -> None:
        """Become what it was then."""
        self._at = version
        self.values = {}
        chain = []
        parent: int | None = version
        while parent is not None:
            chain.append(self._versions[parent])
            parent = chain[-1].parent
        for each in reversed(chain):
            self._change(each.changes)

    def become(self, values: Mapping[str, bytes], position: ViewPosition | None) -> None:
        """Become what a hash of another Redis is."""
        self._versions.append(_Version(None, dict(values), position, None))
        self.restore(len(self._versions) - 1)

    def get(self, keys: Sequence[str]) -> tuple[ViewPosition | None, list[bytes | None]]:
        """Return position and values as of now."""
        values = self.values
        return self.position, [values.get(key) for key in keys]

    def apply(
        self, expected: ViewPosition, changes: Mapping[str, bytes | None], moved: ViewPosition
    ) -> bool:
        """Change and move, where it stands at ``expected``."""
        if self.position != expected:
            return False
        self._write(changes, moved, None)
        return True

    def clear(self) -> None:
        """Forget all, and begin a rebuild."""
        self.values = {}
        self._versions.append(_Version(None, NOTHING, None, 0))
        self._at = len(self._versions) - 1

    def load(self, expected: int, changes: Mapping[str, bytes | None], read: int) -> bool:
        """Change, where a rebuild has read up to ``expected``."""
        if self._versions[self._at].read != expected:
            return False
        self._write(changes, None, read)
        return True

    def finish(self, expected: int, moved: ViewPosition) -> bool:
        """Stand at a position, where a rebuild has read up to ``expected``."""
        if self._versions[self._at].read != expected:
            return False
        self._write(NOTHING, moved, None)
        return True

    def count(self) -> int:
        """Return how many values there are."""
        return len(self.values)

    def _write(
        self,
        changes: Mapping[str, bytes | None],
        position: ViewPosition | None,
        read: int | None,
    ) -> None:
        self._change(changes)
        self._versions.append(_Version(self._at, dict(changes), position, read))
        self._at = len(self._versions) - 1

    def _change(self, changes: Mapping[str, bytes | None]) -> None:
        for key, value in changes.items():
            if value is None:
                self.values.pop(key, None)
            else:
                self.values[key] = value


@dataclass(slots=True)
class MemoryView:
    """The view as one worker sees it; workers that share a hash see one view."""

    hash: Hash = field(default_factory=Hash)
    wire: Wire = STRAIGHT

    async def get(self, keys: Sequence[str]) -> tuple[ViewPosition | None, list[bytes | None]]:
        """Return position and values as of one instant."""
        self.wire.disturb(self.hash)
        return await self.wire.call("get", partial(self.hash.get, keys))

    async def apply(
        self, expected: ViewPosition, changes: Mapping[str, bytes | None], moved: ViewPosition
    ) -> bool:
        """Change and move in one step."""
        self.wire.disturb(self.hash)
        return await self.wire.call("apply", partial(self.hash.apply, expected, changes, moved))

    async def clear(self) -> None:
        """Begin a rebuild."""
        self.wire.disturb(self.hash)
        await self.wire.call("clear", self.hash.clear)

    async def load(self, expected: int, changes: Mapping[str, bytes | None], read: int) -> bool:
        """Go on with a rebuild."""
        self.wire.disturb(self.hash)
        return await self.wire.call("load", partial(self.hash.load, expected, changes, read))

    async def finish(self, expected: int, moved: ViewPosition) -> bool:
        """End a rebuild."""
        self.wire.disturb(self.hash)
        return await self.wire.call("finish", partial(self.hash.finish, expected, moved))

    async def count(self) -> int:
        """Return how many values there are."""
        self.wire.disturb(self.hash)
        return await self.wire.call("count", self.hash.count)
