"""The consumers put together in one process, with state and log in memory."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from operator import attrgetter

from reference.rulebook import RuleBook
from runtime.consumer import Consumer
from runtime.memory import MemoryLog, MemoryStateView
from runtime.pipeline import Pipeline, Stage, Way
from runtime.ports import StateView
from runtime.processor import Processor
from schemas.events import ROUTES, Topic
from services.claims.processor import ClaimsProcessor
from services.clinicians.processor import CliniciansProcessor
from services.spend.processor import SpendProcessor
from services.units.processor import UnitsProcessor


class Service(StrEnum):
    """The consumers, each at the place that counts its dead letters: a new one comes last."""

    UNITS = "units"
    SPEND = "spend"
    CLAIMS = "claims"
    CLINICIANS = "clinicians"


CHAIN = (Service.UNITS, Service.SPEND, Service.CLAIMS)
"""The consumers that a session passes, in that order."""

PROCESSORS: Mapping[Service, tuple[Callable[[RuleBook], Processor], Topic, Topic]] = {
    Service.UNITS: (UnitsProcessor, Topic.SESSIONS, Topic.UNITS),
    Service.SPEND: (SpendProcessor, Topic.UNITS, Topic.SPEND),
    Service.CLAIMS: (ClaimsProcessor, Topic.SPEND, Topic.CLAIMS),
    Service.CLINICIANS: (CliniciansProcessor, Topic.CLINICIANS, Topic.OVERLAPS),
}
"""Each consumer's processor, the topic that it reads and the one that it writes."""


def build_pipeline(rulebook: RuleBook, through: Service = Service.CLAIMS) -> Pipeline:
    """Return the consumers up to ``through``, and those beside the chain, with empty state."""
    chain = CHAIN[: CHAIN.index(through) + 1]
    running = [each for each in Service if each in chain or each not in CHAIN]
    return connect(rulebook, {service: MemoryStateView() for service in running})


def connect(rulebook: RuleBook, views: Mapping[Service, StateView]) -> Pipeline:
    """Return a pipeline of the consumers that have a view."""
    stages = []
    for service, view in views.items():
        processor, reads, writes = PROCESSORS[service]
        consumer = Consumer(processor(rulebook), view, rulebook.version)
        stages.append(Stage(consumer, reads, writes, forwarded_from(writes)))
    return Pipeline(stages, MemoryLog())


def forwarded_from(topic: Topic) -> Mapping[str, Way]:
    """Return where the gateway takes what stands on a topic, by the type of event."""
    return {
        type_: Way(route.writes, attrgetter(f"data.{route.key}"))
        for route in ROUTES.values()
        if route.reads is topic
        for type_ in route.types
    }
