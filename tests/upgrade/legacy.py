"""An earlier release's state values on a real Kafka, as its last transactions left them."""

from collections.abc import Iterable

from msgspec.json import decode
from msgspec.structs import replace

from commands.composition import Service, connect
from commands.plans import build_plan
from reference.rulebook import RuleBook
from runtime.engine.history import last_position
from runtime.engine.plan import Plan
from runtime.engine.position import PositionRecord, write_position, wrote_all
from runtime.engine.records import Message, Place
from runtime.host.forgetting import partition_of
from runtime.kafka.log import KafkaLog
from runtime.memory import MemoryStateView
from runtime.pipeline import Pipeline
from tests.upgrade.release import Release

COMMIT = "an-earlier-release"


async def leave(log: KafkaLog, release: Release, rulebook: RuleBook, partitions: int) -> None:
    """Write a release's state values behind position record 0 of each partition.

    Its input and outputs are not there: the retention of their topics is long over.
    """
    for service, values in release.state.items():
        plan = build_plan(service, rulebook)
        for partition in range(partitions):
            placed = [each for each in values if _partition(each, partitions) == partition]
            await _write(log, plan, placed, release.schemas[service], (partition, partitions))


async def _write(
    log: KafkaLog, plan: Plan, values: list[Message], schema: int, where: tuple[int, int]
) -> None:
    """Write one transaction: values, and the position record that counts them."""
    places = plan.places(*where)
    ends = await log.ends((*places.outputs, places.changelog), committed=True)
    last = (await last_position(log, places.changelog, ends[places.changelog])).position
    writer = await log.writer(plan.transactional_id(where[0]))
    try:
        await writer.begin()
        position = _after(last, len(values), schema, {each: ends[each] for each in places.outputs})
        await writer.append({places.changelog: [*values, write_position(position)]})
        await writer.commit()
    finally:
        writer.drop()


def _after(
    last: PositionRecord, values: int, schema: int, ends: dict[Place, int]
) -> PositionRecord:
    return replace(
        last,
        number=last.number + 1,
        commit=COMMIT,
        previous=last.commit,
        values=values,
        live_keys=values,
        state_schema=schema,
        outputs=wrote_all(dict.fromkeys(ends, 0), ends),
    )


def _partition(value: Message, partitions: int) -> int:
    """Return where a state value stands: a key names its event's key second."""
    assert value.key is not None
    return partition_of(decode(value.key)[1], partitions)


def go_on(release: Release, rulebook: RuleBook) -> Pipeline:
    """Return the consumers in memory, with a release's state values as this one reads them."""
    return connect(
        rulebook,
        {service: _view(service, release.state[service], rulebook) for service in Service},
    )


def _view(service: Service, values: Iterable[Message], rulebook: RuleBook) -> MemoryStateView:
    codec, view = build_plan(service, rulebook).codec, MemoryStateView()
    for each in values:
        assert each.key is not None
        assert each.value is not None
        key = tuple(decode(each.key))
        view.apply({key: codec.decode(key, each.value)})
    return view
