"""The linter's settings refuse clocks, chance, settings and prints where they do not belong."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.style.tree import ROOT

CLOCK = "from datetime import UTC, datetime\n\nNOW = datetime.now(UTC)\n"
TODAY = "from datetime import date\n\nTODAY = date.today()\n"
CHANCE = "import random\n\nNUMBER = random.random()\n"
SETTING = 'import os\n\nURL = os.environ["THERAPY_REDIS_URL"]\n'
CHANCE_ID = "import uuid\n\nID = uuid.uuid4()\n"
MOCK = "from unittest.mock import Mock\n\nPAYER = Mock()\n"
SWALLOWED = "try:\n    import yaml\nexcept Exception:\n    yaml = None\n"
RELATIVE = "from .units import count\n"
MANY_PARAMETERS = "def price(a: int, b: int, c: int, d: int, e: int, f: int) -> None: ...\n"
UNSAID = "def test_units_add_up() -> None:\n    assert True\n"

PLANTED = (
    ("rules/planted.py", CLOCK, "TID251"),
    ("reference/planted.py", TODAY, "TID251"),
    ("schemas/planted.py", "import time\n", "TID251"),
    ("services/planted.py", CHANCE, "TID251"),
    ("services/planted.py", SETTING, "TID251"),
    ("services/planted.py", CHANCE_ID, "TID251"),
    ("tests/rules/test_planted.py", MOCK, "TID251"),
    ("rules/planted.py", 'print("units")\n', "T201"),
    ("services/planted.py", SWALLOWED, "BLE001"),
    ("rules/planted.py", RELATIVE, "TID252"),
    ("tests/rules/test_planted.py", UNSAID, "D103"),
    ("rules/planted.py", MANY_PARAMETERS, "PLR0913"),
)


def lint(path: str, source: str) -> str:
    """What ruff says of this source as if it stood at this path of the tree."""
    ruff = str(Path(sys.executable).with_name("ruff"))
    command = [ruff, "check", "--no-cache", "--output-format=concise", "--stdin-filename", path]
    linted = subprocess.run(
        command, cwd=ROOT, input=source, capture_output=True, text=True, check=False
    )
    return linted.stdout


@pytest.mark.parametrize(("path", "source", "rule"), PLANTED)
def test_a_planted_violation_is_refused(path: str, source: str, rule: str) -> None:
    """The linter names the rule that the planted source breaks."""
    assert f" {rule} " in lint(path, source)


def test_the_machine_may_read_the_clock() -> None:
    """What is refused in the law is allowed in runtime/."""
    assert " TID251 " not in lint("runtime/planted.py", CLOCK)
