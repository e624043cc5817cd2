"""CMS's NCCI Procedure-to-Procedure edits, as tab text or CSV: one part of the table a file."""

import re
from collections.abc import Iterator
from datetime import date

from reference.csv_files import Row
from reference.importers.layout import Layout
from reference.importers.official import OfficialFile, Selection
from reference.importers.source import Source
from reference.rows import CODE_PAIR_COLUMNS

EFFECTIVE = "Effective Date"
DELETION = "Deletion Date"
MODIFIER = "Modifier"
LAYOUT = Layout(
    {
        "Column 1": r"COLUMN ?1",
        "Column 2": r"COLUMN ?2",
        EFFECTIVE: r"EFFECTIVE DATE",
        DELETION: r"DELETION DATE(?: \*=NO DATA)?",
        MODIFIER: r"MODIFIER(?: 0=NOT ALLOWED.*)?",
    }
)
NO_DATE = frozenset({"", "*"})
INDICATORS = frozenset({"0", "1", "9"})
MARKS = {"practitioner": "ccipra", "outpatient_hospital": "ccioph"}


def code_pairs(edits: str) -> OfficialFile:
    """Return the file of one set of edits; the text itself does not say which it is."""
    return OfficialFile(
        table=f"ncci_ptp_{edits}",
        label=f"code pairs ({edits.replace('_', ' ')})",
        member=re.compile(r"cci(pra|oph)[^/]*$", re.IGNORECASE),
        columns=CODE_PAIR_COLUMNS,
        theirs={
            "Column 1": "column_one",
            "Column 2": "column_two",
            EFFECTIVE: "effective",
            DELETION: "deletion",
            MODIFIER: "modifier_indicator",
        },
        # One pair may have been in force several times: only a whole row may not come again.
        key=len(CODE_PAIR_COLUMNS),
        cites=(f"cms-ncci-ptp-{edits.replace('_', '-')}", "ncci-policy-manual-ch1-e"),
        select=_select,
    )


def _select(source: Source, selection: Selection) -> Iterator[tuple[Row, tuple[str, ...]]]:
    """Keep the pairs whose two codes are ours."""
    for row in LAYOUT.rows(source):
        pair = row.text("Column 1"), row.text("Column 2")
        if pair[0] in selection.codes and pair[1] in selection.codes:
            yield row, (*pair, _day(row, EFFECTIVE), _day(row, DELETION), _indicator(row))


def _day(row: Row, column: str) -> str:
    """Return YYYYMMDD or an ISO date as an ISO date; nothing and an asterisk are no date."""
    text = row.cells[column]
    if text in NO_DATE:
        return ""
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise row.error(f"column {column} is not a date YYYYMMDD") from error


def _indicator(row: Row) -> str:
    if row.cells[MODIFIER] not in INDICATORS:
        raise row.error(f"column {MODIFIER} is not 0, 1 or 9")
    return row.cells[MODIFIER]


def edits_named_by(name: str) -> str | None:
    """Return the set of edits that the name of CMS's file says."""
    for edits, mark in MARKS.items():
        if mark in name.lower():
            return edits
    return None
