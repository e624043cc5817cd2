"""What ``therapy erase`` does on Kafka and Redis, with the frameworks that it needs."""

from functools import partial

from commands.composition import Service
from commands.plans import build_plan
from reference.rulebook import load
from runtime.engine.forgetting import Forgetting, delete_all, of_key
from runtime.host.forgetting import forgetting, partition_of
from runtime.host.settings import Settings
from services.clinicians.erasing import may_be, without


async def erase(settings: Settings, patient_id: str) -> dict[str, int]:
    """Delete a patient's state values; return how many of each consumer changed.

    In the order in which events go, so that none comes again from a consumer that still has it.
    """
    rulebook = load()
    plans = [build_plan(service, rulebook) for service in Service]
    async with forgetting(settings, plans) as each_of:
        return {each.plan.name: await _erase(each, patient_id) for each in each_of}


async def _erase(consumer: Forgetting, patient_id: str) -> int:
    if consumer.plan.name != Service.CLINICIANS:
        place = partition_of(patient_id, consumer.partitions)
        return await consumer.forget(place, of_key(patient_id), delete_all)
    # A clinician's partition says nothing of the patients in it.
    chosen = partial(may_be, patient_id), partial(without, patient_id)
    return sum([await consumer.forget(number, *chosen) for number in range(consumer.partitions)])
