"""The consumer ``spend``: prices each visit day and keeps the patient's yearly therapy spend."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from reference.rulebook import RuleBook
from rules.merging import unwrap
from rules.money import write_money
from rules.spend import thresholds_of
from runtime.processor import Key, Output, Step, Steps, leave_out, pass_on
from schemas.accrual import AccrualReported
from schemas.envelope import Event
from schemas.events import EventType
from schemas.merging import PatientCarried
from schemas.redecision import RedecisionRequested
from schemas.spend import SpendBalance
from schemas.units import UnitsComputed
from schemas.values import Basis
from services.spend.day import SpendWork
from services.spend.ledger import LedgerWork, facts_of_year, ledger_of
from services.spend.merging import say_when, take_days
from services.spend.state import (
    SEGMENT,
    Group,
    HeldList,
    HeldSegment,
    Outcome,
    day_key,
    group_key,
    held_key,
    held_segment_key,
    ledger_key,
    outcome_key,
)

CLINICIAN_DAY = EventType.CLINICIAN_DAY


class SpendProcessor:
    """Turns visit days with units into visit days with prices and balances.

    A payer's report places days again; documents and requests for redecision are passed on.
    A clinician's time is for others.
    """

    source = "/therapy/spend"

    def __init__(self, rulebook: RuleBook) -> None:
        """Decide under ``rulebook``, which is loaded once and frozen."""
        self._rulebook = rulebook

    def process(self, event: Event) -> Steps:
        """Handle one event of ``therapy.units``."""
        return self._take(event.type, event.data, event.time)

    def _take(self, type_: str, data: Any, at: datetime) -> Steps:  # noqa: ANN401 - any model
        handle = HANDLERS.get(type_)
        if handle is not None:
            return handle(self, data, at)
        return leave_out() if type_ == CLINICIAN_DAY else pass_on()

    def _take_carried(self, carried: PatientCarried, at: datetime) -> Steps:
        """Let what leaves go on, and take what came as what it is."""
        work = SpendWork(carried.patient_id, self._rulebook, at)
        if carried.surviving_id is not None:
            return say_when(work, carried) if carried.days else pass_on()
        if carried.days:
            return take_days(work, carried, at)
        return self._take(*unwrap(carried), at)

    def _take_day(self, day: UnitsComputed, accrued_at: datetime) -> Steps:
        """Price and accrue a visit day, then the other days that share its payment reduction."""
        patient_id, name = day.patient_id, day.visit_day_id
        ledger, group, outcome = ledger_of(day), _group_of(day), outcome_key(patient_id, name)
        loaded = yield (outcome, group, ledger_key(patient_id, *ledger))
        before: Outcome | None = loaded[outcome]
        if before is not None and day.revision <= before.units_revision:
            return Step()
        work = SpendWork(patient_id, self._rulebook, accrued_at)
        work.values.update(loaded)
        if before is None:
            known: Group = loaded[group] or Group()
            work.values.keep(group, Group((*known.visit_day_ids, name)))
        work.file_day(day, before, work.open_ledger(*ledger))
        outputs = yield from work.settle((group,), first=name, new=day)
        return Step(work.values.changes, outputs)

    def _take_report(self, report: AccrualReported, at: datetime) -> Steps:
        """Let the latest report be the truth, and place the entries after it again."""
        patient_id, group = report.patient_id, report.threshold_group
        work = SpendWork(patient_id, self._rulebook, at)
        yield from work.values.load((ledger_key(patient_id, report.year, group),))
        ledger = work.open_ledger(report.year, group)
        latest = ledger.head.report
        if latest is not None and report.as_of <= latest.as_of:
            return Step()
        yield from work.values.load(ledger.segments(range(ledger.head.count)))
        moved = ledger.take_report(report)
        outputs = yield from work.move(ledger, moved)
        if ledger.is_moved:
            outputs.append(_balance(ledger, report))
        facts = facts_of_year(self._rulebook, report.year)
        outputs.extend(
            Output(EventType.THRESHOLD_CROSSED, patient_id, crossed)
            for crossed in ledger.crossings(thresholds_of(facts, group), None)
        )
        return Step(work.values.changes, outputs)

    def _decide_again(self, request: RedecisionRequested, at: datetime) -> Steps:
        """Compute the day named, or every day that was held here, under the rulebook in force."""
        patient_id = request.patient_id
        work = SpendWork(patient_id, self._rulebook, at)
        name = request.visit_day_id
        names = [] if name is None else [name]
        if name is None:
            head_key = held_key(patient_id)
            yield from work.values.load((head_key,))
            head: HeldList = work.values[head_key] or HeldList()
            segments = [
                held_segment_key(patient_id, number) for number in range(-(-head.count // SEGMENT))
            ]
            yield from work.values.load(segments)
            listed: list[HeldSegment] = [work.values[key] for key in segments]
            names = [each for segment in listed for each in segment.visit_day_ids]
        keys = [day_key(patient_id, each) for each in names]
        yield from work.values.load(keys)
        days: list[UnitsComputed | None] = [work.values[key] for key in keys]
        groups = dict.fromkeys(_group_of(day) for day in days if day is not None)
        yield from work.values.load(groups)
        outputs = yield from work.settle(list(groups), first=name)
        return Step(work.values.changes, outputs, passes_on=True)


HANDLERS: Mapping[str, Callable[[SpendProcessor, Any, datetime], Steps]] = {
    EventType.UNITS_COMPUTED: SpendProcessor._take_day,  # noqa: SLF001 - its own table
    EventType.ACCRUAL_REPORTED: SpendProcessor._take_report,  # noqa: SLF001
    EventType.REDECISION_REQUESTED: SpendProcessor._decide_again,  # noqa: SLF001
    EventType.PATIENT_CARRIED: SpendProcessor._take_carried,  # noqa: SLF001
}
"""Beside the class, not in it: bound methods would make each processor a cycle."""


def _group_of(day: UnitsComputed) -> Key:
    npi, payer_id = day.billing_provider.npi, day.payer.payer_id
    return group_key(day.patient_id, npi, payer_id, day.date_of_service)


def _balance(ledger: LedgerWork, report: AccrualReported) -> Output:
    balance = SpendBalance(
        patient_id=report.patient_id,
        year=report.year,
        threshold_group=report.threshold_group,
        running_total=write_money(ledger.running_total),
        basis=Basis.REPORTED,
        reported_as_of=report.as_of,
    )
    return Output(EventType.SPEND_BALANCE, report.patient_id, balance)
