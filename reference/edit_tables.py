"""The tables of claim edits: code pairs (NCCI PTP) and unit limits (NCCI MUE)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum


class Adjudication(IntEnum):
    """What a medically unlikely edit limits: a line by itself, or a date."""

    LINE = 1
    ABSOLUTE = 2
    """Of a date, whatever was necessary."""
    CLINICAL = 3
    """Of a date, as a benchmark: more may be necessary."""


@dataclass(frozen=True, slots=True)
class Limit:
    """A medically unlikely edit: most units of a code."""

    units: int
    adjudication: Adjudication


@dataclass(frozen=True, slots=True)
class CodePair:
    """An active NCCI pair on the date; indicator 0 (no modifier may bypass it) or 1."""

    column_one: str
    column_two: str
    modifier_indicator: int


class Column(StrEnum):
    """A column of a code pair."""

    ONE = "column_one"
    TWO = "column_two"


NO_PAIRS: Mapping[str, CodePair] = {}


class CodePairs:
    """The active NCCI pairs of one setting's table on one date."""

    __slots__ = ("_pairs",)

    def __init__(self, pairs: Mapping[tuple[str, str], CodePair]) -> None:
        self._pairs: dict[str, dict[str, CodePair]] = {}
        for (column_one, column_two), pair in pairs.items():
            self._pairs.setdefault(column_one, {})[column_two] = pair

    def pair(self, column_one: str, column_two: str) -> CodePair | None:
        """Return the active pair in this column order, or None."""
        return self._pairs.get(column_one, NO_PAIRS).get(column_two)

    def among(self, codes: Sequence[str]) -> list[CodePair]:
        """Return the active pairs of which both codes are in ``codes``, in that order."""
        found = []
        for column_one in codes:
            pairs = self._pairs.get(column_one)
            if pairs is not None and not pairs.keys().isdisjoint(codes):
                found += [pairs[column_two] for column_two in codes if column_two in pairs]
        return found
