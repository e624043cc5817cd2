"""The first transaction of every partition: position record 0, which recovery builds on."""

from runtime.engine.history import last_position
from runtime.engine.plan import Plan
from runtime.engine.ports import Log
from runtime.engine.position import first_position, write_position
from runtime.engine.records import Place
from runtime.engine.settle import bury
from runtime.errors import PartitionStopped


async def found(log: Log, plan: Plan, partition: int, partitions: int) -> bool:
    """Write position record 0 of a partition of the input; False where its changelog has begun.

    The input is read from its first record that is still held. Raises ``PartitionStopped`` where
    the changelog was begun with another number of partitions, and ``Indefinite`` where it is not
    known whether the record was written: ask again.
    """
    places = plan.places(partition, partitions)
    if await _has_begun(log, plan, places.changelog, partitions):
        return False
    name = plan.transactional_id(partition)
    writer = await log.writer(name)
    try:
        # An earlier attempt may hang here undecided, and would be shown beside this one.
        _burials, ends = await bury(log, writer, places)
        if await _has_begun(log, plan, places.changelog, partitions):
            return False
        start = (await log.beginnings((places.input,)))[places.input]
        outputs = {place: ends[place] for place in places.outputs}
        first = first_position(start, partitions, name, plan.state_schema, outputs)
        await writer.begin()
        await writer.append({places.changelog: (write_position(first),)})
        await writer.commit()
    finally:
        writer.drop()
    return True


async def _has_begun(log: Log, plan: Plan, changelog: Place, partitions: int) -> bool:
    """Tell whether the changelog shows anything; what was aborted does not count."""
    end = (await log.ends((changelog,), committed=True))[changelog]
    async for _records in log.read(changelog, 0, end, committed=True):
        recorded = (await last_position(log, changelog, end)).position
        if recorded.partitions != partitions:
            raise PartitionStopped(
                f"{plan.changelog}: begun with {recorded.partitions} partitions"
            )
        return True
    return False


async def found_all(log: Log, plan: Plan, partitions: int) -> int:
    """Found every partition of a consumer; return how many had not begun."""
    founded = 0
    for partition in range(partitions):
        founded += await found(log, plan, partition, partitions)
    return founded
