"""Imports official files into a release folder: all of it, or nothing."""

import csv
import hashlib
import io
import re
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import assert_never

import yaml

from reference.citations import Citations, read_citations
from reference.documents import ReleaseFile
from reference.errors import ReferenceFileError
from reference.holdings import read_holdings
from reference.importers import mue, ncci
from reference.importers.gpci import GPCI
from reference.importers.official import OfficialFile, Selection, refuse_duplicates
from reference.importers.rvu import RELATIVE_VALUES
from reference.importers.source import file_sha256, open_source
from reference.releases import RELEASE_FILE, read_table
from reference.rows import PROCEDURES
from reference.yaml_files import read_yaml


class Kind(StrEnum):
    """The official files that can be imported."""

    RVU = "rvu"
    GPCI = "gpci"
    MUE = "mue"
    NCCI = "ncci"


RELEASE_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """What to import: the parts of one table, the dates for which they hold, and where to."""

    kind: Kind
    files: tuple[Path, ...]
    release: str
    first: date
    through: date
    retrieved: date
    into: Path
    edits: str | None = None
    """The set of edit tables, where neither the file nor its name says it."""


@dataclass(frozen=True, slots=True)
class Imported:
    """The release that was written."""

    folder: Path
    rows: int


def import_release(request: ImportRequest) -> Imported:
    """Read the files, check them against what is there, and write the release in one step."""
    tables = request.into / "tables"
    citations = read_citations(request.into / "citations.yaml")
    official = _official(request)
    folder = tables / official.table / request.release
    if RELEASE_NAME.fullmatch(request.release) is None:
        reason = f"{request.release!r} is no name of a release: small letters, digits, - and _"
        raise ReferenceFileError(tables / official.table, reason)
    _refuse_overlap(request, tables / official.table, folder)
    codes = _codes(tables, citations)
    rows = _read(official, request.files, Selection(codes, request.first.year))
    _write(official, request, folder, rows)
    return Imported(folder, len(rows))


def _official(request: ImportRequest) -> OfficialFile:
    match request.kind:
        case Kind.RVU:
            return RELATIVE_VALUES
        case Kind.GPCI:
            return GPCI
        case Kind.MUE:
            return mue.unit_limits(request.edits or _mue_edits(request.files[0]))
        case Kind.NCCI:
            return ncci.code_pairs(request.edits or _ncci_edits(request.files[0]))
        case _:
            assert_never(request.kind)


def _mue_edits(path: Path) -> str:
    member = mue.unit_limits("practitioner").member
    with open_source(path, member) as source:
        edits = mue.edits_named_in(source)
        if edits is None:
            raise source.error("its header names neither practitioner nor outpatient hospital")
        return edits


def _ncci_edits(path: Path) -> str:
    edits = ncci.edits_named_by(path.name)
    if edits is None:
        member = ncci.code_pairs("practitioner").member
        with open_source(path, member) as source:
            edits = ncci.edits_named_by(source.path.name)
    if edits is None:
        raise ReferenceFileError(path, "its name does not say which edits it holds: give --edits")
    return edits


def _refuse_overlap(request: ImportRequest, table: Path, folder: Path) -> None:
    if request.through < request.first:
        raise ReferenceFileError(folder, "--through is before --from")
    if folder.exists():
        raise ReferenceFileError(folder, "there is a release of this name already")
    for path in sorted(table.glob(f"*/{RELEASE_FILE}")):
        there = read_yaml(path, ReleaseFile).document.effective
        ends_before = there.through is not None and there.through < request.first
        if not ends_before and there.first <= request.through:
            through = there.through or "open"
            reason = f"holds from {there.first} through {through}, which overlaps the new release"
            raise ReferenceFileError(path, reason)


def _codes(tables: Path, citations: Citations) -> frozenset[str]:
    procedures = read_table(tables, PROCEDURES, citations)
    return frozenset(code for dated in procedures.values for code in dated.value)


def _read(
    official: OfficialFile, files: Sequence[Path], selection: Selection
) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for path in files:
        with open_source(path, official.member) as source:
            rows.extend(refuse_duplicates(official.select(source, selection), official.key))
    if not rows:
        raise ReferenceFileError(files[0], "holds none of the codes of the procedure table")
    return sorted(rows)


def _write(
    official: OfficialFile, request: ImportRequest, folder: Path, rows: list[tuple[str, ...]]
) -> None:
    """Write under a hidden name, read it as a start would, then rename: all or nothing."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(official.columns)
    writer.writerows(rows)
    content = buffer.getvalue().encode()
    document = _document(official, request, hashlib.sha256(content).hexdigest(), len(rows))
    folder.parent.mkdir(parents=True, exist_ok=True)
    hidden = Path(tempfile.mkdtemp(prefix=".importing-", dir=folder.parent))
    try:
        (hidden / f"{official.table}.csv").write_bytes(content)
        (hidden / RELEASE_FILE).write_text(document, encoding="utf-8")
        _refuse_unusable(request, hidden, official.table)
        hidden.chmod(0o755)
        hidden.rename(folder)
    finally:
        shutil.rmtree(hidden, ignore_errors=True)


def _refuse_unusable(request: ImportRequest, hidden: Path, table: str) -> None:
    """Read a copy of everything with the new release in it, as a start would."""
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / "reference"
        data_alone = shutil.ignore_patterns(".*", "*.py", "__pycache__")
        shutil.copytree(request.into, copy, ignore=data_alone)
        shutil.copytree(hidden, copy / "tables" / table / request.release)
        try:
            read_holdings(copy)
        except ReferenceFileError as error:
            reason = f"cannot be used with what is in {request.into}: {error.reason}"
            raise ReferenceFileError(request.files[0], reason) from error


def _document(official: OfficialFile, request: ImportRequest, sha256: str, rows: int) -> str:
    names = ", ".join(path.name for path in request.files)
    document = {
        "label": official.label,
        "source": f"CMS, {names}",
        "source_sha256": [file_sha256(path) for path in request.files],
        "retrieved": request.retrieved,
        "effective": {"from": request.first, "through": request.through},
        "file": f"{official.table}.csv",
        "sha256": sha256,
        "rows": str(rows),
        "columns": dict(official.theirs),
        "cites": list(official.cites),
    }
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True)
