"""What Prometheus is told of the engine, of the partitions and of the reference data."""

from datetime import UTC, datetime

from aiokafka import AIOKafkaConsumer
from prometheus_client.parser import text_string_to_metric_families

from runtime.engine.observer import Observer
from runtime.engine.partition import Status
from runtime.engine.records import Place, Record
from runtime.host.lag import Lag
from runtime.host.member import Member
from runtime.host.metrics import Metrics, Said, ServiceMetrics
from schemas.envelope import Event
from tests.runtime.host.stand_in import CountingWorker, make_topic

P = Place("therapy.spend", 3)
NOW = 1_000.0


def telling(event: Event) -> Said | None:
    """Read an event of this test: its type is the kind, its data the findings."""
    return None if event.type == "other" else Said(event.type, tuple(event.data))


def event(type_: str, *findings: str) -> Event:
    """Return an event of a type with findings."""
    return Event(
        type=type_,
        source="/t",
        id="1",
        time=datetime(2026, 1, 1, tzinfo=UTC),
        partitionkey="P-1",
        data=findings,
    )


def observed() -> tuple[Metrics, Observer, Member]:
    """Return metrics, and the observer and the member of a service."""
    metrics = Metrics(telling, lambda: NOW)
    member = Member("claims", "g", P.topic, Lag(lambda: NOW))
    return metrics, metrics.observe(member), member


class Samples:
    """What is told at one moment."""

    def __init__(self, metrics: Metrics) -> None:
        """Read it as Prometheus does."""
        families = text_string_to_metric_families(metrics.text().decode())
        self._values = {
            (each.name, frozenset(each.labels.values())): each.value
            for family in families
            for each in family.samples
        }

    def __getitem__(self, named: tuple[str, ...]) -> float:
        """Return the sample with this name and these values of its labels, in any order."""
        return self._values[named[0], frozenset(named[1:])]

    def __contains__(self, named: tuple[str, ...]) -> bool:
        """Tell whether there is one."""
        return (named[0], frozenset(named[1:])) in self._values


def test_a_transaction_is_counted() -> None:
    """With its records, its size and its time."""
    metrics, observer, _member = observed()
    observer.committed(P, 500, 0.02)
    observer.committed(P, 20, 0.3)
    found = Samples(metrics)
    assert found["therapy_records_total", "claims"] == 520
    assert found["therapy_transactions_total", "claims", "committed"] == 2
    assert found["therapy_batch_records_count", "claims"] == 2
    assert found["therapy_batch_records_bucket", "claims", "20.0"] == 1
    assert found["therapy_commit_seconds_bucket", "claims", "0.02"] == 1
    assert round(found["therapy_commit_seconds_sum", "claims"], 2) == 0.32


def test_a_decision_is_counted_by_kind_and_findings_by_code() -> None:
    """Its age runs from the session's time on the bus; what is no decision is left out."""
    metrics, observer, _member = observed()
    arrived = int((NOW - 3) * 1000)
    observer.emitted(P, [event("held", "A", "B"), event("other"), event("ready", "A")], arrived)
    found = Samples(metrics)
    assert found["therapy_decisions_total", "held"] == 1
    assert found["therapy_decisions_total", "ready"] == 1
    assert ("therapy_decisions_total", "other") not in found
    assert found["therapy_findings_total", "A"] == 2
    assert found["therapy_findings_total", "B"] == 1
    assert found["therapy_decision_age_seconds_count",] == 2
    assert found["therapy_decision_age_seconds_sum",] == 6


def test_trouble_is_counted_by_its_kind() -> None:
    """Each kind of trouble has a counter, and none names a partition or a record."""
    metrics, observer, _member = observed()
    observer.aborted(P)
    observer.fenced(P)
    observer.recovering(P, "ViewMoved")
    observer.view_moved(P)
    observer.denied(P, "kafka: Write on topic t is not permitted")
    observer.recovered(P, 7_000, 0.15)
    observer.resent(P, 12)
    observer.dead_lettered(P, "not_json")
    observer.stopped(P, "a reason of many words")
    found = Samples(metrics)
    assert found["therapy_transactions_total", "claims", "aborted"] == 1
    assert found["therapy_transactions_total", "claims", "fenced"] == 1
    assert found["therapy_recoveries_total", "claims", "ViewMoved"] == 1
    assert found["therapy_redis_rollbacks_total", "claims"] == 1
    assert found["therapy_denials_total", "claims"] == 1
    assert found["therapy_restored_states_total", "claims"] == 7_000
    assert found["therapy_recovery_seconds_bucket", "claims", "0.2"] == 1
    assert found["therapy_resent_records_total", "claims"] == 12
    assert found["therapy_dead_letters_total", "claims", "not_json"] == 1
    assert found["therapy_partition_stops_total", "claims"] == 1


def test_every_note_of_the_engine_is_heard() -> None:
    """A method that is new in the observer's face does not stay silent here."""
    notes = {name for name in vars(Observer) if not name.startswith("_")}
    assert notes <= set(vars(ServiceMetrics))


def test_lag_and_status_are_those_of_the_moment() -> None:
    """They are read at each look, a sample a partition."""
    metrics, _observer, member = observed()
    worker = CountingWorker(member.feed)
    member.works_with(worker)
    member.lag.assigned([P])
    worker.assigned([P])
    member.lag.sought(P, 10)
    member.lag.ended({P: 25})
    member.lag.delivered(P, [Record(10, None, None, timestamp=int((NOW - 8) * 1000))])
    found = Samples(metrics)
    assert found["therapy_lag_records", "claims", "3"] == 15
    assert found["therapy_lag_seconds", "claims", "3"] == 8
    assert found["therapy_partitions", "claims", Status.RUNNING.value] == 1
    assert found["therapy_partitions", "claims", Status.STOPPED.value] == 0


async def test_the_partitions_of_the_topic_are_told_once_they_are_known(broker: str) -> None:
    """By who owns none of them too; before Kafka has said it there is no sample."""
    topic = await make_topic(broker, partitions=3)
    metrics = Metrics(telling, lambda: NOW)
    member = Member("claims", "g", topic, Lag(lambda: NOW))
    metrics.observe(member)
    assert ("therapy_input_partitions", "claims") not in Samples(metrics)
    async with AIOKafkaConsumer(topic, bootstrap_servers=broker) as consumer:
        member.joins(lambda: consumer, tuple)
        found = Samples(metrics)
        assert found["therapy_input_partitions", "claims"] == 3
        assert found["therapy_partitions", "claims", Status.RUNNING.value] == 0


def test_each_name_is_told_once() -> None:
    """Several services share a name; Prometheus takes no second block of it."""
    metrics = Metrics(telling, lambda: NOW)
    for name in ("units", "spend"):
        metrics.observe(Member(name, "g", P.topic, Lag(lambda: NOW)))
    types = [line for line in metrics.text().splitlines() if line.startswith(b"# TYPE")]
    assert len(types) == len(set(types))
    assert Samples(metrics)["therapy_partitions", "spend", "running"] == 0


def test_reference_data_show_their_days() -> None:
    """Asked anew at each look, since days go by."""
    metrics, _observer, _member = observed()
    days = {"kx_threshold": 40}
    metrics.show_days_left(lambda: days)
    assert Samples(metrics)["therapy_reference_days_left", "kx_threshold"] == 40
    days["kx_threshold"] = -1
    assert Samples(metrics)["therapy_reference_days_left", "kx_threshold"] == -1


def test_labels_are_few_and_hold_no_patient() -> None:
    """Every label is one of a stated list, and no value is the key of an event."""
    metrics, observer, _member = observed()
    observer.emitted(P, [event("held", "A")], 0)
    observer.dead_lettered(P, "not_json")
    families = list(text_string_to_metric_families(metrics.text().decode()))
    labels = {name for family in families for each in family.samples for name in each.labels}
    assert labels <= {
        "service",
        "outcome",
        "why",
        "reason",
        "kind",
        "code",
        "status",
        "le",
        "partition",
    }
    assert "P-1" not in metrics.text().decode()
