"""The consumer ``claims``: keeps what decisions rest on, and decides again when that changes."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Any

from reference.rulebook import RuleBook
from rules.authorizations import asks_for_places
from rules.decision import OnFile
from rules.merging import unwrap
from rules.money import ZERO, write_money
from rules.progress import TreatmentDay
from runtime.processor import Step, Steps
from schemas.envelope import Event
from schemas.events import EventType
from schemas.merging import PatientCarried
from schemas.redecision import RedecisionRequested
from schemas.session import Session
from schemas.spend import SpendAccrued, SpendBalance, ThresholdCrossed
from services.claims.authorizations import place_at_hand, place_days
from services.claims.day import (
    decide_day,
    decide_kept_day,
    keys_behind,
    ledger_at_hand,
    load_days,
    plans_at_hand,
)
from services.claims.desk import Asking, AskingFor, Desk, listed, load_list
from services.claims.documents import file_document
from services.claims.keeping import facts_of, keep_day
from services.claims.merging import send_on, take_decisions
from services.claims.notes import judge_notes_of, keys_of_notes
from services.claims.progress import (
    facts_on_date,
    has_little_behind,
    judge_day,
    keep_treatment_day,
    read_treatment_day,
)
from services.claims.state import (
    ChangedDay,
    DayKeys,
    DayState,
    DecisionState,
    LedgerKeys,
    LedgerState,
    day_keys,
    decision_key,
    held_list,
    ledger_keys,
    treatment_keys,
)
from services.claims.treatment import append_day

NO_LEDGER = LedgerState(write_money(ZERO), write_money(ZERO), write_money(ZERO))


class ClaimsProcessor:
    """Decides visit days; ``rulebook`` gives the facts of a date and a payer."""

    source = "/therapy/claims"

    def __init__(self, rulebook: RuleBook) -> None:
        """Decide by ``rulebook``."""
        self._rulebook = rulebook
        self._facts_on = partial(facts_on_date, rulebook)

    def process(self, event: Event) -> Steps:
        """Handle one event; only a threshold that was crossed is passed on."""
        desk = Desk()
        if event.type == EventType.SPEND_ACCRUED:
            yield from self._accrue(desk, event.data, event.time)
        else:
            yield from self._handle(desk, event.type, event.data, event.time)
        step = desk.clear_away()
        if event.type == EventType.THRESHOLD_CROSSED:
            return Step(step.changes, step.outputs, passes_on=True)
        return step

    def _handle(self, desk: Desk, type_: str, data: Any, time: datetime) -> Asking:  # noqa: ANN401
        match type_:
            case EventType.SPEND_BALANCE:
                yield from self._balance(desk, data)
            case EventType.DOCUMENTATION_RECEIVED:
                concerned = yield from file_document(desk, self._rulebook, data)
                yield from self._decide(desk, data.patient_id, concerned)
            case EventType.REDECISION_REQUESTED:
                yield from self._redecide(desk, data)
            case EventType.THRESHOLD_CROSSED:
                yield from self._cross(desk, data)
            case EventType.PATIENT_CARRIED:
                yield from self._carry(desk, data, time)
            case _:
                pass

    def _carry(self, desk: Desk, carried: PatientCarried, time: datetime) -> Asking:
        """Send on what leaves, and take what came as what it is."""
        if carried.surviving_id is not None:
            yield from send_on(desk, carried)
        elif carried.days:
            yield from take_decisions(desk, carried)
        else:
            yield from self._handle(desk, *unwrap(carried), time)

    def _accrue(self, desk: Desk, accrued: SpendAccrued, time: datetime) -> Asking:
        """Decide the day that was priced, then the days that wait and that this may change."""
        patient_id, visit_day_id, spend = accrued.patient_id, accrued.visit_day_id, accrued.spend
        treatment = treatment_keys(patient_id, accrued.discipline, accrued.date_of_service)
        keys = day_keys(patient_id, visit_day_id, treatment, spend, _plans_named(accrued.sessions))
        facts = facts_of(self._rulebook, accrued)
        note_keys = keys_of_notes(accrued, facts)
        desk.update((yield [*keys.all(), *note_keys]))
        known: DayState | None = desk[keys.day]
        if known is not None and known.priced.revision >= accrued.revision:
            return
        if behind := keys_behind(desk, keys):
            desk.update((yield behind))
        notes = judge_notes_of(desk, note_keys, accrued, facts)
        day = keep_day(desk, keys, accrued, time, notes)
        # No generator is made for what most days have not: a place, others that they change.
        freed: Sequence[str] = ()
        if asks_for_places(facts):
            freed = yield from place_days(desk, self._rulebook, [day])
        treated = read_treatment_day(self._rulebook, day, facts)
        touched: Sequence[str] = ()
        is_first = known is None and not accrued.is_followed
        if not (is_first and append_day(desk, treatment, accrued.date_of_service, treated)):
            before = self._treated_before(known)
            changed = ChangedDay(accrued.date_of_service, visit_day_id, before)
            facts_on = None if accrued.is_followed else self._facts_on
            touched = yield from keep_treatment_day(desk, treatment, changed, treated, facts_on)
        nothing_open = has_little_behind(desk, treatment, treated, facts)
        progress = () if nothing_open else (yield from judge_day(desk, treatment, treated, facts))
        may_matter = _keep_running_total(desk, keys.ledger, accrued)
        on_file = OnFile(
            accrued.sessions,
            day.first_event_time,
            accrued.findings,
            plans_at_hand(desk, keys),
            ledger_at_hand(desk, keys),
            notes,
            place_at_hand(desk, facts, day.priced),
            progress,
        )
        decide_day(desk, facts, day, keys, on_file)
        waiting: list[str] = []
        if may_matter and keys.ledger is not None:
            waiting = yield from _waiting(desk, keys.ledger)
        elif not (freed or touched):
            return
        others = [each for each in (*waiting, *freed, *touched) if each != visit_day_id]
        days = yield from self._decide(desk, patient_id, others)
        if may_matter and keys.ledger is not None:
            waited = [each for each in days if each.priced.visit_day_id in waiting]
            _lower_bound(desk, keys.ledger, [*waited, day])

    def _treated_before(self, known: DayState | None) -> TreatmentDay | None:
        """Return a visit day as it was, as other days of its discipline look at it."""
        if known is None:
            return None
        return read_treatment_day(self._rulebook, known, facts_of(self._rulebook, known.priced))

    def _cross(self, desk: Desk, crossed: ThresholdCrossed) -> Asking:
        """Decide the days that wait where a day that left the ledger moved its running total."""
        keys = ledger_keys(crossed.patient_id, crossed.year, crossed.threshold_group)
        yield from desk.load([keys.state])
        ledger: LedgerState | None = desk[keys.state]
        if ledger is None or ledger.running_total == crossed.balance:
            return
        total = crossed.balance
        desk.put(keys.state, LedgerState(total, total, ledger.largest_allowed))
        waiting = yield from _waiting(desk, keys)
        yield from self._decide(desk, crossed.patient_id, waiting)

    def _balance(self, desk: Desk, balance: SpendBalance) -> Asking:
        """Keep the running total that a report changed, and decide the days that wait on it."""
        keys = ledger_keys(balance.patient_id, balance.year, balance.threshold_group)
        yield from desk.load([keys.state])
        ledger: LedgerState = desk[keys.state] or NO_LEDGER
        total = balance.running_total
        desk.put(keys.state, LedgerState(total, total, ledger.largest_allowed))
        waiting = yield from _waiting(desk, keys)
        yield from self._decide(desk, balance.patient_id, waiting)

    def _redecide(self, desk: Desk, request: RedecisionRequested) -> Asking:
        """Decide the day that is named, or all of the patient's held days, by the rulebook now."""
        visit_day_ids = [request.visit_day_id] if request.visit_day_id is not None else None
        if visit_day_ids is None:
            list_ = held_list(request.patient_id)
            yield from load_list(desk, list_)
            visit_day_ids = listed(desk, list_)
        yield from self._decide(desk, request.patient_id, visit_day_ids)

    def _decide(
        self, desk: Desk, patient_id: str, visit_day_ids: Iterable[str]
    ) -> AskingFor[list[DayState]]:
        """Decide visit days by date of service, then in the order given; return them."""
        loaded = yield from self._place(desk, patient_id, list(dict.fromkeys(visit_day_ids)))
        for day, keys in sorted(loaded, key=_date_of_service):
            yield from decide_kept_day(desk, self._rulebook, day, keys)
        return [day for day, _ in loaded]

    def _place(
        self, desk: Desk, patient_id: str, visit_day_ids: Sequence[str]
    ) -> AskingFor[list[tuple[DayState, DayKeys]]]:
        """Load visit days and those that wait for what one of them gives back, all placed."""
        found: dict[str, tuple[DayState, DayKeys]] = {}
        while visit_day_ids:
            loaded = yield from load_days(desk, patient_id, visit_day_ids)
            found.update((day.priced.visit_day_id, (day, keys)) for day, keys in loaded)
            days = [day for day, _ in loaded]
            visit_day_ids = yield from place_days(desk, self._rulebook, days)
        return list(found.values())


def _plans_named(sessions: Sequence[Session]) -> list[str]:
    named = [each.plan_of_care_id for each in sessions if each.plan_of_care_id is not None]
    return named if len(named) == 1 else list(dict.fromkeys(named))


def _keep_running_total(desk: Desk, keys: LedgerKeys | None, accrued: SpendAccrued) -> bool:
    """Keep the ledger's running total; say whether a day that waits may need KX by it.

    Not while other days of the ledger follow by the same cause: the days that wait are decided on
    what the whole cause comes to, with the amounts that it leaves them.
    """
    spend = accrued.spend
    if spend is None or keys is None:
        return False
    known: LedgerState = desk[keys.state] or NO_LEDGER
    total, decided, largest = spend.running_total, known.decided_total, known.largest_allowed
    kept = LedgerState(total, decided if accrued.followed_by else total, largest)
    if kept != desk[keys.state]:
        desk.put(keys.state, kept)
    if accrued.followed_by or spend.kx_threshold is None or decided == total:
        return False
    return _may_matter(
        Decimal(decided), Decimal(total), Decimal(spend.kx_threshold), Decimal(largest)
    )


def _may_matter(before: Decimal, after: Decimal, threshold: Decimal, largest: Decimal) -> bool:
    """Say whether a waiting day of at most ``largest`` may need KX, or need it no more.

    It may not where both totals leave every such day below the threshold, or both put it above
    without its own amount.
    """
    lower, upper = (before, after) if before < after else (after, before)
    return upper > threshold and lower <= threshold + largest


def _waiting(desk: Desk, ledger: LedgerKeys) -> AskingFor[list[str]]:
    """Return the ledger's days that wait and never were ready."""
    yield from load_list(desk, ledger.days)
    visit_day_ids = listed(desk, ledger.days)
    _, patient_id, *_ = ledger.days
    yield from desk.load(decision_key(patient_id, each) for each in visit_day_ids)
    decisions = ((each, desk[decision_key(patient_id, each)]) for each in visit_day_ids)
    return [each for each, decision in decisions if _never_was_ready(decision)]


def _lower_bound(desk: Desk, keys: LedgerKeys, days: Iterable[DayState]) -> None:
    """Let the bound on what waits be that of the days that wait now, all of them at hand."""
    ledger: LedgerState = desk[keys.state]
    largest = max((day.priced.total_allowed for day in days), key=Decimal)
    if largest != ledger.largest_allowed:
        desk.put(keys.state, LedgerState(ledger.running_total, ledger.decided_total, largest))


def _never_was_ready(decision: DecisionState) -> bool:
    return decision.history.kx_balance is None


def _date_of_service(loaded: tuple[DayState, DayKeys]) -> date:
    """Order by date of service; days of one date stay in the order of their lists."""
    day, _ = loaded
    return day.priced.date_of_service
