"""One visit day on the desk: what it rests on, its decision, and the lists that it stands in."""

from collections.abc import Sequence
from decimal import Decimal

from reference.facts import Facts
from reference.rulebook import RuleBook
from rules.attestation import Ledger
from rules.claim import advance, keep_kx_balance, write_decision
from rules.decision import BLOCKED, History, OnFile, Outcome, amount_held, decide, is_news
from rules.edits.day import PricedDay
from rules.plan_of_care import PlanOnFile
from runtime.processor import Key, Output
from schemas.events import EventType
from services.claims.authorizations import place_at_hand
from services.claims.desk import Asking, AskingFor, Desk, append, remove, segment_behind
from services.claims.keeping import facts_of, findings_kept, sessions_kept
from services.claims.progress import has_little_behind, judge_day, read_treatment_day
from services.claims.state import (
    AttestationsState,
    DayKeys,
    DayState,
    DecisionState,
    LedgerKeys,
    LedgerState,
    PlanState,
    Waiting,
    day_key,
    day_keys,
    day_session_key,
    decision_key,
    treatment_keys,
)

CLAIM_HELD = EventType.CLAIM_HELD
UNDECIDED = DecisionState(history=History())
EMPTIED = Waiting()


def load_days(
    desk: Desk, patient_id: str, visit_day_ids: Sequence[str]
) -> AskingFor[list[tuple[DayState, DayKeys]]]:
    """Ask for visit days and all that their decisions rest on; return those that are known."""
    yield from desk.load(
        [key(patient_id, each) for each in visit_day_ids for key in (day_key, decision_key)]
    )
    found: list[DayState | None] = [desk[day_key(patient_id, each)] for each in visit_day_ids]
    days = [(day, _keys_kept(day)) for day in found if day is not None]
    yield from desk.load([key for day, keys in days for key in (*_session_keys(day), *keys.all())])
    yield from desk.load([key for _, keys in days for key in keys_behind(desk, keys)])
    return days


def keys_behind(desk: Desk, keys: DayKeys) -> list[Key]:
    """Name what only the decision at hand says: the full segments of lists that have the day."""
    decision: DecisionState | None = desk[keys.decision]
    if decision is None:
        return []
    wanted = segment_behind(desk, keys.held_days, decision.held_segment)
    if keys.ledger is not None:
        wanted += segment_behind(desk, keys.ledger.days, decision.ledger_segment)
    return wanted


def decide_kept_day(desk: Desk, rulebook: RuleBook, day: DayState, keys: DayKeys) -> Asking:
    """Decide a loaded visit day again, on what is at hand."""
    facts = facts_of(rulebook, day.priced)
    treated = read_treatment_day(rulebook, day, facts)
    nothing_open = has_little_behind(desk, keys.treatment, treated, facts)
    progress = () if nothing_open else (yield from judge_day(desk, keys.treatment, treated, facts))
    on_file = OnFile(
        sessions_kept(desk, day),
        day.first_event_time,
        findings_kept(day, facts),
        plans_at_hand(desk, keys),
        ledger_at_hand(desk, keys),
        day.notes,
        place_at_hand(desk, facts, day.priced),
        progress,
    )
    decide_day(desk, facts, day, keys, on_file)


def decide_day(desk: Desk, facts: Facts, day: DayState, keys: DayKeys, on_file: OnFile) -> None:
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
    after = _list(desk, keys, outcome, before, history)
    if after != before:
        desk.put(keys.decision, after)


def plans_at_hand(desk: Desk, keys: DayKeys) -> dict[str, Sequence[PlanOnFile]]:
    """Return the documents of those plans of care that a day names and that have any."""
    plans: dict[str, Sequence[PlanOnFile]] = {}
    for plan_of_care_id, plan_keys in keys.plans.items():
        plan: PlanState | None = desk[plan_keys.state]
        if plan is not None:
            plans[plan_of_care_id] = plan.documents
    return plans


def ledger_at_hand(desk: Desk, keys: DayKeys) -> Ledger | None:
    """Return the ledger of a day; None where none has it."""
    if keys.ledger is None:
        return None
    ledger: LedgerState = desk[keys.ledger.state]
    attested: AttestationsState | None = desk[keys.ledger.attestations]
    return Ledger(ledger.running_total, () if attested is None else attested.attestations)


def _keys_kept(day: DayState) -> DayKeys:
    priced = day.priced
    return day_keys(
        priced.patient_id,
        priced.visit_day_id,
        treatment_keys(priced.patient_id, priced.discipline, priced.date_of_service),
        priced.spend,
        day.plan_of_care_ids,
    )


def _session_keys(day: DayState) -> list[Key]:
    patient_id, visit_day_id = day.priced.patient_id, day.priced.visit_day_id
    numbers = range(day.session_count)
    return [day_session_key(patient_id, visit_day_id, number) for number in numbers]


def _list(
    desk: Desk, keys: DayKeys, outcome: Outcome, before: DecisionState, history: History
) -> DecisionState:
    """Put the day into the lists where it belongs, and take it out of the others."""
    _, _, visit_day_id = keys.day
    kx, needs_kx = outcome.day.kx, False
    ledger_segment, held_segment = before.ledger_segment, before.held_segment
    if keys.ledger is not None:
        needs_kx = kx is not None and bool(kx.required)
        waits = kx is not None and history.kx_balance is None and outcome.type in BLOCKED
        if (needs_kx or waits) is not (ledger_segment is not None):
            ledger_segment = _move(desk, keys.ledger.days, visit_day_id, ledger_segment)
        if needs_kx or waits:
            _raise_bound(desk, keys.ledger, outcome.day.priced)
    if (outcome.type is CLAIM_HELD) is not (held_segment is not None):
        held_segment = _move(desk, keys.held_days, visit_day_id, held_segment)
    listed_plans = before.listed_plans
    for plan_of_care_id, plan in keys.plans.items():
        if plan_of_care_id not in listed_plans:
            append(desk, plan.days, visit_day_id)
            listed_plans = (*listed_plans, plan_of_care_id)
    waiting = what_waits(outcome, history)
    return DecisionState(history, listed_plans, ledger_segment, held_segment, needs_kx, waiting)


def what_waits(outcome: Outcome, history: History) -> Waiting | None:
    """Return what a day waits for; a decision that is no news says what the last one did.

    A day that was emptied without a claim waits for nothing, whatever its last decision was.
    """
    if history.type not in BLOCKED:
        return None
    if outcome.type not in BLOCKED:
        return EMPTIED
    amount = amount_held(outcome.day)
    if outcome.type is CLAIM_HELD:
        codes = tuple([each.code for each in outcome.blocked_by])
        return Waiting(blocked_by=codes, amount=amount)
    missing = dict.fromkeys([(each.owner, each.code) for each in outcome.missing])
    dues = [each.due for each in outcome.missing if each.due is not None]
    return Waiting(tuple(missing), min(dues, default=None), amount=amount)


def _move(desk: Desk, list_: Key, visit_day_id: str, segment: int | None) -> int | None:
    """Put a day into a list, or take it out of its segment; return its segment."""
    if segment is None:
        return append(desk, list_, visit_day_id)
    remove(desk, list_, segment, visit_day_id)
    return None


def _raise_bound(desk: Desk, keys: LedgerKeys, priced: PricedDay) -> None:
    """Keep the most that a listed day has ever come to."""
    ledger: LedgerState = desk[keys.state]
    if Decimal(priced.total_allowed) > Decimal(ledger.largest_allowed):
        total, decided = ledger.running_total, ledger.decided_total
        desk.put(keys.state, LedgerState(total, decided, priced.total_allowed))
