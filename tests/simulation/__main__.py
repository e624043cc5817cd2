"""``make simulate SEEDS=20000`` or ``SEEDS=from-to``: more schedules than the test suite runs."""

import os
import sys
from collections import Counter

from tests.simulation.seeds import Failed, all_cores, run_seeds

DEFAULT = "20000"
SHOWN_MAX = 20
"""So many failed seeds are enough."""
FAULTS = (
    "wait",
    "slow",
    "freeze",
    "lose",
    "crash",
    "marker_late",
    "marker_lost",
    "view_back",
    "view_emptied",
)


def main(arguments: list[str]) -> int:
    """Run the seeds; the status is 0 where all of them hold, 1 where one breaks, 2 for usage."""
    try:
        seeds = read_seeds(arguments[0] if arguments else DEFAULT)
    except ValueError:
        sys.stderr.write("usage: python -m tests.simulation [SEEDS | FROM-TO]\n")
        return 2
    tally: Counter[str] = Counter()
    failed: list[Failed] = []
    with all_cores() as cores:
        for part, broken in run_seeds(cores, seeds):
            tally += part
            failed += broken
            for each in broken:
                sys.stdout.write(f"{each}\n")
            if len(failed) >= SHOWN_MAX:
                break
    sys.stdout.write("".join(f"{line}\n" for line in summary(seeds, tally, failed)))
    return 1 if failed else 0


def read_seeds(text: str) -> range:
    """Return the seeds of ``20000`` or ``from-to``, both ends included."""
    first, dash, last = text.partition("-")
    return range(int(first), int(last) + 1) if dash else range(int(first))


def summary(seeds: range, tally: Counter[str], failed: list[Failed]) -> list[str]:
    """Return what was run, what went wrong in it, and what happened, a line each."""
    held = tally["schedules"]
    times = os.times()
    cpu = times.user + times.children_user
    wrong = [f"{name.replace('_', ' ')} {tally[name]:,}" for name in FAULTS]
    happened = [f"{name} {count:,}" for name, count in sorted(tally.items()) if name not in FAULTS]
    return [
        f"seeds {seeds.start} to {seeds.stop - 1}: {held:,} hold, {len(failed):,} break",
        "went wrong: " + ", ".join(wrong),
        "happened: " + ", ".join(happened),
        f"processor time: {1000 * cpu / max(1, held):.1f} ms a schedule",
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
