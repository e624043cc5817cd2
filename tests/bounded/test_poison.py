"""One poison record costs one dead letter, and nobody's time."""

import pytest

from runtime.doubles.clock import run
from runtime.engine.records import Message
from tests.bounded.crowd import Crowd, Member, numbers
from tests.runtime.engine.toy import summing_plan

PARTITIONS = 3
RECORDS = 1_200


@pytest.mark.parametrize(("value", "reason"), [(b"poison", "not_json"), (b"13", "step_failed")])
def test_it_becomes_a_dead_letter_and_no_other_partition_waits(value: bytes, reason: str) -> None:
    """Nothing is given up, nobody recovers, and no transaction more is needed."""
    quiet, poisoned = _run(b"1"), _run(value)
    (first, *others) = quiet.places
    assert poisoned.letters == [(first, reason)]
    assert not poisoned.trouble
    assert poisoned.commits == quiet.commits
    assert [poisoned.through[each] for each in others] == [quiet.through[each] for each in others]


def _run(value: bytes) -> Member:
    """Run three partitions of numbers, of which one has this value in its midst."""
    crowd = Crowd(summing_plan(), PARTITIONS)
    traffic = {partition: numbers(RECORDS) for partition in range(PARTITIONS)}
    traffic[0][RECORDS // 2] = Message(b"k0", value)
    return run(crowd.run(traffic))
