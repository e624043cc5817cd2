"""The tree that the checks read: texts by path, so that a test can plant one."""

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("schemas", "reference", "rules", "runtime", "services", "commands")
LAW = ("rules", "services")


@dataclass(frozen=True, slots=True, order=True)
class Violation:
    """A place in the tree and what is wrong there; line 0 is the file as a whole."""

    path: str
    line: int
    what: str

    def __str__(self) -> str:
        """As an editor can open it."""
        return f"{self.path}:{self.line}: {self.what}"


@dataclass(frozen=True, slots=True)
class Tree:
    """Every text file of the project by its path from the root, with ``/`` between the parts."""

    texts: Mapping[str, str]

    def under(self, rooms: Iterable[str], suffix: str = "") -> Iterator[str]:
        """The paths in these folders, in order."""
        starts = tuple(f"{room}/" for room in rooms)
        return (p for p in sorted(self.texts) if p.startswith(starts) and p.endswith(suffix))

    def modules(self, rooms: Iterable[str]) -> Iterator[tuple[str, ast.Module]]:
        """The parsed Python modules in these folders, each with its path."""
        return ((path, parse(self.texts[path])) for path in self.under(rooms, ".py"))

    def text_of(self, path: str) -> str:
        """The file's text; empty where the file is missing."""
        return self.texts.get(path, "")


Check = Callable[[Tree], Iterator[Violation]]


@cache
def parse(source: str) -> ast.Module:
    """The syntax tree of one source text; each is parsed once for all checks."""
    return ast.parse(source)


def read_tree(root: Path = ROOT) -> Tree:
    """Every text file under the root, without what tools and machines leave there."""
    return Tree({p.relative_to(root).as_posix(): text for p, text in _texts(root)})


def _texts(folder: Path) -> Iterator[tuple[Path, str]]:
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            if _is_ours(path):
                yield from _texts(path)
        elif (text := _decoded(path)) is not None:
            yield path, text


def _is_ours(folder: Path) -> bool:
    """Tells our folders from caches, environments and build results (see .gitignore)."""
    hidden = folder.name.startswith(".") and folder.name != ".ci"
    return not hidden and folder.name not in {"__pycache__", "build", "dist"}


def _decoded(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None
