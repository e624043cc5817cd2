"""The tables as they ship: figures that others published, recomputed; counts; and known rows."""

import csv
import re
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest

from reference.edit_tables import Adjudication, CodePair, CodePairs, Limit
from reference.facts import Gpci, NoValueInForce, Pricing, Procedure, RelativeValue, UnitBasis
from reference.rulebook import PACKAGE, RuleBook
from schemas.values import Discipline, Program, Setting

MEDICARE = ("medicare-b-tx", Program.MEDICARE_FFS)
SPRING = date(2026, 3, 2)
HALF = Decimal("0.5")
EVALUATIONS = {
    "92521",
    "92522",
    "92523",
    "92524",
    "92597",
    "92607",
    "92610",
    "97161",
    "97162",
    "97163",
    "97165",
    "97166",
    "97167",
}


def relative_value(rulebook: RuleBook, code: str, day: date = SPRING) -> RelativeValue:
    """A code's relative values on a date."""
    values = rulebook.on(day, *MEDICARE).relative_values
    assert not isinstance(values, NoValueInForce)
    return values[code]


def conversion_factor(rulebook: RuleBook) -> Decimal:
    """The conversion factor of 2026."""
    factor = rulebook.on(SPRING, *MEDICARE).conversion_factor
    assert not isinstance(factor, NoValueInForce)
    return factor


def gpci(rulebook: RuleBook, mac: str, locality: str) -> Gpci:
    """The indices of one locality in 2026."""
    gpcis = rulebook.on(SPRING, *MEDICARE).gpcis
    assert not isinstance(gpcis, NoValueInForce)
    return gpcis[mac, locality]


def procedure(rulebook: RuleBook, code: str, day: date = SPRING) -> Procedure | None:
    """A code's row of the procedure table on a date."""
    procedures = rulebook.on(day, *MEDICARE).procedures
    assert not isinstance(procedures, NoValueInForce)
    return procedures.get(code)


def code_pairs(rulebook: RuleBook, setting: Setting, day: date = SPRING) -> CodePairs:
    """The code pairs of a setting on a date."""
    pairs = rulebook.on(day, *MEDICARE).code_pairs
    assert not isinstance(pairs, NoValueInForce)
    return pairs[setting]


def limit(rulebook: RuleBook, setting: Setting, code: str) -> Limit | None:
    """The limit of a code in a setting."""
    unit_limits = rulebook.on(SPRING, *MEDICARE).unit_limits
    assert not isinstance(unit_limits, NoValueInForce)
    return unit_limits[setting].get(code)


def amount(rulebook: RuleBook, value: RelativeValue, at: Gpci, share: Decimal) -> Decimal:
    """One unit's amount with a share of its practice expense, in dollars and cents."""
    units = (
        value.work * at.work
        + value.practice_expense * share * at.practice_expense
        + value.malpractice * at.malpractice
    )
    return (units * conversion_factor(rulebook)).quantize(Decimal("0.01"), ROUND_HALF_UP)


# National amounts of 2026 that others published; 97530: (0.44 + 0.60 + 0.01) x 33.4009 = 35.07.
PUBLISHED = {
    "97110": "29.06",
    "97112": "32.73",
    "97116": "29.06",
    "97140": "27.72",
    "97161": "97.86",
    "97162": "97.86",
    "97163": "97.86",
    "97530": "35.07",
    "97597": "101.54",
    "97598": "47.76",
    "98975": "21.71",
    "98977": "51.44",
    "98979": "26.39",
    "98980": "54.11",
    "98981": "41.42",
    "98985": "51.44",
}
ONE = Gpci(Decimal(1), Decimal(1), Decimal(1), "national")


@pytest.mark.parametrize(("code", "dollars"), PUBLISHED.items())
def test_national_amounts_are_the_published_ones(
    rulebook: RuleBook, code: str, dollars: str
) -> None:
    """Relative values x the conversion factor give the amounts that others published."""
    found = amount(rulebook, relative_value(rulebook, code), ONE, Decimal(1))
    assert found == Decimal(dollars)


def localities() -> Iterator[list[str]]:
    """MAC, locality, code, amount and reduced amount of Texas, Virginia and Washington."""
    with (Path(__file__).parent / "locality_amounts.csv").open(newline="") as file:
        rows = csv.reader(file)
        next(rows)
        yield from rows


def test_locality_amounts_agree(rulebook: RuleBook) -> None:
    """In each locality the full and the reduced unit have the amount computed elsewhere."""
    for mac, locality, code, full, reduced in localities():
        value, at = relative_value(rulebook, code), gpci(rulebook, mac, locality)
        assert amount(rulebook, value, at, Decimal(1)) == Decimal(full)
        assert value.is_mppr == bool(reduced)
        if reduced:
            assert amount(rulebook, value, at, HALF) == Decimal(reduced)


@pytest.mark.parametrize(
    ("day", "release"),
    [
        (date(2024, 1, 1), "rvu24a"),
        (date(2024, 3, 8), "rvu24a"),
        (date(2024, 3, 9), "rvu24ar"),
        (date(2024, 4, 1), "rvu24b"),
        (date(2024, 9, 30), "rvu24c"),
        (date(2026, 1, 1), "rvu26c"),
        (date(2026, 12, 31), "rvu26c"),
    ],
    ids=str,
)
def test_the_date_picks_the_release(rulebook: RuleBook, day: date, release: str) -> None:
    """Each release serves its own dates."""
    assert relative_value(rulebook, "97530", day).release == release


@pytest.mark.parametrize(
    ("code", "pricing"),
    [
        ("97530", Pricing.PRICED),
        ("97026", Pricing.PRICED),
        ("97010", Pricing.BUNDLED),
        ("97602", Pricing.BUNDLED),
        ("97014", Pricing.NOT_PAYABLE),
        ("97037", Pricing.NOT_PAYABLE),
        ("97039", Pricing.CONTRACTOR),
        ("98986", Pricing.CONTRACTOR),
        ("97545", Pricing.CONTRACTOR),
        ("97546", Pricing.CONTRACTOR),
    ],
)
def test_the_status_says_how_a_code_is_priced(
    rulebook: RuleBook, code: str, pricing: Pricing
) -> None:
    """A letter means a price, a bundle, the contractor or nothing; R without values is his too."""
    assert relative_value(rulebook, code).pricing is pricing


def test_the_therapy_reduction_has_52_codes(rulebook: RuleBook) -> None:
    """As many codes are in the payment reduction as CMS's file marks."""
    values = rulebook.on(SPRING, *MEDICARE).relative_values
    assert not isinstance(values, NoValueInForce)
    assert sum(value.is_mppr for value in values.values()) == 52


@pytest.mark.parametrize("day", [date(2024, 1, 1), SPRING], ids=str)
def test_there_are_109_localities(rulebook: RuleBook, day: date) -> None:
    """Every locality of the country has its indices."""
    gpcis = rulebook.on(day, *MEDICARE).gpcis
    assert not isinstance(gpcis, NoValueInForce)
    assert len(gpcis) == 109


def test_the_suburbs_of_washington_are_its_locality(rulebook: RuleBook) -> None:
    """Northern Virginia has no locality of its own; Virginia's is the rest of the state."""
    assert gpci(rulebook, "12202", "01").work > gpci(rulebook, "11302", "00").work


@pytest.mark.parametrize(
    ("code", "first"),
    [
        ("97129", date(2020, 1, 1)),
        ("90912", date(2020, 1, 1)),
        ("98975", date(2022, 1, 1)),
        ("98978", date(2023, 1, 1)),
        ("97550", date(2024, 1, 1)),
        ("G0541", date(2025, 1, 1)),
        ("98985", date(2026, 1, 1)),
    ],
)
def test_a_code_is_there_from_its_first_day(rulebook: RuleBook, code: str, first: date) -> None:
    """A code is unknown before it was in the code set."""
    assert procedure(rulebook, code, first - timedelta(days=1)) is None
    assert procedure(rulebook, code, first) is not None


def test_the_procedure_table_counts_each_code(rulebook: RuleBook) -> None:
    """The 15-minute pool has 21 codes, all one-on-one; evaluations are the initial ones."""
    procedures = rulebook.on(SPRING, *MEDICARE).procedures
    assert not isinstance(procedures, NoValueInForce)
    assert len(procedures) == 89
    rows = procedures.values()
    pool = {row.code for row in rows if row.unit_basis is UnitBasis.PER_15_MINUTES}
    assert len(pool) == 21
    assert {row.code for row in rows if row.is_one_on_one} == pool
    assert {row.code for row in rows if row.is_evaluation} == EVALUATIONS


@pytest.mark.parametrize(
    ("code", "disciplines"),
    [
        ("97161", {Discipline.PT}),
        ("97164", {Discipline.PT}),
        ("97168", {Discipline.OT}),
        ("92523", {Discipline.SLP}),
        ("97530", set()),
    ],
)
def test_evaluations_belong_to_one_discipline(
    rulebook: RuleBook, code: str, disciplines: set[Discipline]
) -> None:
    """An evaluation is of one discipline, a treatment of any."""
    row = procedure(rulebook, code)
    assert row is not None
    assert row.disciplines == disciplines


@pytest.mark.parametrize(
    ("setting", "units"),
    [
        (Setting.PRIVATE_PRACTICE, 6),
        (Setting.PHYSICIAN_OFFICE, 6),
        (Setting.HOSPITAL_OUTPATIENT, 8),
        (Setting.SNF_PART_B, 8),
    ],
)
def test_the_setting_picks_the_limits(rulebook: RuleBook, setting: Setting, units: int) -> None:
    """97110 may be billed six times in an office and eight times in an institution."""
    assert limit(rulebook, setting, "97110") == Limit(units, Adjudication.CLINICAL)


def test_a_code_without_a_limit_has_none(rulebook: RuleBook) -> None:
    """No limit was found for 98986, so none is made up."""
    assert limit(rulebook, Setting.PRIVATE_PRACTICE, "98986") is None


def test_an_active_pair_is_found_in_its_order(rulebook: RuleBook) -> None:
    """A pair has a column one and a column two; the other order is no pair."""
    pairs = code_pairs(rulebook, Setting.PRIVATE_PRACTICE)
    assert pairs.pair("97163", "97161") == CodePair("97163", "97161", 0)
    assert pairs.pair("97161", "97163") is None


@pytest.mark.parametrize("setting", list(Setting))
@pytest.mark.parametrize(
    "codes",
    [
        ("97530", "97116"),
        ("97140", "97530"),
        ("97530", "97140"),
        ("97161", "97140"),
        ("97530", "97161"),
        ("97530", "97110"),
    ],
    ids="/".join,
)
def test_pairs_that_were_deleted_are_gone(
    rulebook: RuleBook, setting: Setting, codes: tuple[str, str]
) -> None:
    """What many still believe to be an edit was deleted or never took effect."""
    assert code_pairs(rulebook, setting).pair(*codes) is None


def test_settings_differ_in_their_pairs(rulebook: RuleBook) -> None:
    """97161 with 97750 is never paid in an office, and may be in a hospital."""
    office = code_pairs(rulebook, Setting.PRIVATE_PRACTICE).pair("97161", "97750")
    hospital = code_pairs(rulebook, Setting.HOSPITAL_OUTPATIENT).pair("97161", "97750")
    assert office == CodePair("97161", "97750", 0)
    assert hospital == CodePair("97161", "97750", 1)


@pytest.mark.parametrize(
    ("day", "indicator"),
    [(date(2024, 7, 1), 0), (date(2026, 9, 30), 0), (date(2026, 10, 1), 1)],
    ids=str,
)
@pytest.mark.parametrize("codes", [("97597", "97602"), ("97605", "97608")], ids="/".join)
def test_a_change_of_unknown_date_is_strict_until_it_was_seen(
    rulebook: RuleBook, codes: tuple[str, str], day: date, indicator: int
) -> None:
    """Two hospital pairs stay at indicator 0 until the first table that shows 1."""
    pair = code_pairs(rulebook, Setting.HOSPITAL_OUTPATIENT, day).pair(*codes)
    assert pair == CodePair(*codes, indicator)


@pytest.mark.parametrize(
    ("setting", "table"),
    [
        (Setting.PRIVATE_PRACTICE, "ncci_ptp_practitioner"),
        (Setting.HOSPITAL_OUTPATIENT, "ncci_ptp_outpatient_hospital"),
    ],
)
def test_402_pairs_are_active(rulebook: RuleBook, setting: Setting, table: str) -> None:
    """Each set of edits has 402 active pairs; its other rows do nothing."""
    (path,) = (PACKAGE / "tables" / table).glob("*/*.csv")
    with path.open(newline="") as file:
        named = {(row["column_one"], row["column_two"]) for row in csv.DictReader(file)}
    pairs = code_pairs(rulebook, setting)
    assert sum(pairs.pair(*codes) is not None for codes in named) == 402


def test_no_file_names_a_copy(rulebook: RuleBook) -> None:
    """The source of a release is the authority's file, not where a copy lay."""
    for _name, series in rulebook.series():
        for dated in series.values:
            assert re.search(r"github|repo\b", dated.source.origin, re.IGNORECASE) is None


def test_every_citation_is_used() -> None:
    """A citation that nothing names would be a leftover."""
    text = "".join(
        path.read_text()
        for path in PACKAGE.rglob("*")
        if path.suffix in {".yaml", ".py"} and path.name != "citations.yaml"
    )
    ids = re.findall(r"^- id: (\S+)", (PACKAGE / "citations.yaml").read_text(), re.MULTILINE)
    unused = [name for name in ids if name not in text]
    assert unused == []
