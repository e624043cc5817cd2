"""A visit day's claims through their versions: original, replacement, withdrawal."""

import pytest
from msgspec.structs import replace

from reference.rulebook import RuleBook
from rules.claim import advance, identify_claim, keep_kx_balance, write_decision
from rules.decision import History, Outcome, OutstandingClaim
from schemas.claims import (
    ClaimHeld,
    ClaimNeedsDocumentation,
    ClaimReady,
    ClaimVersion,
    ClaimWithdrawn,
    Decision,
)
from schemas.events import EventType
from schemas.session import Authorization
from tests.rules.test_decision import decide_case
from tests.rules.visit_days import Case

READY: Case = {}
MORE: Case = {"units": {97110: 2}}
HELD: Case = {"findings": ["SESSIONS_DISAGREE"]}
EMPTY: Case = {"no_lines": True, "outstanding": {"97110": 1}}


def write_all(outcomes: list[Outcome]) -> list[Decision]:
    """Return the decisions that the outcomes lead to, one after the other."""
    history, written = History(), []
    for outcome in outcomes:
        after = advance(outcome, history)
        written.append(write_decision(outcome, history, after))
        history = after
    return written


def test_versions_count_and_the_claim_keeps_its_id(rulebook: RuleBook) -> None:
    """A replacement has the claim's id, frequency 7, and names the version that it replaces."""
    first, second, third = write_all([decide_case(case, rulebook) for case in (READY, MORE, MORE)])
    assert isinstance(first, ClaimReady)
    assert isinstance(second, ClaimReady)
    assert isinstance(third, ClaimReady)
    assert (first.version, first.frequency_code, first.replaces) == (1, "1", None)
    assert (second.claim_id, second.frequency_code) == (first.claim_id, "7")
    assert second.replaces is not None
    assert (second.replaces.claim_id, second.replaces.version) == (first.claim_id, 1)
    assert third.replaces is not None
    assert third.replaces.version == 2


def test_the_history_holds_what_the_next_decision_is_compared_with(rulebook: RuleBook) -> None:
    """Type, fingerprint, the claim that is out with its units, and how many there have been."""
    two = {"sessions": [{"services": [[97110, 15], [97140, 30]]}]}
    outcome = decide_case(two, rulebook)
    ready = advance(outcome, History())
    assert ready == History(
        version=1,
        type=EventType.CLAIM_READY,
        fingerprint=outcome.fingerprint,
        outstanding=OutstandingClaim(
            claim_id=identify_claim("D-1", 1), version=1, units=(("97110", 1), ("97140", 2))
        ),
        originals=1,
        kx_balance="0.00",
    )
    kept = replace(ready, outstanding=OutstandingClaim("C-1", 1, (("97110", 1),)))
    replaced = advance(outcome, kept)
    assert replaced.outstanding == OutstandingClaim("C-1", 2, (("97110", 1), ("97140", 2)))
    assert replaced.originals == 1


def test_a_claim_is_one_of_its_visit_day() -> None:
    """Another day, or another claim of the day, has another id."""
    assert len({identify_claim(day, nth) for day in ("D-1", "D-2") for nth in (1, 2)}) == 4


@pytest.mark.parametrize("blocked", [HELD, {"sessions": [{"note": {"one_on_one": True}}]}])
def test_a_blocked_day_says_what_is_held_and_what_is_out(
    blocked: Case, rulebook: RuleBook
) -> None:
    """Its amount is that of the priced lines, and the claim in doubt is the one that is out."""
    first, written = write_all([decide_case(case, rulebook) for case in (READY, blocked)])
    assert isinstance(first, ClaimReady)
    assert isinstance(written, ClaimHeld | ClaimNeedsDocumentation)
    assert written.amount_held == "30.00"
    assert written.outstanding == ClaimVersion(first.claim_id, 1)


def test_a_ready_claim_has_what_its_session_states(rulebook: RuleBook) -> None:
    """The place of service and the authorization that the session names go on the claim."""
    stated = {"place_of_service": "11", "authorization": {"number": "A-1"}}
    (ready,) = write_all([decide_case({"sessions": [stated]}, rulebook)])
    assert isinstance(ready, ClaimReady)
    assert ready.place_of_service == "11"
    assert ready.authorization == Authorization(number="A-1")
    assert ready.total_allowed == "30.00"


def test_a_claim_in_doubt_is_named(rulebook: RuleBook) -> None:
    """A blocked day names the claim that is out, and replaces it when it is ready again."""
    _, held, ready = write_all([decide_case(case, rulebook) for case in (READY, HELD, READY)])
    assert isinstance(held, ClaimHeld)
    assert held.outstanding is not None
    assert held.outstanding.version == 1
    assert isinstance(ready, ClaimReady)
    assert (ready.frequency_code, ready.version) == ("7", 3)


def test_after_a_withdrawal_the_next_claim_is_an_original(rulebook: RuleBook) -> None:
    """A withdrawal takes back the claim, and the next one has an id of its own."""
    first, withdrawn, second = write_all(
        [decide_case(case, rulebook) for case in (READY, EMPTY, READY)]
    )
    assert isinstance(first, ClaimReady)
    assert isinstance(withdrawn, ClaimWithdrawn)
    assert isinstance(second, ClaimReady)
    assert (withdrawn.claim_id, withdrawn.frequency_code) == (first.claim_id, "8")
    assert withdrawn.reason == "no_unit"
    assert second.claim_id != first.claim_id
    assert second.frequency_code == "1"


def test_the_balance_is_kept_from_the_first_time_that_the_day_is_ready(
    rulebook: RuleBook,
) -> None:
    """A held day keeps no balance; a ready one keeps its own for ever."""
    low, high = {"running_total": "130.00"}, {"running_total": "1000.00"}
    held = advance(decide_case({**HELD, **low}, rulebook), History())
    assert held.kx_balance is None
    ready = advance(decide_case(low, rulebook), held)
    assert ready.kx_balance == "100.00"
    assert keep_kx_balance(decide_case(high, rulebook), ready) is ready
    unkept = replace(ready, kx_balance=None)
    assert keep_kx_balance(decide_case(low, rulebook), unkept) == ready


def test_a_ready_day_carries_its_plan_of_care(rulebook: RuleBook) -> None:
    """A ready claim names the plan and who certified it; a day of evaluations alone names none."""
    evaluation = {"sessions": [{"services": [[97161, 40]]}], "units": {97161: 1}}
    ready, evaluated = (write_all([decide_case(c, rulebook)])[0] for c in (READY, evaluation))
    assert isinstance(ready, ClaimReady)
    assert ready.plan_of_care is not None
    assert ready.plan_of_care.plan_of_care_id == "POC-1"
    assert ready.certifying_npi == "1222222220"
    assert isinstance(evaluated, ClaimReady)
    assert evaluated.plan_of_care is None
    assert evaluated.certifying_npi is None


@pytest.mark.parametrize("balance", ["2470.00", "2480.00"])
def test_a_line_that_needs_kx_says_why(balance: str, rulebook: RuleBook) -> None:
    """A step says on which balance KX was judged, and the decision's spend holds that balance."""
    case = {"balance_before": balance, "attestations": [{}]}
    (ready,) = write_all([decide_case(case, rulebook)])
    assert ready.lines[0].modifiers == ("GP", "KX")
    assert ready.spend is not None
    assert ready.spend.kx_balance == balance
    assert f"${balance}" in ready.steps[-1]
    assert decide_case(case, rulebook).type is EventType.CLAIM_READY
