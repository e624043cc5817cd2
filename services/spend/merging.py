"""Patients who are one: when each day was accrued leaves with it, and days come together."""

from collections.abc import Generator, Mapping, Sequence
from datetime import datetime

from msgspec.structs import replace

from rules.spend import threshold_group
from runtime.processor import Key, Output, Step, Steps, Value
from schemas.events import EventType
from schemas.merging import CarriedDay, PatientCarried
from services.spend.day import SpendWork
from services.spend.ledger import ledger_of
from services.spend.state import (
    Group,
    Outcome,
    group_key,
    ledger_key,
    outcome_key,
)

CARRIED = EventType.PATIENT_CARRIED


def say_when(work: SpendWork, carried: PatientCarried) -> Steps:
    """Say of the days that leave when they were accrued, where that is known here."""
    days: list[CarriedDay] = []
    for day in carried.days:
        said = yield from _say_when(work, day)
        days.append(said)
    onward = replace(carried, days=tuple(days))
    return Step(outputs=(Output(CARRIED, carried.patient_id, onward),))


def _say_when(
    work: SpendWork, day: CarriedDay
) -> Generator[Sequence[Key], Mapping[Key, Value], CarriedDay]:
    key, session = outcome_key(work.patient_id, day.visit_day_id), day.sessions[0].session
    ledger = (session.date_of_service.year, threshold_group(session.discipline))
    yield from work.values.load((key, ledger_key(work.patient_id, *ledger)))
    outcome: Outcome | None = work.values[key]
    if outcome is None or outcome.place is None:
        return day
    of = work.open_ledger(*ledger)
    yield from work.values.load(of.segments((outcome.place,)))
    return replace(day, accrued_at=of.entry(outcome.place).accrued_at)


def take_days(work: SpendWork, carried: PatientCarried, at: datetime) -> Steps:
    """Price the days of one date together, as they were under the retired id."""
    known = {each.visit_day_id: each.accrued_at or at for each in carried.days}
    groups: dict[Key, None] = {}
    for day in carried.computed:
        ledger, name = ledger_of(day), day.visit_day_id
        npi, payer_id = day.billing_provider.npi, day.payer.payer_id
        group = group_key(work.patient_id, npi, payer_id, day.date_of_service)
        key = outcome_key(work.patient_id, name)
        yield from work.values.load((key, group, ledger_key(work.patient_id, *ledger)))
        before: Outcome | None = work.values[key]
        if before is not None and day.revision <= before.units_revision:
            continue
        if before is None:
            listed: Group = work.values[group] or Group()
            work.values.keep(group, Group((*listed.visit_day_ids, name)))
        work.carried[name] = known.get(name, at)
        work.file_day(day, before, work.open_ledger(*ledger))
        groups[group] = None
    left = [each.visit_day_id for each in carried.computed if not each.sessions]
    accrued = yield from work.settle(list(groups), first=left[0] if left else None)
    onward = replace(carried, computed=())
    outputs = [Output(CARRIED, carried.patient_id, onward), *accrued]
    return Step(work.values.changes, outputs)
