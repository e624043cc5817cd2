"""Which authorization serves a visit day, and what it takes of it, against a biller's cases."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from pydantic import TypeAdapter
from pydantic_core import to_json

from reference.facts import AuthorizationRule, Facts
from reference.rulebook import RuleBook
from rules.authorizations import (
    Grant,
    OnHand,
    Place,
    Taken,
    asks_for_places,
    grants_in_force,
    judge_authorization,
    need_of,
    read_authorization,
)
from rules.claim_lines import DayLine
from schemas.documentation import PayerAuthorization
from schemas.session import Authorization, Session
from schemas.values import AuthorizationUnit, Discipline, Program
from tests.clinic import document
from tests.rules.visit_days import Case, load_cases, sessions_of

ON = (date(2026, 3, 2), Discipline.PT)


@pytest.mark.parametrize("case", load_cases(__file__), ids=lambda case: case["name"])
def test_a_day_takes_what_the_case_says(case: Case, rulebook: RuleBook) -> None:
    """The day's place and what it lacks are the case's."""
    facts = facts_of(rulebook, case)
    need = need_of(ON, lines_of(case), sessions_naming(case.get("named", [])), facts)
    on_hand = OnHand(
        grants_in_force([grant(**each) for each in case.get("grants", [{}])]),
        case.get("used", {}),
        Taken(**case.get("taken", {})),
    )
    judged = judge_authorization(need, on_hand, Place(**case.get("has", {})), facts)
    kept: Case = case.get("has", {}) if "problem" in case else {}
    expected: Case = case.get("takes", kept)
    assert judged.place == Place(**expected)
    assert judged.problem == case.get("problem")
    assert judged.reason == case.get("why", "")


def test_the_document_dated_last_says_what_a_number_is() -> None:
    """Of two documents of one number, the later dated is in force, then the later id."""
    first = grant(document_id="D-2", quantity=1)
    later = grant(document_id="D-1", quantity=2, dated=date(2026, 1, 3))
    same_day = grant(document_id="D-3", quantity=3, dated=date(2026, 1, 3))
    assert grants_in_force([later, first]) == (later,)
    assert grants_in_force([same_day, later, first]) == (same_day,)


def test_a_document_is_read_whole() -> None:
    """What the document says is what the payer authorized, part by part."""
    content = {
        "number": "A-7",
        "payer_id": "any",
        "unit": "unit_15",
        "quantity": 24,
        "valid_from": "2026-02-01",
        "valid_through": "2026-07-31",
        "codes": ["97110", "97140"],
    }
    data = document("authorization", "D-7", content, discipline="OT")
    read = read_authorization(TypeAdapter(PayerAuthorization).validate_json(to_json(data)))
    assert read == Grant(
        document_id="D-7",
        dated=date(2026, 3, 3),
        number="A-7",
        discipline=Discipline.OT,
        unit=AuthorizationUnit.UNIT_15,
        quantity=24,
        valid_from=date(2026, 2, 1),
        valid_through=date(2026, 7, 31),
        codes=("97110", "97140"),
    )


def test_only_a_payer_that_asks_is_looked_at(rulebook: RuleBook) -> None:
    """Medicare asks for no authorization and counts no visits; VA authorizes care beforehand."""
    day = ON[0]
    assert not asks_for_places(rulebook.on(day, "any", Program.MEDICARE_FFS))
    assert asks_for_places(rulebook.on(day, "any", Program.VA))


def facts_of(rulebook: RuleBook, case: Case) -> Facts:
    """Return the facts of a payer with the case's policies."""
    facts = rulebook.on(ON[0], "any", Program.MEDICAID)
    stated = case.get("rule", {})
    rule = None if stated is None else AuthorizationRule(**stated)
    most = case.get("visits_per_year")
    profile = replace(facts.profile, authorization=rule, visits_per_year=most)
    return replace(facts, profile=profile)


def grant(**stated: object) -> Grant:
    """Return the authorization A-1, changed as stated."""
    whole: dict[str, Any] = {
        "document_id": f"D-{stated.get('number', 'A-1')}",
        "dated": date(2026, 1, 2),
        "number": "A-1",
        "discipline": None,
        "quantity": 10,
        "valid_from": date(2026, 1, 1),
        "valid_through": date(2026, 12, 31),
        "codes": None,
        **stated,
    }
    return Grant(**{**whole, "unit": AuthorizationUnit(str(stated.get("unit", "visit")))})


def lines_of(case: Case) -> list[DayLine]:
    """Return the case's lines: ``[code, units]``, or ``[code, units, untimed]``."""
    stated = case.get("lines", [[97110, 2]])
    return [
        DayLine(number, str(code), units, not untimed, None, ())
        for number, (code, units, *untimed) in enumerate(stated, 1)
    ]


def sessions_naming(numbers: list[str]) -> tuple[Session, ...]:
    """Return a session for each number, which names it; one that names none where none is."""
    if not numbers:
        return sessions_of({})
    return tuple(
        session.model_copy(update={"authorization": Authorization(number=number)})
        for session, number in zip(
            sessions_of({"sessions": [{} for _ in numbers]}), numbers, strict=True
        )
    )
