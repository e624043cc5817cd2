"""The gauges say what the tallies of the partitions at hand come to, whoever has them."""

import asyncio
from collections import Counter
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from itertools import count

from prometheus_client.parser import text_string_to_metric_families

from commands.composition import CHAIN
from commands.gauges import SHOWING, show_days, show_ledgers
from commands.plans import build_plan
from reference.rulebook import RuleBook
from runtime.doubles.broker import Broker
from runtime.doubles.clock import VirtualLoop, run
from runtime.doubles.log import MemoryLog
from runtime.doubles.schedule import Schedule
from runtime.doubles.view import MemoryView
from runtime.engine.founding import found_all
from runtime.engine.partition import Limits, Status, Surroundings
from runtime.engine.plan import Plan
from runtime.engine.records import Message, Place
from runtime.engine.worker import Worker
from runtime.host.lag import Lag
from runtime.host.metrics import Metrics
from runtime.host.tallies import Shown
from tests.changelog import fold, recount
from tests.simulation.ending import committed
from tests.simulation.process import Shared, WaitingFeed
from tests.simulation.streams import partition_of
from tests.simulation.test_tallies import stream

NOON = datetime(2026, 3, 9, 12, tzinfo=UTC).timestamp()
DAYS = {
    "days held": 2,
    "days needs-documentation": 3,
    "days ready": 5,
    "held NO_VALUE_IN_FORCE": 2,
    "missing therapist NOTE_NOT_SIGNED": 1,
    "missing physician PLAN_OF_CARE_NOT_CERTIFIED": 2,
    "due 0001-01-01": 4,
    "due 2026-03-01": -1,
    "due 2026-03-08": 1,
    "due 2026-03-09": 7,
    "cents held": 12_345,
}
Samples = Mapping[tuple[str, frozenset[str]], float]


def shown(gauges: list[Shown]) -> Samples:
    """Return every sample by the gauge's name and the values of its labels, in any order."""
    return {
        (each.name, frozenset(labels)): number
        for each in gauges
        for labels, number in each.samples.items()
    }


def test_each_tally_of_the_visit_days_has_its_sample() -> None:
    """What is due today is not overdue; a kind of decision that no day has is there as nothing."""
    found = shown(list(show_days(DAYS, NOON)))
    expected = {
        ("therapy_visit_days", ("held",)): 2,
        ("therapy_visit_days", ("needs-documentation",)): 3,
        ("therapy_visit_days", ("not-billable",)): 0,
        ("therapy_visit_days", ("ready",)): 5,
        ("therapy_visit_days", ("withdrawn",)): 0,
        ("therapy_missing_documents", ("therapist", "NOTE_NOT_SIGNED")): 1,
        ("therapy_missing_documents", ("physician", "PLAN_OF_CARE_NOT_CERTIFIED")): 2,
        ("therapy_overdue_visit_days", ()): 4,
        ("therapy_held_visit_days", ("NO_VALUE_IN_FORCE",)): 2,
        ("therapy_waiting_amount_dollars", ("held",)): 123.45,
        ("therapy_waiting_amount_dollars", ("needs-documentation",)): 0,
    }
    assert found == {(name, frozenset(of)): number for (name, of), number in expected.items()}


def test_a_day_becomes_overdue_while_nothing_comes() -> None:
    """The clock of the look decides, not the last record."""
    tomorrow = shown(list(show_days(DAYS, NOON + 86_400)))
    assert tomorrow["therapy_overdue_visit_days", frozenset()] == 11


def test_a_year_that_has_a_ledger_has_every_band() -> None:
    """A year without any has none."""
    tallies = {"ledgers 2026 ot over_kx": 2, "ledgers 2026 pt_slp below_80_percent": 3}
    found = shown(list(show_ledgers(tallies, NOON)))
    assert len(found) == 8
    assert found["therapy_ledgers", frozenset({"2026", "ot", "over_kx"})] == 2
    assert found["therapy_ledgers", frozenset({"2026", "ot", "over_review"})] == 0
    assert shown(list(show_ledgers({}, NOON))) == {}


def test_the_gauges_of_all_processes_are_true_after_restarts_and_rebalances(
    rulebook: RuleBook,
) -> None:
    """Partitions go from one process to another, while sessions come and after; one restarts."""
    plans = [build_plan(service, rulebook) for service in CHAIN]
    run(_move_about(Shared(Broker(), plans, 2)))


async def _move_about(shared: Shared) -> None:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    shared.broker.clock = loop.milliseconds
    for plan in shared.plans:
        await found_all(MemoryLog(shared.broker), plan, shared.partitions)
    messages = [each for number in range(3) for each in stream(number)]
    half = len(messages) // 2
    first, second = Hosting(shared, "first"), Hosting(shared, "second")
    for plan in shared.plans:
        first.assigned(plan, shared.inputs(plan))
    await _send(shared, messages[:half])
    assert first.samples() == _counted(shared)
    assert second.samples() == _nothing()
    moved = {plan.name: shared.inputs(plan)[1:] for plan in shared.plans}
    for plan in shared.plans:
        await first.revoked(plan, moved[plan.name])
        second.assigned(plan, moved[plan.name])
    await _send(shared, messages[half:])
    both = first.samples(), second.samples()
    assert _add(*both) == _counted(shared)
    assert all(_days(each) for each in both)
    await first.stop()
    again = Hosting(shared, "first, again")
    for plan in shared.plans:
        await second.revoked(plan, moved[plan.name])
        again.assigned(plan, shared.inputs(plan))
    await asyncio.sleep(5)
    assert again.samples() == _counted(shared)
    assert second.samples() == _nothing()
    await second.stop()
    await again.stop()


class Hosting:
    """A process with its metrics: a member of each consumer's group, without the groups."""

    def __init__(self, shared: Shared, name: str) -> None:
        """Own nothing yet."""
        self.metrics = Metrics(lambda _event: None, lambda: NOON)
        self.metrics.show_tallies(SHOWING)
        self._members = {
            plan.name: Hosted(self.metrics, shared, plan, name) for plan in shared.plans
        }

    def assigned(self, plan: Plan, places: Collection[Place]) -> None:
        """Take partitions of a consumer."""
        self._members[plan.name].worker.assigned(places)

    async def revoked(self, plan: Plan, places: Collection[Place]) -> None:
        """Let go of partitions of a consumer."""
        await self._members[plan.name].worker.revoked(places)

    async def stop(self) -> None:
        """Let go of everything."""
        for member in self._members.values():
            member.feeding.cancel()
            await member.worker.stop()

    def samples(self) -> Samples:
        """Return the gauges of the tallies as Prometheus reads them."""
        names = {name for name, _ in _nothing()} | {"therapy_ledgers"}
        names |= {"therapy_missing_documents", "therapy_held_visit_days"}
        return {
            (each.name, frozenset(each.labels.values())): each.value
            for family in text_string_to_metric_families(self.metrics.text().decode())
            for each in family.samples
            if each.name in names
        }


class Hosted:
    """One consumer of a process."""

    has_joined = True

    def __init__(self, metrics: Metrics, shared: Shared, plan: Plan, process: str) -> None:
        """Run ``plan``; each attempt of each process has a word of its own."""
        self.name = plan.name
        self.lag = Lag(lambda: NOON)
        self._partitions = shared.partitions
        tokens, wire = count(), Schedule(0).wire(process)
        log = MemoryLog(shared.broker, wire)
        feed = WaitingFeed(log, wire, shared.inputs(plan))
        around = Surroundings(
            plan,
            shared.partitions,
            log,
            feed,
            metrics.observe(self),
            lambda: f"{process}-{next(tokens)}",
            Limits(batch_records=7),
        )
        self.worker = Worker(around, lambda place: MemoryView(shared.hash_of(plan, place)))
        self.feeding = asyncio.create_task(feed.deliver_to(self.worker))

    def status(self) -> Mapping[Place, Status]:
        """Tell what each partition is doing."""
        return self.worker.status()

    def partitions(self) -> int | None:
        """Return how many partitions its topic has."""
        return self._partitions

    def is_ready(self) -> bool:
        """Tell whether every partition works."""
        return all(each is Status.RUNNING for each in self.status().values())

    def death(self) -> str | None:
        """Nothing ends here by itself."""
        return None


async def _send(shared: Shared, messages: Collection[Message]) -> None:
    """Write to the bus, and wait for the consumers."""
    for message in messages:
        place = Place(shared.plans[0].input, partition_of(message, shared.partitions))
        shared.broker.write_plain(place, (message,))
    await asyncio.sleep(30)


def _counted(shared: Shared) -> Samples:
    """Return what all state values count as, as gauges."""
    found: list[Shown] = []
    for plan in shared.plans:
        if plan.tally is not None:
            sums: Counter[str] = Counter()
            for place in shared.inputs(plan):
                changelog = shared.broker.leaders[Place(plan.changelog, place.partition)]
                sums.update(recount(plan, fold(committed(changelog))))
            found += SHOWING[plan.name](sums, NOON)
    return shown(found)


def _nothing() -> Samples:
    """Return the gauges of a process that owns nothing."""
    return shown(list(show_days({}, NOON)))


def _days(samples: Samples) -> float:
    return sum(number for (name, _), number in samples.items() if name == "therapy_visit_days")


def _add(one: Samples, other: Samples) -> Samples:
    return {name: one.get(name, 0) + other.get(name, 0) for name in {**one, **other}}
