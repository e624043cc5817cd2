"""One small run, swept whole: what the seeds meet by chance is met here in every place."""

from collections.abc import Iterable
from concurrent.futures import Executor

from tests.simulation.sweep import (
    Case,
    a_lost_marker_and_a_fault,
    break_of,
    one_fault,
    three_lost_markers,
    two_faults,
)


def sweep(cores: Executor, cases: Iterable[Case]) -> int:
    """Return how many cases were run; none of them breaks."""
    outcomes = list(cores.map(break_of, cases, chunksize=50))
    assert [each for each in outcomes if each is not None] == []
    return len(outcomes)


def test_every_fault_at_every_call_changes_nothing(cores: Executor) -> None:
    """Three consumers lose nothing and double nothing, wherever their process stops."""
    assert sweep(cores, one_fault(consumers=3)) > 1_000


def test_two_faults_at_any_two_calls_change_nothing(cores: Executor) -> None:
    """The second one often hits the recovery from the first."""
    assert sweep(cores, two_faults(consumers=1)) > 1_000


def test_any_three_lost_markers_change_nothing(cores: Executor) -> None:
    """Those of burials and of what is sent again are among them."""
    assert sweep(cores, three_lost_markers(consumers=1)) > 100


def test_a_lost_marker_and_a_fault_at_any_call_change_nothing(cores: Executor) -> None:
    """Settling may be left at any point and begun anew."""
    assert sweep(cores, a_lost_marker_and_a_fault(consumers=1)) > 1_000
