"""A library that says the same again and again is heard a few times a minute."""

import logging

import pytest

from runtime.host.damping import A_MINUTE, SAID, Damper


def heard(
    damper: Damper, times: list[float], name: str = "aiokafka.conn", line: int = 7
) -> list[str]:
    """Return what is heard of one line that is logged at these times, in seconds."""
    said = []
    for time in times:
        record = logging.LogRecord(name, logging.ERROR, "x.py", line, "node %s", ("1",), None)
        record.created = time
        if damper.filter(record):
            said.append(record.getMessage())
    return said


@pytest.mark.parametrize("logged", [1, SAID, SAID + 1, 500])
def test_the_first_few_of_a_minute_are_heard(logged: int) -> None:
    """And no more, however many there are."""
    times = [100.0 + each * A_MINUTE / (logged + 1) for each in range(logged)]
    assert heard(Damper(), times) == ["node 1"] * min(logged, SAID)


def test_the_next_minute_says_what_was_left_out() -> None:
    """Once, and then it counts anew."""
    damper = Damper()
    heard(damper, [0.0] * (SAID + 3))
    assert heard(damper, [A_MINUTE, A_MINUTE]) == ["node 1 (3 like it were left out)", "node 1"]


def test_nothing_is_said_of_what_was_not_left_out() -> None:
    """A line that comes now and then is passed on as it is."""
    damper = Damper()
    times = [each * A_MINUTE for each in range(4)]
    assert heard(damper, times) == ["node 1"] * 4


def test_lines_are_counted_apart() -> None:
    """By where they arise."""
    damper = Damper()
    heard(damper, [0.0] * 100)
    assert heard(damper, [0.0], line=8) == ["node 1"]
    assert heard(damper, [0.0], name="aiokafka.client") == ["node 1"]


def test_our_own_lines_are_never_left_out() -> None:
    """Only the library is damped."""
    assert len(heard(Damper(), [0.0] * 100, name="runtime.host.member")) == 100
