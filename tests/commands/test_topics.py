"""``therapy topics``: its arguments, and what it says of a broker that does not answer."""

import pytest

from commands.exits import FAILED, USAGE
from commands.main import main


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lead to a broker that is not there."""
    monkeypatch.setenv("THERAPY_KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1")


@pytest.mark.parametrize("action", ["check", "create"])
def test_a_broker_that_does_not_answer_is_said(
    action: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """With status 1, in one line."""
    assert main(["topics", action]) == FAILED
    assert capsys.readouterr().err == "therapy: topics: KafkaConnectionError\n"


def test_a_wrong_setting_is_said(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its name, with status 2."""
    monkeypatch.setenv("THERAPY_KAFKA_SECURITY_PROTOCOL", "SASL_SSL")
    assert main(["topics", "check"]) == USAGE
    assert "THERAPY_KAFKA_SECURITY_PROTOCOL: SASL needs" in capsys.readouterr().err


@pytest.mark.parametrize("count", ["0", "-1", "many"])
def test_a_number_of_partitions_is_one_or_more(
    count: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Anything else is wrong usage."""
    with pytest.raises(SystemExit) as exit_:
        main(["topics", "create", f"--partitions={count}"])
    assert exit_.value.code == USAGE
    assert "is not a number from 1" in capsys.readouterr().err
