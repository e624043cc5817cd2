"""What is logged: names and places, and nothing of a record by any way."""

import asyncio
import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from aiokafka.errors import KafkaConnectionError

from runtime.errors import PartitionStopped
from runtime.host import logs
from runtime.host.logs import FrameworkLog, configure, watch_loop
from runtime.host.settings import read_settings

PHI = "MARKED-PATIENT"
"""Stands for whatever of a patient is in a record."""


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    """Put the logging of the test run back."""
    root = logging.getLogger()
    loggers = [root, *(logging.getLogger(name) for name in logs.FRAMEWORKS)]
    before = [(each, each.level, list(each.handlers), each.propagate) for each in loggers]
    yield
    for logger, level, handlers, propagate in before:
        logger.setLevel(level)
        logger.handlers, logger.propagate = handlers, propagate
    structlog.reset_defaults()


def lines(text: str) -> list[dict[str, object]]:
    """Return what was logged, a line each."""
    return [json.loads(line) for line in text.splitlines()]


def started(**others: str) -> None:
    """Begin to log, at the lowest level there is."""
    configure(read_settings({"THERAPY_LOG_LEVEL": "debug", **others}))


def test_a_line_is_json_away_from_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """It says what happened, where, when and how bad, and what was bound to it."""
    started()
    structlog.get_logger("runtime.host.member").info("assigned", service="units", partitions=[0])
    (line,) = lines(capsys.readouterr().err)
    assert line.pop("timestamp")
    assert line == {
        "event": "assigned",
        "level": "info",
        "logger": "runtime.host.member",
        "service": "units",
        "partitions": [0],
    }


def test_a_line_is_text_where_it_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    """A person at a terminal reads no JSON."""
    started(THERAPY_LOG_FORMAT="text")
    structlog.get_logger("x").warning("not_reachable", what="kafka")
    said = capsys.readouterr().err
    assert "not_reachable" in said
    assert not said.startswith("{")


def test_the_level_is_the_least_that_is_logged(capsys: pytest.CaptureFixture[str]) -> None:
    """Ours and the libraries' alike."""
    configure(read_settings({"THERAPY_LOG_LEVEL": "error"}))
    structlog.get_logger("x").info("small")
    logging.getLogger("aiokafka.client").warning("small")
    structlog.get_logger("x").error("large")
    assert [line["event"] for line in lines(capsys.readouterr().err)] == ["large"]


def test_libraries_do_not_log_what_they_send(capsys: pytest.CaptureFixture[str]) -> None:
    """At DEBUG aiokafka writes keys and values; it never comes to that."""
    started()
    logging.getLogger("aiokafka.producer.producer").debug("Sending (key=%s value=%s)", PHI, PHI)
    logging.getLogger("redis").debug("SET %s", PHI)
    assert capsys.readouterr().err == ""


def test_an_exception_is_its_class_and_where_it_arose(capsys: pytest.CaptureFixture[str]) -> None:
    """Its words may quote a record: a key that is missing, a value that does not fit."""
    started()
    log = structlog.get_logger("x")
    nothing: dict[str, str] = {}
    try:
        nothing[PHI]
    except KeyError:
        log.exception("broken")
        logging.getLogger("aiokafka.conn").exception("Unexpected exception in AIOKafkaConnection")
    said = capsys.readouterr().err
    assert PHI not in said
    for line in lines(said):
        assert line["error"] == "KeyError"
        assert "test_logs.py" in str(line["arose"])
        assert "reason" not in line


@pytest.mark.parametrize("error", [PartitionStopped("why"), KafkaConnectionError("why")])
def test_the_words_of_some_exceptions_are_safe(
    error: Exception, capsys: pytest.CaptureFixture[str]
) -> None:
    """The engine's own and Kafka's hold nothing of a record, and tell what to do."""
    started()
    structlog.get_logger("x").warning("stopped", exc_info=error)
    (line,) = lines(capsys.readouterr().err)
    assert "why" in str(line["reason"])


def test_faststream_logs_no_record(capsys: pytest.CaptureFixture[str]) -> None:
    """Beside an exception it writes words that quote it; of a batch it writes two lines."""
    started()
    framework = FrameworkLog("faststream.kafka")
    framework.log(logging.ERROR, f"ValueError: {PHI}", exc_info=ValueError(PHI), extra={"a": PHI})
    framework.log(logging.INFO, f"Received {PHI}")
    framework.log(logging.WARNING, "no partition assignments", extra={"message_id": PHI})
    said = capsys.readouterr().err
    assert PHI not in said
    assert [line["event"] for line in lines(said)] == [
        "framework_error",
        "no partition assignments",
    ]


async def test_what_nobody_awaited_is_logged_without_its_words(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The loop's own handler would print the exception of a lost task whole."""
    started()
    loop = asyncio.get_running_loop()
    before = loop.get_exception_handler()
    watch_loop(loop)

    async def fail() -> None:
        raise ValueError(PHI)

    task = asyncio.create_task(fail())
    await asyncio.wait([task])
    del task
    await asyncio.sleep(0)
    loop.set_exception_handler(before)
    said = capsys.readouterr().err
    assert PHI not in said
    assert [(line["event"], line["error"]) for line in lines(said)] == [
        ("unhandled_in_loop", "ValueError")
    ]
