"""Visit days priced and accrued again: what is loaded, what is kept, what is emitted."""

from collections.abc import Generator, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from msgspec.structs import replace

from reference.facts import Facts
from reference.rulebook import RuleBook
from rules.money import ZERO
from rules.pricing import Bill, PricedDay, price_group
from rules.same_date import BilledDay, report_same_date
from rules.spend import (
    report_thresholds,
    threshold_group,
)
from runtime.processor import Key, Output, Value
from schemas.events import EventType
from schemas.units import UnitsComputed
from schemas.values import ThresholdGroup
from services.spend.ledger import LedgerWork
from services.spend.state import (
    SEGMENT,
    Entry,
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
    Visit,
    cross,
    decide,
    is_accrued,
    is_changed,
    is_held,
    read_line,
    say_what_follows,
    write_accrued,
)

if TYPE_CHECKING:
    from schemas.session import Session

Settling = Generator[Sequence[Key], Mapping[Key, Value], list[Output]]


class SpendWork:
    """The visit days and ledgers of one patient during one event."""

    def __init__(self, patient_id: str, rulebook: RuleBook, accrued_at: datetime) -> None:
        """Accrue at the time of the event, under ``rulebook``."""
        self.patient_id = patient_id
        self.values = Overlay()
        self._rulebook = rulebook
        self._accrued_at = accrued_at
        self._sessions: dict[str, tuple[Session, ...]] = {}
        self._ledgers: dict[tuple[int, ThresholdGroup], LedgerWork] = {}

    def file_day(self, day: UnitsComputed, before: Outcome | None) -> None:
        """Keep what ``units`` says of a day now, each session as a value of its own."""
        patient_id, name = self.patient_id, day.visit_day_id
        self._sessions[name] = day.sessions
        self.values.keep(day_key(patient_id, name), replace(day, sessions=(), followed_by=()))
        for number, session in enumerate(day.sessions):
            self.values.keep(session_key(patient_id, name, number), session)
        if before is not None:
            for number in range(len(day.sessions), before.sessions):
                self.values.keep(session_key(patient_id, name, number), None)

    def load_days(self, names: Sequence[str]) -> Loading:
        """Load visit days whole: what was emitted, what ``units`` says, and the sessions."""
        values, patient_id = self.values, self.patient_id
        yield from values.load(
            make_key(patient_id, name) for name in names for make_key in (outcome_key, day_key)
        )
        wanted = {name: self._session_keys(name) for name in names if name not in self._sessions}
        yield from values.load(key for keys in wanted.values() for key in keys)
        for name, keys in wanted.items():
            self._sessions[name] = tuple(values[key] for key in keys)

    def load_ledger(self, year: int, group: ThresholdGroup) -> Loading:
        """Load the head of a ledger, unless it is at work already."""
        if (year, group) not in self._ledgers:
            yield from self.values.load((ledger_key(self.patient_id, year, group),))
            self._ledgers[year, group] = LedgerWork(self.values, self.patient_id, year, group)

    def ledger(self, year: int, group: ThresholdGroup) -> LedgerWork:
        """Return a ledger that is loaded."""
        return self._ledgers[year, group]

    def settle(
        self, groups: Iterable[Key], first: str | None = None, *, new: UnitsComputed | None = None
    ) -> Settling:
        """Price and accrue the days of these groups, and emit those of which something changed.

        The day named ``first`` goes first, and is emitted whatever comes out where it is ``new``;
        the others go by date of service, then as they were first accrued.
        """
        members: list[tuple[str, ...]] = [self.values[group].visit_day_ids for group in groups]
        known = None if new is None else first
        unknown = [name for names in members for name in names if name != known]
        if unknown:
            yield from self.load_days(unknown)
        yield from self._load_ledgers([name for names in members for name in names])
        visits = [visit for names in members for visit in self._price(names)]
        visits.sort(key=lambda visit: (visit.name != first, visit.day.date_of_service))
        self._accrue(visits)
        outputs, emitted = [], []
        for visit in visits:
            outcome = decide(visit)
            is_new = new is not None and visit.name == first
            if is_new or is_changed(visit.before, outcome):
                outputs.append((yield from self._emit(visit, outcome)))
                emitted.append(visit)
        self._close()
        outputs = say_what_follows(outputs, emitted, () if new is None else new.followed_by)
        for ledger in dict.fromkeys(visit.ledger for visit in emitted):
            outputs.extend(cross(ledger, emitted))
        return outputs

    def move(self, ledger: LedgerWork, places: Iterable[int]) -> Settling:
        """Emit the days with lines that a report has moved, by date of service, then place."""
        entries = [(ledger.entry(place), place) for place in places]
        entries.sort(key=lambda placed: (placed[0].date_of_service, placed[1]))
        keys = {outcome_key(self.patient_id, entry.visit_day_id): entry for entry, _ in entries}
        yield from self.values.load(keys)
        accrued = [entry for key, entry in keys.items() if is_accrued(self.values[key])]
        yield from self.load_days([entry.visit_day_id for entry in accrued])
        outputs, emitted = [], []
        for entry in accrued:
            visit = self._recall(entry, ledger)
            outputs.append((yield from self._emit(visit, decide(visit))))
            emitted.append(visit)
        self._close()
        return say_what_follows(outputs, emitted, ())

    def _session_keys(self, name: str) -> list[Key]:
        outcome: Outcome | None = self.values[outcome_key(self.patient_id, name)]
        count = 0 if outcome is None else outcome.sessions
        return [session_key(self.patient_id, name, number) for number in range(count)]

    def _facts(self, day: UnitsComputed) -> Facts:
        payer = day.payer
        return self._rulebook.on(day.date_of_service, payer.payer_id, payer.program)

    def _load_ledgers(self, names: Iterable[str]) -> Loading:
        """Load the ledgers that the days count in, and the segments of their entries."""
        for name in names:
            year, group = _ledger_of(self.values[day_key(self.patient_id, name)])
            if (year, group) not in self._ledgers:
                yield from self.load_ledger(year, group)
            outcome: Outcome | None = self.values[outcome_key(self.patient_id, name)]
            if outcome is not None and outcome.place is not None:
                yield from self._ledgers[year, group].load((outcome.place,))

    def _price(self, names: Sequence[str]) -> list[Visit]:
        """Price the days of one group, in the order in which they were first accrued."""
        days: list[UnitsComputed] = [self.values[day_key(self.patient_id, name)] for name in names]
        bills = [
            Bill(day.lines, day.billing_provider, self._sessions[name], self._facts(day))
            for name, day in zip(names, days, strict=True)
        ]
        group = price_group(bills)
        held = report_same_date(
            [_billed(bill, priced) for bill, priced in zip(bills, group, strict=True)]
        )
        visits = []
        for name, day, bill, priced, same_date in zip(
            names, days, bills, group, held, strict=True
        ):
            before: Outcome | None = self.values[outcome_key(self.patient_id, name)]
            visit = Visit(
                day=day,
                sessions=bill.sessions,
                facts=bill.facts,
                before=before,
                priced=priced,
                findings=priced.findings
                + report_thresholds(bill.facts, threshold_group(day.discipline), priced.lines)
                + same_date,
                ledger=self._ledgers[_ledger_of(day)],
                place=None if before is None else before.place,
            )
            visits.append(visit)
        return visits

    def _recall(self, entry: Entry, ledger: LedgerWork) -> Visit:
        """Return a day with the prices that were emitted last, at an entry that was moved."""
        name = entry.visit_day_id
        day: UnitsComputed = self.values[day_key(self.patient_id, name)]
        before: Outcome = self.values[outcome_key(self.patient_id, name)]
        lines = tuple(read_line(line) for line in before.lines)
        total = Decimal(before.total_allowed)
        return Visit(
            day=day,
            sessions=self._sessions[name],
            facts=self._facts(day),
            before=before,
            priced=PricedDay(lines, before.unbilled, before.findings, total),
            findings=before.findings,
            ledger=ledger,
            place=before.place,
            entry=entry,
        )

    def _accrue(self, visits: Sequence[Visit]) -> None:
        """Enter what is new and give every entry its amount, in the order of emission."""
        for visit in visits:
            ledger, applies = visit.ledger, visit.facts.profile.thresholds
            amount = visit.priced.total if applies else ZERO
            if visit.place is not None:
                ledger.set_amount(visit.place, amount)
            elif applies:
                visit.place = ledger.enter(visit.day, self._accrued_at, amount)
            if applies and visit.place is not None:
                visit.entry = ledger.entry(visit.place)

    def _emit(
        self, visit: Visit, outcome: Outcome
    ) -> Generator[Sequence[Key], Mapping[Key, Value], Output]:
        if visit.findings and not outcome.is_listed and is_held(visit):
            yield from self._list_as_held(visit.name)
            outcome = replace(outcome, is_listed=True)
        self.values.keep(outcome_key(self.patient_id, visit.name), outcome)
        return Output(EventType.SPEND_ACCRUED, visit.name, write_accrued(visit, outcome))

    def _list_as_held(self, name: str) -> Loading:
        """Remember a day that was held here, so that a redecision finds it."""
        head_key = held_key(self.patient_id)
        yield from self.values.load((head_key,))
        count = (self.values[head_key] or HeldList()).count
        segment_key = held_segment_key(self.patient_id, count // SEGMENT)
        yield from self.values.load((segment_key,))
        listed = (self.values[segment_key] or HeldSegment()).visit_day_ids
        self.values.keep(segment_key, HeldSegment(visit_day_ids=(*listed, name)))
        self.values.keep(head_key, HeldList(count=count + 1))

    def _close(self) -> None:
        for ledger in self._ledgers.values():
            ledger.close()


def _billed(bill: Bill, priced: PricedDay) -> BilledDay:
    lines = tuple([each.line for each in priced.lines if each.line.units is not None])
    return BilledDay(lines, bill.provider.setting, bill.facts)


def _ledger_of(day: UnitsComputed) -> tuple[int, ThresholdGroup]:
    return day.date_of_service.year, threshold_group(day.discipline)
