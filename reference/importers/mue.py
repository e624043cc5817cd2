"""CMS's Medically Unlikely Edits, as CSV or tab text: practitioner or outpatient hospital."""

import re
from collections.abc import Iterator

from reference.csv_files import Row
from reference.importers.layout import Layout
from reference.importers.official import OfficialFile, Selection
from reference.importers.source import Source
from reference.rows import LIMIT_COLUMNS

CODE = "HCPCS/CPT Code"
ADJUDICATION = "MUE Adjudication Indicator"
TITLES = {
    "practitioner": "Practitioner Services MUE Values",
    "outpatient_hospital": "Outpatient Hospital Services MUE Values",
}


def unit_limits(edits: str) -> OfficialFile:
    """Return the file of one set of edits; its header must name that set."""
    title = TITLES[edits]
    layout = Layout(
        {
            CODE: r"HCPCS ?/ ?CPT CODE",
            title: title.upper(),
            ADJUDICATION: ADJUDICATION.upper(),
        }
    )

    def select(source: Source, selection: Selection) -> Iterator[tuple[Row, tuple[str, ...]]]:
        for row in layout.rows(source):
            if row.text(CODE) in selection.codes:
                yield row, (row.text(CODE), str(row.whole(title)), _adjudication(row), "")

    return OfficialFile(
        table=f"mue_{edits}",
        label=f"unit limits ({edits.replace('_', ' ')})",
        member=re.compile(r"MUE[^/]*$", re.IGNORECASE),
        columns=LIMIT_COLUMNS,
        theirs={CODE: "code", title: "units", ADJUDICATION: "adjudication"},
        key=1,
        cites=(f"cms-mue-{edits.replace('_', '-')}",),
        select=select,
    )


def _adjudication(row: Row) -> str:
    """Return the digit before the words that explain it."""
    digit = row.text(ADJUDICATION)[:1]
    if not digit.isdigit():
        raise row.error(f"column {ADJUDICATION} does not begin with a digit")
    return digit


def edits_named_in(source: Source) -> str | None:
    """Return the set of edits that a file's header names."""
    text = " ".join(" ".join(source.peek()).upper().split())
    named = [edits for edits, title in TITLES.items() if title.upper() in text]
    return named[0] if len(named) == 1 else None
