"""Runs ``therapy`` in this process, and notes what the process uses.

Twenty times a second a line in the file that ``BENCH_USED`` names: the numbers of ``Used``. Once
there is a file of the name in ``BENCH_PROFILE`` the process is profiled, and the profile is
written to it at the end. The product knows nothing of either.
"""

import cProfile
import os
import resource
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from commands.main import main

EVERY = 0.05
NANOSECONDS = 1_000_000_000
USED, PROFILE = "BENCH_USED", "BENCH_PROFILE"
PAGES, SCHEDULED = Path("/proc/self/statm"), Path("/proc/self/schedstat")


class Used(NamedTuple):
    """What a process had used at one moment."""

    at: float
    """Seconds since 1970."""
    cpu: float
    """Seconds of CPU, the system's part too."""
    memory: int
    """Bytes of memory; 0 where the system does not say."""
    waited: float
    """Seconds that it could have run and had no CPU: the machine is not quiet, or too small."""


def read_used(path: Path) -> list[Used]:
    """Return what a process noted of itself."""
    # The last line may be half written.
    lines = path.read_text(encoding="utf-8").split("\n")[:-1]
    noted = map(str.split, lines)
    return [
        Used(float(at), float(cpu), int(memory), float(waited))
        for at, cpu, memory, waited in noted
    ]


def measured(run: Callable[[], int]) -> int:
    """Run something, and note what this process uses meanwhile."""
    profile, profiled = cProfile.Profile(), Path(os.environ[PROFILE])
    with Path(os.environ[USED]).open("ab", buffering=0) as noted:

        def note(*_: object) -> None:
            noted.write(_used())
            if profiled.exists():
                profile.enable()

        signal.signal(signal.SIGALRM, note)
        signal.setitimer(signal.ITIMER_REAL, EVERY, EVERY)
        try:
            return run()
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            profile.disable()
            if profiled.exists():
                profile.dump_stats(profiled)


def _used() -> bytes:
    used = resource.getrusage(resource.RUSAGE_SELF)
    cpu = used.ru_utime + used.ru_stime
    # What getrusage says of memory is never less than the parent had.
    pages, waited = _number(PAGES), _number(SCHEDULED)
    memory = pages * resource.getpagesize()
    return b"%f %f %d %f\n" % (time.time(), cpu, memory, waited / NANOSECONDS)


def _number(path: Path) -> int:
    """Return the second number that the system says there; 0 where it has no such file."""
    # As bytes: a signal may come while a module is imported, and a codec is one.
    return int(path.read_bytes().split()[1]) if path.exists() else 0


if __name__ == "__main__":
    sys.exit(measured(main))
