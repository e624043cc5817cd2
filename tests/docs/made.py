"""All that the program writes into the pages, by the name that stands in the page."""

from collections.abc import Callable, Mapping
from functools import partial

from reference.rulebook import RuleBook
from schemas.events import EventType
from schemas.values import Effect
from tests.deploy.acls import redis_line, rights_table
from tests.docs import explained, sizing, timed, worked
from tests.docs.catalogue import catalogue
from tests.docs.decision import decision
from tests.docs.examples import Json, flow, run, short_name, shown


def make_blocks(rulebook: RuleBook) -> dict[str, str]:
    """Return the text of every made block by its name."""
    named = {"findings without effect": catalogue(rulebook, None)}
    named |= {f"findings {each}": catalogue(rulebook, each) for each in Effect}
    for type_, emitted in run_examples(rulebook).items():
        named[f"{short_name(type_)} flow"] = flow(emitted)
        named[f"{short_name(type_)} event"] = shown(type_, emitted)
    named |= {name: make(rulebook) for name, make in WORKED.items()}
    named |= {"kafka rights": rights_table(), "redis user": redis_line()}
    figures = sizing.read_figures()
    named |= {name: make(figures) for name, make in sizing.BLOCKS.items()}
    return named | {"decision": decision(rulebook)}


def run_examples(rulebook: RuleBook) -> dict[EventType, list[Json]]:
    """Return all that comes out of every example."""
    return {type_: run(type_, rulebook) for type_ in EventType}


WORKED: Mapping[str, Callable[[RuleBook], str]] = {
    "intervals": worked.intervals,
    "27 minutes": partial(worked.total_time, minutes=worked.TWENTY_SEVEN),
    "40 minutes": partial(worked.total_time, minutes=worked.FORTY),
    "tie": partial(worked.total_time, minutes=worked.TIE),
    "tie with a choice": partial(worked.total_time, minutes=worked.TIE, choice=("97530",)),
    "both rules": worked.both_rules,
    "assistant split": partial(worked.assistant_units, therapist=18, assistant=20, units=3),
    "assistant two units": partial(worked.assistant_units, therapist=14, assistant=9, units=2),
    "assistant choice": partial(worked.assistant_units, therapist=14, assistant=8, units=2),
    "assistant part": worked.assistant_part,
    "estimate": worked.estimate,
    "timed codes": timed.timed_codes,
    "cognitive minutes": timed.cognitive_minutes,
    "monitoring by days": timed.monitoring_by_days,
    "monitoring by minutes": timed.monitoring_by_minutes,
    "monitored day": timed.monitored_day,
    "trail": explained.trail,
    "price": partial(worked.price, is_reduced=False),
    "reduced price": partial(worked.price, is_reduced=True),
    "reduction": worked.reduction,
    "ledger": worked.ledger,
    "kx": worked.kx,
    "due": worked.due,
    "sources": worked.sources,
}
