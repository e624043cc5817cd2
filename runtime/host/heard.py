"""What happens to partitions, in the log, on its way to the metrics."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import structlog

from runtime.engine.observer import Led, Observer
from runtime.engine.records import Place
from schemas.envelope import Event

log = structlog.get_logger(__name__)


class Tracing(Protocol):
    """Makes spans of what it hears."""

    def traced(self, place: Place, led: Led, seconds: float) -> None:
        """Hear what a record with a trace context led to, in so many seconds of its batch."""

    def close(self) -> None:
        """Send what is left."""


class Heard(Observer):
    """Logs recoveries, what had to be sent again, and stops; passes everything on."""

    def __init__(self, service: str, on: Observer, tracing: Tracing | None = None) -> None:
        """Log for ``service``, pass on to ``on``, and what is traced to ``tracing``."""
        self._log = log.bind(service=service)
        self._on = on
        self._tracing = tracing

    def committed(self, place: Place, records: int, seconds: float) -> None:
        """Pass it on: it happens too often for a log."""
        self._on.committed(place, records, seconds)

    def emitted(self, place: Place, events: Sequence[Event], arrived: int) -> None:
        """Pass it on."""
        self._on.emitted(place, events, arrived)

    def traced(self, place: Place, led: Led, seconds: float) -> None:
        """Give it to the spans, where a collector is named."""
        if self._tracing is not None:
            self._tracing.traced(place, led, seconds)

    def dead_lettered(self, place: Place, reason: str) -> None:
        """Log the reason."""
        self._log.warning("dead_letter", partition=place.partition, reason=reason)
        self._on.dead_lettered(place, reason)

    def aborted(self, place: Place) -> None:
        """Pass it on: the recovery that follows is logged."""
        self._on.aborted(place)

    def fenced(self, place: Place) -> None:
        """Pass it on: the recovery that follows is logged."""
        self._on.fenced(place)

    def denied(self, place: Place, why: str) -> None:
        """Log what is lacking: a person has to give it."""
        self._log.error("denied", partition=place.partition, why=why)
        self._on.denied(place, why)

    def recovering(self, place: Place, why: str) -> None:
        """Log that it began, and why."""
        self._log.info("recovering", partition=place.partition, why=why)
        self._on.recovering(place, why)

    def recovered(self, place: Place, states: int, seconds: float) -> None:
        """Log how long it took and what was read."""
        partition = place.partition
        self._log.info("recovered", partition=partition, states=states, seconds=round(seconds, 3))
        self._on.recovered(place, states, seconds)

    def standing(self, place: Place, tallies: Mapping[str, int]) -> None:
        """Pass it on."""
        self._on.standing(place, tallies)

    def resent(self, place: Place, records: int) -> None:
        """Log that the broker had lost markers."""
        self._log.warning("resent", partition=place.partition, records=records)
        self._on.resent(place, records)

    def view_moved(self, place: Place) -> None:
        """Log that Redis was not where it was left."""
        self._log.warning("view_moved", partition=place.partition)
        self._on.view_moved(place)

    def stopped(self, place: Place, why: str) -> None:
        """Log the reason: a person has to read it."""
        self._log.critical("stopped", partition=place.partition, why=why)
        self._on.stopped(place, why)
