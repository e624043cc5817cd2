"""CMS's geographic practice cost indices (Addendum E), as CSV or text."""

import re
from collections.abc import Iterator

from reference.csv_files import Row
from reference.importers.layout import Layout, refuse_other_year
from reference.importers.official import OfficialFile, Selection
from reference.importers.source import Source
from reference.rows import GPCI_COLUMNS

WORK = "PW GPCI (with 1.0 Floor)"
LAYOUT = Layout(
    {
        "Medicare Administrative Contractor (MAC)": r"MEDICARE ADMINISTRATIVE CONTRACTOR.*",
        "State": "STATE",
        "Locality Number": "LOCALITY NUMBER",
        "Locality Name": "LOCALITY NAME",
        # A file may have the index without the floor as well: that one is not ours.
        WORK: r"PW GPCI(?: \(WITH 1\.0 FLOOR\))?",
        "PE GPCI": "PE GPCI",
        "MP GPCI": "MP GPCI",
    }
)
TEXT_ROW = re.compile(r"(\d{5})\s+([A-Z]{2})\s+(\d{2})\s+(\S.*?)((?:\s+\d+\.\d+)+)\s*")
INDICES = 3
MAC_DIGITS = 5
LOCALITY_DIGITS = 2


def _rows(source: Source) -> Iterator[Row]:
    if any(line.count(",") >= len(LAYOUT.columns) - 1 for line in source.peek()):
        yield from LAYOUT.rows(source)
        return
    for number, line in enumerate(source.lines, start=1):
        fields = TEXT_ROW.fullmatch(line)
        if fields is None:
            if line[:MAC_DIGITS].isdigit():
                raise source.error("is not MAC, state, locality, name and indices", number)
            continue
        indices = fields.group(5).split()
        if len(indices) != INDICES:
            raise source.error(f"has {len(indices)} indices, not three: take the CSV", number)
        cells = (*fields.groups()[:4], *indices)
        yield Row(source.path, number, dict(zip(LAYOUT.columns, cells, strict=True)))


def _select(source: Source, selection: Selection) -> Iterator[tuple[Row, tuple[str, ...]]]:
    """Keep every locality; a spreadsheet may have cut leading zeros off its numbers."""
    refuse_other_year(source, r"CY (20\d\d) GEOGRAPHIC", selection.year)
    for row in _rows(source):
        row.whole("Medicare Administrative Contractor (MAC)")
        row.whole("Locality Number")
        yield (
            row,
            (
                row.text("Medicare Administrative Contractor (MAC)").zfill(MAC_DIGITS),
                row.text("Locality Number").zfill(LOCALITY_DIGITS),
                row.text("State"),
                row.text("Locality Name").rstrip("* "),
                *(f"{row.number(name):.3f}" for name in (WORK, "PE GPCI", "MP GPCI")),
            ),
        )


GPCI = OfficialFile(
    table="gpci",
    label="geographic practice cost indices",
    member=re.compile(r"GPCI[^/]*$", re.IGNORECASE),
    columns=GPCI_COLUMNS,
    theirs={
        "Medicare Administrative Contractor (MAC)": "mac",
        "Locality Number": "locality",
        "State": "state",
        "Locality Name": "locality_name",
        WORK: "work",
        "PE GPCI": "practice_expense",
        "MP GPCI": "malpractice",
    },
    key=2,
    cites=("cms-gpci", "ssa-1848-e", "42-cfr-414-26"),
    select=_select,
)
