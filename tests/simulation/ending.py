"""What is checked at the end of every run, always the same."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from runtime.doubles.broker import Leader
from runtime.engine.messages import COMMIT, commit_of
from runtime.engine.plan import Plan
from runtime.engine.ports import ViewPosition
from runtime.engine.position import PositionRecord, is_position, read_position
from runtime.engine.records import Place, Record
from tests.changelog import fold, recount
from tests.simulation.process import Shared

Shown = tuple[object, ...]
"""A record but for its offset, its timestamp and the name of its transaction."""
Seen = Mapping[tuple[str, bytes | None], list[Shown]]
"""What a reader of committed records sees by topic with its writer, and key, in order."""


class Broken(AssertionError):  # noqa: N818 - it says what was found, as the engine's errors do
    """What a reader sees, or what the views hold, is not what a quiet run gives."""


def committed(leader: Leader, start: int = 0) -> list[Record]:
    """Return what a reader of committed records sees of a place."""
    return leader.records_between(start, leader.end(committed=True), committed=True)


def last_position(shared: Shared, plan: Plan, place: Place) -> tuple[int, PositionRecord]:
    """Return the last visible position record of a partition, and its offset."""
    leader = shared.broker.leaders[Place(plan.changelog, place.partition)]
    for start in range(leader.end(committed=True) - 1, -1, -1):
        for record in leader.records_between(start, start + 1, committed=True):
            if is_position(record):
                return record.offset, read_position(record)
    raise Broken("a changelog without a position record")


def is_through(shared: Shared) -> bool:
    """Tell whether every input is handled, nothing hangs, and every view stands there."""
    leaders = shared.broker.leaders
    if any(each.end(committed=True) != each.end(committed=False) for each in leaders.values()):
        return False
    for plan in shared.plans:
        for place in shared.inputs(plan):
            offset, last = last_position(shared, plan, place)
            stands = ViewPosition(offset + 1, last.next_offset, last.commit)
            if shared.hash_of(plan, place).position != stands:
                return False
            if committed(leaders[place], last.next_offset):
                return False
    return True


def check_views(shared: Shared) -> None:
    """See that every view is the fold of its changelog."""
    for plan in shared.plans:
        for place in shared.inputs(plan):
            changelog = committed(shared.broker.leaders[_changelog(plan, place)])
            if shared.hash_of(plan, place).values != fold(changelog):
                raise Broken(
                    f"{plan.name} {place.partition}: the view is not the changelog's fold"
                )


def check_history(shared: Shared) -> None:
    """See that transactions follow each other, and that each shows whole what it says it wrote.

    Compaction takes position records away; what it leaves is checked.
    """
    for plan in shared.plans:
        for place in shared.inputs(plan):
            changelog = committed(shared.broker.leaders[_changelog(plan, place)])
            positions = [read_position(record) for record in changelog if is_position(record)]
            _check_chain(plan, positions)
            for output in plan.places(place.partition, shared.partitions).outputs:
                shown = list(_transactions(output, shared.broker.leaders[output]))
                said = [
                    (each.commit, count)
                    for each in positions
                    if (count := each.wrote()[output].count)
                ]
                names = {each.commit for each in positions}
                if said != [each for each in shown if each[0] in names]:
                    raise Broken(f"{output}: it shows other transactions than its positions say")
                if len(positions) == positions[-1].number + 1 and len(said) != len(shown):
                    raise Broken(f"{output}: it shows transactions without a position")


def check_tallies(shared: Shared) -> None:
    """See that what the position records count is what all state values count as."""
    for plan in shared.plans:
        if plan.tally is None:
            continue
        for place in shared.inputs(plan):
            changelog = committed(shared.broker.leaders[_changelog(plan, place)])
            said = last_position(shared, plan, place)[1].tallies
            # Some names may have been put together since they were counted.
            now = int(shared.broker.clock())
            counted = plan.tally.fold(recount(plan, fold(changelog)), now)
            if plan.tally.fold(said, now) != counted:
                raise Broken(f"{plan.name} {place.partition}: it counts what is not there")


def _check_chain(plan: Plan, positions: Sequence[PositionRecord]) -> None:
    for one, next_ in pairwise(positions):
        rises = one.number < next_.number and one.next_offset <= next_.next_offset
        follows = next_.number > one.number + 1 or next_.previous == one.commit
        if not rises or not follows:
            raise Broken(f"{plan.name}: its position records do not follow each other")


def _transactions(output: Place, leader: Leader) -> Iterator[tuple[str, int]]:
    """Give commit id and number of records of each transaction that a place shows."""
    commits = [commit_of(record) for record in committed(leader)]
    at = 0
    while at < len(commits):
        first = commits[at]
        if first is None or first[1] != 0:
            raise Broken(f"{output}: a transaction does not begin with its first record")
        size = 0
        while at < len(commits) and commits[at] == (first[0], size):
            at, size = at + 1, size + 1
        yield first[0], size


def what_is_seen(shared: Shared) -> dict[tuple[str, bytes | None], list[Shown]]:
    """Return what a reader sees of every output."""
    seen: defaultdict[tuple[str, bytes | None], list[Shown]] = defaultdict(list)
    for plan in shared.plans:
        for place in shared.inputs(plan):
            places = plan.places(place.partition, shared.partitions)
            for output in places.outputs:
                is_behind = output == places.dead_letters and plan.ordinal > 0
                # Each consumer has its own partitions of the dead letters.
                name = f"{output.topic} of {plan.name}"
                for record in committed(shared.broker.leaders[output]):
                    shown = _letter(record) if is_behind else _whole(record)
                    seen[name, record.key].append(shown)
    return seen


def check_seen(seen: Seen, expected: Seen) -> None:
    """See that a reader sees what it sees of the quiet run: none lost, none doubled, in order."""
    for name in {**expected, **seen}:
        sees, should = list(seen.get(name, ())), list(expected.get(name, ()))
        if sees != should:
            both = f"{len(sees)} records of a key, and {len(should)} in the quiet run"
            raise Broken(f"{name[0]}: it shows {both}" + _how(sees, should))


def _how(sees: Sequence[Shown], should: Sequence[Shown]) -> str:
    if any(sees.count(each) > should.count(each) and each in should for each in sees):
        return ", some of them twice"
    if any(each not in should for each in sees):
        return ", some of them others"
    return ", some of them lost" if len(sees) < len(should) else ", in another order"


def _whole(record: Record) -> Shown:
    headers = [each for each in record.headers if each[0] != COMMIT]
    return record.value, headers


def _letter(record: Record) -> Shown:
    """Return what does not depend on the offset of a record that one of our consumers wrote."""
    assert record.value is not None
    letter = json.loads(record.value)
    kept = letter["record"]
    return letter["reason"], letter["detail"], kept["topic"], kept["key"], kept["value"]


def _changelog(plan: Plan, place: Place) -> Place:
    return Place(plan.changelog, place.partition)
