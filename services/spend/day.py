"""Visit days priced and accrued again: what is loaded, what is kept, what is emitted."""

from collections.abc import Generator, Iterable, Mapping, Sequence
from datetime import datetime

from msgspec.structs import replace

from reference.rulebook import RuleBook
from rules.money import ZERO
from rules.pricing import Bill, PricedDay
from rules.same_date import price_date
from rules.spend import report_thresholds, thresholds_of, total_accrued
from runtime.processor import Key, Output, Value
from schemas.events import EventType
from schemas.session import Session
from schemas.units import UnitsComputed
from schemas.values import ThresholdGroup
from services.spend.ledger import LedgerWork, ledger_of
from services.spend.state import (
    SEGMENT,
    Entry,
    Group,
    HeldList,
    HeldSegment,
    Loading,
    Outcome,
    Overlay,
    day_key,
    held_key,
    held_segment_key,
    ledger_key,
    outcome_key,
    session_key,
)
from services.spend.visit import (
    Filed,
    Visit,
    cross,
    decide,
    is_accrued,
    is_changed,
    recall_prices,
    say_what_follows,
    write_accrued,
)

SPEND_ACCRUED = EventType.SPEND_ACCRUED
Settling = Generator[Sequence[Key], Mapping[Key, Value], list[Output]]


class SpendWork:
    """The visit days and ledgers of one patient during one event."""

    def __init__(self, patient_id: str, rulebook: RuleBook, accrued_at: datetime) -> None:
        """Accrue at the time of the event, under ``rulebook``."""
        self.patient_id = patient_id
        self.values = Overlay()
        self._rulebook = rulebook
        self._accrued_at = accrued_at
        self._held: list[str] = []
        """The days that no list of held days has yet."""
        self.carried: dict[str, datetime] = {}
        """Days that came from a retired id: all are emitted, and accrued when they first were."""
        self._days: dict[str, Filed] = {}
        self._ledgers: dict[tuple[int, ThresholdGroup], LedgerWork] = {}

    def file_day(self, day: UnitsComputed, before: Outcome | None, ledger: LedgerWork) -> None:
        """Keep what ``units`` says of a day now, each session as a value of its own."""
        values, patient_id, name = self.values, self.patient_id, day.visit_day_id
        bare = replace(day, sessions=(), followed_by=(), is_followed=False)
        self._file(bare, day.sessions, before, ledger)
        values.keep(day_key(patient_id, name), bare)
        for number, session in enumerate(day.sessions):
            values.keep(session_key(patient_id, name, number), session)
        if before is not None:
            for number in range(len(day.sessions), before.sessions):
                values.keep(session_key(patient_id, name, number), None)

    def load_days(self, names: Sequence[str]) -> Loading:
        """Load visit days whole: what was emitted and what ``units`` says; sessions, ledgers."""
        values, patient_id = self.values, self.patient_id
        keys = [outcome_key(patient_id, name) for name in names]
        yield from values.load([*keys, *[day_key(patient_id, name) for name in names]])
        days: list[UnitsComputed] = [values[day_key(patient_id, name)] for name in names]
        sessions = [self._session_keys(name) for name in names]
        ledgers = [ledger_of(day) for day in days]
        heads = [ledger_key(patient_id, *ledger) for ledger in ledgers]
        yield from values.load([*[key for each in sessions for key in each], *heads])
        for day, key, each, ledger in zip(days, keys, sessions, ledgers, strict=True):
            loaded = tuple([values[session] for session in each])
            self._file(day, loaded, values[key], self.open_ledger(*ledger))

    def open_ledger(self, year: int, group: ThresholdGroup) -> LedgerWork:
        """Return a ledger of which the head is loaded; there is one at work in an event."""
        ledger = self._ledgers.get((year, group))
        if ledger is None:
            ledger = LedgerWork(self.values, self.patient_id, year, group)
            self._ledgers[year, group] = ledger
        return ledger

    def settle(
        self, groups: Sequence[Key], first: str | None = None, *, new: UnitsComputed | None = None
    ) -> Settling:
        """Price and accrue the days of these groups, and emit those of which something changed.

        The day named ``first`` goes first, and is emitted whatever comes out where it is ``new``;
        the others go by date of service, then as they were first accrued.
        """
        yield from self._load_members(groups)
        visits: list[Visit] = []
        for group in groups:
            visits += self._price(self.values[group])
        if len(visits) > 1:
            visits.sort(key=lambda visit: (visit.name != first, visit.filed.day.date_of_service))
        emitted, outputs = [], []
        for visit in [self._accrue(visit) for visit in visits]:
            outcome = decide(visit)
            is_new = (new is not None and visit.name == first) or visit.name in self.carried
            if is_new or is_changed(visit.filed.before, outcome):
                emitted.append(visit)
                outputs.append(self._emit(visit, outcome))
        yield from self._close()
        told = say_what_follows(outputs, emitted, new)
        return told + cross(emitted)

    def move(self, ledger: LedgerWork, places: Iterable[int]) -> Settling:
        """Emit the days with lines that a report has moved, by date of service, then place."""
        entries = [(ledger.entry(place), place) for place in places]
        entries.sort(key=lambda placed: (placed[0].date_of_service, placed[1]))
        keys = {outcome_key(self.patient_id, entry.visit_day_id): entry for entry, _ in entries}
        yield from self.values.load(keys)
        accrued = [entry for key, entry in keys.items() if is_accrued(self.values[key])]
        yield from self.load_days([entry.visit_day_id for entry in accrued])
        visits = [self._recall(entry) for entry in accrued]
        outputs = [self._emit(visit, decide(visit)) for visit in visits]
        yield from self._close()
        return say_what_follows(outputs, visits, None)

    def _session_keys(self, name: str) -> list[Key]:
        outcome: Outcome | None = self.values[outcome_key(self.patient_id, name)]
        count = 0 if outcome is None else outcome.sessions
        return [session_key(self.patient_id, name, number) for number in range(count)]

    def _file(
        self,
        day: UnitsComputed,
        sessions: tuple[Session, ...],
        before: Outcome | None,
        ledger: LedgerWork,
    ) -> None:
        payer = day.payer
        facts = self._rulebook.on(day.date_of_service, payer.payer_id, payer.program)
        bill = Bill(day.lines, day.billing_provider, sessions, facts)
        self._days[day.visit_day_id] = Filed(day, bill, before, ledger)

    def _load_members(self, groups: Sequence[Key]) -> Loading:
        """Load the days that are not at work yet, and the segments of every day's entry."""
        names: list[str] = []
        for group in groups:
            names += self.values[group].visit_day_ids
        unknown = [name for name in names if name not in self._days]
        if unknown:
            yield from self.load_days(unknown)
        segments: list[Key] = []
        for name in names:
            filed = self._days[name]
            if filed.before is not None and filed.before.place is not None:
                segments += filed.ledger.segments((filed.before.place,))
        if segments:
            yield from self.values.load(segments)

    def _price(self, group: Group) -> list[Visit]:
        """Price the days of one group, in the order in which they were first accrued."""
        filed = [self._days[name] for name in group.visit_day_ids]
        return [*map(_visit, filed, price_date([each.bill for each in filed]))]

    def _recall(self, entry: Entry) -> Visit:
        """Return a day with the prices that were emitted last, at an entry that was moved."""
        filed = self._days[entry.visit_day_id]
        assert filed.before is not None
        return Visit(
            name=entry.visit_day_id,
            filed=filed,
            priced=recall_prices(filed.before),
            findings=filed.before.findings,
            thresholds=thresholds_of(filed.bill.facts, filed.ledger.group),
            place=filed.before.place,
            entry=entry,
        )

    def _accrue(self, visit: Visit) -> Visit:
        """Enter the day in its ledger where it is new, and give its entry its amount."""
        filed, place, priced = visit.filed, visit.place, visit.priced
        ledger = filed.ledger
        amount = total_accrued(priced.total, priced.lines, filed.bill.facts)
        if filed.bill.facts.profile.thresholds:
            if place is not None:
                return replace(visit, entry=ledger.set_amount(place, amount))
            place = ledger.head.count
            accrued_at = self.carried.get(visit.name, self._accrued_at)
            entry = ledger.enter(filed.day, accrued_at, amount)
            return replace(visit, place=place, entry=entry)
        if place is not None:
            ledger.set_amount(place, ZERO)
        return visit

    def _emit(self, visit: Visit, outcome: Outcome) -> Output:
        """Keep what is said of a day, and write its event."""
        before = visit.filed.before
        if outcome.is_listed and not (before is not None and before.is_listed):
            self._held.append(visit.name)
        self.values.keep(outcome_key(self.patient_id, visit.name), outcome)
        return Output(SPEND_ACCRUED, visit.name, write_accrued(visit, outcome))

    def _close(self) -> Loading:
        """Keep the ledgers, and the days that were first held now."""
        for ledger in self._ledgers.values():
            ledger.close(self._rulebook)
        if self._held:
            yield from self._list_held()

    def _list_held(self) -> Loading:
        """Remember the days that were first held now, so that a redecision finds them."""
        values, head_key = self.values, held_key(self.patient_id)
        yield from values.load((head_key,))
        for name in self._held:
            count = (values[head_key] or HeldList()).count
            segment_key = held_segment_key(self.patient_id, count // SEGMENT)
            yield from values.load((segment_key,))
            listed = (values[segment_key] or HeldSegment()).visit_day_ids
            values.keep(segment_key, HeldSegment((*listed, name)))
            values.keep(head_key, HeldList(count + 1))


def _visit(filed: Filed, priced: PricedDay) -> Visit:
    facts, group, before = filed.bill.facts, filed.ledger.group, filed.before
    missing = report_thresholds(facts, group, priced.lines)
    return Visit(
        name=filed.day.visit_day_id,
        filed=filed,
        priced=priced,
        findings=priced.findings + missing + priced.edits,
        thresholds=thresholds_of(facts, group),
        place=None if before is None else before.place,
    )
