"""A house of empty rooms with the project's import contract, to plant imports in."""

import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from tests.style.tree import ROOMS, ROOT

MODULES = (
    *(f"{room}/__init__.py" for room in ROOMS),
    "schemas/envelope.py",
    "schemas/units.py",
    "services/units/__init__.py",
    "services/spend/__init__.py",
)


def build_house(folder: Path) -> None:
    """Makes the rooms, the modules that the contract names, and the contract."""
    for module in MODULES:
        path = folder / module
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    shutil.copy(ROOT / ".importlinter", folder)


def plant(folder: Path, module: str, imports: Iterable[str]) -> None:
    """Writes a module, named with dots, that imports these."""
    path = folder.joinpath(*module.split(".")).with_suffix(".py")
    path.write_text("".join(f"import {name}\n" for name in imports), encoding="utf-8")


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    """Checks the import contract of the house in this folder."""
    linter = Path(sys.executable).with_name("lint-imports")
    return subprocess.run(
        [linter, "--no-cache"], cwd=folder, capture_output=True, text=True, check=False
    )
