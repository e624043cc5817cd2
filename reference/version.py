"""The rulebook's version: one short hash over the facts and the law that decide."""

import hashlib
from pathlib import Path

from reference.csv_files import table_bytes

SUFFIXES = frozenset({".py", ".yaml", ".csv"})
DIGITS = 16


def rulebook_version(data: Path) -> str:
    """Return 16 hexadecimal digits over the data, this package's code and that of ``rules``.

    Files count in the order of their paths, with plain line ends; caches do not count.
    """
    package = Path(__file__).resolve().parent
    files = _files("reference", package, frozenset({".py"}))
    files |= _files("rules", package.parent / "rules", SUFFIXES)
    files |= _files("reference", data, SUFFIXES - {".py"})
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(f"{name}\0".encode())
        digest.update(hashlib.sha256(table_bytes(files[name])).digest())
    return digest.hexdigest()[:DIGITS]


def _files(prefix: str, root: Path, suffixes: frozenset[str]) -> dict[str, Path]:
    """Return the files below a folder by their names in the version; hidden ones are left out."""
    found = {}
    for path in root.rglob("*"):
        inside = path.relative_to(root)
        is_hidden = any(part.startswith((".", "__pycache__")) for part in inside.parts)
        if path.suffix in suffixes and not is_hidden:
            found[f"{prefix}/{inside.as_posix()}"] = path
    return found
