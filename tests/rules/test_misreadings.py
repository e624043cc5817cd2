"""Claims that are often read on billing pages, each with a visit day that shows what holds."""

import json
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest

from commands.composition import build_pipeline
from reference.facts import NoValueInForce
from reference.rulebook import RuleBook
from schemas.envelope import Event, write_structured
from schemas.events import CLINICAL
from schemas.reading import Reader, Unreadable
from schemas.values import Program, ThresholdGroup
from tests.clinic import Json, decision, event, of_type, plan_of_care, service, session
from tests.rules.visit_days import Case, load_cases

CLAIMS: list[Case] = load_cases(__file__)
FIRST = date(2026, 3, 2)
SHOWN = {
    f"{claim['claim']} {number}": shown
    for claim in CLAIMS
    for number, shown in enumerate(claim.get("shown", []), 1)
}


def visit(shown: Case, place: int) -> Json:
    """Return the session of a case, so many days after its first."""
    services = [
        service(number, str(code), minutes, **(more[0] if more else {}))
        for number, (code, minutes, *more) in enumerate(shown["services"], 1)
    ]
    more: Json = {name: shown[name] for name in ("discipline", "clinicians") if name in shown}
    program = shown.get("program", "medicare_ffs")
    more["date_of_service"] = str(FIRST + timedelta(days=place))
    return session(f"S-{place}", services, payer={"payer_id": "any", "program": program}, **more)


def send(rulebook: RuleBook, shown: Case) -> list[Json] | Unreadable:
    """Return what all consumers make of the case's day, or why it is unread.

    A plan of care comes before it, and as many visits of its kind as were ``earlier``.
    """
    reader, pipeline = Reader(CLINICAL), build_pipeline(rulebook)
    visits = [visit(shown, place) for place in range(shown.get("earlier", 0) + 1)]
    sent = [("documentation.received", plan_of_care())]
    sent += [("session.completed", each) for each in visits]
    emitted: list[Json] = []
    for number, (kind, data) in enumerate(sent):
        at = f"2026-04-02T15:{number:02}:00-06:00"
        came = event(kind, data, time=at, event_id=f"e-{number}")
        read = reader.read_structured(json.dumps(came).encode())
        if isinstance(read, Unreadable):
            return read
        emitted = []
        for each in pipeline.run(read):
            assert isinstance(each, Event), each
            emitted.append(json.loads(write_structured(each)))
    return emitted


@pytest.mark.parametrize("shown", SHOWN.values(), ids=SHOWN)
def test_what_holds_is_decided(shown: Case, rulebook: RuleBook) -> None:
    """The day comes to what holds, whatever the claim says."""
    emitted = send(rulebook, shown)
    if "unread" in shown:
        assert isinstance(emitted, Unreadable)
        assert emitted.detail == shown["unread"]
        return
    assert not isinstance(emitted, Unreadable)
    decided = decision(emitted)
    assert decided["kind"] == shown.get("kind", "ready")
    lines = {line["code"]: line for line in decided["lines"]}
    if "lines" in shown:
        assert lines.keys() == {str(code) for code in shown["lines"]}
    for code, stated in shown.get("lines", {}).items():
        line = lines[str(code)]
        assert {name: line[_FIELDS.get(name, name)] for name in stated} == stated
    assert [each["code"] for each in decided["unbilled"]] == list(
        map(str, shown.get("unbilled", []))
    )
    found = {each["code"] for each in decided["findings"]}
    assert set(shown.get("reports", [])) <= found
    if "each_unit_less" in shown:
        assert _falls(emitted, str(shown["each_unit_less"]))


_FIELDS = {"allowed": "allowed_amount"}


def _falls(emitted: list[Json], code: str) -> bool:
    """Say whether each unit of a code is priced below the one before it."""
    [day] = of_type(emitted, "spend.accrued")
    [line] = [each for each in day["lines"] if each["code"] == code]
    prices = [Decimal(each) for each in line["price"]["per_unit"]]
    return all(after < before for before, after in pairwise(prices))


def test_each_code_has_its_own_label(rulebook: RuleBook) -> None:
    """What a claim calls by another code's name has that name in the procedure table."""
    procedures = rulebook.on(date(2026, 3, 2), "any", Program.MEDICARE_FFS).procedures
    assert not isinstance(procedures, NoValueInForce)
    labels = [each for claim in CLAIMS for each in claim.get("labels", {}).items()]
    assert labels
    for code, word in labels:
        assert word in procedures[str(code)].label.lower()


def test_the_review_threshold_is_the_statutes(rulebook: RuleBook) -> None:
    """It is in force up to the last day that the statute names an amount for."""
    stated = [each for claim in CLAIMS for each in claim.get("review_threshold", {}).items()]
    assert stated
    for day, amount in stated:
        thresholds = rulebook.on(day, "any", Program.MEDICARE_FFS).thresholds
        assert not isinstance(thresholds, NoValueInForce)
        for group in ThresholdGroup:
            review = thresholds[group].review
            found = None if isinstance(review, NoValueInForce) else str(review)
            assert found == amount


def test_each_claim_is_shown() -> None:
    """No claim stands without what holds, and something that shows it."""
    for claim in CLAIMS:
        assert claim["page"] in {"guide", "network policy", "article"}
        assert claim["holds"]
        assert claim.keys() & {"shown", "labels", "review_threshold"}
