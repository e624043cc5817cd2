"""Code pairs and unit limits of a date against cases that a biller can check."""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from reference.rulebook import RuleBook
from rules.same_date import BilledDay, report_same_date
from schemas.units import UnitsLine
from schemas.values import Program, Setting

CASES = yaml.safe_load(Path(__file__).with_name("same_date.yaml").read_text())


def lines(billed: Sequence[tuple[str, int]]) -> tuple[UnitsLine, ...]:
    """Return lines of the codes and units, numbered from 1."""
    return tuple(
        UnitsLine(
            line=number,
            code=str(code),
            units=units,
            minutes=0,
            timed=True,
            assistant=False,
            services=(),
        )
        for number, (code, units) in enumerate(billed, 1)
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_date_is_held_as_the_case_says(case: Mapping[str, Any], rulebook: RuleBook) -> None:
    """Each day of the date has the case's findings, which name the edit and its lines."""
    on = case.get("date", date(2026, 3, 2))
    facts = rulebook.on(on, "any", Program(case.get("program", "medicare_ffs")))
    setting = Setting(case.get("setting", "private_practice"))
    days = [BilledDay(lines(billed), setting, facts) for billed in case["days"]]
    reported = report_same_date(days)
    assert [[list(finding.lines) for finding in day] for day in reported] == [
        [each["lines"] for each in day] for day in case["held"]
    ]
    for findings, expected in zip(reported, case["held"], strict=True):
        for finding, each in zip(findings, expected, strict=True):
            assert finding.code == "NO_VALUE_IN_FORCE"
            assert each["edit"] in finding.message
