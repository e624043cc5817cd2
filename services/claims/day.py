"""One visit day on the desk: what it rests on, its decision, and the lists that it stands in."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from msgspec.structs import replace

from reference.rulebook import RuleBook
from rules.attestation import Ledger
from rules.claim import advance, keep_kx_balance, write_decision
from rules.decision import BLOCKED, History, Outcome, PricedDay, decide, is_news
from rules.edits.day import Billed
from runtime.processor import Key, Output
from schemas.documentation import PlanOfCare
from schemas.events import EventType
from schemas.spend import SpendAccrued
from services.claims.desk import Asking, AskingFor, Desk, append, remove, segment_key
from services.claims.state import (
    AttestationsState,
    DayState,
    DecisionState,
    GroupState,
    LedgerState,
    ListHead,
    PlanState,
    attestations_key,
    day_key,
    day_session_key,
    decision_key,
    document_key,
    group_key,
    held_list,
    ledger_key,
    ledger_list,
    plan_key,
    plan_list,
)

UNDECIDED = DecisionState(history=History())


@dataclass(frozen=True, slots=True)
class DayKeys:
    """Where a visit day, its decision and what that rests on are kept."""

    day: Key
    decision: Key
    group: Key
    ledger: Key | None
    attestations: Key | None
    """None where no ledger has the day."""
    plans: dict[str, Key]
    """By the plan of care's id, in the order of the sessions."""

    def context(self) -> list[Key]:
        """Return the keys of what a decision rests on beside the day itself."""
        keys = [self.group, *self.plans.values()]
        if self.ledger is not None and self.attestations is not None:
            keys += (self.ledger, self.attestations)
        return keys


def keys_of(accrued: SpendAccrued, plan_of_care_ids: Sequence[str]) -> DayKeys:
    """Name all that the decision on a priced day needs."""
    patient_id, visit_day_id, spend = accrued.patient_id, accrued.visit_day_id, accrued.spend
    ledger = attestations = None
    if spend is not None:
        ledger = ledger_key(patient_id, spend.year, spend.threshold_group)
        attestations = attestations_key(patient_id, spend.year, spend.threshold_group)
    return DayKeys(
        day_key(patient_id, visit_day_id),
        decision_key(patient_id, visit_day_id),
        group_key(accrued),
        ledger,
        attestations,
        {each: plan_key(patient_id, each) for each in plan_of_care_ids},
    )


def load_days(
    desk: Desk, patient_id: str, visit_day_ids: Sequence[str]
) -> AskingFor[list[tuple[DayState, DayKeys]]]:
    """Ask for visit days and all that their decisions rest on; return those that are known."""
    yield from desk.load(
        [key(patient_id, each) for each in visit_day_ids for key in (day_key, decision_key)]
    )
    found: list[DayState | None] = [desk[day_key(patient_id, each)] for each in visit_day_ids]
    days = [(day, keys_of(day.accrued, day.plan_of_care_ids)) for day in found if day is not None]
    wanted = [key for day, keys in days for key in (*_session_keys(day), *keys.context())]
    yield from desk.load(wanted)
    yield from desk.load([key for _, keys in days for key in document_keys(desk, keys)])
    return days


def document_keys(desk: Desk, keys: DayKeys) -> list[Key]:
    """Name the documents of the plans of care that a day names."""
    wanted: list[Key] = []
    for key in keys.plans.values():
        plan: PlanState | None = desk[key]
        if plan is not None:
            wanted += [document_key(keys.day[1], each) for each in plan.document_ids]
    return wanted


def last_plan_segments(desk: Desk, keys: DayKeys) -> list[Key]:
    """Name where the day will be listed with its plans of care; the lists' heads are at hand."""
    lists = [plan_list(keys.day[1], each) for each in keys.plans]
    heads: list[tuple[Key, ListHead | None]] = [(list_, desk[list_]) for list_ in lists]
    return [segment_key(list_, 0 if head is None else head.segments - 1) for list_, head in heads]


def decide_day(desk: Desk, rulebook: RuleBook, day: DayState, keys: DayKeys) -> Asking:
    """Decide a loaded visit day, emit the decision if it is news, and list the day."""
    accrued = day.accrued
    before: DecisionState = desk[keys.decision] or UNDECIDED
    payer = accrued.payer
    facts = rulebook.on(accrued.date_of_service, payer.payer_id, payer.program)
    outcome = decide(_price(desk, day, keys), _ledger(desk, keys), before.history, facts)
    history = before.history
    if is_news(outcome, history):
        assert outcome.type is not None
        history = advance(outcome, history)
        decision = write_decision(outcome, before.history, history)
        desk.emit(Output(outcome.type, accrued.visit_day_id, decision))
    else:
        history = keep_kx_balance(outcome, history)
    after = yield from _list(desk, day, outcome, before, history)
    if after is not before:
        desk.put(keys.decision, after)


def billed_by(accrued: SpendAccrued) -> Billed:
    """Return the codes and units that a priced day bills."""
    return tuple([(line.code, line.units) for line in accrued.lines if line.units is not None])


def _session_keys(day: DayState) -> list[Key]:
    accrued = day.accrued
    return [
        day_session_key(accrued.patient_id, accrued.visit_day_id, number)
        for number in range(day.session_count)
    ]


def _price(desk: Desk, day: DayState, keys: DayKeys) -> PricedDay:
    return PricedDay(
        day.accrued,
        tuple([desk[key] for key in _session_keys(day)]),
        day.first_event_time,
        _billed_beside(desk, day.accrued, keys),
        {each: _plans(desk, key) for each, key in keys.plans.items()},
    )


def _billed_beside(desk: Desk, accrued: SpendAccrued, keys: DayKeys) -> Billed:
    group: GroupState | None = desk[keys.group]
    if group is None or len(group.days) == 1:
        return ()
    return tuple(
        pair
        for each in group.days
        if each.visit_day_id != accrued.visit_day_id
        for pair in each.billed
    )


def _plans(desk: Desk, key: Key) -> tuple[PlanOfCare, ...]:
    plan: PlanState | None = desk[key]
    if plan is None:
        return ()
    return tuple([desk[document_key(key[1], each)] for each in plan.document_ids])


def _ledger(desk: Desk, keys: DayKeys) -> Ledger | None:
    if keys.ledger is None or keys.attestations is None:
        return None
    ledger: LedgerState = desk[keys.ledger]
    attested: AttestationsState | None = desk[keys.attestations]
    attestations = () if attested is None else attested.attestations
    return Ledger(Decimal(ledger.running_total), attestations)


def _list(
    desk: Desk, day: DayState, outcome: Outcome, before: DecisionState, history: History
) -> AskingFor[DecisionState]:
    """Put the day into the lists where it belongs, and take it out of the others."""
    ledger_segment, needs_kx = yield from _list_in_ledger(desk, outcome, before, history)
    held_segment = before.held_segment
    is_held = outcome.type is EventType.CLAIM_HELD
    if is_held is not (held_segment is not None):
        list_ = held_list(day.accrued.patient_id)
        held_segment = yield from _move(desk, list_, day.accrued.visit_day_id, held_segment)
    listed_plans = before.listed_plans
    for plan_of_care_id in day.plan_of_care_ids:
        if plan_of_care_id not in listed_plans:
            list_ = plan_list(day.accrued.patient_id, plan_of_care_id)
            yield from append(desk, list_, day.accrued.visit_day_id)
            listed_plans = (*listed_plans, plan_of_care_id)
    places = (ledger_segment, held_segment, listed_plans, needs_kx)
    known = (before.ledger_segment, before.held_segment, before.listed_plans, before.needs_kx)
    if history is before.history and places == known:
        return before
    return DecisionState(
        history=history,
        listed_plans=listed_plans,
        ledger_segment=ledger_segment,
        held_segment=held_segment,
        needs_kx=needs_kx,
    )


def _list_in_ledger(
    desk: Desk, outcome: Outcome, before: DecisionState, history: History
) -> AskingFor[tuple[int | None, bool]]:
    """List a day that its ledger or an attestation may change; return its segment, its need."""
    segment, kx = before.ledger_segment, outcome.day.kx
    accrued, spend = outcome.day.accrued, outcome.day.accrued.spend
    needs_kx = kx is not None and bool(kx.required)
    waits = outcome.type in BLOCKED and history.kx_balance is None
    belongs = kx is not None and (waits or needs_kx)
    if spend is not None and belongs is not (segment is not None):
        list_ = ledger_list(accrued.patient_id, spend.year, spend.threshold_group)
        segment = yield from _move(desk, list_, accrued.visit_day_id, segment)
    if belongs:
        _raise_bound(desk, accrued)
    return segment, needs_kx


def _move(desk: Desk, list_: Key, visit_day_id: str, segment: int | None) -> AskingFor[int | None]:
    """Put a day into a list, or take it out of its segment; return its segment."""
    if segment is None:
        return (yield from append(desk, list_, visit_day_id))
    yield from remove(desk, list_, segment, visit_day_id)
    return None


def _raise_bound(desk: Desk, accrued: SpendAccrued) -> None:
    """Keep the most that a listed day has ever come to."""
    assert accrued.spend is not None
    key = ledger_key(accrued.patient_id, accrued.spend.year, accrued.spend.threshold_group)
    ledger: LedgerState = desk[key]
    if Decimal(accrued.total_allowed) > Decimal(ledger.largest_allowed):
        raised = {"largest_allowed": accrued.total_allowed}
        desk.put(key, replace(ledger, **raised))
