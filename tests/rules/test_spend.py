"""The year's ledger against a biller's cases, and against what must hold for any ledger."""

import dataclasses
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from reference.facts import NoValueInForce, Thresholds
from reference.rulebook import load
from rules.spend import (
    Standing,
    find_crossings,
    is_after,
    place_again,
    report_thresholds,
    require_kx,
    running_total,
    threshold_group,
    thresholds_of,
    total_accrued,
    write_spend,
)
from schemas.spend import SpendLine
from schemas.values import Basis, Direction, Discipline, FindingCode, Program, ThresholdGroup

CASES = yaml.safe_load(Path(__file__).with_name("spend.yaml").read_text())
AS_OF = datetime(2026, 3, 10, 12, tzinfo=UTC)
THRESHOLDS = Thresholds(Decimal("2232.00"), Decimal("2480.00"), Decimal("3000.00"))
FACTS = load().on(date(2026, 3, 2), "any", Program.MEDICARE_FFS)
DOLLARS = st.decimals(0, 4000, places=2)
LINE = SpendLine(
    line=1,
    code="97110",
    units=1,
    minutes=15,
    timed=True,
    assistant=False,
    services=(),
    allowed_amount=None,
    requires_kx=False,
)


def kx_required(
    before: Decimal,
    amounts: Sequence[str | None],
    thresholds: Thresholds | None,
) -> list[bool]:
    """Say which of the lines with these amounts require KX after a balance."""
    lines = tuple(replace(LINE, allowed_amount=amount) for amount in amounts)
    return [line.requires_kx for line in require_kx(lines, before, thresholds, FACTS)]


@pytest.mark.parametrize("case", CASES["running_totals"], ids=lambda case: case["name"])
def test_running_total(case: dict[str, Any]) -> None:
    """Each case's entries and report come to its running total."""
    reported = Decimal(case["reported"]) if "reported" in case else None
    total = running_total(Decimal(case["entries"]), reported, Decimal(case.get("after", 0)))
    assert str(total) == case["total"]


@pytest.mark.parametrize("case", CASES["places"], ids=lambda case: case["name"])
def test_place_again(case: dict[str, Any]) -> None:
    """Each case's entries have its balances after the report."""
    entries = [(Decimal(balance), Decimal(amount)) for balance, amount in case["entries"]]
    assert [str(each) for each in place_again(Decimal(case["reported"]), entries)] == (
        case["balances"]
    )


@pytest.mark.parametrize("case", CASES["after"], ids=lambda case: case["name"])
def test_is_after(case: dict[str, Any]) -> None:
    """Each case's entry is after the report, or is not."""
    accrued_at = case["accrued_at"]
    treated = case.get("date_of_service", date(2026, 3, 2))
    assert is_after(AS_OF, case.get("includes_through"), accrued_at, treated) is case["after"]


@pytest.mark.parametrize("case", CASES["kx"], ids=lambda case: case["name"])
def test_kx_required(case: dict[str, Any]) -> None:
    """Each case's lines require KX as it says."""
    required = kx_required(Decimal(case["before"]), case["lines"], THRESHOLDS)
    assert required == case["requires"]


@pytest.mark.parametrize("case", CASES["crossings"], ids=lambda case: case["name"])
def test_find_crossings(case: dict[str, Any]) -> None:
    """Each case's running total passes its thresholds, in its order."""
    found = find_crossings(Decimal(case["before"]), Decimal(case["after"]), THRESHOLDS)
    said = [f"{each.threshold} {each.direction} {each.amount}" for each in found]
    assert said == case["passed"]


@pytest.mark.parametrize("case", CASES["assistants"], ids=lambda case: case["name"])
def test_an_assistants_line_counts_by_its_share(case: dict[str, Any]) -> None:
    """What a day adds to the spend, and which lines need KX, are the case's."""
    facts = dataclasses.replace(FACTS, assistant_accrual_share=Decimal(case["share"]))
    lines = tuple(
        replace(LINE, assistant=assistant, allowed_amount=amount)
        for amount, assistant in case["lines"]
    )
    total = sum(Decimal(amount or 0) for amount, _ in case["lines"])
    assert str(total_accrued(Decimal(total), lines, facts)) == case["adds"]
    marked = require_kx(lines, Decimal(case["before"]), THRESHOLDS, facts)
    assert [line.requires_kx for line in marked] == case["requires"]


def test_a_day_without_the_share_is_held_where_an_assistant_treated() -> None:
    """The share is named as missing, and only where a line needs it."""
    missing = NoValueInForce("share", date(2026, 3, 2))
    facts = dataclasses.replace(FACTS, assistant_accrual_share=missing)
    by_assistant = replace(LINE, assistant=True, allowed_amount="35.08")
    assert report_thresholds(facts, ThresholdGroup.PT_SLP, [LINE]) == ()
    (found,) = report_thresholds(facts, ThresholdGroup.PT_SLP, [by_assistant])
    assert found.code is FindingCode.NO_VALUE_IN_FORCE
    assert str(total_accrued(Decimal("35.08"), [by_assistant], facts)) == "35.08"


def test_only_a_day_with_lines_and_a_payer_with_thresholds_need_them() -> None:
    """Thresholds without a value are reported to a day that counts against them, and no other."""
    group = ThresholdGroup.PT_SLP
    none = dataclasses.replace(FACTS, thresholds=NoValueInForce("thresholds", date(2026, 3, 2)))
    assert [each.code for each in report_thresholds(none, group, [LINE])] == ["NO_VALUE_IN_FORCE"]
    assert report_thresholds(none, group, []) == ()
    without = dataclasses.replace(none.profile, thresholds=False)
    assert report_thresholds(dataclasses.replace(none, profile=without), group, [LINE]) == ()
    assert thresholds_of(none, group) is None
    found = thresholds_of(FACTS, group)
    assert found is not None
    assert found.kx == Decimal("2480.00")


def test_pt_and_slp_share_a_ledger() -> None:
    """PT and SLP count together, OT by itself."""
    groups = [threshold_group(discipline) for discipline in Discipline]
    assert groups == [ThresholdGroup.PT_SLP, ThresholdGroup.OT, ThresholdGroup.PT_SLP]


def test_no_threshold_in_force_requires_no_kx_and_says_nothing() -> None:
    """Where thresholds have no value, nothing is over them and none is passed."""
    assert kx_required(Decimal(9000), ["1.00"], None) == [False]
    assert find_crossings(Decimal(0), Decimal(9000), None) == ()
    standing = Standing(
        2027, ThresholdGroup.OT, Decimal("9000.00"), Decimal("1.00"), Decimal("9001.00"), None
    )
    spend = write_spend(standing, None)
    assert (spend.kx_threshold, spend.review_threshold) == (None, None)
    assert (spend.over_kx, spend.over_review) == (None, None)


@pytest.mark.parametrize(
    ("amount", "over_kx", "over_review"),
    [
        ("480.00", False, False),
        ("480.01", True, False),
        ("1000.00", True, False),
        ("1000.01", True, True),
    ],
)
def test_over_means_strictly_more(amount: str, over_kx: bool, over_review: bool) -> None:  # noqa: FBT001 - a case's expectation
    """A balance of 2000.00 and an amount are over a threshold only where they exceed it."""
    group, before = ThresholdGroup.PT_SLP, Decimal("2000.00")
    total = before + Decimal(amount)
    spend = write_spend(Standing(2026, group, before, Decimal(amount), total, None), THRESHOLDS)
    assert (spend.over_kx, spend.over_review) == (over_kx, over_review)
    assert (spend.kx_threshold, spend.review_threshold) == ("2480.00", "3000.00")


def test_a_balance_says_what_it_rests_on() -> None:
    """Without a report the basis is a floor and no instant is said; with one it is reported."""
    group, amount = ThresholdGroup.PT_SLP, Decimal("1.00")
    floor = write_spend(Standing(2026, group, amount, amount, amount, None), THRESHOLDS)
    assert (floor.basis, floor.reported_as_of) == (Basis.FLOOR, None)
    reported = write_spend(Standing(2026, group, amount, amount, amount, AS_OF), THRESHOLDS)
    assert (reported.basis, reported.reported_as_of) == (Basis.REPORTED, AS_OF)
    assert reported.reported_as_of is not None


@given(DOLLARS, st.none() | DOLLARS, DOLLARS)
def test_the_running_total_is_never_less_than_the_entries(
    entries: Decimal, reported: Decimal | None, after: Decimal
) -> None:
    """A report may add other providers' therapy and never takes away what was seen here."""
    assert running_total(entries, reported, after) >= entries


@given(DOLLARS, st.lists(st.tuples(DOLLARS, DOLLARS)))
def test_a_report_moves_no_entry_down(
    reported: Decimal, entries: list[tuple[Decimal, Decimal]]
) -> None:
    """No balance before falls, and the same report a second time changes nothing."""
    balances = place_again(reported, entries)
    assert all(new >= old for new, (old, _) in zip(balances, entries, strict=True))
    again = [(new, amount) for new, (_, amount) in zip(balances, entries, strict=True)]
    assert place_again(reported, again) == balances


@given(DOLLARS, DOLLARS)
def test_what_is_passed_up_is_passed_down_in_reverse(before: Decimal, after: Decimal) -> None:
    """The way back passes the same thresholds in the reverse order, the other way."""
    there, back = (find_crossings(*way, THRESHOLDS) for way in ((before, after), (after, before)))
    assert [each.threshold for each in there] == [each.threshold for each in reversed(back)]
    directions = {each.direction for each in there} | {each.direction for each in back}
    assert directions in (set(), set(Direction))


@given(DOLLARS, st.lists(st.none() | st.decimals(0, 500, places=2).map(str)))
def test_once_a_line_requires_kx_every_later_one_does(
    before: Decimal, amounts: list[str | None]
) -> None:
    """Along a day's lines KX starts once and never stops."""
    required = kx_required(before, amounts, THRESHOLDS)
    assert required == sorted(required)
