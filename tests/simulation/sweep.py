"""Every fault at every call of one small run; every marker lost, and every fault beside it."""

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import combinations
from typing import NamedTuple

from runtime.doubles.broker import ONCE_AT_ONCE
from runtime.doubles.schedule import Choice, Fault, Schedule, When
from runtime.engine.records import Place
from tests.simulation.ending import Broken, Seen, check_seen
from tests.simulation.mixes import CALM
from tests.simulation.scenario import Setting, simulate
from tests.simulation.seeds import simulation

CHOICES = (
    *(Choice(Fault.CRASH, when) for when in When),
    *(Choice(Fault.LOSE, when) for when in When),
    Choice(Fault.FREEZE, When.BEFORE),
    Choice(Fault.FREEZE, When.AFTER),
)
"""All that may go wrong at a call, but for what only takes time."""
RECORDS = 3
"""The small run: so many records of one patient, one after the other."""
LOOKS = 3
"""Of the looks for a marker that is lost, so many in a row are told apart."""
MARKERS_MORE = 6
"""What is lost makes so many new markers that may be lost as well."""


class Case(NamedTuple):
    """What goes wrong in a run of so many consumers: at calls, and markers, counted from 1."""

    consumers: int
    plan: tuple[tuple[int, Choice], ...] = ()
    lost: tuple[int, ...] = ()


class Planned(Schedule):
    """The schedule of a case."""

    def __init__(self, case: Case) -> None:
        """Let nothing go wrong that the case does not name."""
        super().__init__(0, CALM.faults, dict(case.plan))
        self.markers = 0
        self._lost = case.lost

    def marker(self, place: Place) -> Sequence[float]:  # noqa: ARG002 - the shape of a fate
        """Lose what is to be lost."""
        self.markers += 1
        return () if self.markers in self._lost else ONCE_AT_ONCE


def one_fault(consumers: int) -> Iterator[Case]:
    """Give every fault at every call."""
    for call in _calls(Case(consumers)):
        yield from (Case(consumers, ((call, choice),)) for choice in CHOICES)


def two_faults(consumers: int) -> Iterator[Case]:
    """Give every two calls once, the faults by turns."""
    turn = 0
    for first in _calls(Case(consumers)):
        turn += 1
        one = (first, CHOICES[turn % len(CHOICES)])
        for second in _calls(Case(consumers, (one,))):
            turn += 1
            if second > first:
                yield Case(consumers, (one, (second, CHOICES[turn % len(CHOICES)])))


def three_lost_markers(consumers: int) -> Iterator[Case]:
    """Give every three lost markers; those that what is lost makes necessary are among them."""
    numbers = range(1, _markers(consumers) + MARKERS_MORE + 1)
    yield from (Case(consumers, (), lost) for lost in combinations(numbers, 3))


def a_lost_marker_and_a_fault(consumers: int) -> Iterator[Case]:
    """Give every lost marker with every fault at every call."""
    for marker in range(1, _markers(consumers) + 1):
        lost = Case(consumers, (), (marker,))
        for call in _calls(lost):
            yield from (lost._replace(plan=((call, choice),)) for choice in CHOICES)


def break_of(case: Case) -> str | None:
    """Run a case; return what broke."""
    try:
        check_seen(_simulate(Planned(case), case.consumers), _expected(case.consumers))
    except Broken as broken:
        return f"{case}: {broken}"
    return None


@cache
def _setting(consumers: int) -> Setting:
    messages = [each for each in simulation().streams[1].messages if each.key == b"P-1"]
    return Setting(simulation().plans[:consumers], messages[:RECORDS], partitions=1)


@cache
def _expected(consumers: int) -> Seen:
    return _simulate(Schedule(0), consumers)


def _simulate(schedule: Schedule, consumers: int) -> Seen:
    return simulate(_setting(consumers), CALM, schedule).seen


def _markers(consumers: int) -> int:
    schedule = Planned(Case(consumers))
    _simulate(schedule, consumers)
    return schedule.markers


def _calls(case: Case) -> Iterable[int]:
    """Return the calls of a case's run, of many looks for the same marker only the first."""
    schedule = Planned(case)
    schedule.trace = []
    _simulate(schedule, case.consumers)
    whats = [took.what for took in schedule.trace]
    for at, what in enumerate(whats):
        if what != "ends" or whats[max(0, at - LOOKS) : at] != ["ends"] * LOOKS:
            yield at + 1
