"""What is in force on a date of service under a payer's profile."""

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference.facts import NoValueInForce, Thresholds
from reference.rulebook import CACHED_FACTS, RuleBook, load
from schemas.values import FindingCode, Program, Setting, ThresholdGroup, UnitRule

MEDICARE = ("medicare-b-tx", Program.MEDICARE_FFS)
OWN_PROFILE = """\
profile: plan-nine
program: commercial
payer_ids: [P9, plan-9]
values:
  - from: 2026-01-01
    through: 2026-06-30
    unit_rule: cms_total_time
    cites: [payer-policy]
"""


def missing(rulebook: RuleBook, day: date) -> set[str]:
    """Names what has no value on a date for Medicare."""
    facts = rulebook.on(day, *MEDICARE)
    thresholds: tuple[object, ...] = (facts.thresholds,)
    if not isinstance(facts.thresholds, NoValueInForce):
        of_group = facts.thresholds[ThresholdGroup.OT]
        thresholds = (of_group.approaching_kx, of_group.kx, of_group.review)
    values = (
        facts.procedures,
        facts.timed_unit,
        facts.relative_values,
        facts.gpcis,
        facts.conversion_factor,
        facts.conversion_factor_qualifying_apm,
        facts.mppr_practice_expense_share,
        *thresholds,
        facts.certification,
        facts.assistants,
        facts.code_pairs,
        facts.unit_limits,
        facts.filing_due,
    )
    return {value.name for value in values if isinstance(value, NoValueInForce)}


def test_a_day_of_2026_has_everything(rulebook: RuleBook) -> None:
    """On a day of 2026 no value is missing."""
    assert missing(rulebook, date(2026, 3, 2)) == set()


@pytest.mark.parametrize(
    ("day", "names"),
    [
        (date(2024, 6, 30), {"code pairs (practitioner)", "unit limits (practitioner)"}),
        (date(2024, 7, 1), set()),
        (date(2024, 9, 30), set()),
        (date(2024, 10, 1), {"relative values", "geographic practice cost indices"}),
        (date(2025, 7, 1), {"relative values", "geographic practice cost indices"}),
        (
            date(2027, 1, 1),
            {
                "relative values",
                "geographic practice cost indices",
                "conversion factor",
                "KX threshold",
                "code pairs (practitioner)",
                "unit limits (practitioner)",
            },
        ),
    ],
    ids=str,
)
def test_what_is_missing_is_named(rulebook: RuleBook, day: date, names: set[str]) -> None:
    """What no file covers is missing by name, and nothing else is."""
    assert missing(rulebook, day) == names


def test_before_the_profiles_nothing_is_in_force(rulebook: RuleBook) -> None:
    """Before a profile's first day every fact is missing and every policy is off."""
    facts = rulebook.on(date(2017, 12, 31), *MEDICARE)
    assert missing(rulebook, date(2017, 12, 31)) == {"payer profile medicare_ffs"}
    assert not facts.profile.fee_schedule
    assert not facts.profile.thresholds


@given(st.dates(date(2010, 1, 1), date(2040, 12, 31)))
def test_any_date_has_one_value_or_none(rulebook: RuleBook, day: date) -> None:
    """On any date each parameter, table and profile has exactly one value in force, or none."""
    for _name, series in rulebook.series():
        in_force = [dated for dated in series.values if dated.window.covers(day)]
        assert len(in_force) <= 1
        assert series.at(day) is (in_force[0] if in_force else None)


@given(st.dates())
def test_any_date_at_all_has_facts(rulebook: RuleBook, day: date) -> None:
    """Every date that there is gives facts, and no date raises."""
    for program in Program:
        assert rulebook.on(day, "", program).date_of_service == day


@pytest.mark.parametrize(
    ("year", "dollars"),
    [
        (2018, 2010),
        (2019, 2040),
        (2020, 2080),
        (2021, 2110),
        (2022, 2150),
        (2023, 2230),
        (2024, 2330),
        (2025, 2410),
        (2026, 2480),
    ],
)
def test_thresholds_hold_for_a_calendar_year(rulebook: RuleBook, year: int, dollars: int) -> None:
    """Both groups have the year's KX threshold from its first to its last day."""
    expected = Thresholds(Decimal(dollars) * 9 / 10, Decimal(dollars), Decimal(3000))
    for day in (date(year, 1, 1), date(year, 12, 31)):
        thresholds = rulebook.on(day, *MEDICARE).thresholds
        assert thresholds == dict.fromkeys(ThresholdGroup, expected)


@pytest.mark.parametrize(
    ("day", "standard", "qualifying_apm"),
    [
        (date(2018, 1, 1), "35.9996", "35.9996"),
        (date(2023, 12, 31), "33.8872", "33.8872"),
        (date(2024, 3, 8), "32.7442", "32.7442"),
        (date(2024, 3, 9), "33.2875", "33.2875"),
        (date(2025, 6, 1), "32.3465", "32.3465"),
        (date(2026, 1, 1), "33.4009", "33.5675"),
    ],
    ids=str,
)
def test_conversion_factors(
    rulebook: RuleBook, day: date, standard: str, qualifying_apm: str
) -> None:
    """The conversion factor changes with the year, in 2024 on 9 March, and splits in 2026."""
    facts = rulebook.on(day, *MEDICARE)
    assert facts.conversion_factor == Decimal(standard)
    assert facts.conversion_factor_qualifying_apm == Decimal(qualifying_apm)


@pytest.mark.parametrize(
    ("day", "due"),
    [
        (date(2024, 2, 28), date(2025, 2, 28)),
        (date(2024, 2, 29), date(2025, 2, 28)),
        (date(2023, 2, 28), date(2024, 2, 28)),
        (date(2026, 12, 31), date(2027, 12, 31)),
    ],
    ids=str,
)
def test_a_claim_is_due_a_calendar_year_later(rulebook: RuleBook, day: date, due: date) -> None:
    """Filing is due on the same day of the next year, and for a leap day on 28 February."""
    assert rulebook.on(day, *MEDICARE).filing_due == due


def test_filing_at_the_end_of_time_is_missing(rulebook: RuleBook) -> None:
    """A date whose next year does not exist has no filing date."""
    due = rulebook.on(date(9999, 1, 1), *MEDICARE).filing_due
    assert due == NoValueInForce("filing period", date(9999, 1, 1))


def test_assistants_are_marked_from_2020(rulebook: RuleBook) -> None:
    """CQ and CO are asked for from 2020 on, and not of critical access hospitals."""
    before = rulebook.on(date(2019, 12, 31), *MEDICARE).assistants
    after = rulebook.on(date(2020, 1, 1), *MEDICARE).assistants
    assert not isinstance(before, NoValueInForce)
    assert not isinstance(after, NoValueInForce)
    assert (before.applies, after.applies) == (False, True)
    assert after.exempt_settings == {Setting.CRITICAL_ACCESS_HOSPITAL}


def test_an_order_on_file_counts_from_2025(rulebook: RuleBook) -> None:
    """The exception for an order on file begins with 2025."""
    days = (date(2024, 12, 31), date(2025, 1, 1))
    rules = [rulebook.on(day, *MEDICARE).certification for day in days]
    assert [
        not isinstance(rule, NoValueInForce) and rule.order_on_file_allowed for rule in rules
    ] == [
        False,
        True,
    ]


def test_the_programs_have_their_profiles(rulebook: RuleBook) -> None:
    """Only commercial payers count by the midpoint, and only Medicare's own has its edits."""
    day = date(2026, 3, 2)
    profiles = {program: rulebook.on(day, "any", program).profile for program in Program}
    midpoint = [name for name, item in profiles.items() if item.unit_rule is UnitRule.CPT_MIDPOINT]
    assert midpoint == [Program.COMMERCIAL]
    assert [name for name, item in profiles.items() if item.fee_schedule] == [Program.MEDICARE_FFS]
    assert [name for name, item in profiles.items() if item.requires_certification] == [
        Program.MEDICARE_FFS,
        Program.MEDICARE_ADVANTAGE,
    ]
    assert all(item.discipline_modifiers for item in profiles.values())
    assert all(item.activity_documentation_codes == {"97530"} for item in profiles.values())


def test_a_payer_s_own_profile_goes_before_its_program_s(folder: Path) -> None:
    """A payer id picks its profile; outside the profile's dates the day has no value in force."""
    (folder / "payers" / "plan-nine.yaml").write_text(OWN_PROFILE)
    rulebook = load(folder)
    own = rulebook.on(date(2026, 3, 2), "P9", Program.COMMERCIAL)
    late = rulebook.on(date(2026, 7, 1), "plan-9", Program.COMMERCIAL)
    other = rulebook.on(date(2026, 3, 2), "P8", Program.COMMERCIAL)
    assert own.profile.name == "plan-nine"
    assert own.profile.unit_rule is UnitRule.CMS_TOTAL_TIME
    assert late.procedures == NoValueInForce("payer profile plan-nine", date(2026, 7, 1))
    assert other.profile.name == "commercial"


def test_a_payer_id_that_is_a_program_s_name_is_only_an_id(rulebook: RuleBook) -> None:
    """A payer whose id is another program's name has the profile of its own program."""
    facts = rulebook.on(date(2026, 3, 2), "commercial", Program.MEDICARE_FFS)
    assert facts.profile.name == "medicare_ffs"


def test_the_same_facts_are_given_again(rulebook: RuleBook) -> None:
    """The facts of a date and profile are made once."""
    first = rulebook.on(date(2026, 3, 2), "one", Program.MEDICARE_FFS)
    assert rulebook.on(date(2026, 3, 2), "two", Program.MEDICARE_FFS) is first


def test_the_facts_kept_are_bounded() -> None:
    """However many dates are asked for, no more than the limit are kept."""
    rulebook = load()
    first = rulebook.on(date(2000, 1, 1), *MEDICARE)
    for offset in range(1, CACHED_FACTS + 1):
        rulebook.on(date(2000, 1, 1) + timedelta(days=offset), *MEDICARE)
    assert rulebook.on(date(2000, 1, 1), *MEDICARE) is not first


def test_every_finding_has_its_text(rulebook: RuleBook) -> None:
    """The catalogue has every code of the contract, in its order."""
    assert list(rulebook.findings) == list(FindingCode)
