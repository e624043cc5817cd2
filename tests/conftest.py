"""Settings of the whole suite, and what many tests start from."""

import pytest
from hypothesis import settings

from commands.composition import Service
from reference.rulebook import RuleBook, load
from tests.clinic import Clinic

# The same examples in every run, no deadline, no folder of examples left in the tree.
# ``pytest --hypothesis-profile=default`` looks for new ones.
settings.load_profile("ci")


@pytest.fixture(scope="session")
def rulebook() -> RuleBook:
    """Return the rulebook of this tree, loaded once."""
    return load()


@pytest.fixture
def clinic(rulebook: RuleBook) -> Clinic:
    """Return a clinic before its first session."""
    return Clinic(rulebook)


@pytest.fixture
def units_clinic(rulebook: RuleBook) -> Clinic:
    """Return a clinic of which only ``units`` runs."""
    return Clinic(rulebook, Service.UNITS)
