"""A file that is wrong stops the load with its path, its line and a plain reason."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from reference.errors import ReferenceFileError
from reference.rulebook import load


@dataclass(frozen=True, slots=True)
class Planted:
    """An error planted in a file: the text replaced, and what the message says of it."""

    name: str
    file: str
    old: str
    new: str
    says: str


KX = "parameters/thresholds/kx_threshold.yaml"
FFS = "payers/medicare_ffs.yaml"
PAIRS = "code_pairs: true"
OWN = """own_code_pairs:
      - {{column_one: "97140", column_two: "{}", modifier_indicator: "{}"}}"""
OWN_AGAIN = """
      - {column_one: "97124", column_two: "97140", modifier_indicator: "1"}"""
GPCI = "tables/gpci/2026/gpci.csv"
TIMED = "parameters/units/timed_codes.yaml"
MONITORING = "parameters/units/monitoring.yaml"
PLANTED = [
    Planted("no YAML", KX, "values:", "values: [", r"line \d+: is not YAML"),
    Planted("list as a key", KX, "values:", "? [a, b]\n: c\nvalues:", "is not valid"),
    Planted("names itself", KX, "values:", "more: &a [*a]\nvalues:", "names itself"),
    Planted("bare number", KX, '"2480.00", ot', "2480.00, ot", r"line 38: put the number 2480.00"),
    Planted("key twice", KX, "unit:", "label:", "line 2: label stands twice"),
    Planted("unknown field", KX, "unit:", "units:", "line 2: units: nothing of this name"),
    Planted("missing group", KX, ', ot: "2480.00"', "", "each threshold group"),
    Planted("unknown group", KX, 'ot: "2480.00"', 'slp: "2480.00"', "slp"),
    Planted("negative", KX, '"2480.00", ot', '"-1.00", ot', "greater than or equal to 0"),
    Planted("not a number", KX, '"2480.00", ot', '"NaN", ot', "line 38: .*finite"),
    Planted("no end", KX, "    through: 2026-12-31\n", "", "'through', or 'verified_on'"),
    Planted("ends first", KX, "through: 2026-12-31", "through: 2025-12-31", "'through' is before"),
    Planted("overlap", KX, "from: 2026-01-01", "from: 2025-12-31", "line 36: .* overlaps"),
    Planted(
        "no citation", KX, "cites: [ssa-1833-g-7-a, pfs-final-rule-2026]", "cites: []", "cites"
    ),
    Planted(
        "unknown citation", KX, "pfs-final-rule-2026", "hearsay", "no citation has the id hearsay"
    ),
    Planted(
        "citation twice", "citations.yaml", "id: ssa-1834-v", "id: ssa-1834-k", "stands twice"
    ),
    Planted("unknown finding", "findings.yaml", "CHARGE_MISSING:", "CHARGE_LOST:", "CHARGE_LOST"),
    Planted("severity", "findings.yaml", "severity: info", "severity: mild", "severity"),
    Planted("template", "findings.yaml", "{minutes}", "{0.x}", "not the name of a field"),
    Planted("open brace", "findings.yaml", "{minutes}", "{minutes", "NO_BILLABLE_TIME.message"),
    Planted(
        "profile's name", "payers/va.yaml", "profile: va", "profile: vets", "file's name says va"
    ),
    Planted(
        "fallback payer", "payers/va.yaml", "payer_ids: []", "payer_ids: [V1]", "names no payer"
    ),
    Planted("strange indicator", FFS, PAIRS, OWN.format("97124", "9"), "modifier_indicator"),
    Planted("pair of one code", FFS, PAIRS, OWN.format("97140", "0"), "a pair has two codes"),
    Planted(
        "pair twice",
        FFS,
        PAIRS,
        OWN.format("97124", "0") + OWN_AGAIN,
        "the same two codes are a pair more than once",
    ),
    Planted("column", FFS, PAIRS, "distinct_modifier_column: left", "distinct_modifier_column"),
    Planted("code in two series", TIMED, "code: G0542", 'code: "97130"', "stands more than once"),
    Planted("no minutes", TIMED, 'fewest: "61"', 'fewest: "0"', "greater than 0"),
    Planted("code twice", MONITORING, '"98986":', '"98979":', "98979 stands twice|more than once"),
    Planted("added to nothing", MONITORING, 'added_to: "98980"', 'added_to: "1"', "is not there"),
    Planted("unit rule", "payers/va.yaml", "cms_total_time", "by_feel", "unit_rule"),
    Planted(
        "edit tables",
        "parameters/edits/tables_by_setting.yaml",
        "corf: outpatient_hospital",
        "corf: inpatient",
        "inpatient is not a set of edit tables",
    ),
    Planted(
        "setting left out",
        "parameters/edits/tables_by_setting.yaml",
        "      corf: outpatient_hospital\n",
        "",
        "a table for each setting",
    ),
    Planted("changed table", GPCI, "1.009", "1.019", "sha256 is"),
    Planted("hash", "tables/gpci/2026/release.yaml", "sha256: ", "sha256: f", "sha256"),
    Planted("file", "tables/gpci/2026/release.yaml", "file: gpci", "file: ../gpci", "beside"),
    Planted("releases", "tables/gpci/2026/release.yaml", "2026-01-01", "2024-09-30", "overlaps"),
]


@pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: planted.name)
def test_a_planted_error_is_named(folder: Path, planted: Planted) -> None:
    """The message holds the path of the file and what is wrong in it."""
    path = folder / planted.file
    text = path.read_text()
    assert planted.old in text
    path.write_text(text.replace(planted.old, planted.new, 1))
    with pytest.raises(ReferenceFileError, match=planted.says) as raised:
        load(folder)
    assert raised.value.path == path


ROWS = [
    (
        "a cell too many",
        GPCI,
        "10112,00,AL,ALABAMA",
        "10112,00,AL,ALABAMA,",
        "line 2: has 8 cells",
    ),
    ("no number", GPCI, "ALABAMA,1.000", "ALABAMA,one", "line 2: column work is not a number"),
    ("a negative number", GPCI, "ALABAMA,1.000", "ALABAMA,-1.000", "line 2: column work"),
    ("a row twice", GPCI, "02102,01,AK", "10112,00,AK", "line 3: a second row is in force"),
    ("another header", GPCI, "mac,locality", "mac,place", "line 1: the columns must be mac, loc"),
    (
        "an unknown status",
        "tables/relative_values/rvu26c/relative_values.csv",
        "97530,A",
        "97530,Z",
        "column status: Z is not among",
    ),
    (
        "an unknown unit basis",
        "tables/procedures/from-2018/procedures.csv",
        "per_15_minutes",
        "per_hour",
        "line 22: 'per_hour' is not a valid UnitBasis",
    ),
    (
        "an unknown discipline",
        "tables/procedures/from-2018/procedures.csv",
        "untimed,PT",
        "untimed,DC",
        "line 2: 'DC' is not a valid Discipline",
    ),
    (
        "no flag",
        "tables/procedures/from-2018/procedures.csv",
        "untimed,PT,yes",
        "untimed,PT,1",
        "line 2: column is_evaluation is neither yes nor no",
    ),
    (
        "no date",
        "tables/procedures/from-2018/procedures.csv",
        "no,,2018-01-01",
        "no,,01/01/2018",
        "line 2: column from is not a date",
    ),
    (
        "an unknown adjudication",
        "tables/mue_practitioner/2024q3-2026q4/mue_practitioner.csv",
        "0728T,1,2",
        "0728T,1,4",
        "line 2: column adjudication is not 1, 2 or 3",
    ),
    (
        "no whole number",
        "tables/mue_practitioner/2024q3-2026q4/mue_practitioner.csv",
        "0728T,1,2",
        "0728T,1.5,2",
        "line 2: column units is not a whole number",
    ),
    (
        "a pair without its second code",
        "tables/ncci_ptp_practitioner/2024q3-2026q4/ncci_ptp_practitioner.csv",
        "20560,97602",
        "20560,",
        "line 2: column column_two is empty",
    ),
]


@pytest.mark.parametrize(
    ("file", "old", "new", "says"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS]
)
def test_a_planted_row_is_named(folder: Path, file: str, old: str, new: str, says: str) -> None:
    """A row that does not fit is named with its line and column, though its hash is right."""
    path = folder / file
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))
    release = path.parent / "release.yaml"
    sha256 = f"\nsha256: {hashlib.sha256(path.read_bytes()).hexdigest()}"
    release.write_text(re.sub(r"\nsha256: \w+", sha256, release.read_text()))
    with pytest.raises(ReferenceFileError, match=says) as raised:
        load(folder)
    assert raised.value.path == path


@pytest.mark.parametrize(
    ("file", "says"),
    [
        ("parameters/thresholds/kx_treshold.yaml", "nothing reads this"),
        ("tables/gpcis", "nothing reads this"),
    ],
)
def test_a_mistyped_name_does_not_go_unseen(folder: Path, file: str, says: str) -> None:
    """A file or folder that nothing reads is refused."""
    (folder / file).write_text("label: lost\n")
    with pytest.raises(ReferenceFileError, match=says) as raised:
        load(folder)
    assert raised.value.path == folder / file


@pytest.mark.parametrize("file", ["findings.yaml", "payers/va.yaml", GPCI, KX])
def test_a_missing_file_is_named(folder: Path, file: str) -> None:
    """A file that is not there is named."""
    (folder / file).unlink()
    with pytest.raises(ReferenceFileError) as raised:
        load(folder)
    assert raised.value.path == folder / file


def test_a_table_with_other_rows_than_stated_is_refused(folder: Path) -> None:
    """The number of rows that a release states is checked."""
    release = folder / "tables/gpci/2026/release.yaml"
    release.write_text(release.read_text().replace('rows: "109"', 'rows: "108"'))
    with pytest.raises(
        ReferenceFileError, match=r"gpci\.csv: has 109 rows, the release states 108"
    ):
        load(folder)


def test_a_missing_table_is_named(folder: Path) -> None:
    """A table without its folder is refused, not taken as empty."""
    (folder / "tables/gpci").rename(folder / "tables/.gpci")
    with pytest.raises(ReferenceFileError, match="the folder is missing"):
        load(folder)


def test_a_payer_with_two_profiles_is_refused(folder: Path) -> None:
    """Two profiles may not claim one payer."""
    text = (folder / "payers/va.yaml").read_text().replace("payer_ids: []", "payer_ids: [V1]")
    for name in ("one", "two"):
        own = text.replace("profile: va", f"profile: {name}")
        (folder / f"payers/{name}.yaml").write_text(own)
    with pytest.raises(ReferenceFileError, match="payer V1 has the profile one already"):
        load(folder)
