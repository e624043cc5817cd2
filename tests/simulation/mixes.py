"""What goes wrong in which seed: one kind of fault alone, or many at once.

Left off is ``marker_twice``, a second marker of the same epoch that lands after its transaction
was complete: it may decide the next transaction of the same writer. Kafka's transactions of this
version have that gap themselves (KIP-890 closes it with an epoch for each transaction), and nobody
who writes by them can see it.
"""

from dataclasses import dataclass, replace

from runtime.doubles.schedule import QUIET, Faults

VIEW_CALLS = frozenset({"get", "apply", "clear", "load", "finish", "count"})


@dataclass(frozen=True, slots=True)
class Mix:
    """What goes wrong, and how."""

    name: str
    faults: Faults
    moves: float | None = 8.0
    """The longest time between two rebalances, in seconds; without one, a record comes when the
    one before it is through."""
    compaction_lag: float | None = None
    """The age of what compaction of the changelogs touches, in seconds; in a cluster it is more
    than any zombie's freeze, so here the two do not go together."""
    size_max: int | None = None
    """Bytes of the largest event that the broker takes from a consumer."""


def some_faults(**chances: float) -> Faults:
    """Return chances on top of those that only change the order and the size of what comes."""
    shape = Faults(wait=0.02, mixed=0.1, short=0.2, longest_slow=15.0, longest_freeze=30.0)
    return replace(shape, **chances)  # type: ignore[arg-type]


CALM = Mix("calm", QUIET, moves=None)
"""Nothing goes wrong."""
ALL = some_faults(
    slow=0.002,
    freeze=0.003,
    lose=0.01,
    crash=0.003,
    marker_lost=0.05,
    marker_late=0.05,
    view_back=0.01,
    view_emptied=0.005,
)
MIXES = (
    Mix("rebalances", some_faults(wait=0.2), moves=4.0),
    Mix("crashes", some_faults(crash=0.006)),
    Mix("lost answers", some_faults(lose=0.03)),
    Mix("zombies", some_faults(slow=0.006, freeze=0.006)),
    Mix("lost markers", some_faults(marker_lost=0.08, marker_late=0.1)),
    Mix("Redis", replace(some_faults(lose=0.02, slow=0.01), only=VIEW_CALLS)),
    Mix("Redis put back", some_faults(view_back=0.04, view_emptied=0.01), compaction_lag=1.0),
    Mix("refused", replace(ALL, marker_lost=0.02), size_max=4_200),
    Mix("all", ALL),
    Mix("all, waiting", replace(ALL, wait=0.2), moves=4.0),
    Mix("all, more markers", replace(ALL, marker_lost=0.15, marker_late=0.2)),
    Mix("all, more of all", replace(ALL, slow=0.01, freeze=0.008, lose=0.02, crash=0.008)),
)


def mix_of(seed: int) -> Mix:
    """Return what goes wrong in a seed."""
    return MIXES[seed % len(MIXES)]
