"""The three consumers put together in one process, with state and log in memory."""

from collections.abc import Callable, Mapping
from enum import StrEnum

from reference.rulebook import RuleBook
from runtime.consumer import Consumer
from runtime.memory import MemoryLog, MemoryStateView
from runtime.pipeline import Pipeline, Stage
from runtime.processor import Processor
from schemas.events import Topic
from services.claims.processor import ClaimsProcessor
from services.spend.processor import SpendProcessor
from services.units.processor import UnitsProcessor


class Service(StrEnum):
    """The consumers, in the order in which a session passes them."""

    UNITS = "units"
    SPEND = "spend"
    CLAIMS = "claims"


PROCESSORS: Mapping[Service, tuple[Callable[[RuleBook], Processor], Topic, Topic]] = {
    Service.UNITS: (UnitsProcessor, Topic.SESSIONS, Topic.UNITS),
    Service.SPEND: (SpendProcessor, Topic.UNITS, Topic.SPEND),
    Service.CLAIMS: (ClaimsProcessor, Topic.SPEND, Topic.CLAIMS),
}
"""Each consumer's processor, the topic that it reads and the one that it writes."""


def build_pipeline(rulebook: RuleBook, through: Service = Service.CLAIMS) -> Pipeline:
    """Return the consumers up to ``through``, with empty state."""
    stages = []
    for service, (processor, reads, writes) in PROCESSORS.items():
        consumer = Consumer(processor(rulebook), MemoryStateView(), rulebook.version)
        stages.append(Stage(consumer, reads, writes))
        if service is through:
            break
    return Pipeline(stages, MemoryLog())
