"""What a kind of official file is: which table it becomes, and how its rows are read."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from reference.csv_files import Row
from reference.errors import ReferenceFileError
from reference.importers.source import Source


@dataclass(frozen=True, slots=True)
class Selection:
    """What is taken of a file: the codes of our procedure table, for the release's first year."""

    codes: frozenset[str]
    year: int


@dataclass(frozen=True, slots=True)
class OfficialFile:
    """One kind of file; the first ``key`` columns of ours name a row."""

    table: str
    label: str
    member: re.Pattern[str]
    """The name of the file in CMS's zip."""
    columns: tuple[str, ...]
    theirs: Mapping[str, str]
    """CMS's columns to ours."""
    key: int
    cites: tuple[str, ...]
    select: Callable[[Source, Selection], Iterable[tuple[Row, tuple[str, ...]]]]


def refuse_duplicates(
    rows: Iterable[tuple[Row, tuple[str, ...]]], key: int
) -> Iterable[tuple[str, ...]]:
    """Pass the rows on; a second one of the same key stops the import."""
    seen: dict[tuple[str, ...], int] = {}
    for row, values in rows:
        name = values[:key]
        if name in seen:
            reason = f"{' '.join(name)} stands twice, first on line {seen[name]}"
            raise ReferenceFileError(row.path, reason, row.line)
        seen[name] = row.line
        yield values
