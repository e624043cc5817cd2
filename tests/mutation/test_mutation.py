"""The harness of mutants: a run of one small module, and what is known to decide nothing."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.mutation.survivors import Known, Survivor, read_known, unknown

ROUNDED = Survivor("rules.money.round_to_cent", "ROUND_HALF_UP)", "ROUND_HALF_EVEN)")


def test_what_no_test_sees_is_told(tmp_path: Path) -> None:
    """With a test that looks at writing alone, every change of rounding is told, and fails."""
    one_test = "tests/rules/test_money.py::test_whole_cents_are_written_and_read_back"
    arguments = ["money", "--folder", str(tmp_path / "copy"), "--tests", one_test]
    command = [sys.executable, "-m", "tests.mutation", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    told = (
        "rules.money.round_to_cent: no tests\n"
        "  - return amount.quantize(CENT, ROUND_HALF_UP)\n"
        "  + return amount.quantize(CENT, None)\n"
    )
    assert told in done.stdout
    assert "1 killed" in done.stdout


@pytest.mark.parametrize(
    ("known", "is_known"),
    [
        (Known("rules.money.*"), True),
        (Known("rules.money.round_to_cent", "HALF_UP", "HALF_EVEN"), True),
        (Known("rules.money.round_to_cent", "HALF_UP", "HALF_DOWN"), False),
        (Known("rules.units.*"), False),
    ],
)
def test_a_survivor_is_known_by_its_function_and_its_lines(
    known: Known, *, is_known: bool
) -> None:
    """What is left out covers anything, and what is stated has to be in the survivor's lines."""
    assert unknown([ROUNDED], [known]) == ([] if is_known else [ROUNDED])


def test_every_known_survivor_is_of_the_law() -> None:
    """Each names functions of ``rules/``, and none all of them without a line."""
    for each in read_known():
        assert each.function.startswith("rules.")
        assert each.function != "rules.*" or each.was
