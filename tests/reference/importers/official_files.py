"""Builds files in the layouts in which CMS publishes them, from our own tables."""

import csv
import io
import zipfile
from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path

from reference.rulebook import PACKAGE

TABLES = PACKAGE / "tables"
LONG_AGO = "2020-01-01"
"""Stands for an effective date that the shipped copy does not have."""
# CMS's descriptions are not ours to ship.
LABEL = 'A "label", of ours'

RVU_HEADER = (
    ",,2027 National Physician Fee Schedule Relative Value File January Release\n"
    ",,RELEASED 12/23/2026\n"
    ",,,,NOT USED\n"
    ",,,,FOR,,,NON-FAC,,FACILITY \n"
    ",,,STATUS,MEDICARE ,WORK,NON-FAC,NA,FACILITY,NA,MP,NON-FACILITY,FACILITY,PCTC,GLOB,PRE,INTRA,"
    "POST,MULT,BILAT\n"
    "HCPCS,MOD,DESCRIPTION,CODE,PAYMENT,RVU,PE RVU,INDICATOR,PE RVU,INDICATOR,RVU,TOTAL,TOTAL,IND,"
    "DAYS,OP,OP,OP,PROC,SURG\n"
)
GPCI_TITLE = (
    "ADDENDUM E. FINAL CY 2027 GEOGRAPHIC PRACTICE COST INDICES (GPCIs) BY STATE AND MEDICARE"
    " LOCALITY"
)
GPCI_HEADER = (
    "Medicare Administrative Contractor (MAC)",
    "State",
    "Locality Number",
    "Locality Name",
    "2027 PW GPCI (with 1.0 Floor)",
    "2027 PE GPCI",
    "2027 MP GPCI",
    "2027 PW GPCI (without 1.0 Floor)",
)
COPYRIGHT = "CPT codes and descriptions are copyright of their owner.\n\n"
PTP_HEADER = (
    "Column1/Column2 Edits\n"
    "Column 1\tColumn 2\t*=in existence\tEffective\tDeletion\tModifier\tPTP Edit Rationale\n"
    "\t\tprior to 1996\tDate\tDate\t0=not allowed\t\n"
    "\t\t\t\t*=no data\t1=allowed\t\n"
    "\t\t\t\t\t9=not applicable\t\n"
)


def table_rows(table: str, release: str) -> list[dict[str, str]]:
    """The rows of a table as it ships."""
    with (TABLES / table / release / f"{table}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def lines_of(rows: Iterable[Sequence[str]], delimiter: str = ",") -> str:
    """Rows as lines of delimited text."""
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\n").writerows(rows)
    return text.getvalue()


def rvu_cells(row: dict[str, str], modifier: str = "") -> list[str]:
    """One line of the relative value file."""
    parts = (row["work"], row["practice_expense"], row["malpractice"])
    total = str(sum(map(Decimal, parts)))
    mult = "5" if row["is_mppr"] == "yes" else "0"
    start = [row["code"], modifier, LABEL, row["status"], ""]
    values = [parts[0], parts[1], "", "0.10", "NA", parts[2], total, "0.20"]
    return [*start, *values, "7", "XXX", "0.00", "0.00", "0.00", mult, "0"]


def rvu_csv(rows: Iterable[dict[str, str]]) -> str:
    """The relative value file as CSV, with a line of the professional component."""
    lines = [cells for row in rows for cells in (rvu_cells(row), rvu_cells(row, "26"))]
    return RVU_HEADER + lines_of(lines)


def rvu_text(rows: Iterable[dict[str, str]]) -> str:
    """The relative value file in its fixed-width layout."""
    lines = ["HDR CODES AND DESCRIPTIONS ARE COPYRIGHT\n"]
    for row in rows:
        cells = rvu_cells(row)
        values = f"{cells[5]:>6}{cells[6]:>7}  {cells[8]:>7}NA{cells[10]:>6}{cells[11]:>7}{0.2:>6}"
        lines.append(f"{cells[0]}  {LABEL:<50}{cells[3]} {values}7XXX.00.00.00{cells[18]}0000\n")
    return "".join(lines) + "\x1a"


def gpci_csv(rows: Iterable[dict[str, str]]) -> str:
    """The geographic indices as CSV, as a spreadsheet saves them: zeros lost, notes below."""
    lines: list[Sequence[str]] = [[GPCI_TITLE], [""], GPCI_HEADER]
    for row in rows:
        name = f"{row['locality_name']}*"
        work = row["work"].rstrip("0").rstrip(".")
        indices = [work, row["practice_expense"], row["malpractice"], "0.900"]
        lines.append([row["mac"].lstrip("0"), row["state"], row["locality"], name, *indices])
    lines.append(["* A note on the floor, and on Alaska."])
    return lines_of(lines)


def gpci_text(rows: Iterable[dict[str, str]]) -> str:
    """The geographic indices in their text layout."""
    lines = [f"{GPCI_TITLE}\n\nMedicare Admi State  Locality    Locality Name\n"]
    for row in rows:
        place = f"{row['mac']}           {row['state']}      {row['locality']}   "
        indices = f"{row['work']:>9}{row['practice_expense']:>12}{row['malpractice']:>11}"
        lines.append(f"{place}{row['locality_name']:<89}{indices}\n")
    return "".join(lines)


def mue_csv(title: str, rows: Iterable[dict[str, str]], delimiter: str = ",") -> str:
    """A table of unit limits; the first column's title is broken over two lines."""
    header = ["HCPCS/\nCPT Code", title, "MUE Adjudication Indicator", "MUE Rationale"]
    words = {
        "1": "1 Line Edit",
        "2": "2 Date of Service Edit: Policy",
        "3": "3 Date of Service Edit",
    }
    if delimiter == "\t":
        header[0] = "HCPCS/CPT Code"
    cells = [[row["code"], row["units"], words[row["adjudication"]], "why"] for row in rows]
    return COPYRIGHT + lines_of([header, *cells], delimiter)


def ptp_cells(row: dict[str, str]) -> list[str]:
    """One line of the procedure-to-procedure edits."""
    deletion = row["deletion"].replace("-", "") or "*"
    effective = (row["effective"] or LONG_AGO).replace("-", "")
    codes = [row["column_one"], row["column_two"], ""]
    return [*codes, effective, deletion, row["modifier_indicator"], '"why']


def ptp_text(rows: Iterable[dict[str, str]]) -> str:
    """The procedure-to-procedure edits as tab text, which has no quoting."""
    return COPYRIGHT + PTP_HEADER + "".join("\t".join(ptp_cells(row)) + "\r\n" for row in rows)


def ptp_csv(rows: Iterable[dict[str, str]]) -> str:
    """The procedure-to-procedure edits as CSV."""
    header = [
        "Column 1",
        "Column 2",
        "*=in existence prior to 1996",
        "Effective Date",
        "Deletion Date *=no data",
        "Modifier 0=not allowed 1=allowed 9=not applicable",
        "PTP Edit Rationale",
    ]
    return COPYRIGHT + lines_of([header, *map(ptp_cells, rows)])


def zipped(path: Path, members: dict[str, str]) -> Path:
    """A zip of the files, as CMS offers it."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return path
