"""Dated values in a row: at most one is in force on any date, and a gap is a gap."""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Generic, TypeVar

from reference.errors import ReferenceFileError
from reference.facts import Citation, NoValueInForce

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Source:
    """The file and the line in it that a value was read from; what the file calls its origin."""

    path: Path
    line: int | None
    origin: str


@dataclass(frozen=True, slots=True)
class Window:
    """Dates of service, inclusive; an open end says when it was verified."""

    first: date
    through: date | None
    verified_on: date | None

    def covers(self, day: date) -> bool:
        """Whether the date of service lies in the window."""
        return self.first <= day and (self.through is None or day <= self.through)


@dataclass(frozen=True, slots=True)
class DatedValue(Generic[T_co]):
    """A value with its own dates, citations and source."""

    window: Window
    value: T_co
    cites: tuple[Citation, ...]
    source: Source


class Series(Generic[T_co]):
    """All values of one parameter or table by date; two in force on one date are refused."""

    __slots__ = ("_starts", "label", "values")

    def __init__(self, label: str, values: Iterable[DatedValue[T_co]]) -> None:
        self.label = label
        self.values = tuple(sorted(values, key=lambda dated: dated.window.first))
        self._starts = [dated.window.first for dated in self.values]
        _refuse_overlaps(self.values)

    def at(self, day: date) -> DatedValue[T_co] | None:
        """Return what is in force on the date of service, or None."""
        place = bisect_right(self._starts, day)
        if place == 0:
            return None
        dated = self.values[place - 1]
        return dated if dated.window.covers(day) else None

    def value(self, day: date) -> T_co | NoValueInForce:
        """Return the value in force on the date of service, or that there is none."""
        dated = self.at(day)
        return dated.value if dated is not None else NoValueInForce(self.label, day)

    def covered_through(self, day: date) -> date | None:
        """Return the last date without a gap after ``day``; None where the end is open.

        Where nothing is in force on ``day`` itself, the day before it.
        """
        last = day - timedelta(days=1)
        for dated in self.values:
            if dated.window.covers(last + timedelta(days=1)):
                if dated.window.through is None:
                    return None
                last = dated.window.through
        return last


def _refuse_overlaps(values: tuple[DatedValue[object], ...]) -> None:
    for earlier, later in pairwise(values):
        end = earlier.window.through
        if end is None or later.window.first <= end:
            reason = (
                f"a value from {later.window.first} overlaps one from {earlier.window.first}"
                f" in {earlier.source.path.parent.name}/{earlier.source.path.name}"
            )
            raise ReferenceFileError(later.source.path, reason, later.source.line)
