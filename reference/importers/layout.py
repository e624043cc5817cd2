"""Finds the columns of an official file by its header, which may be stacked over several lines."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from reference.csv_files import Row
from reference.importers.source import PEEK_LINES, Source

Header = dict[str, int]


@dataclass(frozen=True, slots=True)
class Layout:
    """Our names for CMS's columns, each with the pattern that the end of its header fits.

    The first column is the key: lines without it before the first row of data belong to the
    header, and lines that have nothing but it are notes.
    """

    columns: Mapping[str, str]

    def rows(self, source: Source) -> Iterator[Row]:
        """Give the rows below the header, by our names of the columns."""
        lines = source.cells()
        header = self._header(source, lines)
        key = next(iter(self.columns))
        has_begun = False
        for number, cells in lines:
            row = _row(source, header, number, cells)
            values = [value for name, value in row.cells.items() if name != key]
            if not any(values) or (not has_begun and not row.cells[key]):
                continue
            has_begun = True
            yield row

    def _header(self, source: Source, lines: Iterator[tuple[int, list[str]]]) -> Header:
        """Read down to the line under which every column is known; each must be there once."""
        stacked: list[str] = []
        last = 0
        for number, cells in lines:
            last = number
            stacked = _stack(stacked, cells)
            found = self._find(stacked)
            if all(len(places) == 1 for places in found.values()):
                return {name: places[0] for name, places in found.items()}
            if number >= PEEK_LINES:
                break
        missing = [name for name, places in self._find(stacked).items() if len(places) != 1]
        reason = f"no header with one column {missing[0]}; is it the right file?"
        raise source.error(reason, last or None)

    def _find(self, stacked: Sequence[str]) -> dict[str, list[int]]:
        return {
            name: [
                place
                for place, text in enumerate(stacked)
                if re.fullmatch(f"(?:.* )?(?:{pattern})", text)
            ]
            for name, pattern in self.columns.items()
        }


def _stack(above: list[str], cells: list[str]) -> list[str]:
    """Put a header line below those above it, column by column, in capitals."""
    width = max(len(above), len(cells))
    padded = [*above, *[""] * (width - len(above))]
    below = [*cells, *[""] * (width - len(cells))]
    return [
        " ".join(f"{high} {low}".upper().split()) for high, low in zip(padded, below, strict=True)
    ]


def _row(source: Source, header: Header, number: int, cells: Sequence[str]) -> Row:
    values = {name: cells[place] if place < len(cells) else "" for name, place in header.items()}
    return Row(source.path, number, values)


def refuse_other_year(source: Source, pattern: str, year: int) -> None:
    """Refuse a file whose own title names another year than the release is for."""
    found = re.search(pattern, " ".join(source.peek()), re.IGNORECASE)
    if found is not None and int(found.group(1)) != year:
        raise source.error(f"its title says {found.group(1)}, the release is for {year}")
