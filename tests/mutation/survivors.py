"""Mutants that no test sees, and those of them that are known to decide nothing."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import chdir
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml
from mutmut.mutation.diff_apply import get_diff_for_mutant
from mutmut.stats import status_by_exit_code
from mutmut.utils.format_utils import orig_function_and_class_names_from_key

KNOWN = Path(__file__).with_name("known.yaml")
UNSEEN = ("survived", "no tests", "suspicious", "segfault", "not checked")
"""A timeout is seen: the suite would not end."""


@dataclass(frozen=True, slots=True)
class Survivor:
    """A mutant that no test sees: its function, the lines of the law, and those in their place."""

    function: str
    was: str
    instead: str
    status: str = "survived"

    def __str__(self) -> str:
        """As a reader looks for it."""
        return f"{self.function}: {self.status}\n  - {self.was}\n  + {self.instead}"


@dataclass(frozen=True, slots=True)
class Known:
    """Survivors that decide nothing: their functions, and what their lines have in them."""

    function: str
    """A pattern: ``*`` stands for anything."""
    was: str = ""
    instead: str = ""

    def covers(self, survivor: Survivor) -> bool:
        """Say whether a survivor is one of these."""
        return (
            fnmatchcase(survivor.function, self.function)
            and self.was in survivor.was
            and self.instead in survivor.instead
        )


def read_known(path: Path = KNOWN) -> tuple[Known, ...]:
    """Return the survivors that the file lists, each under the reason why it decides nothing."""
    groups: list[dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return tuple(
        Known(each["in"], each.get("was", ""), each.get("instead", ""))
        for group in groups
        for each in group["mutants"]
    )


def unknown(survivors: Iterable[Survivor], known: Sequence[Known]) -> list[Survivor]:
    """Return the survivors that nothing known covers."""
    return [each for each in survivors if not any(one.covers(each) for one in known)]


def count(workspace: Path) -> Counter[str]:
    """Return how many mutants there are of each of mutmut's statuses."""
    return Counter(status for _, _, status in _results(workspace))


def find_survivors(workspace: Path) -> list[Survivor]:
    """Read what mutmut left in a workspace."""
    with chdir(workspace):
        return [
            _read(module, mutant, status)
            for module, mutant, status in _results(workspace)
            if status in UNSEEN
        ]


def _results(workspace: Path) -> Iterator[tuple[Path, str, str]]:
    """Yield the path of each mutant's module in the workspace, its name and its status."""
    mutants = workspace / "mutants"
    for path in sorted(mutants.rglob("*.meta")):
        module = path.relative_to(mutants).with_suffix("")
        codes = json.loads(path.read_text(encoding="utf-8"))["exit_code_by_key"]
        for mutant, code in codes.items():
            yield module, mutant, status_by_exit_code[code]


def _read(module: Path, mutant: str, status: str) -> Survivor:
    diff = get_diff_for_mutant(mutant, path=module).splitlines()
    name, of_class = orig_function_and_class_names_from_key(mutant)
    where = (*module.with_suffix("").parts, *([of_class] if of_class else []), name)
    return Survivor(".".join(where), _of(diff, "-"), _of(diff, "+"), status)


def _of(diff: Iterable[str], sign: str) -> str:
    lines = [each[1:].strip() for each in diff if each.startswith(sign)]
    return " ".join(each for each in lines if each != sign * 2 and not each.startswith(sign * 2))
