"""Visit days and progress reports: what is judged of a day, and which days a change concerns."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date

from msgspec.structs import replace

from reference.facts import Facts, NoValueInForce
from reference.rulebook import RuleBook
from rules.plan_of_care import first_treatment
from rules.progress import (
    Asked,
    ProgressJudgement,
    ReportOnFile,
    Treatment,
    TreatmentDay,
    dates_from,
    judge_progress,
    put_date,
)
from runtime.processor import Key
from schemas.values import Program
from services.claims.desk import AskingFor, Desk
from services.claims.state import (
    ChangedDay,
    DayState,
    PlanState,
    TreatedDays,
    TreatmentKeys,
    TreatmentState,
    TreatmentYear,
    date_key,
    plan_key,
    year_key,
)
from services.claims.treatment import (
    change_reports,
    count_after,
    days_on,
    find_last_report,
    first_past,
    is_used_past,
    keep_year,
    load_before,
    load_reports,
    load_since,
    put_report,
    state_of,
    treatment_at_hand,
    year_at_hand,
)

FactsOn = Callable[[date], Facts]
"""The facts of a date: how many treatment days are asked about does not depend on the payer."""


def facts_on_date(rulebook: RuleBook, day: date) -> Facts:
    """Return the facts of a date that do not depend on the payer."""
    return rulebook.on(day, "", Program.MEDICARE_FFS)


def read_treatment_day(rulebook: RuleBook, day: DayState, facts: Facts) -> TreatmentDay | None:
    """Return a visit day as other days of its discipline look at it; None without a session.

    The codes that it is watched for are those that any payer wants justified.
    """
    if not day.session_count:
        return None
    profile, watched = facts.profile, rulebook.continued_use_codes
    codes = tuple([each.code for each in day.priced.lines if each.code in watched])
    asked = profile.continued_use_codes
    return TreatmentDay(
        day.priced.visit_day_id,
        day.plan_of_care_ids,
        codes,
        profile.requires_progress_report,
        tuple([each for each in codes if each in asked]) if codes else (),
    )


def has_little_behind(
    desk: Desk, keys: TreatmentKeys, treated: TreatmentDay | None, facts: Facts
) -> bool:
    """Say at once of a visit day, as can be said of most, that nothing is open for it.

    It has no more treatment days after the last report than one may cover, and none of its codes
    is past its days; both are counted over the whole year, which is never too few.
    """
    if treated is None or not (treated.is_report_asked or treated.asked_codes):
        return True
    report_days, use_days = facts.progress_report_days, facts.continued_use_days
    if isinstance(report_days, NoValueInForce) or isinstance(use_days, NoValueInForce):
        return False
    state: TreatmentState = desk[keys.state]
    kept: TreatmentYear = desk[keys.year]
    year = facts.date_of_service.year
    if treated.asked_codes and (
        state.years != (year,) or is_used_past(kept, treated.asked_codes, use_days)
    ):
        return False
    report = find_last_report(state, facts.date_of_service, treated.plan_ids)
    count = count_after(state, year, kept, report)
    return count is not None and count <= report_days


def judge_day(
    desk: Desk, keys: TreatmentKeys, treated: TreatmentDay | None, facts: Facts
) -> AskingFor[tuple[ProgressJudgement, ...]]:
    """Judge a loaded visit day; return what is open for each of its plans, where anything is."""
    if treated is None:
        return ()
    treatment, on, found = keys.state, facts.date_of_service, []
    for asked in _ask(desk, treatment, treated, facts):
        judged = judge_progress(treatment_at_hand(desk, treatment, on), asked)
        while judged is None:
            yield from load_before(desk, treatment, on)
            judged = judge_progress(treatment_at_hand(desk, treatment, on), asked)
        if judged.due is not None or judged.unjustified:
            found.append(judged)
    return tuple(found)


def keep_treatment_day(
    desk: Desk,
    keys: TreatmentKeys,
    changed: ChangedDay,
    after: TreatmentDay | None,
    facts_on: FactsOn | None,
) -> AskingFor[Sequence[str]]:
    """Keep a visit day among the days of its discipline; return others that it may change.

    Without facts another day follows by the same cause: the others are decided after that one, on
    what the whole cause comes to.
    """
    on = changed.date_of_service
    state, is_same = state_of(desk, keys.state), changed.before == after
    if is_same and (facts_on is None or not state.unsettled):
        return ()
    unsettled = state.unsettled
    if not is_same:
        yield from desk.load([keys.date])
        days = change_days(days_on(desk, keys.state, on), changed.visit_day_id, after)
        desk.put(keys.date, TreatedDays(days) if days else None)
        year = put_date(year_at_hand(desk, keys.state, on.year), on, days)
        keep_year(desk, keys.state, year)
        is_latest = state.years[-1:] <= (on.year,) and not year.dates >> (on - year.first).days + 1
        if is_latest and facts_on is not None and not unsettled:
            return ()
        unsettled = (*unsettled, changed)
    state = state_of(desk, keys.state)
    if facts_on is None:
        desk.put(keys.state, replace(state, unsettled=unsettled))
        return ()
    if state.unsettled:
        desk.put(keys.state, replace(state, unsettled=()))
    others = yield from _settle(desk, keys.state, unsettled, facts_on)
    return [*[each.visit_day_id for each in state.unsettled], *others]


def keep_report(
    desk: Desk,
    treatment: Key,
    before: ReportOnFile | None,
    after: ReportOnFile | None,
    facts_on: FactsOn,
) -> AskingFor[Sequence[str]]:
    """Take a report out or put one in; return the visit days that it may change."""
    report = before or after
    assert report is not None
    yield from desk.load([treatment])
    first: date | None = report.period_from
    if after is not None:
        first = yield from _first_concerned(desk, treatment, report, facts_on)
    yield from put_report(desk, treatment, before, after)
    years = state_of(desk, treatment).years
    if first is None or not years:
        return ()
    begins = date(years[0], 1, 1)
    yield from load_reports(desk, treatment, max(report.period_from, begins))
    first = max(first, begins)
    yield from _load_days(desk, treatment, first)
    now = treatment_at_hand(desk, treatment, first)
    then = replace(now, reports=change_reports(now.reports, report.document_id, before))
    return _find_changed(desk, treatment, (then, now), first, facts_on)


def _first_concerned(
    desk: Desk, treatment: Key, report: ReportOnFile, facts_on: FactsOn
) -> AskingFor[date | None]:
    """Return the first date that a new report may change; None where it changes none.

    A report in good time has no day that waits for it: it can only justify what is past its days
    already. Where that is not known at once, it is the first date of the report's period.
    """
    state, any_date = state_of(desk, treatment), report.period_from
    if not state.years:
        return None
    year = state.years[-1]
    key = year_key(treatment, year)
    yield from desk.load([key])
    facts, kept = facts_on(date(year, 1, 1)), desk[key]
    report_days, use_days = facts.progress_report_days, facts.continued_use_days
    if isinstance(report_days, NoValueInForce) or isinstance(use_days, NoValueInForce):
        return any_date
    if year != state.years[0] and (kept.uses or any_date.year < year):
        return any_date
    plan_id = report.plan_of_care_id
    last = find_last_report(state, report.period_to, () if plan_id is None else (plan_id,))
    if last is not None and last.period_from > any_date:
        return any_date
    count = count_after(state, year, kept, last)
    if count is None or count > report_days:
        return any_date
    past = first_past(kept, year, use_days)
    return None if past is None else max(past, any_date)


def change_days(
    days: Sequence[TreatmentDay], visit_day_id: str, after: TreatmentDay | None
) -> tuple[TreatmentDay, ...]:
    """Return a date's visit days with one of them as it is now, in its old place."""
    if visit_day_id not in [each.visit_day_id for each in days]:
        return (*days, after) if after is not None else tuple(days)
    changed = [after if each.visit_day_id == visit_day_id else each for each in days]
    return tuple([each for each in changed if each is not None])


def _settle(
    desk: Desk, treatment: Key, unsettled: Sequence[ChangedDay], facts_on: FactsOn
) -> AskingFor[Sequence[str]]:
    """Return the visit days that these changes together may change, the later ones."""
    first = min([each.date_of_service for each in unsettled])
    changed_dates = [date_key(treatment, each.date_of_service) for each in unsettled]
    yield from desk.load(changed_dates)
    yield from _load_days(desk, treatment, first)
    now = then = treatment_at_hand(desk, treatment, first)
    days = {
        each.date_of_service: days_on(desk, treatment, each.date_of_service) for each in unsettled
    }
    for each in reversed(unsettled):
        on = each.date_of_service
        days[on] = change_days(days[on], each.visit_day_id, each.before)
        then = put_date(then, on, days[on])
    return _find_changed(desk, treatment, (then, now), first, facts_on)


def _load_days(desk: Desk, treatment: Key, first: date) -> AskingFor[None]:
    """Load all visit days from a date on, and the plans of care that they name."""
    yield from load_since(desk, treatment, first)
    dates = dates_from(treatment_at_hand(desk, treatment, first), first)
    yield from desk.load([date_key(treatment, on) for on in dates])
    days = [day for on in dates for day in days_on(desk, treatment, on)]
    plan_ids = dict.fromkeys([plan_id for day in days for plan_id in day.plan_ids])
    _, patient_id, _ = treatment
    yield from desk.load([plan_key(patient_id, plan_id) for plan_id in plan_ids])


def _find_changed(
    desk: Desk,
    treatment: Key,
    then_and_now: tuple[Treatment, Treatment],
    first: date,
    facts_on: FactsOn,
) -> list[str]:
    """Return the loaded visit days from a date on of which another judgement comes out."""
    then, now = then_and_now
    return [
        day.visit_day_id
        for on in dates_from(now, first)
        for day in days_on(desk, treatment, on)
        if any(_is_changed(then, now, asked) for asked in _ask(desk, treatment, day, facts_on(on)))
    ]


def _is_changed(then: Treatment, now: Treatment, asked: Asked) -> bool:
    """Say whether another judgement comes out, or may: what is at hand may not reach back."""
    judged = judge_progress(now, asked)
    return judged is None or judged != judge_progress(then, asked)


def _ask(desk: Desk, treatment: Key, treated: TreatmentDay, facts: Facts) -> Iterable[Asked]:
    """Say what is asked about a visit day, for each plan of care that its sessions name."""
    report_days, use_days = facts.progress_report_days, facts.continued_use_days
    if isinstance(report_days, NoValueInForce) or isinstance(use_days, NoValueInForce):
        return
    if not (treated.is_report_asked or treated.asked_codes):
        return
    _, patient_id, _ = treatment
    for plan_id in treated.plan_ids or (None,):
        plan: PlanState | None = None if plan_id is None else desk[plan_key(patient_id, plan_id)]
        on, documents = facts.date_of_service, () if plan is None else plan.documents
        yield Asked(
            on,
            plan_id,
            first_treatment(documents, on),
            treated.is_report_asked,
            treated.asked_codes,
            report_days,
            use_days,
        )
