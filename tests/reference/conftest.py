"""Copies of the reference data to plant errors in."""

import shutil
from pathlib import Path

import pytest

from reference.rulebook import PACKAGE


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the reference data that a test may change."""
    copy = tmp_path / "reference"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    return copy
