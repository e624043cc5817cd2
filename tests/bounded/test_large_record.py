"""One record of 1 MB is kept as its head, and holds up nobody and nothing."""

from commands.composition import Service
from commands.plans import build_plan
from reference.rulebook import RuleBook
from runtime.doubles.clock import run
from runtime.engine.records import Message
from schemas.values import DeadLetterReason
from tests.bench.bus.events import clinics
from tests.bounded.crowd import Crowd

MB = 1_000_000
LETTER_MAX = 8_192
EVENTS = 300


def test_it_becomes_a_short_dead_letter(rulebook: RuleBook) -> None:
    """The letter has the record's head and not its megabyte; its neighbours are handled."""
    plan = build_plan(Service.UNITS, rulebook)
    events, large = large_among()
    crowd = Crowd(plan, partitions=2)
    member = run(crowd.run({0: [*events, large, *events], 1: events}))
    (first, second) = crowd.places
    assert member.letters == [(first, DeadLetterReason.TOO_LARGE)]
    (letter,) = crowd.written(plan.places(0, 2).dead_letters)
    assert MB > LETTER_MAX > len(letter.value or b"")
    assert not member.trouble
    assert sum(member.commits[first]) == 2 * len(events) + 1
    assert sum(member.commits[second]) == len(events)


def large_among() -> tuple[list[Message], Message]:
    """Return a clinic's events, and a record that is too large to be one."""
    (events,) = clinics("P", EVENTS)
    return events, Message(b"P-0", b'{"text":"' + b"x" * MB + b'"}', events[0].headers)
