"""The house's import contract refuses every import that the table in ARCHITECTURE.md refuses."""

from pathlib import Path

import pytest

from tests.style.house import build_house, lint_imports, plant

REFUSED = {
    "schemas.planted": ("reference", "rules", "runtime", "services", "commands", "redis", "time"),
    "reference.planted": ("rules", "runtime", "services", "commands", "aiokafka", "socket"),
    "rules.planted": ("runtime", "services", "commands", "asyncio", "random", "pathlib", "yaml"),
    "runtime.planted": ("schemas.units", "reference", "rules", "services", "commands"),
    "services.units.planted": ("services.spend", "commands", "asyncio", "faststream"),
    "commands.planted": ("asyncio", "redis"),
}
ALLOWED = {
    "reference.near": ("schemas.units", "pathlib", "yaml"),
    "rules.near": ("schemas.units", "reference.near", "decimal"),
    "runtime.near": ("schemas.envelope", "asyncio", "redis", "time"),
    "services.units.near": ("schemas.units", "reference.near", "rules.near", "runtime.near"),
    "commands.near": ("services.units.near", "services.spend", "runtime.near", "time"),
}


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """The empty house."""
    build_house(tmp_path)
    return tmp_path


def test_the_allowed_imports_pass(house: Path) -> None:
    """A house with every kind of import that the table allows keeps the contract."""
    for module, imports in ALLOWED.items():
        plant(house, module, imports)
    checked = lint_imports(house)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_each_planted_import_is_refused(house: Path) -> None:
    """A house with every import that the table refuses breaks the contract at each of them."""
    for module, imports in REFUSED.items():
        plant(house, module, imports)
    checked = lint_imports(house)
    assert checked.returncode != 0
    report = " ".join(checked.stdout.split())
    for module, imports in REFUSED.items():
        for name in imports:
            assert f"{module} -> {name} " in report
