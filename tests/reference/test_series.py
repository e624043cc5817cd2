"""Dated values: at most one in force, gaps stay gaps."""

from datetime import date
from pathlib import Path

import pytest

from reference.errors import ReferenceFileError
from reference.facts import NoValueInForce
from reference.series import DatedValue, Series, Source, Window


def dated(value: str, first: date, through: date | None) -> DatedValue[str]:
    """A value between two dates."""
    window = Window(first, through, None if through else first)
    return DatedValue(window, value, (), Source(Path("some/file.yaml"), 7, "an act"))


SERIES = Series(
    "threshold",
    [
        dated("late", date(2026, 1, 1), None),
        dated("early", date(2020, 1, 1), date(2020, 12, 31)),
        dated("middle", date(2021, 1, 1), date(2021, 12, 31)),
    ],
)


@pytest.mark.parametrize(
    ("day", "value"),
    [
        (date(2020, 1, 1), "early"),
        (date(2020, 12, 31), "early"),
        (date(2021, 1, 1), "middle"),
        (date(2026, 1, 1), "late"),
        (date(2040, 1, 1), "late"),
    ],
    ids=str,
)
def test_the_window_picks_the_value(day: date, value: str) -> None:
    """Both ends of a window belong to it, and an open one has no end."""
    assert SERIES.value(day) == value


@pytest.mark.parametrize(
    "day", [date(2019, 12, 31), date(2022, 1, 1), date(2025, 12, 31)], ids=str
)
def test_nothing_is_carried_over_a_gap(day: date) -> None:
    """Outside every window there is no value, and the answer says which and when."""
    assert SERIES.value(day) == NoValueInForce("threshold", day)


@pytest.mark.parametrize(
    ("day", "last"),
    [
        (date(2020, 6, 1), date(2021, 12, 31)),
        (date(2021, 6, 1), date(2021, 12, 31)),
        (date(2022, 6, 1), date(2022, 5, 31)),
        (date(2026, 6, 1), None),
    ],
    ids=str,
)
def test_the_last_covered_day_looks_over_windows_that_touch(day: date, last: date | None) -> None:
    """Cover goes on through windows that touch, stops at a gap, and is open at an open end."""
    assert SERIES.covered_through(day) == last


@pytest.mark.parametrize("through", [None, date(2021, 1, 1), date(2030, 1, 1)], ids=str)
def test_two_values_in_force_are_refused(through: date | None) -> None:
    """Windows that share a day are refused with the file and line of the later one."""
    with pytest.raises(ReferenceFileError, match=r"some/file\.yaml, line 7: .* overlaps"):
        Series(
            "threshold",
            [
                dated("early", date(2020, 1, 1), through),
                dated("late", date(2021, 1, 1), date(2021, 12, 31)),
            ],
        )
