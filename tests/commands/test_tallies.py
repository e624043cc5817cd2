"""What visit days and ledgers count as, held against what was said on the topics."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from commands.composition import Service, connect
from commands.plans import build_plan
from commands.tallies import (
    DECISION_WORDS,
    LONG_PAST,
    band_of,
    count_day,
    count_ledger,
    due_before,
    fold_due,
    name_due,
)
from reference.rulebook import RuleBook
from rules.decision import History
from runtime.engine.position import first_position, write_position
from runtime.engine.tally import count
from runtime.memory import MemoryStateView
from schemas.claims import ClaimHeld, ClaimNeedsDocumentation, Decision
from schemas.envelope import Event
from schemas.events import CLINICAL, EventType
from schemas.reading import Reader
from schemas.spend import Spend, SpendAccrued, SpendBalance
from schemas.values import Effect, FindingCode, Owner
from services.claims.state import DecisionState, Waiting
from services.spend.state import Ledger
from tests.bench.waiting import waiting_stream
from tests.changelog import recount
from tests.upgrade.release import read_release, releases

KX, REVIEW = Decimal("2480.00"), Decimal("3000.00")
HELD, NEEDS = EventType.CLAIM_HELD, EventType.CLAIM_NEEDS_DOCUMENTATION
NEEDED = Effect.NEEDS_DOCUMENTATION
BANDS = [
    ("0.00", "below_80_percent"),
    ("1983.99", "below_80_percent"),
    ("1984.00", "from_80_percent"),
    ("2480.00", "from_80_percent"),
    ("2480.01", "over_kx"),
    ("3000.00", "over_kx"),
    ("3000.01", "over_review"),
]
DATES = st.dates(date(2026, 1, 1), date(2026, 4, 30))


def decided(type_: EventType | None, waiting: Waiting | None = None) -> DecisionState:
    """Return what is kept of a visit day."""
    return DecisionState(History(version=1, type=type_), waiting=waiting)


def counts(decision: DecisionState) -> dict[str, int]:
    """Return what a visit day counts as."""
    return dict(count_day(("decision", "P-1", "V-1"), decision))


def test_a_day_that_waits_for_nothing_counts_by_its_decision_alone() -> None:
    """Ready, withdrawn, not billable; one that was never decided is not counted."""
    assert counts(decided(EventType.CLAIM_READY)) == {"days ready": 1}
    assert counts(decided(EventType.CLAIM_WITHDRAWN)) == {"days withdrawn": 1}
    assert counts(decided(None)) == {}


def test_a_day_that_needs_documentation_counts_by_owner_and_code() -> None:
    """Once for each pair, on the earliest due date, with its amount in cents."""
    missing = (
        (Owner.THERAPIST, FindingCode.NOTE_NOT_SIGNED),
        (Owner.PHYSICIAN, FindingCode.PLAN_OF_CARE_NOT_CERTIFIED),
    )
    waiting = Waiting(missing, due=date(2026, 3, 1), amount="123.45")
    assert counts(decided(NEEDS, waiting)) == {
        "days needs-documentation": 1,
        "missing therapist NOTE_NOT_SIGNED": 1,
        "missing physician PLAN_OF_CARE_NOT_CERTIFIED": 1,
        "due 2026-03-01": 1,
        "cents needs-documentation": 12_345,
    }


def test_a_held_day_counts_by_what_holds_it() -> None:
    """A day without a price has no amount."""
    waiting = Waiting(blocked_by=(FindingCode.NO_VALUE_IN_FORCE, FindingCode.UNKNOWN_CODE))
    assert counts(decided(HELD, waiting)) == {
        "days held": 1,
        "held NO_VALUE_IN_FORCE": 1,
        "held UNKNOWN_CODE": 1,
    }


def test_a_day_of_a_release_that_kept_no_reason_counts_as_unknown() -> None:
    """Until it is decided again: nothing says what it waits for."""
    assert counts(decided(HELD)) == {"days held": 1, "held unknown": 1}
    expected = {"days needs-documentation": 1, "missing unknown unknown": 1}
    assert counts(decided(NEEDS)) == expected


def test_the_first_release_kept_no_reason_and_no_threshold(rulebook: RuleBook) -> None:
    """All of its days that wait count as unknown, and none of its ledgers is in a band."""
    release, found = read_release(releases()[0]), Counter[str]()
    for service in (Service.CLAIMS, Service.SPEND):
        plan = build_plan(service, rulebook)
        values = {each.key or b"": each.value or b"" for each in release.state[service]}
        found.update(recount(plan, {key.decode(): raw for key, raw in values.items()}))
    assert found["days held"] == found["held unknown"] > 0
    assert found["days needs-documentation"] == found["missing unknown unknown"]
    assert {name.split(" ")[0] for name in found} <= {"days", "held", "missing"}


@pytest.mark.parametrize(("total", "band"), BANDS)
def test_a_ledger_counts_by_its_band(total: str, band: str) -> None:
    """At a threshold is not over it; at four fifths of KX is near it."""
    assert band_of(Decimal(total), KX, REVIEW) == band
    ledger = Ledger(1, Decimal(total), kx_threshold=KX, review_threshold=REVIEW)
    named = f"ledgers 2026 pt_slp {band}"
    assert count_ledger(("ledger", "P-1", "2026", "pt_slp"), ledger) == ((named, 1),)


def test_a_ledger_without_a_threshold_in_force_is_in_no_band() -> None:
    """Where only that of medical review has no value, nothing is over it."""
    assert count_ledger(("ledger", "P-1", "2027", "ot"), Ledger(1, KX)) == ()
    assert band_of(Decimal("9000.00"), KX, None) == "over_kx"


@given(st.lists(DATES), st.lists(st.tuples(DATES, st.integers(0, 9))), DATES)
def test_folded_due_dates_are_overdue_all_the_same(
    come: list[date], leave: list[tuple[date, int]], today: date
) -> None:
    """Whoever folds, as often and whenever: the days before a later date are the same number."""
    told, exact = dict[str, int](), Counter[str]()
    for due in come:
        told = {**told, name_due(due): told.get(name_due(due), 0) + 1}
        exact[name_due(due)] += 1
    for at, place in leave:
        told = dict(fold_due(told, milliseconds(at)))
        if place < len(come):
            name = name_due(come[place])
            told = {**told, name: told.get(name, 0) - 1}
            exact[name] -= 1
    seen_on = max([today, *[at for at, _ in leave]])
    overdue = [sum(each[name] for name in due_before(each, seen_on)) for each in (told, exact)]
    assert overdue[0] == overdue[1]


def test_due_dates_of_the_last_week_are_told_apart() -> None:
    """Those before it are one number, and none where they come to nothing."""
    tallies = {"days ready": 2, "due 2026-03-01": 1, "due 2026-03-02": 1, "due 2026-03-09": 3}
    now = milliseconds(date(2026, 3, 9))
    folded = {LONG_PAST: 1, **{name: n for name, n in tallies.items() if name[-2:] != "01"}}
    assert fold_due(tallies, now) == folded
    assert fold_due(folded, now) is folded
    assert fold_due({LONG_PAST: 1, "due 2026-02-01": -1, "held A": 1}, now) == {"held A": 1}


def test_the_position_record_of_many_waiting_days_is_small(rulebook: RuleBook) -> None:
    """100,000 days came to wait over a year, for all that there is: under 4 KB more."""
    texts = rulebook.findings.values()
    asked = [(each.owner, each.code) for each in texts if each.effect is NEEDED]
    holding = [each.code for each in texts if each.effect is Effect.HELD]
    begins, moved = date(2026, 1, 1), Counter[str]()
    for number in range(100_000):
        due = begins + timedelta(days=number % 365 + number % 91)
        owner, code = asked[number % len(asked)]
        assert owner is not None
        moved.update(counts(decided(NEEDS, Waiting(((owner, code),), due, amount="101.10"))))
        held = Waiting(blocked_by=(holding[number % len(holding)],), amount="101.10")
        moved.update(counts(decided(HELD, held)))
    tallies = fold_due(moved, milliseconds(begins + timedelta(days=365)))
    assert sum(tallies[name] for name in due_before(tallies, date.max)) == 100_000
    empty = first_position(0, 12, "therapy-claims-therapy.spend-11", 1, {})
    sizes = [
        len(write_position(replace(empty, tallies=each)).value or b"") for each in ({}, tallies)
    ]
    assert sizes[1] - sizes[0] < 4_000


@pytest.mark.parametrize("seed", range(4))
def test_the_tallies_are_those_of_the_last_decisions_and_totals(
    rulebook: RuleBook, seed: int
) -> None:
    """What the state counts as after a stream is what a reader of the topics would count."""
    views = {service: MemoryStateView() for service in Service}
    pipeline, reader = connect(rulebook, views), Reader(CLINICAL)
    emitted: list[Event] = []
    for line in waiting_stream(patients=12, visits=8, seed=seed):
        event = reader.read_structured(line)
        assert isinstance(event, Event)
        emitted += [each for each in pipeline.run(event) if isinstance(each, Event)]
    assert counted(Service.CLAIMS, rulebook, views) == count_decisions(emitted)
    assert counted(Service.SPEND, rulebook, views) == count_totals(emitted)


def counted(
    service: Service, rulebook: RuleBook, views: dict[Service, MemoryStateView]
) -> Counter[str]:
    """Return what a consumer's state values count as."""
    tally, sums = build_plan(service, rulebook).tally, Counter[str]()
    assert tally is not None
    for key, value in views[service].items():
        sums.update(dict(count(tally, key, value)))
    return sums


def count_decisions(emitted: Iterable[Event]) -> Counter[str]:
    """Count visit days by their last decisions, as far as they have sessions."""
    last: dict[str, tuple[str, Decision]] = {}
    empty: dict[str, bool] = {}
    for event in emitted:
        if isinstance(event.data, Decision):
            last[event.data.visit_day_id] = DECISION_WORDS[event.type], event.data
        elif isinstance(event.data, SpendAccrued):
            empty[event.data.visit_day_id] = not event.data.sessions
    sums: Counter[str] = Counter()
    for name, (word, decision) in last.items():
        sums[f"days {word}"] += 1
        if isinstance(decision, ClaimHeld | ClaimNeedsDocumentation) and not empty[name]:
            sums.update(_reasons(decision))
            if decision.amount_held is not None:
                sums[f"cents {word}"] += int(Decimal(decision.amount_held) * 100)
    return sums


def _reasons(decision: ClaimHeld | ClaimNeedsDocumentation) -> set[str]:
    if isinstance(decision, ClaimHeld):
        return {f"held {each.code}" for each in decision.blocked_by}
    dues = sorted(each.due for each in decision.missing if each.due is not None)
    named = {f"missing {each.owner} {each.code}" for each in decision.missing}
    return named | {f"due {due.isoformat()}" for due in dues[:1]}


def count_totals(emitted: Iterable[Event]) -> Counter[str]:
    """Count patients' years by the last running total that was told of each."""
    totals: dict[tuple[str, int, str], Decimal] = {}
    for event in emitted:
        match event.data:
            case SpendAccrued(patient_id=patient, spend=Spend() as told):
                totals[patient, told.year, told.threshold_group] = Decimal(told.running_total)
            case SpendBalance() as told:
                totals[told.patient_id, told.year, told.threshold_group] = Decimal(
                    told.running_total
                )
            case _:
                pass
    bands = [
        f"ledgers {year} {group} {band_of(total, KX if year == 2026 else Decimal(2410), REVIEW)}"
        for (_, year, group), total in totals.items()
    ]
    return Counter(bands)


def milliseconds(on: date) -> int:
    """Return noon of a date, in ms since 1970."""
    return int(datetime(on.year, on.month, on.day, 12, tzinfo=UTC).timestamp() * 1000)
