"""``units`` and ``spend`` over one state, one event at a time, under any rulebook."""

import json

from reference.rulebook import RuleBook
from runtime.consumer import Consumer
from runtime.memory import MemoryStateView
from schemas.envelope import Event, write_structured
from schemas.events import CLINICAL
from schemas.reading import Reader
from services.spend.processor import SpendProcessor
from services.units.processor import UnitsProcessor
from tests.clinic import Json, event

READER = Reader(CLINICAL)


class Driver:
    """The two consumers of one patient; each event may come under another rulebook."""

    def __init__(self) -> None:
        """Start with empty state."""
        self.units = MemoryStateView()
        self.spend = MemoryStateView()
        self._sent = 0
        self._computed: tuple[Event, ...] = ()

    def send(self, rulebook: RuleBook, kind: str, data: Json) -> list[Json]:
        """Send one event, and return what spend emits and passes on."""
        self._sent += 1
        hour, minute = divmod(self._sent, 60)
        time = f"2026-03-02T{8 + hour:02}:{minute:02}:00-06:00"
        stated = event(kind, data, time=time, event_id=f"e-{self._sent}")
        read = READER.read_structured(json.dumps(stated).encode())
        assert isinstance(read, Event), read
        units = Consumer(UnitsProcessor(rulebook), self.units, rulebook.version)
        self._computed = _handle(units, read)
        return self.repeat(rulebook)

    def repeat(self, rulebook: RuleBook) -> list[Json]:
        """Deliver to spend again what units said last, and return what comes out."""
        spend = Consumer(SpendProcessor(rulebook), self.spend, rulebook.version)
        return [
            json.loads(write_structured(out))
            for computed in self._computed
            for out in _handle(spend, computed)
        ]

    def decide_again(self, rulebook: RuleBook, visit_day_id: str | None = None) -> list[Json]:
        """Ask for a day, or for all that are held."""
        data = {"patient_id": "P-1", "reason": "new data"}
        if visit_day_id is not None:
            data["visit_day_id"] = visit_day_id
        return self.send(rulebook, "redecision.requested", data)


def _handle(consumer: Consumer, taken: Event) -> tuple[Event, ...]:
    handled = consumer.handle(taken)
    return (*handled.emitted, taken) if handled.passes_on else handled.emitted
