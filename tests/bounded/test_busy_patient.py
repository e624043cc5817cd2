"""One patient with half of all traffic: a batch reads its state a few times all the same."""

from commands.composition import CHAIN, Service
from commands.plans import build_plan
from reference.rulebook import RuleBook
from runtime.doubles.clock import run
from runtime.doubles.view import MemoryView
from runtime.engine.messages import event_message
from runtime.engine.records import Message, Place
from schemas.envelope import Event
from schemas.events import CLINICAL
from schemas.reading import Reader
from tests.bench.bus.events import clinics
from tests.bench.stream import one_patient
from tests.bounded.crowd import Crowd, SlowWire

PARTITIONS = 2
VISITS = 200
READS_MAX = 20
"""A batch, whoever its records are of."""


class Views:
    """The views of all partitions, each with a wire whose calls are counted."""

    def __init__(self) -> None:
        self.wires: dict[Place, SlowWire] = {}

    def __call__(self, place: Place) -> MemoryView:
        """Make the view of a partition."""
        self.wires[place] = SlowWire()
        return MemoryView(wire=self.wires[place])


def test_the_events_of_one_patient_ask_for_their_state_together(rulebook: RuleBook) -> None:
    """They run one after the other, and yet not one read after the other."""
    traffic = [each for pair in zip(_busy(), _even(), strict=False) for each in pair]
    for service in CHAIN:
        views = Views()
        crowd = Crowd(build_plan(service, rulebook), PARTITIONS, views=views)
        member = run(crowd.run({0: traffic}))
        (first, _second) = crowd.places
        batches = len(member.commits[first])
        assert not member.trouble
        assert views.wires[first].calls["get"] <= READS_MAX * batches
        assert READS_MAX * batches < VISITS
        traffic = _written(crowd)


def test_other_partitions_are_through_when_they_were(rulebook: RuleBook) -> None:
    """Whom one partition's records are of is nothing to another one."""
    plan = build_plan(Service.UNITS, rulebook)
    busy, even = _busy(), _even()
    mixed = [each for pair in zip(busy, even, strict=False) for each in pair]
    second = Place(plan.input, 1)
    throughs = [
        run(Crowd(plan, PARTITIONS).run({0: first, 1: even})).through[second]
        for first in (even, mixed)
    ]
    assert throughs[0] == throughs[1]


def _busy() -> list[Message]:
    reader = Reader(CLINICAL)
    events = [reader.read_structured(line) for line in one_patient(VISITS, "P-busy")]
    return [event_message(event, ()) for event in events if isinstance(event, Event)]


def _even() -> list[Message]:
    (stream,) = clinics("P", VISITS)
    return stream


def _written(crowd: Crowd) -> list[Message]:
    """Return what the next consumer gets."""
    output = crowd.plan.places(0, PARTITIONS).output
    return [
        Message(each.key, each.value, tuple((name, value or b"") for name, value in each.headers))
        for each in crowd.written(output)
    ]
