"""The decision on a visit day, against a biller's cases, and when it is news."""

import dataclasses
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from reference.facts import Facts, NoValueInForce
from reference.rulebook import RuleBook
from rules.authorizations import MISSING, AuthorizationJudgement
from rules.decision import (
    History,
    Outcome,
    amount_held,
    decide,
    is_news,
    prepare_day,
    withdrawal_reason,
)
from schemas.events import EventType
from schemas.values import DistinctModifier, EmptiedBy, WithdrawalReason
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


def given(case: Case, facts: Facts, **line: Any) -> list[tuple[str, ...]]:  # noqa: ANN401
    """Return the modifiers of the case's lines, of which the first is changed as stated."""
    visit = price_day(case, facts)
    first, *others = visit.priced.lines
    priced = replace(visit.priced, lines=(replace(first, **line), *others))
    day = prepare_day(priced, visit.on_file, history_of(case), facts)
    return [each.modifiers for each in day.lines]


@pytest.mark.parametrize(
    ("share", "has_kx"),
    [
        ("1", True),  # 2454.00 + 30.00 = 2484.00, over 2480.00
        ("0.85", False),  # 2454.00 + 25.50 = 2479.50
    ],
)
def test_an_assistants_line_needs_kx_by_what_it_accrues(
    share: str, rulebook: RuleBook, *, has_kx: bool
) -> None:
    """Where the amount after the assistant's cut accrues, it is that which may be over."""
    case = {"balance_before": "2454.00", "attestations": [{}]}
    facts = dataclasses.replace(facts_of(rulebook, case), assistant_accrual_share=Decimal(share))
    assert given(case, facts, assistant=True) == [("GP", "CQ", "KX") if has_kx else ("GP", "CQ")]


def test_a_stated_distinct_service_is_on_its_own_line(rulebook: RuleBook) -> None:
    """The line that the clinician stated to be distinct bears the modifier, and no other."""
    case = {"sessions": [{"services": [[97140, 15], [97530, 15]]}]}
    found = given(case, facts_of(rulebook, case), distinct_modifier=DistinctModifier.M59)
    assert found == [("GP", "59"), ("GP",)]
    assert given({}, facts_of(rulebook, {}), distinct_modifier=DistinctModifier.XE) == [
        ("GP", "XE")
    ]


def test_a_payer_may_ask_for_no_modifier_of_the_discipline(rulebook: RuleBook) -> None:
    """What the provider put on stays where the profile asks for no discipline."""
    case = {
        "program": "commercial",
        "sessions": [{"services": [[97110, 15, {"modifiers": ["95"]}]]}],
    }
    facts = facts_of(rulebook, case)
    silent = dataclasses.replace(facts.profile, discipline_modifiers=False)
    assert given(case, dataclasses.replace(facts, profile=silent)) == [("95",)]


def test_an_authorization_that_is_missing_stops_the_day(rulebook: RuleBook) -> None:
    """What the day has of the payer's authorizations is decided on."""
    facts = facts_of(rulebook, {})
    visit = price_day({}, facts)
    lacking = AuthorizationJudgement(problem=MISSING, reason="none on file")
    outcome = decide(visit.priced, replace(visit.on_file, authorized=lacking), History(), facts)
    assert [each.code for each in outcome.missing] == ["AUTHORIZATION_MISSING"]


def test_no_day_is_of_evaluations_alone_without_the_code_table(rulebook: RuleBook) -> None:
    """So its plan of care is asked for until the table says what an evaluation is."""
    case = {"sessions": [{"services": [[97161, 40]]}]}
    facts = facts_of(rulebook, case)
    visit = price_day(case, facts)
    bare = dataclasses.replace(facts, procedures=NoValueInForce("codes", facts.date_of_service))
    days = [prepare_day(visit.priced, visit.on_file, History(), each) for each in (facts, bare)]
    assert [each.is_evaluations_alone for each in days] == [True, False]


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
