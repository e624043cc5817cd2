"""What ``therapy topics`` does, with the frameworks that it needs."""

from commands.composition import Service
from commands.plans import build_plan
from reference.rulebook import load
from runtime.host.connection import kafka_settings
from runtime.host.provision import Provision, finish
from runtime.host.settings import Settings


def create(settings: Settings, partitions: int | None, replicas: int, otherwise: int) -> list[str]:
    """Make what is missing and begin each partition; return what was done, a line each.

    Without a number of partitions it is that of the topics that are there, else ``otherwise``.
    """
    made = finish(_provision(settings).create(partitions, otherwise, replicas))
    done = [f"made {name}" for name in made.topics]
    return [*done, f"{made.partitions} partitions; {made.begun} begun"]


def check(settings: Settings) -> list[str]:
    """Return what is not as it must be, a line each."""
    return finish(_provision(settings).check())


def _provision(settings: Settings) -> Provision:
    rulebook = load()
    plans = [build_plan(service, rulebook) for service in Service]
    return Provision(kafka_settings(settings), plans)
