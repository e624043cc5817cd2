"""One visit day on the desk: what it rests on, its decision, and the lists that it stands in."""

from collections.abc import Sequence
from decimal import Decimal

from msgspec.structs import replace

from reference.facts import Facts
from reference.rulebook import RuleBook
from rules.attestation import Ledger
from rules.claim import advance, keep_kx_balance, write_decision
from rules.decision import BLOCKED, History, OnFile, Outcome, decide, is_news
from rules.edits.day import PricedDay
from runtime.processor import Key, Output
from schemas.documentation import PlanOfCare
from schemas.events import EventType
from schemas.model import Struct
from schemas.spend import Spend
from services.claims.desk import Asking, AskingFor, Desk, append, remove, segment_key
from services.claims.keeping import findings_kept, sessions_kept
from services.claims.state import (
    AttestationsState,
    DayState,
    DecisionState,
    LedgerState,
    ListHead,
    PlanState,
    attestations_key,
    day_key,
    day_session_key,
    decision_key,
    document_key,
    held_list,
    ledger_key,
    ledger_list,
    plan_key,
    plan_list,
)

UNDECIDED = DecisionState(history=History())


class DayKeys(Struct, frozen=True, gc=False):
    """Where a visit day, its decision and what that rests on are kept."""

    day: Key
    decision: Key
    plans: dict[str, Key]
    """By the plan of care's id, in the order of the sessions."""
    ledger: Key | None = None
    attestations: Key | None = None
    """None where no ledger has the day."""

    def context(self) -> list[Key]:
        """Return the keys of what a decision rests on beside the day itself."""
        if self.ledger is None or self.attestations is None:
            return [*self.plans.values()]
        return [*self.plans.values(), self.ledger, self.attestations]


def keys_of(
    patient_id: str, visit_day_id: str, spend: Spend | None, plan_of_care_ids: Sequence[str]
) -> DayKeys:
    """Name all that the decision on a priced day needs."""
    day, decision = day_key(patient_id, visit_day_id), decision_key(patient_id, visit_day_id)
    plans = {each: plan_key(patient_id, each) for each in plan_of_care_ids}
    if spend is None:
        return DayKeys(day, decision, plans)
    return DayKeys(
        day,
        decision,
        plans,
        ledger_key(patient_id, spend.year, spend.threshold_group),
        attestations_key(patient_id, spend.year, spend.threshold_group),
    )


def load_days(
    desk: Desk, patient_id: str, visit_day_ids: Sequence[str]
) -> AskingFor[list[tuple[DayState, DayKeys]]]:
    """Ask for visit days and all that their decisions rest on; return those that are known."""
    yield from desk.load(
        [key(patient_id, each) for each in visit_day_ids for key in (day_key, decision_key)]
    )
    found: list[DayState | None] = [desk[day_key(patient_id, each)] for each in visit_day_ids]
    days = [(day, _keys_kept(day)) for day in found if day is not None]
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


def last_segments(desk: Desk, lists: Sequence[Key]) -> list[Key]:
    """Name where a day will be put into lists whose heads are at hand."""
    heads: list[tuple[Key, ListHead | None]] = [(list_, desk[list_]) for list_ in lists]
    return [segment_key(list_, 0 if head is None else head.segments - 1) for list_, head in heads]


def decide_kept_day(desk: Desk, rulebook: RuleBook, day: DayState, keys: DayKeys) -> Asking:
    """Decide a loaded visit day again, on what is at hand."""
    facts = facts_of(rulebook, day.priced)
    on_file = OnFile(
        sessions_kept(desk, day),
        day.first_event_time,
        findings_kept(day, facts),
        plans_at_hand(desk, keys),
        ledger_at_hand(desk, keys),
    )
    yield from decide_day(desk, facts, day, keys, on_file)


def facts_of(rulebook: RuleBook, priced: PricedDay) -> Facts:
    """Return the facts of a day's date and payer."""
    return rulebook.on(priced.date_of_service, priced.payer.payer_id, priced.payer.program)


def decide_day(desk: Desk, facts: Facts, day: DayState, keys: DayKeys, on_file: OnFile) -> Asking:
    """Decide a visit day, emit the decision if it is news, and list the day."""
    before: DecisionState = desk[keys.decision] or UNDECIDED
    known = before.history
    outcome = decide(day.priced, on_file, known, facts)
    if is_news(outcome, known):
        assert outcome.type is not None
        history = advance(outcome, known)
        decision = write_decision(outcome, known, history)
        desk.emit(Output(outcome.type, day.priced.visit_day_id, decision))
    else:
        history = keep_kx_balance(outcome, known)
    after = yield from _list(desk, day, outcome, before, history)
    if after is not before:
        desk.put(keys.decision, after)


def plans_at_hand(desk: Desk, keys: DayKeys) -> dict[str, Sequence[PlanOfCare]]:
    """Return the documents of the plans of care that a day names."""
    return {each: _documents(desk, key) for each, key in keys.plans.items()}


def ledger_at_hand(desk: Desk, keys: DayKeys) -> Ledger | None:
    """Return the ledger of a day; None where none has it."""
    if keys.ledger is None or keys.attestations is None:
        return None
    ledger: LedgerState = desk[keys.ledger]
    attested: AttestationsState | None = desk[keys.attestations]
    attestations = () if attested is None else attested.attestations
    return Ledger(Decimal(ledger.running_total), attestations)


def _keys_kept(day: DayState) -> DayKeys:
    priced = day.priced
    return keys_of(priced.patient_id, priced.visit_day_id, priced.spend, day.plan_of_care_ids)


def _session_keys(day: DayState) -> list[Key]:
    patient_id, visit_day_id = day.priced.patient_id, day.priced.visit_day_id
    numbers = range(day.session_count)
    return [day_session_key(patient_id, visit_day_id, number) for number in numbers]


def _documents(desk: Desk, key: Key) -> tuple[PlanOfCare, ...]:
    plan: PlanState | None = desk[key]
    if plan is None:
        return ()
    return tuple([desk[document_key(key[1], each)] for each in plan.document_ids])


def _list(
    desk: Desk, day: DayState, outcome: Outcome, before: DecisionState, history: History
) -> AskingFor[DecisionState]:
    """Put the day into the lists where it belongs, and take it out of the others."""
    patient_id, visit_day_id = day.priced.patient_id, day.priced.visit_day_id
    ledger_segment, needs_kx = yield from _list_in_ledger(desk, outcome, before, history)
    held_segment = before.held_segment
    if (outcome.type is EventType.CLAIM_HELD) is not (held_segment is not None):
        held_segment = yield from _move(desk, held_list(patient_id), visit_day_id, held_segment)
    listed_plans = before.listed_plans
    for plan_of_care_id in day.plan_of_care_ids:
        if plan_of_care_id not in listed_plans:
            yield from append(desk, plan_list(patient_id, plan_of_care_id), visit_day_id)
            listed_plans = (*listed_plans, plan_of_care_id)
    after = DecisionState(history, listed_plans, ledger_segment, held_segment, needs_kx)
    return before if after == before else after


def _list_in_ledger(
    desk: Desk, outcome: Outcome, before: DecisionState, history: History
) -> AskingFor[tuple[int | None, bool]]:
    """List a day that its ledger or an attestation may change; return its segment, its need."""
    segment, kx = before.ledger_segment, outcome.day.kx
    priced, spend = outcome.day.priced, outcome.day.priced.spend
    needs_kx = kx is not None and bool(kx.required)
    waits = outcome.type in BLOCKED and history.kx_balance is None
    belongs = kx is not None and (waits or needs_kx)
    if spend is not None and belongs is not (segment is not None):
        list_ = ledger_list(priced.patient_id, spend.year, spend.threshold_group)
        segment = yield from _move(desk, list_, priced.visit_day_id, segment)
    if belongs:
        _raise_bound(desk, priced)
    return segment, needs_kx


def _move(desk: Desk, list_: Key, visit_day_id: str, segment: int | None) -> AskingFor[int | None]:
    """Put a day into a list, or take it out of its segment; return its segment."""
    if segment is None:
        return (yield from append(desk, list_, visit_day_id))
    yield from remove(desk, list_, segment, visit_day_id)
    return None


def _raise_bound(desk: Desk, priced: PricedDay) -> None:
    """Keep the most that a listed day has ever come to."""
    assert priced.spend is not None
    key = ledger_key(priced.patient_id, priced.spend.year, priced.spend.threshold_group)
    ledger: LedgerState = desk[key]
    if Decimal(priced.total_allowed) > Decimal(ledger.largest_allowed):
        raised = {"largest_allowed": priced.total_allowed}
        desk.put(key, replace(ledger, **raised))
