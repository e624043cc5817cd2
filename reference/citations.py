"""All citations by their id: who said it and where."""

from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel

from reference.documents import CitationEntry, CitationsFile
from reference.errors import ReferenceFileError
from reference.facts import Citation
from reference.yaml_files import Loaded, Location, read_yaml


class Citations:
    """The citations of the rulebook; a value that names another one is refused."""

    __slots__ = ("entries",)

    def __init__(self, entries: Mapping[str, CitationEntry]) -> None:
        self.entries = entries

    def of(
        self, ids: tuple[str, ...], loaded: Loaded[BaseModel], location: Location
    ) -> tuple[Citation, ...]:
        """Return the citations that a part of a file names."""
        missing = [name for name in ids if name not in self.entries]
        if missing:
            raise loaded.error(f"no citation has the id {missing[0]}", location)
        return tuple(_citation(self.entries[name]) for name in ids)


def _citation(entry: CitationEntry) -> Citation:
    return Citation(entry.title, entry.locator, entry.verified)


def read_citations(path: Path) -> Citations:
    """Read ``citations.yaml``; an id may stand once."""
    loaded = read_yaml(path, CitationsFile)
    entries: dict[str, CitationEntry] = {}
    for place, entry in enumerate(loaded.document.root):
        if entry.id in entries:
            raise ReferenceFileError(path, f"{entry.id} stands twice", loaded.line((place,)))
        entries[entry.id] = entry
    return Citations(entries)
