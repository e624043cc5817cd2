"""Ten times the usual lag takes ten times as long, and no more memory."""

from runtime.doubles.clock import run
from runtime.engine.partition import Limits
from tests.bounded.crowd import POLL_RECORDS, Crowd, Member, numbers
from tests.runtime.engine.toy import summing_plan

USUAL = 4_000
LONG = b"0" * 4_000 + b"1"
"""A number, and large."""
NARROW = Limits(batch_bytes=65_536, waiting_bytes=1_048_576)


def test_no_more_records_are_held_than_with_the_usual_lag() -> None:
    """What waits, what one poll adds to it, and the batch in flight: the broker has the rest."""
    limits = Limits()
    usual, much = _run(limits, USUAL), _run(limits, 10 * USUAL)
    assert much.most["records"] == usual.most["records"]
    bound = limits.waiting_records + POLL_RECORDS + limits.batch_records
    assert much.most["records"] <= bound
    assert not much.trouble


def test_no_more_bytes_are_held_where_records_are_large() -> None:
    """The bound in bytes holds where that in records would be far too wide."""
    much = _run(NARROW, USUAL, LONG)
    poll, batch = POLL_RECORDS * len(LONG), NARROW.batch_bytes + len(LONG)
    assert much.most["bytes"] <= NARROW.waiting_bytes + poll + batch
    assert much.most["records"] < NARROW.waiting_records
    assert not much.trouble


def _run(limits: Limits, records: int, value: bytes = b"1") -> Member:
    crowd = Crowd(summing_plan(), partitions=2, limits=limits)
    return run(crowd.run({partition: numbers(records, value=value) for partition in range(2)}))
