"""The consumers put together in one process, with state in Redis and the log in Kafka."""

import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

import msgspec

from commands.composition import Service
from commands.gauges import SHOWING
from commands.plans import build_plan
from commands.tallies import DECISION_WORDS
from reference.rulebook import RuleBook, load
from runtime.engine.plan import Plan
from runtime.engine.turns import Turns
from runtime.host import process
from runtime.host.connection import kafka_settings
from runtime.host.contract import Contract
from runtime.host.forwarding import Forwarding
from runtime.host.health import bind
from runtime.host.heard import Tracing
from runtime.host.logs import configure
from runtime.host.metrics import Metrics, Said
from runtime.host.opening import Opening, check_all
from runtime.host.process import Process, run_process
from runtime.host.settings import Settings, SettingsError, variable
from schemas.asyncapi import asyncapi_document
from schemas.envelope import Event
from schemas.events import ROUTES, Route


def host(names: Collection[str], settings: Settings) -> int:
    """Run these services and ways of the gateway until told to end; return the exit status."""
    # Certificates that are no good are found before anything starts.
    kafka_settings(settings)
    configure(settings)
    hosted = build_process(names, settings, load())
    return run_process(hosted, bind(settings.http_host, settings.http_port))


def build_process(names: Collection[str], settings: Settings, rulebook: RuleBook) -> Process:
    """Return the process that hosts what is named; nothing is connected."""
    plans = {service: build_plan(service, rulebook) for service in Service}
    every = tuple(plans.values())
    turns = Turns()
    hosted = [plan for service, plan in plans.items() if service in names]
    check = partial(check_all, kafka_settings(settings), tuple(plans.values()))
    metrics = Metrics(telling, time.time)
    metrics.show_tallies(SHOWING)
    metrics.show_days_left(lambda: days_left(rulebook))
    tracing = None if settings.traces_endpoint is None else tracing_to(settings.traces_endpoint)
    return Process(
        settings=settings,
        services=[_hosted(plan, Opening(settings, plan, every, turns)) for plan in hosted],
        metrics=metrics,
        now=time.time,
        contract=Contract(contract_of(names)),
        ways=[_way(name, route, check) for name, route in ROUTES.items() if name in names],
        open_tracing=tracing,
    )


def tracing_to(endpoint: str) -> Callable[[str], Tracing]:
    """Return what opens a service's spans to a collector; ``SettingsError`` without the extra."""
    try:
        # Who traces nothing needs none of it.
        from runtime.host.spans import Spans, export_to  # noqa: PLC0415
    except ImportError as error:
        needed = "it needs the extra: pip install 'therapy-billing[traces]'"
        raise SettingsError(f"{variable('traces_endpoint')}: {needed}") from error
    return lambda service: Spans(service, export_to(endpoint), time.time)


def _way(name: str, route: Route, check: Callable[[str], Awaitable[int]]) -> Forwarding:
    return Forwarding(
        name=name,
        group=f"therapy-{name}",
        reads=route.reads.value,
        writes=route.writes.value,
        types=frozenset(type_.value.encode() for type_ in route.types),
        key=_reading(route.key),
        check=partial(check, route.reads.value),
    )


def _reading(field: str) -> Callable[[bytes], str]:
    """Return what reads a field of an event's data; it raises ValueError where there is none."""
    decode = msgspec.json.Decoder(msgspec.defstruct("Keyed", [(field, str)])).decode
    return lambda value: str(getattr(decode(value), field))


def _hosted(plan: Plan, opening: Opening) -> process.Service:
    return process.Service(
        name=plan.name,
        group=plan.group,
        reads=plan.input,
        writes=(plan.output, plan.dead_letters),
        open_worker=opening.worker,
    )


def telling(event: Event) -> Said | None:
    """Say of a decision what is counted."""
    kind = DECISION_WORDS.get(event.type)
    if kind is None:
        return None
    return Said(kind, tuple(finding.code for finding in event.data.findings))


def days_left(rulebook: RuleBook) -> Mapping[str, int]:
    """Return the days that each of the reference data goes on from today; below 0 it has ended."""
    today = datetime.now(tz=UTC).date()
    lasts = {name: series.covered_through(today) for name, series in rulebook.series()}
    return {name: (last - today).days for name, last in lasts.items() if last is not None}


def contract_of(names: Iterable[str]) -> dict[str, Any]:
    """Return the AsyncAPI document of these services: their operations, and what those touch."""
    document = asyncapi_document()
    prefixes = tuple(f"{name}." for name in names)
    operations = {
        name: operation
        for name, operation in document["operations"].items()
        if name.startswith(prefixes)
    }
    touched = {each["channel"]["$ref"].removeprefix("#/channels/") for each in operations.values()}
    channels = {name: each for name, each in document["channels"].items() if name in touched}
    return document | {"channels": channels, "operations": operations}
