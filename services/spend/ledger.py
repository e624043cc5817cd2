"""The ledgers of one event: what is entered, changed or placed again, and what that passes."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal

from msgspec.structs import replace

from reference.facts import Facts, NoValueInForce, Thresholds
from rules.money import ZERO, write_money
from rules.spend import find_crossings, is_after, place_again, running_total
from runtime.processor import Key
from schemas.accrual import AccrualReported
from schemas.spend import ThresholdCrossed
from schemas.units import UnitsComputed
from schemas.values import ThresholdGroup
from services.spend.state import (
    SEGMENT,
    Entry,
    Ledger,
    LedgerReport,
    LedgerSegment,
    Loading,
    Overlay,
    ledger_key,
    ledger_segment_key,
)

EMPTY = Ledger()


class LedgerWork:
    """One ledger during one event; its head is loaded, and is kept again by ``close``."""

    def __init__(self, values: Overlay, patient_id: str, year: int, group: ThresholdGroup) -> None:
        """Work on the ledger of the patient, calendar year and threshold group."""
        self.patient_id = patient_id
        self.year = year
        self.group = group
        self._values = values
        self._key: Key = ledger_key(patient_id, year, group)
        self._head: Ledger = values[self._key] or EMPTY
        self.count = self._head.count
        self.report = self._head.report
        self._total = self._head.total
        self._after_report = self._head.after_report
        self._entries = self._head.entries
        self._before = self.running_total

    @property
    def running_total(self) -> Decimal:
        """The running total in dollars as it is now."""
        reported = None if self.report is None else self.report.amount
        return running_total(self._total, reported, self._after_report)

    @property
    def is_moved(self) -> bool:
        """Whether this event has changed the running total."""
        return self.running_total != self._before

    def load(self, places: Iterable[int]) -> Loading:
        """Load the segments in which these places are; the head has the last entries."""
        full = self.count // SEGMENT
        numbers = dict.fromkeys(place // SEGMENT for place in places)
        yield from self._values.load([self._segment(n) for n in numbers if n < full])

    def entry(self, place: int) -> Entry:
        """Return the entry at a place; its segment is loaded."""
        number, offset = divmod(place, SEGMENT)
        if number == self.count // SEGMENT:
            return self._entries[offset]
        segment: LedgerSegment = self._values[self._segment(number)]
        return segment.entries[offset]

    def enter(self, day: UnitsComputed, accrued_at: datetime, amount: Decimal) -> int:
        """Enter a visit day after all others, at the running total, and return its place."""
        place, as_of = self.count, None if self.report is None else self.report.as_of
        name, date_of_service = day.visit_day_id, day.date_of_service
        balance = self.running_total
        entry = Entry(name, date_of_service, accrued_at, amount, balance, as_of)
        self._entries = (*self._entries, entry)
        self._add(entry, amount)
        self.count += 1
        if len(self._entries) == SEGMENT:
            segment = LedgerSegment(entries=self._entries)
            self._values.keep(self._segment(place // SEGMENT), segment)
            self._entries = ()
        return place

    def set_amount(self, place: int, amount: Decimal) -> None:
        """Give the entry at a place another amount; it keeps its place and its balance before."""
        entry = self.entry(place)
        if amount != entry.amount:
            self._add(entry, amount - entry.amount)
            self._replace(place, entry._replace(amount=amount))

    def take_report(self, reported: AccrualReported) -> list[int]:
        """Take a later report, place the entries after it again, and return which were moved.

        Every segment is loaded. The places are those whose balance before changed.
        """
        report = LedgerReport(
            amount=Decimal(reported.amount),
            as_of=reported.as_of,
            includes_through=reported.includes_through,
        )
        entries = [(place, self.entry(place)) for place in range(self.count)]
        after = [(place, entry) for place, entry in entries if _is_after(report, entry)]
        amounts = [(entry.balance_before, entry.amount) for _, entry in after]
        balances = place_again(report.amount, amounts)
        moved = []
        for (place, entry), balance in zip(after, balances, strict=True):
            if balance != entry.balance_before:
                moved.append(place)
            placed = entry._replace(balance_before=balance, reported_as_of=report.as_of)
            self._replace(place, placed)
        self.report = report
        self._after_report = sum((entry.amount for _, entry in after), ZERO)
        return moved

    def crossings(
        self, thresholds: Thresholds | None, visit_day_id: str | None
    ) -> Iterator[ThresholdCrossed]:
        """Say which thresholds this event took the running total past."""
        balance = self.running_total
        for crossing in find_crossings(self._before, balance, thresholds):
            yield ThresholdCrossed(
                patient_id=self.patient_id,
                year=self.year,
                threshold_group=self.group,
                threshold=crossing.threshold,
                direction=crossing.direction,
                balance=write_money(balance),
                amount_of_threshold=write_money(crossing.amount),
                visit_day_id=visit_day_id,
            )

    def close(self) -> None:
        """Keep the head where this event changed it."""
        before = self._head
        is_same = self._total is before.total and self._entries is before.entries
        if is_same and self.report is before.report:
            return
        update = {
            "count": self.count,
            "total": self._total,
            "after_report": self._after_report,
            "report": self.report,
            "entries": self._entries,
        }
        # What is put in is ours and needs no second check.
        self._head = replace(before, **update)
        self._values.keep(self._key, self._head)

    def _segment(self, number: int) -> Key:
        return ledger_segment_key(self._key, number)

    def _add(self, entry: Entry, difference: Decimal) -> None:
        self._total += difference
        if self.report is not None and _is_after(self.report, entry):
            self._after_report += difference

    def _replace(self, place: int, entry: Entry) -> None:
        number, offset = divmod(place, SEGMENT)
        if number == self.count // SEGMENT:
            self._entries = _replaced(self._entries, offset, entry)
        else:
            key = self._segment(number)
            entries = _replaced(self._values[key].entries, offset, entry)
            self._values.keep(key, LedgerSegment(entries=entries))


def thresholds_of(facts: Facts, group: ThresholdGroup) -> Thresholds | None:
    """Return the thresholds of a group that are in force, or None."""
    thresholds = facts.thresholds
    return None if isinstance(thresholds, NoValueInForce) else thresholds[group]


def _is_after(report: LedgerReport, entry: Entry) -> bool:
    through = report.includes_through
    return is_after(report.as_of, through, entry.accrued_at, entry.date_of_service)


def _replaced(entries: tuple[Entry, ...], offset: int, entry: Entry) -> tuple[Entry, ...]:
    return (*entries[:offset], entry, *entries[offset + 1 :])
