"""What must hold of a patient's ledgers, whatever comes in which order."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from reference.rulebook import load
from rules.money import ZERO
from rules.spend import is_after, running_total
from services.spend.state import SEGMENT, Entry, Ledger, LedgerSegment, ledger_segment_key
from tests.clinic import Json, of_type, report, service, session
from tests.services.spend.driver import Driver

RULEBOOK = load()
DAYS = st.integers(1, 4)
SERVICES = st.lists(
    st.tuples(st.sampled_from(["97530", "97110", "97161", "97010"]), st.integers(5, 40)),
    min_size=1,
    max_size=2,
    unique_by=lambda stated: stated[0],
)
SESSIONS = st.tuples(
    st.just("session"),
    st.integers(1, 6),
    DAYS,
    st.sampled_from(["PT", "OT", "SLP"]),
    st.sampled_from(["medicare_ffs", "commercial"]),
    SERVICES,
)
VOIDS = st.tuples(st.just("void"), st.integers(1, 6))
REPORTS = st.tuples(
    st.just("report"),
    st.integers(0, 5),
    st.decimals(0, 3200, places=2),
    st.sampled_from(["pt_slp", "ot"]),
    st.none() | DAYS,
)
STREAMS = st.lists(SESSIONS | VOIDS | REPORTS, min_size=1, max_size=14)


def events(stream: list[Any]) -> Iterator[tuple[str, Json]]:
    """Return the stream's events; a session that comes again has a higher revision."""
    for revision, stated in enumerate(stream, start=1):
        match stated:
            case ("session", name, day, discipline, program, list(services)):
                lines = [
                    service(number, code, minutes)
                    for number, (code, minutes) in enumerate(services, start=1)
                ]
                data = session(
                    f"S-{name}",
                    lines,
                    revision=revision,
                    discipline=discipline,
                    date_of_service=f"2026-03-0{day}",
                    payer={"payer_id": f"payer-{day % 2}", "program": program},
                )
                yield "session.amended", data
            case ("void", name):
                stated_void = {"session_id": f"S-{name}", "revision": 1, "patient_id": "P-1"}
                yield "session.voided", {**stated_void, "reason": "entered twice"}
            case _:
                _, minute, amount, group, day = stated
                through = {} if day is None else {"includes_through": f"2026-03-0{day}"}
                as_of = f"2026-03-02T14:0{minute}:30Z"
                yield (
                    "accrual.reported",
                    report(str(amount), as_of, threshold_group=group, **through),
                )


def ledgers(driver: Driver) -> Iterator[tuple[Ledger, list[Entry]]]:
    """Return every ledger with all its entries, in place order."""
    values = dict(driver.spend.items())
    for key, ledger in values.items():
        if key[0] == "ledger":
            keys = [ledger_segment_key(key, n) for n in range(ledger.count // SEGMENT)]
            full: list[LedgerSegment] = [values[each] for each in keys]
            yield ledger, [entry for each in full for entry in each.entries] + [*ledger.entries]


def total_of(ledger: Ledger) -> Decimal:
    """Return a ledger's running total."""
    reported = None if ledger.report is None else ledger.report.amount
    return running_total(ledger.total, reported, ledger.after_report)


@settings(max_examples=60)
@given(STREAMS)
def test_a_ledger_s_sums_are_those_of_its_entries(stream: list[Any]) -> None:
    """After any events the total is the sum of the entries, and so is what follows a report."""
    driver = Driver()
    for kind, data in events(stream):
        driver.send(RULEBOOK, kind, data)
    for ledger, entries in ledgers(driver):
        assert ledger.count == len(entries) == len({entry.visit_day_id for entry in entries})
        assert ledger.total == sum((entry.amount for entry in entries), ZERO)
        assert total_of(ledger) >= ledger.total
        known = ledger.report
        after = [
            entry.amount
            for entry in entries
            if known is not None
            and is_after(
                known.as_of, known.includes_through, entry.accrued_at, entry.date_of_service
            )
        ]
        assert ledger.after_report == sum(after, ZERO)


@settings(max_examples=60)
@given(STREAMS)
def test_what_was_emitted_last_of_a_day_is_what_stands_in_its_ledger(
    stream: list[Any],
) -> None:
    """Amount, balance before and running total of the last emissions agree with the ledgers."""
    driver = Driver()
    last: dict[str, Json] = {}
    for kind, data in events(stream):
        emitted = of_type(driver.send(RULEBOOK, kind, data), "spend.accrued")
        last |= {day["visit_day_id"]: day for day in emitted}
        totals = {str(total_of(ledger)) for ledger, _ in ledgers(driver)}
        # A session that moves is two events here: the last one of a ledger has the last word.
        spends = [day["spend"] for day in emitted if day["spend"] is not None]
        latest = {spend["threshold_group"]: spend["running_total"] for spend in spends}
        assert set(latest.values()) <= totals
    for _, entries in ledgers(driver):
        for entry in entries:
            spend, lines = last[entry.visit_day_id]["spend"], last[entry.visit_day_id]["lines"]
            assert str(entry.amount) == ("0.00" if spend is None else spend["amount"])
            if spend is not None and lines:
                assert str(entry.balance_before) == spend["balance_before"]


@settings(max_examples=60)
@given(STREAMS)
def test_what_was_passed_is_where_the_running_total_is(stream: list[Any]) -> None:
    """Ups and downs of each threshold take turns, and end on the side of the running total."""
    driver = Driver()
    above: dict[tuple[str, str], bool] = {}
    amounts = {"approaching_kx": "2232.00", "kx": "2480.00", "review": "3000.00"}
    for kind, data in events(stream):
        for crossed in of_type(driver.send(RULEBOOK, kind, data), "threshold.crossed"):
            line = (crossed["threshold_group"], crossed["threshold"])
            assert above.get(line, False) is (crossed["direction"] == "down")
            above[line] = crossed["direction"] == "up"
    for key, ledger in driver.spend.items():
        if key[0] == "ledger":
            for threshold, amount in amounts.items():
                is_over = total_of(ledger) > Decimal(amount)
                assert above.get((key[3], threshold), False) is is_over


@settings(max_examples=30)
@given(STREAMS)
def test_a_second_delivery_changes_nothing(stream: list[Any]) -> None:
    """Each event sent a second time at once emits nothing and leaves the state as it was."""
    driver = Driver()
    for kind, data in events(stream):
        driver.send(RULEBOOK, kind, data)
        before = dict(driver.spend.items())
        assert driver.repeat(RULEBOOK) == []
        assert dict(driver.spend.items()) == before
