"""CMS's relative value file (PPRRVU), as CSV or in its fixed-width text layout."""

import re
from collections.abc import Iterator

from reference.csv_files import Row
from reference.importers.layout import Layout, refuse_other_year
from reference.importers.official import OfficialFile, Selection
from reference.importers.source import Source
from reference.rows import RELATIVE_VALUE_COLUMNS

LAYOUT = Layout(
    {
        "HCPCS": "HCPCS",
        "MOD": "MOD",
        "STATUS CODE": "STATUS CODE",
        "WORK RVU": "WORK RVU",
        "NON-FAC PE RVU": "NON-FAC PE RVU",
        "MP RVU": "MP RVU",
        "NON-FACILITY TOTAL": "NON-FACILITY TOTAL",
        "MULT PROC": "MULT PROC",
    }
)
# First and last position of each field of the text layout, from 0, last excluded.
POSITIONS = {
    "HCPCS": (0, 5),
    "MOD": (5, 7),
    "STATUS CODE": (57, 58),
    "WORK RVU": (59, 65),
    "NON-FAC PE RVU": (65, 72),
    "MP RVU": (83, 89),
    "NON-FACILITY TOTAL": (89, 96),
    "MULT PROC": (115, 116),
}
TEXT_HEADER = "HDR"
END_OF_FILE = "\x1a"
THERAPY_REDUCTION = "5"
"""Value of MULT PROC for the therapy payment reduction (record layout of the file)."""


def _rows(source: Source) -> Iterator[Row]:
    if not any(line.startswith(TEXT_HEADER) for line in source.peek()):
        yield from LAYOUT.rows(source)
        return
    for number, line in enumerate(source.lines, start=1):
        if line.startswith(TEXT_HEADER) or not line.strip(f" \r\n{END_OF_FILE}"):
            continue
        if len(line.rstrip()) < POSITIONS["MULT PROC"][1]:
            raise source.error("the line is too short to have a column MULT PROC", number)
        fields = {name: line[start:end].strip() for name, (start, end) in POSITIONS.items()}
        yield Row(source.path, number, fields)


def _select(source: Source, selection: Selection) -> Iterator[tuple[Row, tuple[str, ...]]]:
    """Keep our codes and those of the therapy reduction, without a modifier of their own."""
    refuse_other_year(source, r"(20\d\d) National Physician Fee Schedule", selection.year)
    for row in _rows(source):
        is_therapy = row.cells["MULT PROC"] == THERAPY_REDUCTION
        is_wanted = is_therapy or row.cells["HCPCS"] in selection.codes
        if is_wanted and not row.cells["MOD"]:
            yield row, _values(row, is_therapy=is_therapy)


def _values(row: Row, *, is_therapy: bool) -> tuple[str, ...]:
    """Return our columns; where they do not add up to CMS's total, they are not these."""
    parts = [row.number(name) for name in ("WORK RVU", "NON-FAC PE RVU", "MP RVU")]
    if sum(parts) != row.number("NON-FACILITY TOTAL"):
        raise row.error("column NON-FACILITY TOTAL is not the sum of its three parts")
    flag = "yes" if is_therapy else "no"
    return (row.text("HCPCS"), row.text("STATUS CODE"), *map(str, parts), flag)


RELATIVE_VALUES = OfficialFile(
    table="relative_values",
    label="relative values",
    member=re.compile(r"PPRRVU[^/]*$", re.IGNORECASE),
    columns=RELATIVE_VALUE_COLUMNS,
    theirs={
        "HCPCS": "code",
        "STATUS CODE": "status",
        "WORK RVU": "work",
        "NON-FAC PE RVU": "practice_expense",
        "MP RVU": "malpractice",
        "MULT PROC": "is_mppr",
    },
    key=1,
    cites=("cms-rvu", "ssa-1848-c", "42-cfr-414-22"),
    select=_select,
)
