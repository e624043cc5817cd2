"""A copy of the tree for mutmut, since mutants are written beside what they change."""

import re
import shutil
import sys
from collections.abc import Iterable, Sequence
from configparser import ConfigParser
from pathlib import Path

from tests.docs.pages import ROOT

FOLDER = ROOT / ".cache" / "mutation"
LEFT_OUT = shutil.ignore_patterns(".*", "__pycache__", "build", "dist", "node_modules")
"""What tools and machines leave in the tree (see ``.gitignore``)."""
CACHE = re.compile(r"^@(?:functools\.)?(?:lru_)?cache\b.*\n", re.MULTILINE)
"""mutmut passes over decorated functions; a cache decides nothing, so the copy has none."""
TYPE_CHECK = ("-m", "mypy", "rules", "--config-file", "tests/mutation/mypy.ini", "-O", "json")
TESTS = ("tests/rules",)
"""The law is held by its own cases; a mutant meets the fastest tests that reach it first."""


def make_workspace(folder: Path, modules: Sequence[str], tests: Sequence[str]) -> None:
    """Copy the tree into a folder made anew, without caches, and tell mutmut what to mutate.

    ``modules`` are names below ``rules/`` with dots, all of them where there are none.
    """
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(ROOT, folder, ignore=LEFT_OUT)
    for path in sorted((folder / "rules").rglob("*.py")):
        path.write_text(CACHE.sub("", path.read_text(encoding="utf-8")), encoding="utf-8")
    _write_settings(folder, modules, tests)


def _write_settings(folder: Path, modules: Sequence[str], tests: Sequence[str]) -> None:
    settings = ConfigParser(interpolation=None)
    settings["mutmut"] = {
        "source_paths": "rules/",
        "only_mutate": _lines(f"rules/{each.replace('.', '/')}.py" for each in modules),
        "also_copy": _lines(path.name for path in sorted(folder.iterdir())),
        "pytest_add_cli_args": _lines(("-p", "no:cacheprovider")),
        "pytest_add_cli_args_test_selection": _lines(tests),
        "type_check_command": _lines((sys.executable, *TYPE_CHECK)),
        "use_git_change_detection": "false",
    }
    with (folder / "setup.cfg").open("w", encoding="utf-8") as file:
        settings.write(file)


def _lines(each: Iterable[str]) -> str:
    return "".join(f"\n{line}" for line in each)
