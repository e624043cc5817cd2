"""The scalars of the contract's conventions: what each takes and what it refuses."""

import pytest
from pydantic import TypeAdapter, ValidationError

from schemas.model import (
    Day,
    Diagnosis,
    Identifier,
    Instant,
    LineNumber,
    Minutes,
    Model,
    Modifier,
    Money,
    Npi,
    PlaceOfService,
    ProcedureCode,
    Revision,
    Text,
    Units,
    Year,
)
from tests.schemas.examples import as_line


class Scalars(Model):
    """Every scalar as an optional field."""

    identifier: Identifier = ""
    text: Text = ""
    npi: Npi = ""
    code: ProcedureCode = ""
    modifier: Modifier = ""
    diagnosis: Diagnosis = ""
    place: PlaceOfService = ""
    money: Money = ""
    minutes: Minutes = 0
    units: Units = 1
    line: LineNumber = 1
    revision: Revision = 1
    year: Year = 1
    day: Day | None = None
    instant: Instant | None = None


READ = TypeAdapter(Scalars)

TAKEN: dict[str, tuple[object, ...]] = {
    "identifier": ("P", "P-77", "a b", "ü", "x" * 128),
    "text": ("", "two\nlines", "x" * 65_536),
    "npi": ("1669999992", "0000000000"),
    "code": ("97530", "G0283", "0001T"),
    "modifier": ("GP", "59", "X1"),
    "diagnosis": ("M25.561", "M25561", "R26", "Z47.1", "S82A"),
    "place": ("11", "02"),
    "money": ("35.07", "0.00", "999999999.99"),
    "minutes": (0, 1440),
    "units": (1, 999),
    "line": (1, 9999),
    "revision": (1, 2_147_483_647),
    "year": (1, 2026, 9999),
    "day": ("2026-03-02", "2024-02-29"),
    "instant": (
        "2026-03-02T15:05:00Z",
        "2026-03-02t15:05:00z",
        "2026-03-02T15:05:00-06:00",
        "2026-03-02T15:05:00.123456789+05:30",
    ),
}

REFUSED: dict[str, tuple[object, ...]] = {
    "identifier": ("", "x" * 129, "a\nb", "a\u0000", "a\u007f", 7, None),
    "text": ("x" * 65_537, 7, []),
    "npi": ("166999999", "16699999921", "166999999X", "1669999992\n", 1669999992),
    "code": ("9753", "975300", "g0283", "97 30", 97530),
    "modifier": ("G", "GPX", "gp", 59),
    "diagnosis": ("25.561", "M2", "M25.", "M25.56111", "m25.561"),
    "place": ("1", "111", "1A", 11),
    "money": (
        "35.7",
        "35",
        "35.070",
        ".07",
        "-1.00",
        "+1.00",
        "1,000.00",
        "1e2",
        "NaN",
        35.07,
        35,
    ),
    "minutes": (-1, 1441, 10.5, 10.0, "10", True, None),
    "units": (0, 1000, -1),
    "line": (0, 10_000),
    "revision": (0, -1, 2_147_483_648, "1"),
    "year": (0, 10_000, "2026", "-2026"),
    "day": (
        "2026-02-30",
        "2026-3-2",
        "20260302",
        "02.03.2026",
        "2026-03-02T00:00:00",
        "1772409600",
        20514,
    ),
    "instant": (
        "2026-03-02",
        "2026-03-02T15:05:00",
        "2026-03-02T15:05Z",
        "2026-03-02 15:05:00Z",
        "2026-03-02T25:05:00Z",
        "2026-03-02T15:05:00+0600",
        "2026-03-02T15:05:00+25:00",
        "1772485500",
        1772485500,
    ),
}


@pytest.mark.parametrize("scalar", TAKEN)
def test_a_right_value_is_taken(scalar: str) -> None:
    """At both ends of every limit."""
    for value in TAKEN[scalar]:
        assert READ.validate_json(as_line({scalar: value})).model_fields_set == {scalar}


@pytest.mark.parametrize("scalar", REFUSED)
def test_a_wrong_value_is_refused(scalar: str) -> None:
    """One step over every limit, and nothing is coerced from another JSON type."""
    for value in REFUSED[scalar]:
        with pytest.raises(ValidationError):
            READ.validate_json(as_line({scalar: value}))


def test_every_scalar_has_both_kinds_of_case() -> None:
    """No scalar is without a value that is taken and one that is refused."""
    assert set(TAKEN) == set(REFUSED) == set(Scalars.model_fields)


def test_a_model_is_frozen() -> None:
    """What was read is never changed."""
    read = Scalars(minutes=10)
    with pytest.raises(ValidationError):
        read.minutes = 11  # type: ignore[misc]
    assert read.minutes == 10


def test_a_model_is_closed() -> None:
    """A field that it does not state is refused."""
    with pytest.raises(ValidationError):
        READ.validate_json(as_line({"mrn": "1"}))
