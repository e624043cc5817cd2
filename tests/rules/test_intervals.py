"""Start and stop times: minutes against cases, overlaps against counting second by second."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.intervals import (
    NO_TIME,
    Span,
    is_over_midnight,
    minutes_in,
    overlap,
    owners_that_overlap,
    spans_of,
    spans_on,
    unite,
)
from schemas.session import Interval
from tests.rules.visit_days import Case, load_cases

START = datetime(2026, 3, 2, 14, tzinfo=UTC)
SPANS = st.lists(
    st.tuples(st.integers(0, 60), st.integers(1, 30)).map(lambda drawn: _span(*drawn)), max_size=6
)


def _span(start: int, length: int) -> Span:
    """Return a span by the seconds from its beginning, and its length in seconds."""
    first = START + timedelta(seconds=start)
    return first, first + timedelta(seconds=length)


def _seconds(spans: list[Span]) -> set[int]:
    """Return each second that the spans have."""
    second = timedelta(seconds=1)
    return {
        at
        for start, end in spans
        for at in range((start - START) // second, (end - START) // second)
    }


def _elapsed(spans: list[Span]) -> timedelta:
    return sum([end - start for start, end in spans], NO_TIME)


def read_time(stated: str) -> datetime:
    """Return the instant of a case."""
    return datetime.fromisoformat(stated if "T" in stated else f"2026-03-02T{stated}-06:00")


@pytest.mark.parametrize("case", load_cases(__file__), ids=lambda case: case["name"])
def test_intervals_come_to_whole_minutes_of_a_date(case: Case) -> None:
    """The case's times come to its minutes on its date of service."""
    intervals = [
        Interval(start=read_time(start), end=read_time(end)) for start, end in case["times"]
    ]
    day = case.get("date", date(2026, 3, 2))
    assert minutes_in(spans_on(intervals, day)) == case["minutes"]


@given(SPANS)
def test_united_spans_are_the_same_time_in_order_and_apart(spans: list[Span]) -> None:
    """Each second stays, and between two spans there is a gap."""
    united = unite(spans)
    assert _seconds(united) == _seconds(spans)
    assert all(before[1] < after[0] for before, after in pairwise(united))


@given(SPANS, SPANS)
def test_an_overlap_is_what_both_have(left: list[Span], right: list[Span]) -> None:
    """The overlap has the seconds of both, whichever comes first, and touching is none."""
    common = overlap(left, right)
    assert _seconds(common) == _seconds(left) & _seconds(right)
    assert common == overlap(right, left)
    assert all(start < end for start, end in common)


@given(SPANS, SPANS)
def test_what_two_sets_share_counts_once(left: list[Span], right: list[Span]) -> None:
    """Both together take the time of each, less what they share."""
    together = _elapsed(unite([*left, *right]))
    apart = _elapsed(unite(left)) + _elapsed(unite(right))
    assert together == apart - _elapsed(overlap(left, right))


@given(st.dictionaries(st.integers(0, 5), SPANS))
def test_owners_that_overlap_are_those_of_any_two_spans_that_do(
    spans: dict[int, list[Span]],
) -> None:
    """Looking at neighbours alone finds the owners that comparing all with all finds."""
    owned = [(owner, span) for owner, each in spans.items() for span in each]
    overlapping = {
        owner
        for at, (owner, span) in enumerate(owned)
        for other, (_, against) in enumerate(owned)
        if at != other and overlap([span], [against])
    }
    assert owners_that_overlap(spans) == [owner for owner in spans if owner in overlapping]


def test_an_interval_that_does_not_end_after_it_starts_takes_no_time() -> None:
    """It has no span, so it overlaps nothing either."""
    backwards = Interval(start=read_time("14:10:00"), end=read_time("14:00:00"))
    at_once = Interval(start=read_time("14:05:00"), end=read_time("14:05:00"))
    assert spans_of([backwards, at_once]) == []


@pytest.mark.parametrize(
    ("start", "end", "is_over"),
    [
        ("23:30:00", "2026-03-03T00:30:00-06:00", True),
        ("23:30:00", "2026-03-03T00:00:00-06:00", False),
        ("2026-03-02T23:30:00Z", "2026-03-03T00:30:00Z", False),
        ("14:00:00", "14:30:00", False),
    ],
    ids=["over midnight", "up to midnight", "UTC says nothing", "an afternoon"],
)
def test_midnight_is_that_of_the_times_own_offset(start: str, end: str, *, is_over: bool) -> None:
    """Two instants are over midnight where their own offset has a midnight between them."""
    assert is_over_midnight(read_time(start), read_time(end)) is is_over


def test_the_last_date_of_the_calendar_has_no_midnight_after_it() -> None:
    """The last day that a date can be is counted like any other."""
    last = Interval(
        start=datetime.fromisoformat("9999-12-31T23:00:00-06:00"),
        end=datetime.fromisoformat("9999-12-31T23:30:00-06:00"),
    )
    assert minutes_in(spans_on([last], date.max)) == 30
