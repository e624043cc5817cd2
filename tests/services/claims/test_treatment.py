"""A treatment as it is kept: what is told by counting is what looking back comes to."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from reference.rulebook import RuleBook
from rules.progress import ReportOnFile, TreatmentDay, put_date
from schemas.values import Discipline, Program
from services.claims.desk import Desk
from services.claims.progress import has_little_behind, judge_day
from services.claims.state import TreatmentState, TreatmentYear, treatment_keys
from services.claims.treatment import append_day, first_past, is_used_past, keep_year, year_at_hand

YEAR = 2026
FIRST = date(YEAR, 1, 1)
CODE, OTHER = "97530", "97110"
FEW = 10
"""Treatment days that no report has to cover yet."""
Treated = list[tuple[int, tuple[str, ...], str]]
visits = some.lists(
    some.tuples(some.integers(1, 9), some.sampled_from([(), (CODE,)]), some.sampled_from("AB")),
    min_size=1,
    max_size=40,
)
"""Visit days, each with the days since the last one, its watched codes and its plan of care."""
reports = some.lists(some.tuples(some.integers(0, 300), some.integers(0, 40)), max_size=3)
"""Progress reports: the first day of the period, and how many more it has."""


def days_of(treated: Treated) -> Iterator[tuple[date, TreatmentDay]]:
    """Give the visit days with their dates of service."""
    on = FIRST - timedelta(days=1)
    for number, (later, codes, plan_id) in enumerate(treated):
        on += timedelta(days=later)
        yield (
            on,
            TreatmentDay(
                f"V-{number}", (plan_id,), codes, is_report_asked=True, asked_codes=codes
            ),
        )


def empty_desk() -> Desk:
    """Return a desk with a patient who has come in the year, and of whom no day is kept."""
    desk = Desk()
    keys = treatment_keys("P-1", Discipline.PT, FIRST)
    desk[keys.state], desk[keys.year] = TreatmentState(years=(YEAR,)), TreatmentYear("0")
    for plan_id in "AB":
        desk["plan", "P-1", plan_id] = None
    return desk


def kept(treated: Treated) -> tuple[Desk, TreatmentYear]:
    """Return a desk on which the visit days were kept in their order, and their year."""
    desk = empty_desk()
    for on, day in days_of(treated):
        assert append_day(desk, treatment_keys("P-1", Discipline.PT, on), on, day)
    return desk, desk[treatment_keys("P-1", Discipline.PT, FIRST).year]


@given(visits)
def test_a_day_in_its_order_is_kept_as_any_other(treated: Treated) -> None:
    """A day that comes after all others leaves the same year as one that is put among them."""
    desk, keys = empty_desk(), treatment_keys("P-1", Discipline.PT, FIRST)
    for on, day in days_of(treated):
        keep_year(desk, keys.state, put_date(year_at_hand(desk, keys.state, YEAR), on, (day,)))
    assert kept(treated)[1] == desk[keys.year]


@given(visits, some.integers(0, 12))
def test_the_first_date_past_is_the_first_on_which_a_code_was_used_more(
    treated: Treated, days: int
) -> None:
    """Of each plan of care's uses the first date beyond the days is meant, and the earliest."""
    _, year = kept(treated)
    used: dict[str, list[date]] = {}
    for on, day in days_of(treated):
        if day.codes:
            used.setdefault(day.plan_ids[0], []).append(on)
    past = [dates[days] for dates in used.values() if len(dates) > days]
    assert first_past(year, YEAR, days) == min(past, default=None)
    assert is_used_past(year, (CODE,), days) is bool(past)
    assert not is_used_past(year, (OTHER,), days)


@given(visits, reports)
def test_nothing_is_open_for_a_day_with_little_behind_it(
    rulebook: RuleBook, treated: Treated, filed: list[tuple[int, int]]
) -> None:
    """Where counting says that nothing is open, looking back over every report says so too."""
    desk, _ = kept(treated)
    *_, (on, day) = days_of(treated)
    keys = treatment_keys("P-1", Discipline.PT, on)
    on_file = [
        ReportOnFile(
            FIRST + timedelta(days=since + more), FIRST + timedelta(days=since), "R", None, ()
        )
        for since, more in filed
    ]
    by_end = tuple(sorted(on_file, key=lambda each: each.period_to))
    desk[keys.state] = TreatmentState(years=(YEAR,), reports=by_end)
    facts = rulebook.on(on, "medicare-b-tx", Program.MEDICARE_FFS)
    assert has_little_behind(desk, keys, day, facts) or len(treated) > FEW
    if has_little_behind(desk, keys, day, facts):
        with pytest.raises(StopIteration) as judged:
            next(judge_day(desk, keys, day, facts))
        assert judged.value.value == ()
