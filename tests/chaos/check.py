"""What a reader sees after a chaos run, against a replay of what is on the bus."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from redis.asyncio import Redis

from runtime.engine.history import last_position
from runtime.engine.plan import Plan, Unread
from runtime.engine.ports import Log
from runtime.engine.records import Place, Record
from runtime.host.opening import view_key
from runtime.pipeline import Pipeline, StepFailed
from schemas.envelope import write_data
from schemas.events import Topic
from tests.changelog import fold

POLL_SECONDS = 0.5
CLAIMS = b"/therapy/claims"
Decided = tuple[str, bytes]
"""An event's id and its data."""


class Stuck(AssertionError):  # noqa: N818 - it names what was found
    """The consumers never got to the end of their input."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What differs from a replay, in events; all zero is what is promised."""

    events: int
    letters: int
    doubled: int
    missing: int
    differing: int
    out_of_order: int
    views: int
    """State values in Redis that are not those of the changelog."""

    @property
    def is_right(self) -> bool:
        """Tell whether nothing differs."""
        return not any((self.doubled, self.missing, self.differing, self.out_of_order, self.views))


async def read(log: Log, place: Place) -> list[Record]:
    """Return every committed record of a place."""
    end = (await log.ends((place,), committed=True))[place]
    return [
        record async for records in log.read(place, 0, end, committed=True) for record in records
    ]


async def wait_until_through(
    log: Log, plans: Sequence[Plan], partitions: int, seconds: float
) -> None:
    """Return once every consumer has handled all of its input, in order of the consumers."""
    for plan, partition in product(plans, range(partitions)):
        try:
            async with asyncio.timeout(seconds):
                while not await _is_through(log, plan, partition):  # noqa: ASYNC110 - others work
                    await asyncio.sleep(POLL_SECONDS)
        except TimeoutError:
            raise Stuck(f"{plan.name}-{partition} never got to the end of its input") from None


async def _is_through(log: Log, plan: Plan, partition: int) -> bool:
    changelog, place = Place(plan.changelog, partition), Place(plan.input, partition)
    ends = await log.ends((changelog, place), committed=True)
    done = (await last_position(log, changelog, ends[changelog])).position.next_offset
    async for _records in log.read(place, done, ends[place], committed=True):
        return False
    return True


async def judge(
    log: Log,
    redis: Redis,
    plans: Sequence[Plan],
    partitions: int,
    new_pipeline: Callable[[], Pipeline],
) -> Verdict:
    """Compare decisions and dead letters with a replay, and Redis with the changelogs.

    ``new_pipeline`` gives the consumers as they were when the input began.
    """
    expected, poison = await _replay(log, plans[0], partitions, new_pipeline)
    seen: dict[bytes, list[Decided]] = defaultdict(list)
    for partition in range(partitions):
        for record in await read(log, Place(Topic.CLAIMS, partition)):
            headers = dict(record.headers)
            if headers["ce_source"] == CLAIMS:
                name = (headers["ce_id"] or b"").decode()
                seen[record.key or b""].append((name, record.value or b""))
    letters = views = 0
    for partition in range(len(plans) * partitions):
        letters += len(await read(log, Place(Topic.DEAD_LETTERS, partition)))
    for plan in plans:
        for partition in range(partitions):
            views += await _view_differs(log, redis, plan, partition)
    return _compare(expected, seen, abs(letters - poison), letters, views)


async def _replay(
    log: Log, first: Plan, partitions: int, new_pipeline: Callable[[], Pipeline]
) -> tuple[Mapping[bytes, Sequence[Decided]], int]:
    """Return every decision by patient, and how many records cannot be read."""
    expected: dict[bytes, list[Decided]] = defaultdict(list)
    poison = 0
    for partition in range(partitions):
        # Patients are independent, so each partition may be replayed by itself.
        pipeline = new_pipeline()
        for record in await read(log, Place(Topic.SESSIONS, partition)):
            event = first.read(record)
            if isinstance(event, Unread):
                poison += 1
                continue
            for emitted in pipeline.run(event):
                assert not isinstance(emitted, StepFailed)
                if emitted.source.encode() == CLAIMS:
                    key = emitted.partitionkey.encode()
                    expected[key].append((emitted.id, write_data(emitted.data)))
    return expected, poison


def _compare(
    expected: Mapping[bytes, Sequence[Decided]],
    seen: Mapping[bytes, Sequence[Decided]],
    letters_off: int,
    letters: int,
    views: int,
) -> Verdict:
    doubled = missing = differing = out_of_order = 0
    for key in expected.keys() | seen.keys():
        wanted, got = list(expected.get(key, ())), list(seen.get(key, ()))
        if wanted == got:
            continue
        names = Counter(name for name, _ in wanted), Counter(name for name, _ in got)
        doubled += (names[1] - names[0]).total()
        missing += (names[0] - names[1]).total()
        differing += len(set(got) - set(wanted))
        out_of_order += sorted(wanted) == sorted(got)
    events = sum(map(len, seen.values()))
    return Verdict(events, letters, doubled, missing + letters_off, differing, out_of_order, views)


async def _view_differs(log: Log, redis: Redis, plan: Plan, partition: int) -> int:
    """Return how many state values of Redis are not those of the changelog."""
    values = fold(await read(log, Place(plan.changelog, partition)))
    name = view_key(plan.group, Place(plan.input, partition))
    held: dict[bytes, bytes] = await redis.execute_command("HGETALL", name)  # type: ignore[no-untyped-call]
    kept = {key.decode(): value for key, value in held.items() if not key.startswith(b"_")}
    return len(set(kept.items()) ^ set(values.items()))
