"""The records of one batch through the processor: state read in few rounds, order kept.

Events of one partition key run one after the other, each on what the one before it left; keys
are independent, so their events run side by side, and one read of the view serves all that wait.
That is why a state key names the partition key of its event second (``runtime.processor.Key``),
which is checked here. What comes out stands in the order of the input.
"""

from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from runtime.consumer import stamp
from runtime.engine.messages import arrived, event_message, passed_on, trace_of, travelling
from runtime.engine.observer import Led
from runtime.engine.plan import Plan, Unread
from runtime.engine.records import Message, Place, Record
from runtime.engine.tally import moves
from runtime.processor import Key, Step, Steps, Value
from schemas.envelope import Event

Read = Callable[[Sequence[str]], Awaitable[list[bytes | None]]]
"""Reads the view's values, and raises where the view is not where it should be."""
STEP_FAILED = "step_failed"


def key_text(key: Key) -> str:
    """Return a state key as the view and the changelog name it: a JSON array."""
    return msgspec.json.encode(key).decode()


class Outcome(msgspec.Struct, frozen=True):
    """What a batch leads to: messages to write, values to keep (None deletes), and live keys."""

    output: list[Message]
    letters: list[Message]
    changes: dict[str, bytes | None]
    live_delta: int
    led: list[Led]
    tallies: Mapping[str, int] = {}
    """By how much each tally rises or falls."""
    at: int = 0
    """When the last record came, in ms since 1970."""


NOTHING = Outcome([], [], {}, 0, [])
"""What no record leads to."""


@dataclass(slots=True)
class Slot:
    """One record on its way: unread, waiting for state, or done."""

    record: Record
    event: Event | Unread
    steps: Steps | None = None
    wanted: Sequence[Key] = ()
    step: Step | None = None


Chain = deque[Slot]
"""The slots of one partition key, in order, the first one running."""


@dataclass(slots=True)
class Batch:
    """One run over ``records``; ``read`` reads the view."""

    plan: Plan
    read: Read
    values: dict[Key, Value] = field(default_factory=dict)
    existed: dict[Key, bool] = field(default_factory=dict)
    """Which keys had a value before the batch, as far as it is known."""
    texts: dict[Key, str] = field(default_factory=dict)
    """How the view names them."""
    changed: dict[Key, None] = field(default_factory=dict)
    counted: dict[Key, Value] = field(default_factory=dict)
    """The values before the batch of those kinds that count."""

    async def run(self, place: Place, records: Sequence[Record]) -> Outcome:
        """Return what the records lead to; nothing is written."""
        slots = [Slot(record, self.plan.read(record)) for record in records]
        chains = self._chains(slots)
        # What an event asks for first follows from itself: one read for all of the batch.
        await self._load(key for chain in chains for slot in chain for key in slot.wanted)
        while chains:
            chains = [chain for chain in chains if not self._advance(chain)]
            await self._load(key for chain in chains for key in chain[0].wanted)
        await self._load(key for key in self.changed if key not in self.existed)
        return self._outcome(place, slots)

    async def change(self, changes: Mapping[Key, Value]) -> Outcome:
        """Return what changes that no record leads to come to; None deletes a value."""
        self.values |= changes
        self.changed |= dict.fromkeys(changes)
        await self._load(changes)
        encode = self.plan.codec.encode
        written = {key: encode(key, value) for key, value in changes.items() if value is not None}
        moved, live_delta = self._changes(written)
        return Outcome([], [], moved, live_delta, [], self._tallies())

    def _chains(self, slots: Sequence[Slot]) -> list[Chain]:
        chains: dict[str, Chain] = {}
        for slot in slots:
            if isinstance(slot.event, Event):
                chain = chains.get(slot.event.partitionkey)
                if chain is None:
                    chain = chains[slot.event.partitionkey] = deque()
                chain.append(slot)
                self._begin(slot, slot.event)
        return list(chains.values())

    def _begin(self, slot: Slot, event: Event) -> None:
        """Start a step; what it asks for first follows from its event alone."""
        try:
            slot.steps = self.plan.processor.process(event)
            slot.wanted = next(slot.steps)
        except StopIteration as done:
            slot.step = done.value
        except Exception as error:  # noqa: BLE001 - a poison record must not stop the partition
            slot.event = Unread(STEP_FAILED, type(error).__name__)

    def _advance(self, chain: Chain) -> bool:
        """Run a chain until it wants what is not loaded; tell whether it is through."""
        while chain:
            slot = chain[0]
            if isinstance(slot.event, Event):
                partition_key = slot.event.partitionkey
                if slot.step is None and not self._go_on(slot):
                    return False
                if slot.step is not None:
                    self._keep(slot.step, partition_key)
            chain.popleft()
        return True

    def _go_on(self, slot: Slot) -> bool:
        """Send a step what it wants until it is done; False where that is not loaded."""
        values = self.values
        assert slot.steps is not None, "a step that is not done was started"
        try:
            while not any(key not in values for key in slot.wanted):
                slot.wanted = slot.steps.send({key: values[key] for key in slot.wanted})
        except StopIteration as done:
            slot.step = done.value
        except Exception as error:  # noqa: BLE001 - a poison record must not stop the partition
            slot.event = Unread(STEP_FAILED, type(error).__name__)
        else:
            return False
        return True

    def _keep(self, step: Step, partition_key: str) -> None:
        for key, value in step.changes.items():
            assert key[1] == partition_key, "a state key names its event's partition key second"
            self.values[key] = value
            self.changed[key] = None

    async def _load(self, keys: Iterable[Key]) -> None:
        """Read what is not known yet; a value that changed already is only looked up."""
        missing = [key for key in dict.fromkeys(keys) if key not in self.existed]
        if not missing:
            return
        decode, tally = self.plan.codec.decode, self.plan.tally
        kinds = () if tally is None else tally.kinds
        texts = [key_text(key) for key in missing]
        self.texts.update(zip(missing, texts, strict=True))
        raws = await self.read(texts)
        for key, raw in zip(missing, raws, strict=True):
            self.existed[key] = raw is not None
            value = None if raw is None else decode(key, raw)
            if key not in self.changed:
                self.values[key] = value
            if key[0] in kinds:
                self.counted[key] = value

    def _outcome(self, place: Place, slots: Sequence[Slot]) -> Outcome:
        output: list[Message] = []
        letters: list[Message] = []
        led: list[Led] = []
        written: dict[Key, bytes] = {}
        for slot in slots:
            record, event, step = slot.record, slot.event, slot.step
            since, trace = arrived(record), trace_of(record)
            if isinstance(event, Unread):
                letters.append(self.plan.write_letter(place, record, event))
                led.append(Led((), since, event.reason, trace))
                continue
            assert step is not None, "every event that was read has its step"
            emitted: tuple[Event, ...] = ()
            if step.outputs:
                source = self.plan.processor.source
                emitted = stamp(source, self.plan.rulebook, event, step.outputs)
                beside = travelling(trace, since)
                output += [event_message(each, beside) for each in emitted]
            if step.passes_on:
                output.append(passed_on(record))
            self._write(step, written)
            led.append(Led(emitted, since, trace=trace))
        changes, live_delta = self._changes(written)
        at = slots[-1].record.timestamp
        return Outcome(output, letters, changes, live_delta, led, self._tallies(), at)

    def _write(self, step: Step, written: dict[Key, bytes]) -> None:
        """Write the values that a step left for good.

        Beside its events, which hold the same: the writers remember what they wrote last.
        """
        encode, last = self.plan.codec.encode, self.values
        for key, value in step.changes.items():
            if value is not None and value is last[key]:
                written[key] = encode(key, value)

    def _tallies(self) -> Mapping[str, int]:
        """Return by how much each tally rises or falls."""
        tally = self.plan.tally
        if tally is None:
            return {}
        counted, values = self.counted, self.values
        return moves(
            tally, [(key, counted[key], values[key]) for key in self.changed if key in counted]
        )

    def _changes(self, written: Mapping[Key, bytes]) -> tuple[dict[str, bytes | None], int]:
        """Return the last value of every key that changed, and how many more keys there are."""
        changes: dict[str, bytes | None] = {}
        live_delta = 0
        for key in self.changed:
            raw, existed = written.get(key), self.existed[key]
            if raw is None and not existed:
                continue
            changes[self.texts[key]] = raw
            live_delta += (raw is not None) - existed
        return changes, live_delta
