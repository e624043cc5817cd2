"""Where a worker's input records come from, as far as the engine steers it."""

from collections.abc import Iterable
from typing import Protocol

from runtime.engine.records import Place


class Feed(Protocol):
    """The consumer group's member: it delivers records; the engine pauses, resumes and seeks.

    All of these are synchronous and touch no wire. A place that is no longer assigned is ignored.
    """

    def pause(self, places: Iterable[Place]) -> None:
        """Deliver nothing more from these places until they are resumed."""
        ...

    def resume(self, places: Iterable[Place]) -> None:
        """Go on delivering."""
        ...

    def seek(self, place: Place, offset: int) -> None:
        """Deliver from ``offset`` on."""
        ...

    def handled(self, place: Place, offset: int) -> None:
        """Note for tools that everything below ``offset`` is done; nothing relies on it."""
        ...
