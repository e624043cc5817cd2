"""Reads a table's CSV file row by row; what does not fit is refused with its line and column."""

import csv
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from io import StringIO
from pathlib import Path

from reference.errors import ReferenceFileError

NUMBER = re.compile(r"\d+(\.\d+)?", re.ASCII)
WHOLE = re.compile(r"\d+", re.ASCII)
FLAGS = {"yes": True, "no": False}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table."""

    path: Path
    line: int
    cells: dict[str, str]

    def error(self, reason: str) -> ReferenceFileError:
        """Return the exception that points at this line."""
        return ReferenceFileError(self.path, reason, self.line)

    def text(self, column: str) -> str:
        """Return a cell that must not be empty."""
        if not self.cells[column]:
            raise self.error(f"column {column} is empty")
        return self.cells[column]

    def number(self, column: str) -> Decimal:
        """Return a cell that is a decimal number of zero or more."""
        if NUMBER.fullmatch(self.cells[column]) is None:
            raise self.error(f"column {column} is not a number")
        return Decimal(self.cells[column])

    def whole(self, column: str) -> int:
        """Return a cell that is a whole number of zero or more."""
        if WHOLE.fullmatch(self.cells[column]) is None:
            raise self.error(f"column {column} is not a whole number")
        return int(self.cells[column])

    def flag(self, column: str) -> bool:
        """Return a cell that is yes or no."""
        if self.cells[column] not in FLAGS:
            raise self.error(f"column {column} is neither yes nor no")
        return FLAGS[self.cells[column]]

    def day(self, column: str) -> date | None:
        """Return a cell that is an ISO date, or None where it is blank."""
        if not self.cells[column]:
            return None
        try:
            return date.fromisoformat(self.cells[column])
        except ValueError as error:
            raise self.error(f"column {column} is not a date YYYY-MM-DD") from error


def table_bytes(path: Path) -> bytes:
    """Return a file with plain line ends, so that a checkout with others hashes the same."""
    try:
        return path.read_bytes().replace(b"\r\n", b"\n")
    except OSError as error:
        raise ReferenceFileError(path, f"cannot be read: {error}") from error


def read_csv(path: Path, columns: Sequence[str], sha256: str, rows: int) -> list[Row]:
    """Read a table whose hash, header and number of rows must be as stated."""
    content = table_bytes(path)
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise ReferenceFileError(path, f"sha256 is {found}, the release states {sha256}")
    try:
        reader = csv.reader(StringIO(content.decode("utf-8")), strict=True)
        lines = [(reader.line_num, cells) for cells in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        raise ReferenceFileError(path, f"is not CSV in UTF-8: {error}") from error
    if not lines or lines[0][1] != list(columns):
        raise ReferenceFileError(path, f"the columns must be {', '.join(columns)}", 1)
    if len(lines) - 1 != rows:
        raise ReferenceFileError(path, f"has {len(lines) - 1} rows, the release states {rows}")
    return [_row(path, columns, line, cells) for line, cells in lines[1:]]


def _row(path: Path, columns: Sequence[str], line: int, cells: list[str]) -> Row:
    if len(cells) != len(columns):
        raise ReferenceFileError(path, f"has {len(cells)} cells, not {len(columns)}", line)
    return Row(path, line, dict(zip(columns, cells, strict=True)))
