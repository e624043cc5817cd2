"""The page on the reference data is complete."""

from reference.rulebook import PACKAGE, RuleBook

PAGE = (PACKAGE.parent / "docs" / "reference-data.md").read_text()


def test_every_parameter_table_and_profile_is_described(rulebook: RuleBook) -> None:
    """Each name that ``therapy rulebook list`` prints stands on the page."""
    names = [name.removeprefix("payers/") for name, _series in rulebook.series()]
    assert [name for name in names if f"`{name}`" not in PAGE] == []
