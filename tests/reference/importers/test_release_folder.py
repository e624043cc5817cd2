"""An official file becomes a release, or a plain message and nothing."""

from dataclasses import asdict, replace
from datetime import date
from pathlib import Path

import pytest

from reference.edit_tables import Adjudication, Limit
from reference.errors import ReferenceFileError
from reference.facts import NoValueInForce
from reference.importers.release_folder import ImportRequest, Kind, import_release
from reference.rulebook import RuleBook, load
from schemas.values import Program, Setting
from tests.reference.importers import official_files as official

MEDICARE = ("medicare-b-tx", Program.MEDICARE_FFS)
SPRING = date(2027, 3, 2)
OFFICE_LIMITS = "Practitioner Services MUE Values"
HOSPITAL_LIMITS = "Outpatient Hospital Services MUE Values"


def request(folder: Path, kind: Kind, *files: Path) -> ImportRequest:
    """Import files for all of 2027."""
    return ImportRequest(
        kind=kind,
        files=files,
        release="new",
        first=date(2027, 1, 1),
        through=date(2027, 12, 31),
        retrieved=date(2026, 12, 1),
        into=folder,
    )


def write(folder: Path, name: str, text: str) -> Path:
    """A file as it was downloaded."""
    path = folder.parent / name
    path.write_text(text)
    return path


def known_codes(folder: Path) -> set[str]:
    """The codes of the procedure table."""
    facts = load(folder).on(date(2026, 3, 2), *MEDICARE)
    assert not isinstance(facts.procedures, NoValueInForce)
    return set(facts.procedures)


def kept(folder: Path, table: str, release: str) -> list[dict[str, str]]:
    """The rows of a shipped release that an import of the same figures keeps, by code."""
    codes = known_codes(folder)
    rows = official.table_rows(table, release)
    ours = [row for row in rows if row["code"] in codes or row.get("is_mppr") == "yes"]
    return sorted(ours, key=lambda row: row["code"])


def imported_rows(folder: Path, table: str) -> list[dict[str, str]]:
    """The rows that were written."""
    path = folder / "tables" / table / "new" / f"{table}.csv"
    header, *lines = path.read_text().splitlines()
    return [dict(zip(header.split(","), line.split(","), strict=True)) for line in lines]


def rvu_files(folder: Path) -> list[Path]:
    """The relative value file in each form in which it comes."""
    rows = official.table_rows("relative_values", "rvu26c")
    text, table = official.rvu_text(rows), official.rvu_csv(rows)
    old_mac = write(folder, "PPRRVU2027_Apr.csv", "")
    old_mac.write_bytes(table.replace("\n", "\r").encode("utf-8-sig"))
    return [
        write(folder, "PPRRVU2027_Jan_nonQPP.csv", table),
        write(folder, "PPRRVU2027_Jan_nonQPP.txt", text),
        old_mac,
        official.zipped(
            folder.parent / "rvu27a.zip",
            {
                "PPRRVU2027_Jan_nonQPP.csv": table,
                "PPRRVU2027_Jan_QPP.csv": table,
                "PPRRVU2027_Jan_nonQPP.txt": text,
                "PPRRVU2027_Jan_nonQPP.xlsx": "",
                "GPCI2027.csv": "",
            },
        ),
    ]


@pytest.mark.parametrize("form", range(4), ids=["csv", "text", "carriage returns", "zip"])
def test_relative_values_come_in(folder: Path, form: int) -> None:
    """Each form of the relative value file gives the same release, for our codes alone."""
    imported = import_release(request(folder, Kind.RVU, rvu_files(folder)[form]))
    shipped = kept(folder, "relative_values", "rvu26c")
    assert imported.rows == len(shipped)
    assert imported_rows(folder, "relative_values") == shipped
    values = load(folder).on(SPRING, *MEDICARE).relative_values
    assert not isinstance(values, NoValueInForce)
    assert values["97530"].release == "new"


@pytest.mark.parametrize("form", ["csv", "text", "zip"])
def test_indices_come_in(folder: Path, form: str) -> None:
    """Each form gives every locality, with the zeros that a spreadsheet cut off."""
    rows = official.table_rows("gpci", "2026")
    path = {
        "csv": write(folder, "GPCI2027.csv", official.gpci_csv(rows)),
        "text": write(folder, "GPCI2027.txt", official.gpci_text(rows)),
        "zip": official.zipped(
            folder.parent / "rvu27a.zip",
            {"GPCI2027.csv": official.gpci_csv(rows), "PPRRVU2027.csv": ""},
        ),
    }[form]
    assert import_release(request(folder, Kind.GPCI, path)).rows == 109
    gpcis = load(folder).on(SPRING, *MEDICARE).gpcis
    old = load(folder).on(date(2026, 3, 2), *MEDICARE).gpcis
    assert not isinstance(gpcis, NoValueInForce)
    assert not isinstance(old, NoValueInForce)
    assert {key: asdict(replace(value, release="")) for key, value in gpcis.items()} == {
        key: asdict(replace(value, release="")) for key, value in old.items()
    }


@pytest.mark.parametrize(
    ("title", "table", "delimiter"),
    [
        (OFFICE_LIMITS, "mue_practitioner", ","),
        (OFFICE_LIMITS, "mue_practitioner", "\t"),
        (HOSPITAL_LIMITS, "mue_outpatient_hospital", ","),
    ],
)
def test_limits_come_in(folder: Path, title: str, table: str, delimiter: str) -> None:
    """The header of a table of limits says for whom it is."""
    rows = official.table_rows(table, "2024q3-2026q4")
    text = official.mue_csv(title, rows, delimiter)
    path = official.zipped(folder.parent / "mue.zip", {"MCR_MUE_Eff_01-01-2027.csv": text})
    import_release(request(folder, Kind.MUE, path))
    shipped = kept(folder, table, "2024q3-2026q4")
    assert imported_rows(folder, table) == [row | {"vintage": ""} for row in shipped]


def test_both_tables_of_limits_are_needed(folder: Path) -> None:
    """With one of the two tables the limits stay missing, and it is the other that is named."""
    limits = {}
    for title, table in (
        (OFFICE_LIMITS, "mue_practitioner"),
        (HOSPITAL_LIMITS, "mue_outpatient_hospital"),
    ):
        rows = official.table_rows(table, "2024q3-2026q4")
        path = write(folder, f"{table}.csv", official.mue_csv(title, rows))
        import_release(request(folder, Kind.MUE, path))
        limits[table] = load(folder).on(SPRING, *MEDICARE).unit_limits
    half, whole = limits.values()
    assert half == NoValueInForce("unit limits (outpatient hospital)", SPRING)
    assert not isinstance(whole, NoValueInForce)
    assert whole[Setting.PRIVATE_PRACTICE]["97110"] == Limit(6, Adjudication.CLINICAL)


@pytest.mark.parametrize("form", ["parts", "csv"])
def test_pairs_come_in(folder: Path, form: str) -> None:
    """The parts of a table of pairs make one release of the pairs that are in force."""
    table = "ncci_ptp_practitioner"
    rows = official.table_rows(table, "2024q3-2026q4")
    codes = known_codes(folder)
    ours = [row for row in rows if {row["column_one"], row["column_two"]} <= codes]
    half = len(rows) // 2
    paths = {
        "parts": (
            write(folder, "ccipra-v330r0-f1.txt", official.ptp_text(rows[:half])),
            official.zipped(
                folder.parent / "f2.zip",
                {"ccipra-v330r0-f2.TXT": official.ptp_text(rows[half:])},
            ),
        ),
        "csv": (write(folder, "ccipra-v330r0.csv", official.ptp_csv(rows)),),
    }[form]
    assert import_release(request(folder, Kind.NCCI, *paths)).rows == len(ours)
    expected = [row | {"effective": row["effective"] or official.LONG_AGO} for row in ours]
    assert sorted(map(str, imported_rows(folder, table))) == sorted(map(str, expected))


def test_a_file_that_says_nothing_of_its_setting_is_told(folder: Path) -> None:
    """A table of pairs whose name does not say which it is needs to be told."""
    rows = official.table_rows("ncci_ptp_outpatient_hospital", "2024q3-2026q4")
    path = write(folder, "pairs.txt", official.ptp_text(rows))
    asked = request(folder, Kind.NCCI, path)
    with pytest.raises(ReferenceFileError, match="give --edits"):
        import_release(asked)
    imported = import_release(replace(asked, edits="outpatient_hospital"))
    assert imported.folder.parent.name == "ncci_ptp_outpatient_hospital"


RVU = "PPRRVU2027_Jan_nonQPP.csv"
WRONG = [
    ("another file", RVU, "code,units\n1,2\n", "line 2: no header with one column HCPCS"),
    ("an empty file", RVU, "", "no header with one column HCPCS"),
    ("another year", RVU, official.RVU_HEADER.replace("2027", "2025"), "title says 2025"),
    ("no rows", RVU, official.RVU_HEADER, "holds none of the codes"),
    ("a workbook", "PPRRVU2027.xlsx", "", "is a workbook"),
    (
        "a column moved",
        RVU,
        official.RVU_HEADER
        + "97530,,label,A,,0.60,0.44,,0.60,NA,0.02,1.05,1.05,7,XXX,0,0,0,5,0\n",
        "line 7: column NON-FACILITY TOTAL is not the sum",
    ),
    (
        "no number",
        RVU,
        official.RVU_HEADER + "97530,,label,A,,n/a,0.60,,0.60,NA,0.01,1.05,1.05,7,XXX,0,0,0,5,0\n",
        "line 7: column WORK RVU is not a number",
    ),
    (
        "a code twice",
        RVU,
        official.RVU_HEADER
        + "97530,,label,A,,0.44,0.60,,0.60,NA,0.01,1.05,1.05,7,XXX,0,0,0,5,0\n" * 2,
        "line 8: 97530 stands twice, first on line 7",
    ),
    (
        "an unknown status",
        RVU,
        official.RVU_HEADER
        + "97530,,label,Z,,0.44,0.60,,0.60,NA,0.01,1.05,1.05,7,XXX,0,0,0,5,0\n",
        "column status: Z is not among the status indicators",
    ),
    ("a short line", "PPRRVU2027.txt", "HDR\n97530  label\n", "line 2: the line is too short"),
]


@pytest.mark.parametrize(
    ("name", "text", "says"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG]
)
def test_a_wrong_file_is_named_and_nothing_written(
    folder: Path, name: str, text: str, says: str
) -> None:
    """A wrong file gives its name, the line and the column, and leaves the folder as it was."""
    before = sorted(folder.rglob("*"))
    path = write(folder, name, text)
    with pytest.raises(ReferenceFileError, match=says) as raised:
        import_release(request(folder, Kind.RVU, path))
    assert raised.value.path == path
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize(
    ("kind", "name", "text", "says"),
    [
        (
            Kind.GPCI,
            "GPCI2027.txt",
            "10112  AL  00  ALABAMA  1.000  0.875  0.566  0.900\n",
            "line 1: has 4 indices, not three",
        ),
        (Kind.GPCI, "GPCI2027.txt", "10112  ALABAMA\n", "line 1: is not MAC, state"),
        (
            Kind.GPCI,
            "GPCI2027.csv",
            official.lines_of(
                [official.GPCI_HEADER, ["10112", "AL", "", "ALABAMA", "1", "1", "1"]]
            ),
            "line 2: column Locality Number is not a whole number",
        ),
        (
            Kind.MUE,
            "MUE.csv",
            "HCPCS/CPT Code,DME Supplier Services MUE Values\n",
            "names neither",
        ),
        (
            Kind.MUE,
            "MUE.csv",
            f"HCPCS/CPT Code,{OFFICE_LIMITS},MUE Adjudication Indicator\n97530,6.5,3 Clinical\n",
            f"line 2: column {OFFICE_LIMITS} is not a whole number",
        ),
        (
            Kind.MUE,
            "MUE.csv",
            f"HCPCS/CPT Code,{OFFICE_LIMITS},MUE Adjudication Indicator\n97530,6,Clinical\n",
            "line 2: column MUE Adjudication Indicator does not begin with a digit",
        ),
        (
            Kind.NCCI,
            "ccipra.txt",
            official.PTP_HEADER + "97530\t97116\t\t2020-13-01\t*\t1\twhy\n",
            "line 6: column Effective Date is not a date",
        ),
        (
            Kind.NCCI,
            "ccipra.txt",
            official.PTP_HEADER + "97530\t97116\t\t20200101\t*\t2\twhy\n",
            "line 6: column Modifier is not 0, 1 or 9",
        ),
        (
            Kind.NCCI,
            "ccipra.txt",
            official.PTP_HEADER
            + "97530\t97116\t\t20200101\t*\t1\twhy\n97530\t97116\t\t20210101\t*\t1\twhy\n",
            "cannot be used .*: a second row is in force on 2021-01-01|2027-01-01",
        ),
    ],
)
def test_each_kind_names_its_line_and_column(
    folder: Path, kind: Kind, name: str, text: str, says: str
) -> None:
    """Each kind of file is read closely, and a line that does not fit is named."""
    before = sorted(folder.rglob("*"))
    with pytest.raises(ReferenceFileError, match=says):
        import_release(request(folder, kind, write(folder, name, text)))
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize(
    ("members", "says"),
    [
        ({"read.me": ""}, "holds no .csv or .txt of this kind, but read.me"),
        (
            {"PPRRVU_a.csv": "", "PPRRVU_b.csv": ""},
            "holds several that fit: PPRRVU_a.csv, PPRRVU_b",
        ),
        ({"PPRRVU27.csv": "1,2\n"}, r"PPRRVU27\.csv, line 1: no header with one column"),
    ],
)
def test_a_zip_is_looked_into(folder: Path, members: dict[str, str], says: str) -> None:
    """A zip without the file, with several, or with a wrong one is named with what it holds."""
    path = official.zipped(folder.parent / "rvu.zip", members)
    with pytest.raises(ReferenceFileError, match=says):
        import_release(request(folder, Kind.RVU, path))


@pytest.mark.parametrize(
    ("first", "through", "says"),
    [
        (date(2026, 12, 31), date(2027, 3, 31), "rvu26c/release.yaml: holds from 2026-01-01"),
        (date(2023, 1, 1), date(2027, 12, 31), "rvu24a/release.yaml: holds from 2024-01-01"),
        (date(2027, 12, 31), date(2027, 1, 1), "--through is before --from"),
    ],
)
def test_a_release_for_dates_that_have_one_is_refused(
    folder: Path, first: date, through: date, says: str
) -> None:
    """No two releases may hold on one date."""
    asked = request(folder, Kind.RVU, rvu_files(folder)[0])
    with pytest.raises(ReferenceFileError, match=says):
        import_release(replace(asked, first=first, through=through))


def test_a_release_s_name_is_taken_once(folder: Path) -> None:
    """A release of the same name is not written over."""
    asked = request(folder, Kind.RVU, rvu_files(folder)[0])
    with pytest.raises(ReferenceFileError, match="release of this name already"):
        import_release(replace(asked, release="rvu26c"))


def test_no_description_is_written(folder: Path) -> None:
    """What a file says of a code in words is left out."""
    imported = import_release(request(folder, Kind.RVU, rvu_files(folder)[0]))
    assert all(
        "label" not in path.read_text().replace("label: ", "")
        for path in imported.folder.iterdir()
    )


def test_a_missing_file_is_named(folder: Path) -> None:
    """A file that is not there is named."""
    with pytest.raises(ReferenceFileError, match="cannot be read"):
        import_release(request(folder, Kind.RVU, folder / "PPRRVU.csv"))


def test_an_imported_release_is_a_new_rulebook(folder: Path, rulebook: RuleBook) -> None:
    """A release that comes in changes the version."""
    import_release(request(folder, Kind.RVU, rvu_files(folder)[0]))
    assert load(folder).version != rulebook.version


@pytest.mark.parametrize("name", ["../../payers/x", "/x", "", ".", "..", "A b"])
def test_a_release_has_a_plain_name(folder: Path, name: str) -> None:
    """A name that leads out of the table's folder is refused, and nothing is written."""
    path = write(folder, "GPCI2027.csv", official.gpci_csv(official.table_rows("gpci", "2026")))
    before = sorted(folder.rglob("*"))
    with pytest.raises(ReferenceFileError, match="no name of a release"):
        import_release(replace(request(folder, Kind.GPCI, path), release=name))
    assert sorted(folder.rglob("*")) == before
