"""The consumer ``claims``: keeps what decisions rest on, and decides again when that changes."""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal

from reference.rulebook import RuleBook
from rules.decision import OnFile
from rules.money import ZERO, write_money
from runtime.processor import Step, Steps
from schemas.envelope import Event
from schemas.events import EventType
from schemas.redecision import RedecisionRequested
from schemas.spend import Spend, SpendAccrued, SpendBalance, ThresholdCrossed
from services.claims.day import (
    DayKeys,
    decide_day,
    decide_kept_day,
    document_keys,
    facts_of,
    keys_of,
    last_segments,
    ledger_at_hand,
    load_days,
    plans_at_hand,
)
from services.claims.desk import Asking, AskingFor, Desk, listed, load_list
from services.claims.documents import file_document
from services.claims.keeping import keep_day
from services.claims.state import (
    DayState,
    DecisionState,
    LedgerState,
    decision_key,
    held_list,
    ledger_key,
    ledger_list,
    plan_list,
)


class ClaimsProcessor:
    """Decides visit days; ``rulebook`` gives the facts of a date and a payer."""

    source = "/therapy/claims"

    def __init__(self, rulebook: RuleBook) -> None:
        """Decide by ``rulebook``."""
        self._rulebook = rulebook

    def process(self, event: Event) -> Steps:
        """Handle one event; only a threshold that was crossed is passed on."""
        desk = Desk()
        match event.type:
            case EventType.SPEND_ACCRUED:
                yield from self._accrue(desk, event.data, event.time)
            case EventType.SPEND_BALANCE:
                yield from self._balance(desk, event.data)
            case EventType.DOCUMENTATION_RECEIVED:
                concerned = yield from file_document(desk, event.data)
                yield from self._decide(desk, event.data.patient_id, concerned)
            case EventType.REDECISION_REQUESTED:
                yield from self._redecide(desk, event.data)
            case EventType.THRESHOLD_CROSSED:
                yield from self._cross(desk, event.data)
                step = desk.clear_away()
                return Step(step.changes, step.outputs, passes_on=True)
            case _:
                return Step()
        return desk.clear_away()

    def _accrue(self, desk: Desk, accrued: SpendAccrued, time: datetime) -> Asking:
        """Decide the day that was priced, then the days that wait and that this may change."""
        patient_id, visit_day_id = accrued.patient_id, accrued.visit_day_id
        plan_of_care_ids = _plans_named(accrued)
        keys = keys_of(patient_id, visit_day_id, accrued.spend, plan_of_care_ids)
        lists = [plan_list(patient_id, each) for each in plan_of_care_ids]
        desk.lay((yield [keys.day, keys.decision, *keys.context(), *lists]))
        known: DayState | None = desk[keys.day]
        if known is not None and known.priced.revision >= accrued.revision:
            return
        if lists:
            desk.lay((yield [*document_keys(desk, keys), *last_segments(desk, lists)]))
        day = keep_day(desk, accrued, plan_of_care_ids, time)
        may_matter = _keep_running_total(desk, accrued)
        on_file = OnFile(
            accrued.sessions,
            day.first_event_time,
            accrued.findings,
            plans_at_hand(desk, keys),
            ledger_at_hand(desk, keys),
        )
        facts = facts_of(self._rulebook, day.priced)
        yield from decide_day(desk, facts, day, keys, on_file)
        if may_matter and accrued.spend is not None:
            waiting = yield from _waiting(desk, patient_id, accrued.spend)
            others = [each for each in waiting if each != visit_day_id]
            days = yield from self._decide(desk, patient_id, others)
            _lower_bound(desk, accrued.spend, patient_id, [*days, day])

    def _cross(self, desk: Desk, crossed: ThresholdCrossed) -> Asking:
        """Decide the days that wait where a day that left the ledger moved its running total."""
        key = ledger_key(crossed.patient_id, crossed.year, crossed.threshold_group)
        yield from desk.load([key])
        ledger: LedgerState | None = desk[key]
        if ledger is None or ledger.running_total == crossed.balance:
            return
        total = crossed.balance
        desk.put(key, LedgerState(total, total, ledger.largest_allowed))
        waiting = yield from _waiting(desk, crossed.patient_id, crossed)
        yield from self._decide(desk, crossed.patient_id, waiting)

    def _balance(self, desk: Desk, balance: SpendBalance) -> Asking:
        """Keep the running total that a report changed, and decide the days that wait on it."""
        key = ledger_key(balance.patient_id, balance.year, balance.threshold_group)
        yield from desk.load([key])
        ledger: LedgerState | None = desk[key]
        largest = write_money(ZERO) if ledger is None else ledger.largest_allowed
        total = balance.running_total
        desk.put(key, LedgerState(total, decided_total=total, largest_allowed=largest))
        waiting = yield from _waiting(desk, balance.patient_id, balance)
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
        ids = list(dict.fromkeys(visit_day_ids))
        days = yield from load_days(desk, patient_id, ids)
        for day, keys in sorted(days, key=_date_of_service):
            yield from decide_kept_day(desk, self._rulebook, day, keys)
        return [day for day, _ in days]


def _plans_named(accrued: SpendAccrued) -> tuple[str, ...]:
    sessions = accrued.sessions
    if len(sessions) == 1:
        only = sessions[0].plan_of_care_id
        return () if only is None else (only,)
    named = [each.plan_of_care_id for each in sessions if each.plan_of_care_id is not None]
    return tuple(dict.fromkeys(named))


def _keep_running_total(desk: Desk, accrued: SpendAccrued) -> bool:
    """Keep the ledger's running total; say whether a day that waits may need KX by it.

    Not while other days of the ledger follow by the same cause: the days that wait are decided on
    what the whole cause comes to, with the amounts that it leaves them.
    """
    spend = accrued.spend
    if spend is None:
        return False
    key = ledger_key(accrued.patient_id, spend.year, spend.threshold_group)
    known: LedgerState | None = desk[key]
    zero, total = write_money(ZERO), spend.running_total
    decided = zero if known is None else known.decided_total
    largest = zero if known is None else known.largest_allowed
    kept = LedgerState(total, decided if accrued.followed_by else total, largest)
    if kept != known:
        desk.put(key, kept)
    if accrued.followed_by:
        return False
    return _may_matter(Decimal(decided), Decimal(total), spend, Decimal(largest))


def _may_matter(before: Decimal, after: Decimal, spend: Spend, largest: Decimal) -> bool:
    """Say whether a waiting day of at most ``largest`` may need KX, or need it no more.

    It may not where both totals leave every such day below the threshold, or both put it above
    without its own amount.
    """
    if before == after or spend.kx_threshold is None:
        return False
    threshold = Decimal(spend.kx_threshold)
    return max(before, after) > threshold and min(before, after) <= threshold + largest


def _waiting(
    desk: Desk, patient_id: str, ledger: Spend | SpendBalance | ThresholdCrossed
) -> AskingFor[list[str]]:
    """Return the ledger's days that wait and never were ready."""
    list_ = ledger_list(patient_id, ledger.year, ledger.threshold_group)
    yield from load_list(desk, list_)
    visit_day_ids = listed(desk, list_)
    yield from desk.load(decision_key(patient_id, each) for each in visit_day_ids)
    decisions = ((each, desk[decision_key(patient_id, each)]) for each in visit_day_ids)
    return [each for each, decision in decisions if _never_was_ready(decision)]


def _lower_bound(desk: Desk, spend: Spend, patient_id: str, days: Iterable[DayState]) -> None:
    """Let the bound on what waits be that of the days that wait now, all of them at hand."""
    key = ledger_key(patient_id, spend.year, spend.threshold_group)
    ledger: LedgerState = desk[key]
    largest = max((day.priced.total_allowed for day in days), key=Decimal)
    if largest != ledger.largest_allowed:
        desk.put(key, LedgerState(ledger.running_total, ledger.decided_total, largest))


def _never_was_ready(decision: DecisionState) -> bool:
    return decision.history.kx_balance is None


def _date_of_service(loaded: tuple[DayState, DayKeys]) -> date:
    """Order by date of service; days of one date stay in the order of their lists."""
    day, _ = loaded
    return day.priced.date_of_service
