"""Opens an official file as it is downloaded: text or CSV, by itself or inside its zip."""

import csv
import hashlib
import io
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from reference.errors import ReferenceFileError

MOST_BYTES = 1 << 30
"""Largest text read from a zip: four times the largest that CMS publishes."""
SUFFIXES = (".csv", ".txt")
PEEK_LINES = 60


@dataclass(frozen=True, slots=True)
class Source:
    """The lines of one official file; ``path`` names the zip and its member too."""

    path: Path
    lines: IO[str]

    def error(self, reason: str, line: int | None = None) -> ReferenceFileError:
        """Return the exception that points at a line of the file."""
        return ReferenceFileError(self.path, reason, line)

    def peek(self) -> list[str]:
        """Return the first lines without taking them."""
        first = [line for _number, line in zip(range(PEEK_LINES), self.lines, strict=False)]
        self.lines.seek(0)
        return first

    def cells(self) -> Iterator[tuple[int, list[str]]]:
        """Give each line's number and cells, split at tabs or commas, whichever there are."""
        has_tabs = any(line.count("\t") > 1 for line in self.peek())
        # A tab text has no quoting: a rationale may begin with a quotation mark.
        reader = (
            csv.reader(self.lines, delimiter="\t", quoting=csv.QUOTE_NONE)
            if has_tabs
            else csv.reader(self.lines)
        )
        try:
            for cells in reader:
                yield reader.line_num, [cell.strip() for cell in cells]
        except csv.Error as error:
            raise self.error(f"is neither CSV nor tab text: {error}", reader.line_num) from error


def file_sha256(path: Path) -> str:
    """Return the hash of a file as it was downloaded."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ReferenceFileError(path, f"cannot be read: {error}") from error


@contextmanager
def open_source(path: Path, member: re.Pattern[str]) -> Iterator[Source]:
    """Open a text or CSV file, or the one member of a zip whose name fits ``member``."""
    if path.suffix.lower() in {".xlsx", ".xls"}:
        reason = "is a workbook; CMS's zip holds the same table as .csv or .txt, take that"
        raise ReferenceFileError(path, reason)
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                info = _member(path, archive, member)
                with archive.open(info) as file, _text(io.BytesIO(file.read())) as lines:
                    yield Source(path / info.filename, lines)
        else:
            with path.open("rb") as file, _text(file) as lines:
                yield Source(path, lines)
    except (OSError, zipfile.BadZipFile) as error:
        raise ReferenceFileError(path, f"cannot be read: {error}") from error


def _text(file: IO[bytes]) -> io.TextIOWrapper:
    # What we read is ASCII; only descriptions, which are dropped, hold anything else.
    return io.TextIOWrapper(file, encoding="utf-8-sig", errors="replace")


def _member(path: Path, archive: zipfile.ZipFile, member: re.Pattern[str]) -> zipfile.ZipInfo:
    """Choose the table in a zip: CSV before text, and the factor without a payment model."""
    infos = [
        info
        for info in archive.infolist()
        if member.search(info.filename) and info.filename.lower().endswith(SUFFIXES)
    ]
    if not infos:
        names = ", ".join(archive.namelist()) or "nothing"
        raise ReferenceFileError(path, f"holds no .csv or .txt of this kind, but {names}")
    for narrower in (r"\.csv$", "nonQPP"):
        fitting = [info for info in infos if re.search(narrower, info.filename, re.IGNORECASE)]
        infos = fitting or infos
    if len(infos) > 1:
        names = ", ".join(info.filename for info in infos)
        raise ReferenceFileError(path, f"holds several that fit: {names}; unzip and name one")
    if infos[0].file_size > MOST_BYTES:
        raise ReferenceFileError(path, f"{infos[0].filename} is larger than {MOST_BYTES} bytes")
    return infos[0]
