"""How many messages a second: the units stage, exactly-once, over a bare echo of the same."""

import pstats
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from statistics import median
from typing import NamedTuple

from runtime.engine.records import Message, Place
from runtime.kafka.log import KafkaLog
from runtime.kafka.settings import KafkaSettings
from schemas.events import Topic
from tests.bench.bus.events import clinics, fill
from tests.bench.bus.measured import Used
from tests.bench.bus.servers import Bus, Process

REACH = 0.35
ECHO = "bench.echo"
PROFILED = 25
MIB = 1024 * 1024


class Speed(NamedTuple):
    """How fast one process went through its input."""

    rate: float
    """Input messages a second."""
    cpu: float
    """Microseconds of CPU for each, of the process alone."""
    memory: int
    """Bytes at most."""
    waited: float
    """The share of the time in which it had no CPU."""


async def throughput(bus: Bus, events: int, rounds: int) -> None:
    """Print both speeds, medians of the rounds, and what takes the time of the stage."""
    await bus.make_bare_topics(ECHO)
    *measured, profiled = clinics("T", events, rounds + 1)
    echoes, stages = [], []
    async with KafkaLog(KafkaSettings(bus.servers)) as log:
        for messages in measured:
            begins = await _ends(log, Topic.SESSIONS, bus.partitions)
            await fill(bus.servers, messages, bus.partitions)
            echoes.append(await _echo(bus, log, begins, len(messages)))
            stages.append(await _stage(bus, log, len(messages)))
        _print(bus, measured, echoes, stages)
        await fill(bus.servers, profiled, bus.partitions)
        await _profile(bus, len(profiled))


async def _echo(bus: Bus, log: KafkaLog, begins: Mapping[Place, int], count: int) -> Speed:
    outputs = await _ends(log, ECHO, bus.partitions)
    offsets = {place.partition: offset for place, offset in begins.items()}
    process = bus.start_echo([(Topic.SESSIONS, ECHO)], offsets)

    async def is_through() -> bool:
        ends = await log.ends(outputs, committed=True)
        return sum(ends.values()) - sum(outputs.values()) >= count

    await bus.until(is_through)
    process.end()
    return _speed(await _times(log, outputs), count, process.used())


async def _stage(bus: Bus, log: KafkaLog, count: int) -> Speed:
    outputs = await _ends(log, Topic.UNITS, bus.partitions)
    process = bus.start_service("units")
    await _until_handled(bus, process, count)
    process.end()
    return _speed(await _times(log, outputs), count, process.used())


async def _until_handled(bus: Bus, process: Process, count: int) -> None:
    async def is_through() -> bool:
        return process.metric("therapy_records_total") >= count

    await bus.until(is_through)


async def _ends(log: KafkaLog, topic: str, partitions: int) -> dict[Place, int]:
    places = [Place(topic, partition) for partition in range(partitions)]
    return await log.ends(places, committed=True)


async def _times(log: KafkaLog, begins: Mapping[Place, int]) -> list[float]:
    """Return when the broker took each record since then, in seconds since 1970, in order."""
    ends = await log.ends(begins, committed=True)
    times = [
        record.timestamp / 1000
        for place, begin in begins.items()
        async for records in log.read(place, begin, ends[place], committed=True)
        for record in records
    ]
    return sorted(times)


def _speed(times: Sequence[float], count: int, used: Sequence[Used]) -> Speed:
    """Return the speed over ``count`` input messages, between the first output and the last.

    What came with the first does not count: how long it took is not known.
    """
    inputs_an_output = count / len(times)

    def handled(since: float, until: float) -> float:
        outputs = bisect_right(times, until) - bisect_right(times, since)
        return inputs_an_output * outputs

    first, last = times[0], times[-1]
    within = [each for each in used if first <= each.at <= last]
    begun, ended = within[0], within[-1]
    cpu = (ended.cpu - begun.cpu) / handled(begun.at, ended.at)
    rate = handled(first, last) / (last - first)
    memory = max(each.memory for each in used)
    waited = (ended.waited - begun.waited) / (ended.at - begun.at)
    return Speed(rate, 1e6 * cpu, memory, waited)


def _print(
    bus: Bus,
    measured: Sequence[Sequence[Message]],
    echoes: Sequence[Speed],
    stages: Sequence[Speed],
) -> None:
    size = sum(len(each.value or b"") for each in measured[0]) / len(measured[0])
    print(
        f"{len(measured[0])} messages of {size:.0f} bytes in {bus.partitions} partitions; ", end=""
    )
    print(f"medians of {len(measured)} rounds")
    for title, speeds in (("bare echo", echoes), ("units, exactly-once", stages)):
        rate, cpu, memory, waited = (median(numbers) for numbers in zip(*speeds, strict=True))
        print(f"  {title:21} {rate:8.0f} messages/s {cpu:7.1f} µs of CPU each", end="")
        print(f", {memory / MIB:.0f} MiB, {waited:.0%} of the time without a CPU")
    ratios = [stage.rate / echo.rate for echo, stage in zip(echoes, stages, strict=True)]
    cpus = [stage.cpu / echo.cpu for echo, stage in zip(echoes, stages, strict=True)]
    print(f"  {median(ratios):.3f} of the echo's messages a second (reach {REACH})", end="")
    print(f"; {median(cpus):.1f} times its CPU a message")


async def _profile(bus: Bus, count: int) -> None:
    """Print what takes the time of a units worker, once it is at work."""
    process = bus.start_service("units")
    process.profiled_at.touch()
    await _until_handled(bus, process, count)
    process.end()
    print("\nwhat takes the time of the units worker (own seconds, under the profiler):")
    stats = pstats.Stats(str(process.profiled_at)).strip_dirs()
    stats.sort_stats("tottime").print_stats(PROFILED)
