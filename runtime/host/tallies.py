"""Gauges of what the state values count as, of the partitions that this process owns."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from runtime.engine.records import Place
from runtime.host.member import Hosted

Standing = Mapping[tuple[str, Place], Mapping[str, int]]
"""What the state values of each service's partitions count as."""
Samples = Mapping[tuple[str, ...], float]
"""Numbers by the values of the labels."""


class Shown(NamedTuple):
    """A gauge as it stands."""

    name: str
    text: str
    labels: tuple[str, ...]
    samples: Samples


Showing = Callable[[Mapping[str, int], float], Iterable[Shown]]
"""Makes gauges of a service's tallies, at seconds since 1970."""


class Tallies(Collector):
    """What the state values of the partitions count as that are ours at each look."""

    def __init__(
        self,
        members: Sequence[Hosted],
        standing: Standing,
        showing: Mapping[str, Showing],
        now: Callable[[], float],
    ) -> None:
        """Show the tallies of these members."""
        self._members = members
        self._standing = standing
        self._showing = showing
        self._now = now

    def describe(self) -> Iterable[Metric]:
        """Name nothing beforehand: it is not known whose partitions will be ours."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Give the gauges of every service that is a member here."""
        for member in self._members:
            showing = self._showing.get(member.name)
            if showing is None:
                continue
            for shown in showing(self._sum(member), self._now()):
                gauge = GaugeMetricFamily(shown.name, shown.text, labels=shown.labels)
                for values, number in sorted(shown.samples.items()):
                    gauge.add_metric(values, number)
                yield gauge

    def _sum(self, member: Hosted) -> Mapping[str, int]:
        sums: Counter[str] = Counter()
        for place in member.status():
            sums.update(self._standing.get((member.name, place), {}))
        return sums
