"""The gauges that are made of what the consumers' state values count as."""

from collections.abc import Iterator, Mapping

from commands.composition import Service
from commands.tallies import BANDS, DECISION_WORDS, date_of, due_before
from runtime.host.tallies import Samples, Showing, Shown
from schemas.events import EventType


def show_days(tallies: Mapping[str, int], now: float) -> Iterator[Shown]:
    """Give the gauges of the visit days; ``now`` is seconds since 1970.

    A document is overdue when the date that it was due by is before today's, in UTC.
    """
    yield Shown(
        "therapy_visit_days",
        "Visit days by their last decision, of the partitions that this process owns.",
        ("kind",),
        {**dict.fromkeys(_KINDS, 0), **_of(tallies, "days")},
    )
    yield Shown(
        "therapy_missing_documents",
        "Visit days that need documentation, by whose it is and by the finding.",
        ("owner", "code"),
        _of(tallies, "missing"),
    )
    overdue = sum(tallies[name] for name in due_before(tallies, date_of(now)))
    yield Shown(
        "therapy_overdue_visit_days",
        "Visit days that need documentation which was due before today.",
        (),
        {(): overdue},
    )
    yield Shown(
        "therapy_held_visit_days",
        "Visit days that are held, by each finding that holds them.",
        ("code",),
        _of(tallies, "held"),
    )
    dollars = {kind: cents / 100 for kind, cents in _of(tallies, "cents").items()}
    yield Shown(
        "therapy_waiting_amount_dollars",
        "Allowed amount of the visit days that are held or need documentation.",
        ("kind",),
        {**dict.fromkeys(_BLOCKED_KINDS, 0), **dollars},
    )


def show_ledgers(tallies: Mapping[str, int], _now: float) -> Iterator[Shown]:
    """Give the gauge of the patients' years: every band of each year and threshold group."""
    ledgers = _of(tallies, "ledgers")
    samples: Samples = {
        (year, group, band): ledgers.get((year, group, band), 0)
        for year, group in sorted({(year, group) for year, group, _ in ledgers})
        for band in BANDS
    }
    yield Shown(
        "therapy_ledgers",
        "Patients' years by nearness of their running total to the thresholds.",
        ("year", "group", "band"),
        samples,
    )


SHOWING: Mapping[str, Showing] = {
    Service.SPEND.value: show_ledgers,
    Service.CLAIMS.value: show_days,
}
"""What shows the tallies of each consumer."""
_KINDS = [(word,) for word in DECISION_WORDS.values()]
_BLOCKED_KINDS = [
    (DECISION_WORDS[type_],)
    for type_ in (EventType.CLAIM_HELD, EventType.CLAIM_NEEDS_DOCUMENTATION)
]


def _of(tallies: Mapping[str, int], kind: str) -> Mapping[tuple[str, ...], int]:
    """Return the tallies of one kind by the other words of their names."""
    found = {tuple(name.split(" ")): number for name, number in tallies.items()}
    return {words[1:]: number for words, number in found.items() if words[0] == kind}
