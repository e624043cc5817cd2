"""Reads the releases of one published table into a series."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Generic, TypeVar

from reference.citations import Citations
from reference.csv_files import Row, read_csv
from reference.documents import ReleaseFile
from reference.errors import ReferenceFileError
from reference.series import DatedValue, Series, Source, Window
from reference.yaml_files import Loaded, read_yaml

K = TypeVar("K")
T = TypeVar("T")

RELEASE_FILE = "release.yaml"


@dataclass(frozen=True, slots=True)
class Item(Generic[K, T]):
    """What one row says, and the dates of its own that it may have."""

    row: Row
    key: K
    value: T
    window: Window


@dataclass(frozen=True, slots=True)
class Release:
    """A release being read: its folder's name, its window and its rows."""

    name: str
    window: Window
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Table(Generic[K, T]):
    """A table that CMS publishes: its folder, its columns, and what its rows mean."""

    name: str
    columns: tuple[str, ...]
    items: Callable[[Release], Iterable[Item[K, T]]]


def read_table(
    root: Path, table: Table[K, T], citations: Citations
) -> Series[MappingProxyType[K, T]]:
    """Read every release of a table; one whose rows change within it becomes several values."""
    folder = root / table.name
    if not folder.is_dir():
        raise ReferenceFileError(folder, "the folder is missing")
    releases = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    values: list[DatedValue[MappingProxyType[K, T]]] = []
    label = table.name
    for release_folder in releases:
        loaded = read_yaml(release_folder / RELEASE_FILE, ReleaseFile)
        label = loaded.document.label
        values.extend(_read_release(table, loaded, citations))
    return Series(label, values)


def _read_release(
    table: Table[K, T], loaded: Loaded[ReleaseFile], citations: Citations
) -> Iterable[DatedValue[MappingProxyType[K, T]]]:
    document = loaded.document
    csv_path = loaded.path.parent / document.file
    if csv_path.parent != loaded.path.parent:
        raise loaded.error("the file must stand beside release.yaml", ("file",))
    rows = read_csv(csv_path, table.columns, document.sha256, document.rows)
    window = Window(document.effective.first, document.effective.through, document.verified_on)
    release = Release(loaded.path.parent.name, window, tuple(rows))
    cites = citations.of(document.cites, loaded, ("cites",))
    source = Source(loaded.path, loaded.line(("effective",)), document.source)
    for part, mapping in _parts(window, tuple(table.items(release))):
        yield DatedValue(part, MappingProxyType(mapping), cites, source)


def _parts(window: Window, items: Sequence[Item[K, T]]) -> Iterable[tuple[Window, dict[K, T]]]:
    """Cut a release where a row begins or ends, and say which rows hold in each part."""
    starts = {window.first}
    for item in items:
        starts.add(item.window.first)
        if item.window.through is not None:
            starts.add(item.window.through + timedelta(days=1))
    inside = sorted(day for day in starts if window.covers(day))
    for place, first in enumerate(inside):
        is_last = place == len(inside) - 1
        through = window.through if is_last else inside[place + 1] - timedelta(days=1)
        part = Window(first, through, window.verified_on)
        yield part, _rows_in_force(part, items)


def _rows_in_force(part: Window, items: Sequence[Item[K, T]]) -> dict[K, T]:
    mapping: dict[K, T] = {}
    for item in items:
        if not item.window.covers(part.first):
            continue
        if item.key in mapping:
            raise item.row.error(f"a second row is in force on {part.first}")
        mapping[item.key] = item.value
    return mapping
