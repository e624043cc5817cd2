"""The consumer ``claims`` alone: what comes twice, what is passed on, and what it keeps."""

from datetime import datetime

import pytest
from msgspec.structs import replace

from reference.rulebook import RuleBook
from runtime.consumer import Consumer, Handled
from runtime.memory import MemoryStateView
from schemas.envelope import Event, write_data
from schemas.events import EventType
from schemas.redecision import RedecisionRequested
from schemas.spend import SpendBalance, ThresholdCrossed
from schemas.structs import reader_of
from schemas.values import Basis, Direction, Threshold, ThresholdGroup
from services.claims.processor import ClaimsProcessor
from services.claims.state import DayState
from tests.rules.visit_days import LATER, Case, facts_of, price_day, read_plan

AT = datetime.fromisoformat(LATER)
CROSSED = ThresholdCrossed(
    patient_id="P-1",
    year=2026,
    threshold_group=ThresholdGroup.PT_SLP,
    threshold=Threshold.KX,
    direction=Direction.UP,
    balance="2500.00",
    amount_of_threshold="2480.00",
    visit_day_id=None,
)


class Claims:
    """The consumer with the events that ``spend`` would send it."""

    def __init__(self, rulebook: RuleBook) -> None:
        """Start with empty state."""
        self.view = MemoryStateView()
        self.rulebook = rulebook
        self._consumer = Consumer(ClaimsProcessor(rulebook), self.view, rulebook.version)

    def send(self, type_: str, data: object) -> Handled:
        """Send an event as ``spend`` would."""
        event = Event(
            type=type_, source="/therapy/spend", id="e", time=AT, partitionkey="P-1", data=data
        )
        return self._consumer.handle(event)

    def forget_decision(self) -> str:
        """Delete the decision on the only day, and return the day's id."""
        (key,) = [key for key, _ in self.view.items() if key[0] == "decision"]
        self.view.apply({key: None})
        return key[2]

    def accrue(self, case: Case, revision: int, *, is_empty: bool = False) -> Handled:
        """Send the case's day, or the same day without its sessions."""
        visit = price_day(case, facts_of(self.rulebook, case))
        day = replace(visit.accrued, revision=revision)
        if is_empty:
            day = replace(day, sessions=(), lines=(), total_allowed="0.00")
        return self.send(EventType.SPEND_ACCRUED, day)


@pytest.fixture
def claims(rulebook: RuleBook) -> Claims:
    """Return the consumer with the plan of care on file."""
    made = Claims(rulebook)
    made.send(EventType.DOCUMENTATION_RECEIVED, read_plan({}))
    return made


def test_the_same_revision_of_a_day_changes_nothing(claims: Claims) -> None:
    """A second delivery leaves the state as it was and emits nothing."""
    assert len(claims.accrue({}, 1).emitted) == 1
    kept = dict(claims.view.items())
    assert claims.accrue({}, 1).emitted == ()
    assert dict(claims.view.items()) == kept


def test_an_older_revision_of_a_day_changes_nothing(claims: Claims) -> None:
    """A day is what its highest revision says."""
    claims.accrue({"units": {97110: 2}}, 2)
    assert claims.accrue({}, 1).emitted == ()


def test_a_crossed_threshold_is_passed_on(claims: Claims) -> None:
    """A crossed threshold goes on to the bus as it came."""
    assert claims.send(EventType.THRESHOLD_CROSSED, CROSSED) == Handled((), passes_on=True)


def test_a_balance_of_a_ledger_without_days_decides_nothing(claims: Claims) -> None:
    """A running total may be known before the first day of its ledger."""
    balance = SpendBalance(
        patient_id="P-1",
        year=2026,
        threshold_group=ThresholdGroup.PT_SLP,
        running_total="100.00",
        basis=Basis.REPORTED,
        reported_as_of=AT,
    )
    assert claims.send(EventType.SPEND_BALANCE, balance) == Handled((), passes_on=False)


def test_a_day_that_lost_a_session_forgets_it(claims: Claims) -> None:
    """The state of a session that is no longer in the day is deleted."""
    claims.accrue({"sessions": [{}, {}]}, 1)
    claims.accrue({"sessions": [{}]}, 2)
    sessions = [key for key, _ in claims.view.items() if key[0] == "day_session"]
    assert len(sessions) == 1


def test_a_kept_day_is_decided_again_as_it_was(claims: Claims) -> None:
    """What is kept of a day gives the same decision, in the same words, as what came."""
    case = {"findings": ["SESSIONS_DISAGREE"], "sessions": [{"note": None}, {}]}
    (first,) = claims.accrue(case, 1).emitted
    request = RedecisionRequested(
        patient_id="P-1", visit_day_id=claims.forget_decision(), reason="again"
    )
    (again,) = claims.send(EventType.REDECISION_REQUESTED, request).emitted
    assert again.data == first.data


def test_no_value_grows_with_the_patients_history(claims: Claims) -> None:
    """After a hundred days, values are as large as lists of 32 days at most."""
    for number in range(100):
        visit = price_day({"findings": ["SESSIONS_DISAGREE"]}, facts_of(claims.rulebook, {}))
        day = replace(visit.accrued, visit_day_id=f"{number:036}", revision=1)
        claims.send(EventType.SPEND_ACCRUED, day)
    lists = [value for key, value in claims.view.items() if key[0].endswith("_days")]
    assert max(len(write_data(each)) for each in lists) < 2048


def test_a_day_kept_before_its_notes_were_compared_is_read(claims: Claims) -> None:
    """A kept day says nothing of notes where none was compared, as it did before they were."""
    claims.accrue({"program": "commercial"}, 1)
    (kept,) = [value for key, value in claims.view.items() if key[0] == "day"]
    assert b'"notes"' not in write_data(kept)
    assert reader_of(DayState)(write_data(kept)) == kept
