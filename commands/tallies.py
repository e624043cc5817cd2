"""What the consumers' state values count as.

A tally is named by its words: ``missing therapist NOTE_NOT_SIGNED``. All of them follow from the
state value alone, so a release that counts otherwise raises the version and counts anew.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache

from commands.composition import Service
from runtime.engine.plan import Counts, Tally
from runtime.processor import Key
from schemas.events import DECISIONS, EventType
from services.claims.state import DecisionState, Waiting
from services.spend.ledger import total_of
from services.spend.state import Ledger

DECISION_WORDS = {
    type_.value: type_.value.removeprefix("therapy.claim.").removesuffix(".v1")
    for type_ in DECISIONS
}
"""The word for each decision, by its event's type."""
NOT_KEPT = "unknown"
"""Owner and code of a day that a release decided which did not keep them."""
DUE_APART = timedelta(days=7)
"""Due dates that passed longer ago are put together; clocks do not differ by so much."""
NEAR_SHARE = Decimal(80) / 100
"""Of the KX threshold, from which a ledger is near it: a line of ours, as the band's name says."""
BANDS = ("below_80_percent", "from_80_percent", "over_kx", "over_review")
"""How near a ledger is to the thresholds, the farthest first."""


def count_day(_key: Key, decision: DecisionState) -> Counts:
    """Count a visit day by its last decision, and by what it waits for."""
    type_ = decision.history.type
    if type_ is None:
        return ()
    if type_ is EventType.CLAIM_HELD or type_ is EventType.CLAIM_NEEDS_DOCUMENTATION:
        return _one(type_) + _count_waiting(type_, decision.waiting)
    return _one(type_)


@cache
def _one(type_: EventType) -> Counts:
    return ((f"days {DECISION_WORDS[type_]}", 1),)


def _count_waiting(type_: EventType, waiting: Waiting | None) -> Counts:
    is_held = type_ is EventType.CLAIM_HELD
    if waiting is None:
        return ((f"held {NOT_KEPT}" if is_held else f"missing {NOT_KEPT} {NOT_KEPT}", 1),)
    counts = [(f"held {code}", 1) for code in waiting.blocked_by]
    counts += [(f"missing {owner} {code}", 1) for owner, code in waiting.missing]
    if waiting.due is not None:
        counts.append((name_due(waiting.due), 1))
    if waiting.amount is not None:
        # The amount has two places, always.
        counts.append((f"cents {DECISION_WORDS[type_]}", int(waiting.amount.replace(".", ""))))
    return tuple(counts)


def fold_due(tallies: Mapping[str, int], at: int) -> Mapping[str, int]:
    """Put due dates together that passed more than a week before ``at``, in ms since 1970.

    What is counted a due date at a time would grow for ever. A day that leaves from among them
    is less than nothing on its own date until this takes it there.
    """
    past = list(due_before(tallies, date_of(at / 1000) - DUE_APART))
    if not past or past == [LONG_PAST]:
        return tallies
    together = sum(tallies[name] for name in past)
    kept = {name: number for name, number in tallies.items() if name not in past}
    return dict(sorted({**kept, LONG_PAST: together}.items())) if together else kept


def name_due(on: date) -> str:
    """Name the tally of a due date."""
    return f"due {on.isoformat()}"


def due_before(tallies: Iterable[str], on: date) -> Iterator[str]:
    """Give those of the tallies that are of an earlier due date."""
    limit = name_due(on)
    return (name for name in tallies if name < limit and name.startswith("due "))


LONG_PAST = name_due(date.min)
"""The due dates that are put together: they have passed for whoever looks."""


def count_ledger(key: Key, ledger: Ledger) -> Counts:
    """Count a patient's year by its threshold group and how near it is to the thresholds."""
    kx = ledger.kx_threshold
    if kx is None:
        return ()
    _, _, year, group = key
    return _ledger(year, group, band_of(total_of(ledger), kx, ledger.review_threshold))


@cache
def _ledger(year: str, group: str, band: str) -> Counts:
    return ((f"ledgers {year} {group} {band}", 1),)


def band_of(total: Decimal, kx: Decimal, review: Decimal | None) -> str:
    """Say how near a running total is to the thresholds, in dollars; at one is not over it."""
    below, near, over_kx, over_review = BANDS
    if total < NEAR_SHARE * kx:
        return below
    if review is not None and total > review:
        return over_review
    return over_kx if total > kx else near


TALLIES: Mapping[Service, Tally] = {
    Service.SPEND: Tally(1, {"ledger": count_ledger}),
    Service.CLAIMS: Tally(1, {"decision": count_day}, fold_due),
}
"""What each consumer counts; a version is raised where a value counts as something else."""


def date_of(seconds: float) -> date:
    """Return the date in UTC of seconds since 1970."""
    return datetime.fromtimestamp(seconds, UTC).date()
