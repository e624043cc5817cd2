"""What a changelog says, worked out apart from the engine."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping

from runtime.engine.plan import Plan
from runtime.engine.position import is_position
from runtime.engine.records import Record


def fold(changelog: Iterable[Record]) -> dict[str, bytes]:
    """Return the state values that the records of a changelog leave, by key."""
    values: dict[str, bytes] = {}
    for record in changelog:
        assert record.key is not None
        if is_position(record):
            continue
        if record.value is None:
            values.pop(record.key.decode(), None)
        else:
            values[record.key.decode()] = record.value
    return values


def recount(plan: Plan, values: Mapping[str, bytes]) -> dict[str, int]:
    """Return what a consumer's state values count as, by name."""
    assert plan.tally is not None
    sums: Counter[str] = Counter()
    for text, raw in values.items():
        key = tuple(json.loads(text))
        if key[0] in plan.tally.kinds:
            sums.update(dict(plan.tally.kinds[key[0]](key, plan.codec.decode(key, raw))))
    return {name: number for name, number in sums.items() if number}
