"""What the simulation's tests share."""

from collections.abc import Iterator
from concurrent.futures import Executor

import pytest

from tests.simulation.seeds import all_cores


@pytest.fixture(scope="session")
def cores() -> Iterator[Executor]:
    """Give every core of this machine, ready to simulate."""
    with all_cores() as ready:
        yield ready
