"""The ledgers of one event: what is entered, changed or placed again, and what that passes."""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

from msgspec.structs import replace

from reference.facts import Facts, NoValueInForce, Thresholds
from reference.rulebook import RuleBook
from rules.money import ZERO, write_money
from rules.spend import (
    find_crossings,
    is_after,
    place_again,
    running_total,
    threshold_group,
    thresholds_of,
)
from runtime.processor import Key
from schemas.accrual import AccrualReported
from schemas.spend import ThresholdCrossed
from schemas.units import UnitsComputed
from schemas.values import Program, ThresholdGroup
from services.spend.state import (
    SEGMENT,
    Entry,
    Ledger,
    LedgerReport,
    LedgerSegment,
    Overlay,
    ledger_key,
    ledger_segment_key,
)

EMPTY = Ledger()
CACHED_YEARS = 1024


class LedgerWork:
    """One ledger during one event; its head is loaded, and is kept again by ``close``."""

    def __init__(self, values: Overlay, patient_id: str, year: int, group: ThresholdGroup) -> None:
        """Work on the ledger of the patient, calendar year and threshold group."""
        self.patient_id = patient_id
        self.year = year
        self.group = group
        self._values = values
        self._key = ledger_key(patient_id, year, group)
        self._before: Ledger = values[self._key] or EMPTY
        self.head = self._before
        self.running_total = self._total_before = total_of(self._before)
        """In dollars, as it is now."""

    @property
    def is_moved(self) -> bool:
        """Whether this event has changed the running total."""
        return self.running_total != self._total_before

    def segments(self, places: Iterable[int]) -> list[Key]:
        """Name the segments in which these places are; the head has the last entries."""
        full = self.head.count // SEGMENT
        numbers = dict.fromkeys([place // SEGMENT for place in places])
        return [self._segment(number) for number in numbers if number < full]

    def entry(self, place: int) -> Entry:
        """Return the entry at a place; its segment is loaded."""
        number, offset = divmod(place, SEGMENT)
        if number == self.head.count // SEGMENT:
            return self.head.entries[offset]
        segment: LedgerSegment = self._values[self._segment(number)]
        return segment.entries[offset]

    def enter(self, day: UnitsComputed, accrued_at: datetime, amount: Decimal) -> Entry:
        """Enter a visit day after all others, at the running total; its place is the count."""
        head = self.head
        entry = Entry(
            day.visit_day_id,
            day.date_of_service,
            accrued_at,
            amount,
            self.running_total,
            None if head.report is None else head.report.as_of,
        )
        entries = (*head.entries, entry)
        if len(entries) == SEGMENT:
            self._values.keep(self._segment(head.count // SEGMENT), LedgerSegment(entries))
            entries = ()
        self._put(replace(head, count=head.count + 1, entries=entries), entry, amount)
        return entry

    def set_amount(self, place: int, amount: Decimal) -> Entry:
        """Give the entry at a place another amount; it keeps its place and its balance before."""
        entry = self.entry(place)
        if amount == entry.amount:
            return entry
        changed = replace(entry, amount=amount)
        self._replace(place, changed)
        self._put(self.head, entry, amount - entry.amount)
        return changed

    def take_report(self, reported: AccrualReported) -> list[int]:
        """Take a later report, place the entries after it again, and return which were moved.

        Every segment is loaded. The places are those whose balance before changed.
        """
        report = LedgerReport(
            amount=Decimal(reported.amount),
            as_of=reported.as_of,
            includes_through=reported.includes_through,
        )
        entries = [(place, self.entry(place)) for place in range(self.head.count)]
        after = [(place, entry) for place, entry in entries if _is_after(report, entry)]
        amounts = [(entry.balance_before, entry.amount) for _, entry in after]
        balances = place_again(report.amount, amounts)
        moved = []
        for (place, entry), balance in zip(after, balances, strict=True):
            if balance != entry.balance_before:
                moved.append(place)
            placed = replace(entry, balance_before=balance, reported_as_of=report.as_of)
            self._replace(place, placed)
        after_report = sum((entry.amount for _, entry in after), ZERO)
        self.head = replace(self.head, report=report, after_report=after_report)
        self.running_total = total_of(self.head)
        return moved

    def crossings(
        self, thresholds: Thresholds | None, visit_day_id: str | None
    ) -> list[ThresholdCrossed]:
        """Say which thresholds this event took the running total past."""
        balance = self.running_total
        passed = find_crossings(self._total_before, balance, thresholds)
        if not passed:
            return []
        return [
            ThresholdCrossed(
                patient_id=self.patient_id,
                year=self.year,
                threshold_group=self.group,
                threshold=crossing.threshold,
                direction=crossing.direction,
                balance=write_money(balance),
                amount_of_threshold=write_money(crossing.amount),
                visit_day_id=visit_day_id,
            )
            for crossing in passed
        ]

    def close(self, rulebook: RuleBook) -> None:
        """Keep the head where this event or the rulebook changed it."""
        if self.head is EMPTY:
            return
        kx, review = _in_force_in(rulebook, self.year, self.group)
        if kx != self.head.kx_threshold or review != self.head.review_threshold:
            self.head = replace(self.head, kx_threshold=kx, review_threshold=review)
        if self.head is not self._before:
            self._values.keep(self._key, self.head)

    def _segment(self, number: int) -> Key:
        return ledger_segment_key(self._key, number)

    def _put(self, head: Ledger, entry: Entry, difference: Decimal) -> None:
        after_report = head.after_report
        if head.report is not None and _is_after(head.report, entry):
            after_report += difference
        self.head = replace(head, total=head.total + difference, after_report=after_report)
        self.running_total = total_of(self.head)

    def _replace(self, place: int, entry: Entry) -> None:
        number, offset = divmod(place, SEGMENT)
        if number == self.head.count // SEGMENT:
            entries = _replaced(self.head.entries, offset, entry)
            self.head = replace(self.head, entries=entries)
        else:
            key = self._segment(number)
            entries = _replaced(self._values[key].entries, offset, entry)
            self._values.keep(key, LedgerSegment(entries))


def ledger_of(day: UnitsComputed) -> tuple[int, ThresholdGroup]:
    """Return the calendar year and the threshold group of the ledger that a day counts in."""
    return day.date_of_service.year, threshold_group(day.discipline)


def facts_of_year(rulebook: RuleBook, year: int) -> Facts:
    """Return what Medicare has in force when a calendar year begins, its thresholds among it."""
    return rulebook.on(date(year, 1, 1), "", Program.MEDICARE_FFS)


def total_of(head: Ledger) -> Decimal:
    """Return a ledger's running total, in dollars."""
    if head.report is None:
        return head.total
    return running_total(head.total, head.report.amount, head.after_report)


@lru_cache(CACHED_YEARS)
def _in_force_in(
    rulebook: RuleBook, year: int, group: ThresholdGroup
) -> tuple[Decimal | None, Decimal | None]:
    """Return a year's KX and review threshold in dollars, None where none is in force."""
    thresholds = thresholds_of(facts_of_year(rulebook, year), group)
    if thresholds is None:
        return None, None
    return _in_force(thresholds.kx), _in_force(thresholds.review)


def _in_force(threshold: Decimal | NoValueInForce) -> Decimal | None:
    return None if isinstance(threshold, NoValueInForce) else threshold


def _is_after(report: LedgerReport, entry: Entry) -> bool:
    through = report.includes_through
    return is_after(report.as_of, through, entry.accrued_at, entry.date_of_service)


def _replaced(entries: tuple[Entry, ...], offset: int, entry: Entry) -> tuple[Entry, ...]:
    return (*entries[:offset], entry, *entries[offset + 1 :])
