"""A patient's treatment in one discipline as it is kept: a year's dates, and each date's days.

A year's dates are one small value of a fixed size, so that counting back costs the same on the
first day and on the three hundredth. Progress reports are kept in segments, the latest at hand.
"""

from collections.abc import Sequence
from datetime import date

from msgspec.structs import replace

from rules.progress import ReportOnFile, Treatment, TreatmentDay, Use, date_at, uses_of
from runtime.processor import Key
from services.claims.desk import Asking, Desk
from services.claims.state import (
    SEGMENT,
    KeptUse,
    ReportSegment,
    TreatedDays,
    TreatmentKeys,
    TreatmentState,
    TreatmentYear,
    date_key,
    reports_key,
    year_key,
)

KEPT = SEGMENT // 2
"""Reports that the later part keeps where a segment is parted."""
HEXADECIMAL = 16
NOTHING_KEPT = TreatmentState()
NO_DATES = TreatmentYear("0")


def state_of(desk: Desk, treatment: Key) -> TreatmentState:
    """Return what is read with every day of the discipline."""
    return desk[treatment] or NOTHING_KEPT


def treatment_at_hand(desk: Desk, treatment: Key, on: date) -> Treatment:
    """Return the loaded years around a date's own, and the reports that are loaded."""
    state = state_of(desk, treatment)
    years = _years_at_hand(desk, treatment, state.years, on.year)
    first, dates = date(years[0], 1, 1), 0
    uses: dict[Use, int] = {}
    for year in years:
        kept: TreatmentYear = desk.get(year_key(treatment, year)) or NO_DATES
        shift = (date(year, 1, 1) - first).days
        dates |= int(kept.dates, HEXADECIMAL) << shift
        for use in kept.uses:
            of = (use.plan_of_care_id, use.code)
            uses[of] = uses.get(of, 0) | int(use.dates, HEXADECIMAL) << shift
    reports, since = _reports_at_hand(desk, treatment, state)
    is_whole = not state.years or years[0] <= state.years[0]
    return Treatment(first, dates, uses, is_whole, reports, since)


def year_at_hand(desk: Desk, treatment: Key, year: int) -> Treatment:
    """Return one loaded year alone."""
    kept: TreatmentYear = desk[year_key(treatment, year)] or NO_DATES
    uses = {(u.plan_of_care_id, u.code): int(u.dates, HEXADECIMAL) for u in kept.uses}
    return Treatment(date(year, 1, 1), int(kept.dates, HEXADECIMAL), uses, is_whole=False)


def load_before(desk: Desk, treatment: Key, on: date) -> Asking:
    """Load the year before those at hand, and the reports before those."""
    state = state_of(desk, treatment)
    unread = [y for y in state.years if y < on.year and year_key(treatment, y) not in desk]
    keys = [year_key(treatment, unread[-1])] if unread else []
    previous = state.previous
    while previous is not None:
        key = reports_key(treatment, previous)
        if key not in desk:
            keys.append(key)
            break
        previous = desk[key].previous
    yield from desk.load(keys)


def load_since(desk: Desk, treatment: Key, first: date) -> Asking:
    """Load all years from a date's own on."""
    years = {first.year, *[y for y in state_of(desk, treatment).years if y > first.year]}
    yield from desk.load([year_key(treatment, each) for each in sorted(years)])


def append_day(desk: Desk, keys: TreatmentKeys, on: date, day: TreatmentDay | None) -> bool:
    """Keep a visit day that comes in its order, after all others; say whether it did."""
    state, kept = desk[keys.state], desk[keys.year]
    if day is None or state is None or kept is None:
        return False
    if state.unsettled or state.years[-1] != on.year:
        return False
    dates, place = int(kept.dates, HEXADECIMAL), (on - date(on.year, 1, 1)).days
    if dates.bit_length() > place:
        return False
    uses = kept.uses if not day.codes else _append_uses(kept.uses, day, 1 << place)
    desk.put(keys.year, TreatmentYear(f"{dates | 1 << place:x}", uses))
    desk.put(keys.date, TreatedDays((day,)))
    return True


def is_used_past(kept: TreatmentYear, codes: Sequence[str], days: int) -> bool:
    """Say whether a plan of care has one of these codes on more days of the year than that."""
    for use in kept.uses:
        if use.code in codes and int(use.dates, HEXADECIMAL).bit_count() > days:
            return True
    return False


def first_past(kept: TreatmentYear, year: int, days: int) -> date | None:
    """Return the first date of a year on which a code is used for more days than that."""
    found = []
    for use in kept.uses:
        dates = int(use.dates, HEXADECIMAL)
        if dates.bit_count() > days:
            found.append(date_at(date(year, 1, 1), dates, days + 1))
    return min(found, default=None)


def find_last_report(
    state: TreatmentState, on: date, plan_ids: Sequence[str]
) -> ReportOnFile | None:
    """Return the last report at hand that is about a day of these plans, and of no other."""
    for report in reversed(state.reports):
        plan_id = report.plan_of_care_id
        if report.period_from <= on and (plan_id is None or tuple(plan_ids) == (plan_id,)):
            return report
    return None


def count_after(
    state: TreatmentState, year: int, kept: TreatmentYear, report: ReportOnFile | None
) -> int | None:
    """Return how many treatment days of a year lie after a report; None where earlier ones may."""
    dates = int(kept.dates, HEXADECIMAL)
    if report is None:
        return dates.bit_count() if state.years == (year,) and state.since is None else None
    after = (report.period_to - date(year, 1, 1)).days + 1
    return None if after < 0 else (dates >> after).bit_count()


def keep_year(desk: Desk, treatment: Key, now: Treatment) -> None:
    """Keep the dates of a treatment of which one year is at hand."""
    year = now.first.year
    kept = [KeptUse(plan_id, code, f"{bits:x}") for (plan_id, code), bits in now.uses.items()]
    desk.put(year_key(treatment, year), TreatmentYear(f"{now.dates:x}", tuple(kept)))
    state = state_of(desk, treatment)
    if year not in state.years:
        desk.put(treatment, replace(state, years=tuple(sorted([*state.years, year]))))


def days_on(desk: Desk, treatment: Key, on: date) -> tuple[TreatmentDay, ...]:
    """Return the visit days of a loaded date."""
    kept: TreatedDays | None = desk[date_key(treatment, on)]
    return () if kept is None else kept.days


def put_report(
    desk: Desk, treatment: Key, before: ReportOnFile | None, after: ReportOnFile | None
) -> Asking:
    """Take a report out of its place, or put one in."""
    report = before or after
    assert report is not None
    key: Key = treatment
    segment: ReportSegment = state_of(desk, treatment)
    while segment.since is not None and report.period_to < segment.since:
        assert segment.previous is not None
        key = reports_key(treatment, segment.previous)
        yield from desk.load([key])
        segment = desk[key]
    reports = change_reports(segment.reports, report.document_id, after)
    desk.put(key, replace(segment, reports=reports))
    if len(reports) > SEGMENT:
        _part(desk, treatment, key)


def load_reports(desk: Desk, treatment: Key, since: date) -> Asking:
    """Load the reports whose periods end on a date or later."""
    segment: ReportSegment = state_of(desk, treatment)
    while segment.since is not None and since < segment.since:
        assert segment.previous is not None
        key = reports_key(treatment, segment.previous)
        yield from desk.load([key])
        segment = desk[key]


def change_reports(
    reports: Sequence[ReportOnFile], document_id: str, after: ReportOnFile | None
) -> tuple[ReportOnFile, ...]:
    """Return the reports with one of them as it is now, by the last day of their periods."""
    kept = [each for each in reports if each.document_id != document_id]
    if after is not None:
        kept.append(after)
    return tuple(sorted(kept, key=lambda each: (each.period_to, each.document_id)))


def _append_uses(kept: tuple[KeptUse, ...], day: TreatmentDay, bit: int) -> tuple[KeptUse, ...]:
    """Return the uses of a year with those of a visit day on a date that none has yet."""
    used, uses = uses_of([day]), []
    for each in kept:
        use = (each.plan_of_care_id, each.code)
        if use in used:
            used.remove(use)
            dates = f"{int(each.dates, HEXADECIMAL) | bit:x}"
            uses.append(KeptUse(each.plan_of_care_id, each.code, dates))
        else:
            uses.append(each)
    uses += [KeptUse(plan_id, code, f"{bit:x}") for plan_id, code in used]
    return tuple(uses)


def _years_at_hand(desk: Desk, treatment: Key, years: Sequence[int], of: int) -> list[int]:
    """Return a year and those loaded beside it without a gap, ascending."""
    at_hand = [of]
    for year in reversed([each for each in years if each < of]):
        if year_key(treatment, year) not in desk:
            break
        at_hand.insert(0, year)
    for year in [each for each in years if each > of]:
        if year_key(treatment, year) not in desk:
            break
        at_hand.append(year)
    return at_hand


def _reports_at_hand(
    desk: Desk, treatment: Key, state: TreatmentState
) -> tuple[tuple[ReportOnFile, ...], date | None]:
    reports, since, previous = state.reports, state.since, state.previous
    while previous is not None:
        segment: ReportSegment | None = desk.get(reports_key(treatment, previous))
        if segment is None:
            break
        reports, since, previous = segment.reports + reports, segment.since, segment.previous
    return reports, since


def _part(desk: Desk, treatment: Key, key: Key) -> None:
    """Make two of a segment of reports; those of one last day stay together."""
    whole: ReportSegment = desk[key]
    first = whole.reports[-KEPT].period_to
    count = len([each for each in whole.reports if each.period_to < first])
    if not count:
        return
    state = state_of(desk, treatment)
    number = state.segments
    earlier = ReportSegment(whole.reports[:count], whole.since, whole.previous)
    desk.put(reports_key(treatment, number), earlier)
    desk.put(treatment, replace(state, segments=number + 1))
    later: ReportSegment = desk[key]
    desk.put(key, replace(later, reports=whole.reports[count:], since=first, previous=number))
