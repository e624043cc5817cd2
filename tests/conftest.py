"""Settings of the whole suite, and what many tests start from."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from commands.composition import Service
from reference.rulebook import RuleBook, load
from tests.clinic import Clinic
from tests.cluster import needed

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


@pytest.fixture(scope="session")
def broker() -> Iterator[str]:
    """Yield the bootstrap servers of a real Kafka that the whole run shares."""
    yield from needed.kafka()


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """Yield the address of a real Redis that the whole run shares."""
    yield from needed.redis()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say aloud which real servers were not there."""
    if needed.MISSING:
        terminalreporter.section("NOT TESTED AGAINST REAL SERVERS", red=True, bold=True)
        for reason in needed.MISSING:
            terminalreporter.line(reason, red=True)
