"""What a process tells Prometheus. Labels are names and numbers of ours; none holds a patient.

Counters say what was decided once and for all: they are counted when a transaction is seen, so an
event that was decided again after a crash is counted by whoever committed it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from runtime.engine.observer import Led, Observer
from runtime.engine.partition import ASSIGNED, Status
from runtime.engine.records import Place
from runtime.host.member import Hosted
from runtime.host.tallies import Showing, Tallies
from schemas.envelope import Event

CONTENT_TYPE = CONTENT_TYPE_LATEST
MILLISECOND = 1 / 1000
BATCH_SIZES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000)
COMMIT_SECONDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)
AGE_SECONDS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 300, 900, 3_600, 14_400)
RECOVERY_SECONDS = (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 300)


class Said(NamedTuple):
    """What a decision says, as far as it is counted: words of closed lists."""

    kind: str
    findings: tuple[str, ...]


Telling = Callable[[Event], Said | None]
"""Reads a decision; None for an event that is none."""


class Metrics:
    """The process' own registry, and the observer of each of its services."""

    def __init__(self, telling: Telling, now: Callable[[], float]) -> None:
        """Count decisions as ``telling`` reads them; ``now`` gives seconds since 1970."""
        # When a counter began is Prometheus' own affair; a series each would double them all.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        self._telling = telling
        self._now = now
        self._members: list[Hosted] = []
        self._define_work()
        self._define_trouble()
        self._define_decisions()
        self.standing: dict[tuple[str, Place], Mapping[str, int]] = {}
        self.registry.register(Partitions(self._members))

    def _define_work(self) -> None:
        self.records = Counter(
            "therapy_records", "Input records handled.", ["service"], registry=self.registry
        )
        self.batches = Histogram(
            "therapy_batch_records",
            "Input records in one transaction.",
            ["service"],
            buckets=BATCH_SIZES,
            registry=self.registry,
        )
        self.commits = Histogram(
            "therapy_commit_seconds",
            "From taking a batch to its transaction being seen and applied.",
            ["service"],
            buckets=COMMIT_SECONDS,
            registry=self.registry,
        )
        self.transactions = Counter(
            "therapy_transactions",
            "Transactions by how they ended.",
            ["service", "outcome"],
            registry=self.registry,
        )
        self.loop_delay = Gauge(
            "therapy_event_loop_delay_seconds",
            "How late the loop's last tick was.",
            registry=self.registry,
        )

    def _define_trouble(self) -> None:
        self.recoveries = Counter(
            "therapy_recoveries",
            "Recoveries begun, by what led to them.",
            ["service", "why"],
            registry=self.registry,
        )
        self.recovery_seconds = Histogram(
            "therapy_recovery_seconds",
            "How long a recovery took.",
            ["service"],
            buckets=RECOVERY_SECONDS,
            registry=self.registry,
        )
        self.restored = Counter(
            "therapy_restored_states",
            "State values read from the changelog.",
            ["service"],
            registry=self.registry,
        )
        self.resent = Counter(
            "therapy_resent_records",
            "Records of decided transactions sent again, since their markers were lost.",
            ["service"],
            registry=self.registry,
        )
        self.denials = Counter(
            "therapy_denials",
            "Times that Kafka or Redis refused what a partition needs.",
            ["service"],
            registry=self.registry,
        )
        self.rollbacks = Counter(
            "therapy_redis_rollbacks",
            "Times that Redis was not where it was left.",
            ["service"],
            registry=self.registry,
        )
        self.stops = Counter(
            "therapy_partition_stops",
            "Partitions that stopped by name.",
            ["service"],
            registry=self.registry,
        )
        self.dead_letters = Counter(
            "therapy_dead_letters",
            "Dead letters by reason.",
            ["service", "reason"],
            registry=self.registry,
        )

    def _define_decisions(self) -> None:
        self.decisions = Counter(
            "therapy_decisions", "Decisions by kind.", ["kind"], registry=self.registry
        )
        self.findings = Counter(
            "therapy_findings", "Findings on decisions, by code.", ["code"], registry=self.registry
        )
        self.ages = Histogram(
            "therapy_decision_age_seconds",
            "From a session's time on the bus to its decision being seen.",
            buckets=AGE_SECONDS,
            registry=self.registry,
        )

    def observe(self, member: Hosted) -> "ServiceMetrics":
        """Return the observer of a service, and show its member's partitions."""
        self._members.append(member)
        return ServiceMetrics(self, member.name)

    def show_tallies(self, showing: Mapping[str, Showing]) -> None:
        """Show what the state values of our partitions count as, by the service's name."""
        self.registry.register(Tallies(self._members, self.standing, showing, self._now))

    def show_days_left(self, days_left: Callable[[], Mapping[str, int]]) -> None:
        """Show how many days each of the reference data goes on, asked at each look."""
        self.registry.register(ReferenceDays(days_left))

    def decided(self, events: Sequence[Event], arrived: int) -> None:
        """Count the decisions among the events that one input record led to."""
        for event in events:
            said = self._telling(event)
            if said is not None:
                self.decisions.labels(said.kind).inc()
                for code in said.findings:
                    self.findings.labels(code).inc()
                self.ages.observe(max(self._now() - arrived * MILLISECOND, 0.0))

    def text(self) -> bytes:
        """Return all of it in Prometheus' text format."""
        return generate_latest(self.registry)


class ServiceMetrics(Observer):
    """Counts what the engine says of one service."""

    def __init__(self, metrics: Metrics, service: str) -> None:
        """Count under the label ``service``."""
        self._metrics = metrics
        self._service = service
        self._records = metrics.records.labels(service)
        self._batches = metrics.batches.labels(service)
        self._commits = metrics.commits.labels(service)
        outcomes = metrics.transactions
        self._committed = outcomes.labels(service, "committed")
        self._aborted = outcomes.labels(service, "aborted")
        self._fenced = outcomes.labels(service, "fenced")
        self._denials = metrics.denials.labels(service)
        self._rollbacks = metrics.rollbacks.labels(service)
        self._resent = metrics.resent.labels(service)
        self._stops = metrics.stops.labels(service)

    def committed(self, place: Place, records: int, seconds: float) -> None:
        """Count a transaction."""
        del place
        self._committed.inc()
        self._records.inc(records)
        self._batches.observe(records)
        self._commits.observe(seconds)

    def emitted(self, place: Place, events: Sequence[Event], arrived: int) -> None:
        """Count what one input record led to."""
        del place
        self._metrics.decided(events, arrived)

    def traced(self, place: Place, led: Led, seconds: float) -> None:
        """Leave it to the spans: what is traced is counted as any other."""

    def dead_lettered(self, place: Place, reason: str) -> None:
        """Count a dead letter."""
        del place
        self._metrics.dead_letters.labels(self._service, reason).inc()

    def aborted(self, place: Place) -> None:
        """Count a transaction that was given up."""
        del place
        self._aborted.inc()

    def fenced(self, place: Place) -> None:
        """Count a transaction that a newer owner ended."""
        del place
        self._fenced.inc()

    def recovering(self, place: Place, why: str) -> None:
        """Count a recovery that begins; what was ours once may have moved meanwhile."""
        if why == ASSIGNED:
            self._metrics.standing.pop((self._service, place), None)
        self._metrics.recoveries.labels(self._service, why).inc()

    def recovered(self, place: Place, states: int, seconds: float) -> None:
        """Count what it read, and how long it took."""
        del place
        self._metrics.restored.labels(self._service).inc(states)
        self._metrics.recovery_seconds.labels(self._service).observe(seconds)

    def standing(self, place: Place, tallies: Mapping[str, int]) -> None:
        """Keep what the partition's state values count as, for the next look."""
        self._metrics.standing[self._service, place] = tallies

    def resent(self, place: Place, records: int) -> None:
        """Count records that were sent again."""
        del place
        self._resent.inc(records)

    def denied(self, place: Place, why: str) -> None:
        """Count what was refused; the log names it."""
        del place, why
        self._denials.inc()

    def view_moved(self, place: Place) -> None:
        """Count a Redis that was not where it was left."""
        del place
        self._rollbacks.inc()

    def stopped(self, place: Place, why: str) -> None:
        """Count a partition that waits for a person."""
        del place, why
        self._stops.inc()


class Partitions(Collector):
    """The partitions of every member, as they stand at each look."""

    def __init__(self, members: Sequence[Hosted]) -> None:
        """Look at these members."""
        self._members = members

    def describe(self) -> Iterable[Metric]:
        """Name nothing beforehand: the partitions are not known yet."""
        return ()

    def _inputs(self) -> Metric:
        """Say how many there are to be owned, by all processes of a service together."""
        inputs = GaugeMetricFamily(
            "therapy_input_partitions",
            "Partitions of the topic that the service reads, whoever owns them.",
            labels=["service"],
        )
        for member in self._members:
            if (partitions := member.partitions()) is not None:
                inputs.add_metric([member.name], partitions)
        return inputs

    def collect(self) -> Iterator[Metric]:
        """Give lag and status."""
        yield self._inputs()
        labels = ["service", "partition"]
        records = GaugeMetricFamily(
            "therapy_lag_records", "Input records not handled.", labels=labels
        )
        seconds = GaugeMetricFamily(
            "therapy_lag_seconds", "Age of the oldest input record not handled.", labels=labels
        )
        count = GaugeMetricFamily(
            "therapy_partitions", "Partitions by what they do.", labels=["service", "status"]
        )
        for member in self._members:
            for place, behind in member.lag.behind().items():
                named = [member.name, str(place.partition)]
                records.add_metric(named, behind.records)
                seconds.add_metric(named, behind.seconds)
            statuses = list(member.status().values())
            for status in Status:
                count.add_metric([member.name, status.value], statuses.count(status))
        yield from (records, seconds, count)


class ReferenceDays(Collector):
    """How many days the reference data go on."""

    def __init__(self, days_left: Callable[[], Mapping[str, int]]) -> None:
        """Ask this at each look."""
        self._days_left = days_left

    def describe(self) -> Iterable[Metric]:
        """Name nothing beforehand."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Give the days of each parameter, table and profile that ends."""
        days = GaugeMetricFamily(
            "therapy_reference_days_left",
            "Days until reference data end; below 0 nothing is in force.",
            labels=["name"],
        )
        for name, left in self._days_left().items():
            days.add_metric([name], left)
        yield days
