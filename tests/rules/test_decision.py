"""The decision on a visit day, against a biller's cases, and when it is news."""

import dataclasses

import pytest
from msgspec.structs import replace

from reference.facts import NoValueInForce
from reference.rulebook import RuleBook
from rules.decision import History, Outcome, amount_held, decide, is_news, withdrawal_reason
from schemas.events import EventType
from schemas.values import EmptiedBy, WithdrawalReason
from tests.rules.visit_days import (
    Case,
    facts_of,
    history_of,
    load_cases,
    price_day,
)


def decide_case(case: Case, rulebook: RuleBook) -> Outcome:
    """Return what the case's day comes to."""
    facts = facts_of(rulebook, case)
    visit = price_day(case, facts)
    priced = visit.priced
    if case.get("no_lines"):
        priced = replace(priced, lines=(), total_allowed="0.00")
    return decide(priced, visit.on_file, history_of(case), facts)


@pytest.mark.parametrize("case", load_cases(__file__), ids=lambda case: case["name"])
def test_a_visit_day_comes_to_the_decision_of_the_case(case: Case, rulebook: RuleBook) -> None:
    """The type, what blocks, what is missing and the amount held are the case's."""
    outcome = decide_case(case, rulebook)
    assert outcome.type == f"therapy.claim.{case['type']}.v1"
    blocked_by = [{"code": each.code, "lines": list(each.lines)} for each in outcome.blocked_by]
    assert blocked_by == case.get("blocked_by", [])
    missing = [
        {
            "code": each.code,
            "owner": each.owner,
            "lines": list(each.lines),
            "sessions": list(each.session_ids),
            **({} if each.due is None else {"due": each.due}),
            **({} if each.plan_of_care_id is None else {"plan": each.plan_of_care_id}),
        }
        for each in outcome.missing
    ]
    assert missing == case.get("missing", [])
    if "missing" in case:
        assert amount_held(outcome.day) == case.get("held")


SAME: tuple[Case, ...] = (
    {},
    {"running_total": "900.00"},
    {"findings": ["CLINICIAN_CHOICE_OF_UNIT"]},
)
OTHER: tuple[Case, ...] = (
    {"sessions": [{"services": [[97110, 15, {"charge": "71.00"}]]}]},
    {"sessions": [{"services": [[97110, 15, {"modifiers": ["GA"]}]]}]},
    {"sessions": [{"diagnoses": ["M25.562"]}]},
    {"sessions": [{"place_of_service": "11"}]},
    {"sessions": [{"authorization": {"number": "A-1"}}]},
    {"sessions": [{"clinicians": [{"npi": "1444444442", "role": "therapist"}]}]},
    {"units": {97110: 2}},
    {"plans": [{"certifying_npi": "1999999992"}]},
    {"balance_before": "2480.00", "attestations": [{}]},
    {"sessions": [{"note": None}]},
)


@pytest.mark.parametrize("case", SAME)
def test_what_is_not_on_the_claim_is_no_news(case: Case, rulebook: RuleBook) -> None:
    """A ready day is not news when balances, arithmetic or information alone change."""
    ready = decide_case({}, rulebook)
    history = History(version=1, type=ready.type, fingerprint=ready.fingerprint)
    assert not is_news(decide_case(case, rulebook), history)


@pytest.mark.parametrize("case", OTHER)
def test_what_is_on_the_claim_is_news(case: Case, rulebook: RuleBook) -> None:
    """A ready day is news when anything that goes on the claim changes."""
    ready = decide_case({}, rulebook)
    history = History(version=1, type=ready.type, fingerprint=ready.fingerprint)
    assert is_news(decide_case(case, rulebook), history)


def test_a_blocked_day_is_news_by_what_it_waits_for(rulebook: RuleBook) -> None:
    """A blocked day is news when its demands or its amount change, and not by a charge."""
    unsigned = {"sessions": [{"note": {"one_on_one": True}}]}
    blocked = decide_case(unsigned, rulebook)
    history = History(version=1, type=blocked.type, fingerprint=blocked.fingerprint)
    charged = {"note": {"one_on_one": True}, "services": [[97110, 15, {"charge": "90.00"}]]}
    assert not is_news(decide_case({"sessions": [charged]}, rulebook), history)
    assert is_news(decide_case({**unsigned, "allowed": {97110: "31.00"}}, rulebook), history)
    assert is_news(decide_case({**unsigned, "plans": []}, rulebook), history)
    held = decide_case({"findings": ["SESSIONS_DISAGREE"]}, rulebook)
    before = History(version=1, type=held.type, fingerprint=held.fingerprint)
    otherwise = decide_case({"findings": ["NO_VALUE_IN_FORCE"]}, rulebook)
    assert otherwise.type is held.type
    assert is_news(otherwise, before)


def test_an_estimate_is_no_news(rulebook: RuleBook) -> None:
    """Other shares of the payment change what the lines estimate, and no decision."""
    facts = facts_of(rulebook, {})
    visit = price_day({}, facts)
    ready = decide(visit.priced, visit.on_file, History(), facts)
    history = History(version=1, type=ready.type, fingerprint=ready.fingerprint)
    missing = NoValueInForce("sequestration", facts.date_of_service)
    other = dataclasses.replace(facts, payment_shares=missing)
    again = decide(visit.priced, visit.on_file, history, other)
    assert [line.estimate is None for line in (*ready.day.lines, *again.day.lines)] == [
        False,
        True,
    ]
    assert not is_news(again, history)


@pytest.mark.parametrize(
    ("emptied_by", "reason"),
    [
        (EmptiedBy.MOVED, WithdrawalReason.MOVED),
        (EmptiedBy.VOIDED, WithdrawalReason.VOIDED),
        (None, WithdrawalReason.VOIDED),
    ],
)
def test_a_withdrawal_says_what_became_of_the_sessions(
    emptied_by: EmptiedBy | None, reason: WithdrawalReason, rulebook: RuleBook
) -> None:
    """A day whose sessions went to another says so; any other without sessions was voided."""
    facts = facts_of(rulebook, {})
    visit = price_day({}, facts)
    empty = replace(visit.priced, lines=(), emptied_by=emptied_by)
    nothing = replace(visit.on_file, sessions=())
    outcome = decide(empty, nothing, history_of({"outstanding": {"97110": 1}}), facts)
    assert outcome.type is EventType.CLAIM_WITHDRAWN
    assert withdrawal_reason(outcome.day) is reason


def test_an_empty_day_without_a_claim_is_no_news(rulebook: RuleBook) -> None:
    """A day without sessions on which no claim is out has no decision."""
    facts = facts_of(rulebook, {})
    visit = price_day({}, facts)
    empty, nothing = replace(visit.priced, lines=()), replace(visit.on_file, sessions=())
    outcome = decide(empty, nothing, History(), facts)
    assert outcome.type is None
    assert not is_news(outcome, History())
