"""What counts as said."""

import pytest

from rules.statements import is_stated


@pytest.mark.parametrize(
    ("text", "stated"), [(None, False), ("", False), (" \t", False), (" a", True)]
)
def test_blanks_are_no_statement(text: str | None, stated: bool) -> None:  # noqa: FBT001
    """Something is stated when it has more than blanks."""
    assert is_stated(text) is stated
