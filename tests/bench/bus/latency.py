"""How old a decision is when it is written, over how old a record is behind three bare echoes."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from itertools import pairwise
from statistics import quantiles

from aiokafka.record.memory_records import MemoryRecords

from commands.composition import CHAIN
from commands.plans import build_plan
from reference.rulebook import RuleBook
from runtime.engine.messages import ARRIVED
from runtime.engine.records import Message, Place, Record
from runtime.kafka.leaders import Leaders
from runtime.kafka.log import KafkaLog
from runtime.kafka.settings import KafkaSettings
from schemas.events import Topic
from tests.bench.bus.events import clinics, send_evenly
from tests.bench.bus.servers import Bus, Process
from tests.chaos.check import CLAIMS, read, wait_until_through

RATE = 500
AT_MOST = 3
WARM_SECONDS = 3
"""The first seconds do not count."""
PATIENCE_SECONDS = 30.0
HOPS = tuple(f"bench.hop-{number}" for number in range(4))

TRANSACTIONS, RECORDS = "therapy_transactions_total", "therapy_records_total"
WINDOW = 40
"""So many notes of what a process used, the last two seconds' or more."""

Ages = list[int]
"""In milliseconds."""


async def latency(bus: Bus, seconds: int, rulebook: RuleBook) -> None:
    """Print the ages of both at the same rate, and their ratios."""
    await bus.make_bare_topics(*HOPS)
    (messages,) = clinics("L", RATE * seconds)
    async with KafkaLog(KafkaSettings(bus.servers)) as log:
        bare = await _echoed(bus, log, messages)
        written, shown = await _decided(bus, log, messages, rulebook)
    print(
        f"{RATE} messages a second in {bus.partitions} partitions, for {seconds} s; milliseconds"
    )
    base = _show("three bare echo hops", bare)
    for title, ages in (("decision, written", written), ("decision, committed", shown)):
        found = _show(title, ages)
        ratios = [ours / theirs for ours, theirs in zip(found, base, strict=True)]
        print(
            f"  {'':21} {ratios[0]:8.2f} and {ratios[1]:.2f} times the echo's (at most {AT_MOST})"
        )


def _show(title: str, ages: Ages) -> tuple[float, float]:
    hundredths = quantiles(ages, n=100)
    p50, p99 = hundredths[49], hundredths[98]
    print(f"  {title:21} p50 {p50:6.1f} p99 {p99:6.1f}   ({len(ages)} records)")
    return p50, p99


async def _echoed(bus: Bus, log: KafkaLog, messages: Sequence[Message]) -> Ages:
    """Return how much later each record stands on the last topic than on the first."""
    begins = dict.fromkeys(range(bus.partitions), 0)
    process = bus.start_echo(pairwise(HOPS), begins)
    await send_evenly(bus.servers, HOPS[0], messages, bus.partitions, RATE)
    lasts = [Place(HOPS[-1], partition) for partition in begins]

    async def is_through() -> bool:
        return sum((await log.ends(lasts, committed=True)).values()) >= len(messages)

    await bus.until(is_through)
    process.end()
    pairs = [
        (first.timestamp, last.timestamp)
        for partition in begins
        for first, last in zip(
            await read(log, Place(HOPS[0], partition)),
            await read(log, Place(HOPS[-1], partition)),
            strict=True,
        )
    ]
    return _ages(pairs)


async def _decided(
    bus: Bus, log: KafkaLog, messages: Sequence[Message], rulebook: RuleBook
) -> tuple[Ages, Ages]:
    """Return the decisions' ages when they were written, and when a reader could see them."""
    process = bus.start_service("all")
    await send_evenly(bus.servers, Topic.SESSIONS, messages, bus.partitions, RATE)
    _print_work(process)
    plans = [build_plan(service, rulebook) for service in CHAIN]
    await wait_until_through(log, plans, bus.partitions, PATIENCE_SECONDS)
    process.end()
    written: list[tuple[int, int]] = []
    shown: list[tuple[int, int]] = []
    for partition in range(bus.partitions):
        place = Place(Topic.CLAIMS, partition)
        decisions = [each for each in await read(log, place) if _is_decision(each)]
        markers = await _markers(bus.servers, place)
        offsets = list(markers)
        for decision in decisions:
            arrived = int(dict(decision.headers)[ARRIVED] or b"")
            written.append((arrived, decision.timestamp))
            marker = offsets[bisect_left(offsets, decision.offset)]
            shown.append((arrived, markers[marker]))
    return _ages(written), _ages(shown)


def _print_work(process: Process) -> None:
    """Print how busy the three stages are while messages come."""
    transactions, records = map(process.metric, (TRANSACTIONS, RECORDS))
    begun, *_, ended = process.used()[-WINDOW:]
    seconds = ended.at - begun.at
    busy, waited = (ended.cpu - begun.cpu) / seconds, (ended.waited - begun.waited) / seconds
    print(f"three stages in one process: {busy:.0%} of a core, ", end="")
    print(f"{waited:.0%} of the time without one, ", end="")
    print(f"{records / max(transactions, 1):.1f} records a transaction")


def _is_decision(record: Record) -> bool:
    return dict(record.headers)["ce_source"] == CLAIMS


async def _markers(servers: str, place: Place) -> Mapping[int, int]:
    """Return offset and time of every transaction's end in a place."""
    leaders = Leaders(KafkaSettings(servers))
    found: dict[int, int] = {}
    try:
        position, end = 0, 1
        while position < end:
            fetched = await leaders.fetch(place, position, committed=False)
            end = fetched.end
            batches = MemoryRecords(fetched.batches)
            while batches.has_next():
                batch = batches.next_batch()
                position = batch.next_offset
                if batch.is_control_batch:
                    found |= {marker.offset: marker.timestamp for marker in batch}
    finally:
        await leaders.close()
    return found


def _ages(pairs: Sequence[tuple[int, int]]) -> Ages:
    """Return the differences, without the first seconds'."""
    first = min(arrived for arrived, _ in pairs) + 1000 * WARM_SECONDS
    return [at - arrived for arrived, at in pairs if arrived >= first]
