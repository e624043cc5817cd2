"""What is kept of a visit day that waits, so that what waits can be counted."""

from datetime import date

import pytest
from msgspec.structs import replace

from commands.composition import Service, connect
from reference.rulebook import RuleBook
from runtime.memory import MemoryStateView
from runtime.processor import Key
from schemas.events import EventType
from schemas.values import FindingCode, Owner
from services.claims.state import DecisionState, Waiting
from tests.clinic import (
    Clinic,
    Json,
    decision,
    no_decision,
    plan_of_care,
    service,
    session,
    signature,
    unsigned,
)

SERVICES = [service(1, "97110", 15, charge="70.00")]
UNSIGNED = (Owner.THERAPIST, FindingCode.NOTE_NOT_SIGNED)
NO_PLAN = (Owner.THERAPIST, FindingCode.PLAN_OF_CARE_MISSING)


class Kept(Clinic):
    """A clinic whose claims' state can be looked at."""

    def __init__(self, rulebook: RuleBook) -> None:
        """Start with empty state."""
        super().__init__(rulebook)
        views = {each: MemoryStateView() for each in Service}
        self._pipeline = connect(rulebook, views)
        self.view = views[Service.CLAIMS]

    def decided(self) -> tuple[Key, DecisionState]:
        """Return the one decision that is kept."""
        (found,) = [each for each in self.view.items() if each[0][0] == "decision"]
        return found

    def waiting(self) -> Waiting | None:
        """Return what its day waits for."""
        return self.decided()[1].waiting

    def decide_again(self) -> list[Json]:
        """Ask for the day once more."""
        name = self.decided()[0][-1]
        asked = {"patient_id": "P-1", "visit_day_id": name, "reason": "once more"}
        return self.send("redecision.requested", asked)


@pytest.fixture
def kept(rulebook: RuleBook) -> Kept:
    """Return a clinic before its first session."""
    return Kept(rulebook)


def test_a_day_keeps_whose_documents_it_waits_for(kept: Kept) -> None:
    """With its amount; a document that comes leaves the rest."""
    needed = decision(kept.complete(unsigned("S-1", SERVICES)))
    amount = needed["amount_held"]
    assert kept.waiting() == Waiting((UNSIGNED, NO_PLAN), amount=amount)
    kept.receive(plan_of_care())
    assert kept.waiting() == Waiting((UNSIGNED,), amount=amount)
    kept.receive(signature("S-1"))
    assert (kept.waiting(), kept.decided()[1].history.type) == (None, EventType.CLAIM_READY)


def test_the_earliest_due_date_is_kept(kept: Kept) -> None:
    """Of two plans that are not certified; what has no due date has none to be kept."""
    for name, treated in (("POC-2", "2026-02-20"), ("POC-1", "2026-01-05")):
        content = {"certification": "none", "established_on": treated}
        document = f"D-{name}"
        plan = plan_of_care(name, document, **content, certified_on=None, first_treated_on=treated)
        kept.receive(plan)
        kept.complete(unsigned(f"S-{name}", SERVICES, plan_of_care_id=name))
    waiting = kept.waiting()
    assert waiting is not None
    assert waiting.due == date(2026, 2, 4)


def test_a_held_day_keeps_what_holds_it_and_nobodys_documents(kept: Kept) -> None:
    """Its note is unsigned too, which would not be enough."""
    kept.complete(unsigned("S-1", [service(1, "97999", 15)]))
    assert kept.waiting() == Waiting(blocked_by=(FindingCode.UNKNOWN_CODE,))


def test_a_day_that_is_emptied_waits_for_nothing(kept: Kept) -> None:
    """Its last decision stands, since no claim is out that could be withdrawn."""
    kept.complete(session("S-1", SERVICES))
    assert no_decision(kept.void("S-1"))
    assert kept.decided()[1].history.type is EventType.CLAIM_NEEDS_DOCUMENTATION
    assert kept.waiting() == Waiting()


def test_a_day_whose_reasons_were_not_kept_has_them_once_it_is_decided_again(kept: Kept) -> None:
    """An earlier release kept none; a decision that is no news is enough."""
    kept.complete(session("S-1", SERVICES))
    key, decided = kept.decided()
    kept.view.apply({key: replace(decided, waiting=None)})
    assert no_decision(kept.decide_again())
    assert kept.decided() == (key, decided)
