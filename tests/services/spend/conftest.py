"""What the tests of ``spend`` start from."""

import pytest

from commands.composition import Service
from reference.rulebook import RuleBook
from tests.clinic import Clinic


@pytest.fixture
def spend_clinic(rulebook: RuleBook) -> Clinic:
    """Return a clinic of which ``units`` and ``spend`` run."""
    return Clinic(rulebook, Service.SPEND)
