"""A short run of the fault harness: one seed on a real broker and a real Redis."""

import subprocess
import sys

SECONDS = 15
SEED = 7


def test_a_short_run_ends_as_a_replay(broker: str, redis_url: str) -> None:
    """Committed decisions are those of a replay, and Redis is the fold of the changelogs."""
    # The shared servers are not used: they say that servers can be had here.
    assert broker
    assert redis_url
    command = [sys.executable, "-m", "tests.chaos", "--seconds", str(SECONDS), "--seed", str(SEED)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
