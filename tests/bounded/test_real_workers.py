"""Real workers on real servers: one meets a record of 1 MB, and others go, killed or told to.

How long a takeover takes is for the benchmark to say, on a quiet machine: the bounds are wide.
"""

import asyncio
import time  # noqa: TID251 - real workers take real time
from contextlib import suppress

from commands.composition import Service
from commands.plans import build_plan
from reference.rulebook import RuleBook
from runtime.kafka.log import KafkaLog
from runtime.kafka.settings import KafkaSettings
from schemas.events import Topic
from tests.bench.bus.events import by_partition, clinics, fill, send_evenly
from tests.bench.bus.servers import SESSION_TIMEOUT_MS, Bus
from tests.bench.bus.takeover import decided_again, share
from tests.bounded.test_large_record import LETTER_MAX, large_among
from tests.chaos.check import read

RATE = 40
EVENTS = 6_000
TERM_WITHIN = 8.0
BEYOND_SESSION = 20.0
MEMORY_MAX = 512 * 1024 * 1024


async def test_a_record_of_one_megabyte_is_passed_by(bus: Bus, rulebook: RuleBook) -> None:
    """One short dead letter, everything around it handled, and no memory to speak of."""
    events, large = large_among()
    messages = [*events[:100], large, *events[100:]]
    ((stands, _large),) = by_partition([large], bus.partitions).items()
    await fill(bus.servers, messages, bus.partitions)
    worker = await asyncio.to_thread(bus.start_service, "units")

    async def is_through() -> bool:
        return worker.metric("therapy_records_total") >= len(messages)

    await bus.until(is_through)
    await asyncio.to_thread(worker.end)
    plan = build_plan(Service.UNITS, rulebook)
    async with KafkaLog(KafkaSettings(bus.servers)) as log:
        (letter,) = await read(log, plan.places(stands.partition, bus.partitions).dead_letters)
    assert len(letter.value or b"") < LETTER_MAX
    assert max(each.memory for each in worker.used()) < MEMORY_MAX


async def test_partitions_of_a_worker_that_goes_are_taken_over(bus: Bus) -> None:
    """Told to end it hands over within 8 s; killed, it is waited for as long as its session."""
    (messages,) = clinics("G", EVENTS)
    stays = await asyncio.to_thread(bus.start_service, "units")
    async with KafkaLog(KafkaSettings(bus.servers)) as log:
        sending = asyncio.create_task(
            send_evenly(bus.servers, Topic.SESSIONS, messages, bus.partitions, RATE)
        )
        goes = await share(bus, stays)
        lost, at = goes.partitions("units"), time.time()
        assert await asyncio.to_thread(goes.server.end, TERM_WITHIN) == 0
        await decided_again(log, lost, at)
        goes = await share(bus, stays)
        lost, at = goes.partitions("units"), time.time()
        goes.server.kill()
        seconds = await decided_again(log, lost, at)
        sending.cancel()
        with suppress(asyncio.CancelledError):
            await sending
    await asyncio.to_thread(stays.end)
    assert seconds < SESSION_TIMEOUT_MS / 1000 + BEYOND_SESSION
