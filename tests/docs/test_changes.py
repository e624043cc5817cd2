"""CONTRIBUTING's table holds: a change lands in the files that it names, and in no other."""

import shutil
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from reference.facts import NoValueInForce
from reference.rulebook import PACKAGE, load
from schemas.values import Program, ThresholdGroup, UnitRule

NEXT_YEAR = """\
  - from: 2027-01-01
    through: 2027-12-31
    value: {pt_slp: "2550.00", ot: "2550.00"}
    cites: [ssa-1833-g-7-a]
"""
PAYER = """\
profile: employer_plan
program: commercial
payer_ids: [employer-plan-1]
values:
  - from: 2026-01-01
    through: 2026-12-31
    unit_rule: cms_total_time
    discipline_modifiers: true
    cites: [payer-policy]
"""
DAY = date(2027, 3, 1)


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A copy of the reference data, to change."""
    folder = tmp_path / "reference"
    shutil.copytree(PACKAGE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def test_next_years_threshold_is_one_entry_in_one_file(copied: Path) -> None:
    """With one entry in one file, the KX threshold of 2027 is in force; before, nothing is."""
    assert isinstance(_kx_threshold(copied), NoValueInForce)
    path = copied / "parameters" / "thresholds" / "kx_threshold.yaml"
    path.write_text(path.read_text(encoding="utf-8") + NEXT_YEAR, encoding="utf-8")
    assert _kx_threshold(copied) == Decimal("2550.00")
    assert _changed(copied) == {"parameters/thresholds/kx_threshold.yaml"}


def test_a_payer_with_known_policies_is_one_file(copied: Path) -> None:
    """With one new file, a payer's id has another rule for units than its program."""
    (copied / "payers" / "employer_plan.yaml").write_text(PAYER, encoding="utf-8")
    rulebook = load(copied)
    day = date(2026, 3, 1)
    own = rulebook.on(day, "employer-plan-1", Program.COMMERCIAL).profile
    others = rulebook.on(day, "employer-plan-2", Program.COMMERCIAL).profile
    assert own.unit_rule is UnitRule.CMS_TOTAL_TIME
    assert others.unit_rule is UnitRule.CPT_MIDPOINT
    assert _changed(copied) == {"payers/employer_plan.yaml"}


def _kx_threshold(copied: Path) -> Decimal | NoValueInForce:
    thresholds = load(copied).on(DAY, "", Program.MEDICARE_FFS).thresholds
    assert not isinstance(thresholds, NoValueInForce)
    return thresholds[ThresholdGroup.PT_SLP].kx


def _changed(copied: Path) -> set[str]:
    """Return the files of the copy that are new or differ from the tree's."""
    return {
        path.relative_to(copied).as_posix()
        for path in copied.rglob("*")
        if path.is_file() and not _is_same(path, PACKAGE / path.relative_to(copied))
    }


def _is_same(path: Path, original: Path) -> bool:
    return original.exists() and original.read_bytes() == path.read_bytes()
