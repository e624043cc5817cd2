"""Nothing connects at import."""

import subprocess
import sys
from pathlib import Path

from tests.style import offline
from tests.style.tree import ROOMS, ROOT

CONNECTS = 'import socket\n\nsocket.create_connection(("127.0.0.1", 9))\n'


def import_offline(folder: Path, *packages: str) -> subprocess.CompletedProcess[str]:
    """Imports the packages of a folder in an interpreter without a network."""
    return subprocess.run(
        [sys.executable, offline.__file__, folder, *packages],
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_module_imports_without_a_network() -> None:
    """Importing all of the product touches no socket."""
    imported = import_offline(ROOT, *ROOMS)
    assert imported.returncode == 0, imported.stderr


def test_a_planted_connection_is_refused(tmp_path: Path) -> None:
    """A package with a module that connects at import is found."""
    package = tmp_path / "planted"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "connects.py").write_text(CONNECTS, encoding="utf-8")
    imported = import_offline(tmp_path, "planted")
    assert "ConnectionRefusedError: socket." in imported.stderr
