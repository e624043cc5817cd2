"""``therapy probe``: its session, and its way through the consumers on a real Kafka and Redis."""

import json
import re
import signal
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from commands.exits import FAILED, READ, USAGE
from commands.main import main
from commands.probe import probe
from reference.rulebook import RuleBook
from schemas.envelope import write_structured
from tests.clinic import Clinic
from tests.cluster.ports import free_ports, wait_until
from tests.commands.cluster import Cluster, own_cluster

READY_WITHIN = 60.0


@pytest.mark.parametrize("year", range(2026, 2040))
def test_a_probe_is_never_billable(year: int, rulebook: RuleBook) -> None:
    """Whatever figures are there for its date: nothing of it can be submitted."""
    clinic = Clinic(rulebook)
    for month in (1, 7):
        name = f"therapy-probe-{month}"
        event = probe(name, datetime(year, month, 1, 10, tzinfo=UTC))
        emitted = clinic.send_event(json.loads(write_structured(event)))
        [decision] = [each for each in emitted if each["source"] == "/therapy/claims"]
        assert decision["type"] == "therapy.claim.not-billable.v1"
        assert decision["partitionkey"] == name
        assert decision["data"]["lines"] == []
        assert not any("missing" in each["data"] for each in emitted)


def test_a_broker_that_does_not_answer_is_said(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With status 1, in one line."""
    monkeypatch.setenv("THERAPY_KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1")
    assert main(["probe"]) == FAILED
    assert capsys.readouterr().err == "therapy: topics: KafkaConnectionError\n"


@pytest.mark.parametrize("seconds", ["0", "-1", "soon", "inf", "nan"])
def test_the_wait_is_a_number_of_seconds(seconds: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Anything else is wrong usage."""
    with pytest.raises(SystemExit) as exit_:
        main(["probe", f"--within={seconds}"])
    assert exit_.value.code == USAGE
    assert "is not a number of seconds above 0" in capsys.readouterr().err


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """Yield a Kafka and a Redis with nothing in them."""
    yield from own_cluster()


def test_a_probe_is_decided_where_the_consumers_run(cluster: Cluster, tmp_path: Path) -> None:
    """Status 0 and the decision's kind; without them status 1; and the process says it is well."""
    made = cluster.therapy("topics", "create", "--partitions", "2", "--replicas", "1")
    assert made.returncode == READ
    unanswered = cluster.therapy("probe", "--within", "0.5")
    assert unanswered.returncode == FAILED
    assert unanswered.stderr == "therapy probe: no decision within 0.5 seconds\n"
    (cluster.port,) = free_ports(1)
    running = cluster.start(tmp_path / "log")
    try:
        assert wait_until(
            lambda: cluster.therapy("health", "ready").returncode == READ, READY_WITHIN
        )
        assert cluster.therapy("health").stdout == '{"dead":{}}\n'
        for _ in range(2):
            answered = cluster.therapy("probe")
            assert answered.returncode == READ, answered.stderr
            assert re.fullmatch(
                r"not-billable: decided after [0-9.]+ s \(therapy\.claims-[01], offset [0-9]+\)\n",
                answered.stdout,
            )
    finally:
        running.send_signal(signal.SIGTERM)
        assert running.wait(8) == 0
    log = (tmp_path / "log").read_text(encoding="utf-8")
    assert "therapy-probe" not in log
