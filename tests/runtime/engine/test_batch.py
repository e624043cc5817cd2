"""A batch reads state in rounds, and gives what one record after the other would."""

from collections.abc import Sequence

import pytest

from runtime.engine.batch import Batch, Outcome, key_text
from runtime.errors import StateUnreadable
from tests.runtime.engine.toy import Bench, sum_key


class Store:
    """The view's values, and how they were asked for."""

    def __init__(self, **values: bytes) -> None:
        self.values = {key_text(sum_key(name)): value for name, value in values.items()}
        self.reads: list[list[str]] = []

    async def read(self, keys: Sequence[str]) -> list[bytes | None]:
        """Answer one read."""
        self.reads.append(list(keys))
        return [self.values.get(key) for key in keys]


async def batch(store: Store, *numbers: tuple[str, str]) -> Outcome:
    """Run numbers through the summing consumer."""
    bench = Bench()
    return await Batch(bench.plan, store.read).run(bench.places.input, bench.numbers(*numbers))


async def test_later_records_of_a_key_see_what_earlier_ones_left() -> None:
    """The second number of a key is added to the first, before anything is written."""
    outcome = await batch(Store(), ("a", "1"), ("a", "2"))
    assert [message.value for message in outcome.output] == [
        b'{"patient_id":"a","total":1}',
        b'{"patient_id":"a","total":3}',
    ]
    assert outcome.changes == {'["sum","a"]': b'{"patient_id":"a","total":3}'}


async def test_one_read_serves_every_key_that_waits() -> None:
    """Three keys with two records each take one read, and a second round takes one more."""
    store = Store()
    await batch(store, ("a", "1"), ("b", "1"), ("c", "200"), ("a", "1"), ("b", "1"))
    assert store.reads == [
        ['["sum","a"]', '["sum","b"]', '["sum","c"]'],
        ['["large","c","2"]'],
    ]


async def test_what_comes_out_stands_in_the_order_of_the_input() -> None:
    """Records of other keys that need more rounds do not lose their place."""
    outcome = await batch(Store(), ("a", "200"), ("b", "1"), ("a", "1"))
    assert [message.key for message in outcome.output] == [b"a", b"b", b"a"]


async def test_a_step_that_raises_becomes_a_dead_letter_and_changes_nothing() -> None:
    """The records around it are handled, on the state that they would have without it."""
    outcome = await batch(Store(), ("a", "1"), ("a", "13"), ("a", "2"))
    assert [message.value for message in outcome.letters] == [b"step_failed at numbers-0:1"]
    assert outcome.changes == {'["sum","a"]': b'{"patient_id":"a","total":3}'}
    assert [led.letter for led in outcome.led] == [None, "step_failed", None]


async def test_an_unreadable_record_becomes_a_dead_letter_in_its_place() -> None:
    """Its reason is that of the reader."""
    outcome = await batch(Store(), ("a", "x"), ("a", "2"))
    assert [message.value for message in outcome.letters] == [b"not_json at numbers-0:0"]


async def test_a_record_that_is_passed_on_goes_out_as_it_came() -> None:
    """Key and value are the same bytes."""
    outcome = await batch(Store(), ("a", "7"))
    assert [(message.key, message.value) for message in outcome.output] == [(b"a", b"7")]


@pytest.mark.parametrize(
    ("stored", "numbers", "delta"),
    [
        ({}, ["1"], 1),
        ({}, ["1", "0"], 0),
        ({"a": b'{"patient_id":"a","total":1}'}, ["1"], 0),
        ({"a": b'{"patient_id":"a","total":1}'}, ["0"], -1),
        ({"a": b'{"patient_id":"a","total":1}'}, ["0", "5"], 0),
    ],
)
async def test_the_live_keys_are_counted(
    stored: dict[str, bytes], numbers: list[str], delta: int
) -> None:
    """A new key is one more, a deleted one is one less, whatever happened in between."""
    outcome = await batch(Store(**stored), *[("a", number) for number in numbers])
    assert outcome.live_delta == delta


@pytest.mark.parametrize(
    ("stored", "numbers", "tallies"),
    [
        ({}, ["1"], {"sum odd": 1, "total": 1}),
        ({}, ["1", "0"], {}),
        (
            {"a": b'{"patient_id":"a","total":1}'},
            ["1"],
            {"sum odd": -1, "sum even": 1, "total": 1},
        ),
        ({"a": b'{"patient_id":"a","total":1}'}, ["2"], {"sum odd": 0, "total": 2}),
        ({"a": b'{"patient_id":"a","total":1}'}, ["0"], {"sum odd": -1, "total": -1}),
    ],
)
async def test_values_are_counted_by_what_they_are(
    stored: dict[str, bytes], numbers: list[str], tallies: dict[str, int]
) -> None:
    """What a value was counted as before falls by one, what it is now rises by one."""
    outcome = await batch(Store(**stored), *[("a", number) for number in numbers])
    assert outcome.tallies == tallies


async def test_a_key_that_came_and_went_is_not_written() -> None:
    """Neither value nor tombstone."""
    outcome = await batch(Store(), ("a", "1"), ("a", "0"))
    assert outcome.changes == {}


async def test_a_state_that_cannot_be_read_is_no_poison() -> None:
    """It comes out as an error of the engine, not as a dead letter."""
    with pytest.raises(StateUnreadable):
        await batch(Store(a=b"{"), ("a", "1"))


def test_a_key_is_named_by_its_parts() -> None:
    """The text of a key is a JSON array of its parts."""
    assert key_text(sum_key("a")) == '["sum","a"]'
