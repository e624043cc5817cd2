"""Authorizations through the consumers: used up, given back, waited for, in any order."""

import shutil
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference.rulebook import PACKAGE, RuleBook, load
from tests.clinic import Clinic, Json, decision, document, missing, of_type, service, session

READY, NEEDS, HELD = "claim.ready", "claim.needs-documentation", "claim.held"
VIRGINIA = {"payer_id": "va-medicaid", "program": "medicaid"}
PRIME = {"payer_id": "tricare-prime", "program": "tricare"}
FIRST = date(2026, 3, 2)
CAPPED = """\
profile: capped
program: commercial
payer_ids: [capped]
values:
  - from: 2026-01-01
    through: 2027-12-31
    unit_rule: cpt_midpoint
    visits_per_year: "2"
    cites: [payer-policy]
"""


def visit(
    number: int,
    payer: Json = PRIME,
    minutes: int = 15,
    services: list[Json] | None = None,
    **more: object,
) -> Json:
    """Return the session of a visit, one a day: the first is on 2026-03-02."""
    done = services or [service(1, "97110", minutes, charge="70.00")]
    on = (FIRST + timedelta(number - 1)).isoformat()
    data = session(f"S-{number}", done, payer=payer, date_of_service=on)
    return {**data, **more}


def authorization(
    number: str = "A-1",
    quantity: int = 2,
    payer: Json = PRIME,
    *,
    revision: int = 1,
    more: Json | None = None,
    **content: object,
) -> Json:
    """Return an authorization of visits in 2026; its document is named after its number."""
    stated = {
        "number": number,
        "payer_id": payer["payer_id"],
        "unit": "visit",
        "quantity": quantity,
        "valid_from": "2026-01-01",
        "valid_through": "2026-12-31",
        **content,
    }
    data = document("authorization", f"D-{number}", stated, revision=revision)
    return {**data, **(more or {})}


def test_a_day_without_authorization_waits_and_resumes_by_itself(clinic: Clinic) -> None:
    """The authorization that comes late makes the day ready and stands on its claim."""
    waiting = decision(clinic.complete(visit(1)))
    assert waiting["kind"] == "needs-documentation"
    assert missing(waiting) == ["AUTHORIZATION_MISSING"]
    assert waiting["missing"][0]["owner"] == "front_office"
    (ready,) = of_type(clinic.receive(authorization()), READY)
    assert ready["authorization"] == {"number": "A-1"}


def test_an_authorization_before_its_sessions_serves_them(clinic: Clinic) -> None:
    """With the authorization on file, the day is ready at once."""
    assert clinic.receive(authorization()) == []
    assert decision(clinic.complete(visit(1)))["authorization"] == {"number": "A-1"}


def test_visits_are_used_up_and_the_next_is_held(clinic: Clinic) -> None:
    """Of two visits authorized the third is held, and says what is used up."""
    clinic.receive(authorization(quantity=2))
    kinds = [decision(clinic.complete(visit(number)))["kind"] for number in (1, 2)]
    held = decision(clinic.complete(visit(3)))
    assert (kinds, held["kind"]) == (["ready", "ready"], "held")
    assert held["blocked_by"] == [{"code": "AUTHORIZATION_EXHAUSTED", "lines": [1]}]
    (said,) = [each["message"] for each in held["findings"] if each["severity"] == "blocking"]
    assert said == "Used up: 2 of 2 visits of the authorization."


def test_a_visit_of_four_units_is_one_visit(clinic: Clinic) -> None:
    """TRICARE counts visits and not units, and two sessions of a day are one visit."""
    clinic.receive(authorization(quantity=2))
    clinic.complete(visit(1, minutes=60))
    clinic.complete(visit(1, minutes=30, session_id="S-1b"))
    assert decision(clinic.complete(visit(2)))["kind"] == "ready"


def test_units_of_fifteen_minutes_are_used_up(clinic: Clinic) -> None:
    """Of five units, four and one are used; what is untimed uses none."""
    clinic.receive(authorization(quantity=5, unit="unit_15"))
    done = [service(1, "97110", 60), service(2, "97150", 30)]
    assert decision(clinic.complete(visit(1, services=done)))["kind"] == "ready"
    assert decision(clinic.complete(visit(2, minutes=30)))["kind"] == "held"
    assert decision(clinic.complete(visit(3, minutes=15)))["kind"] == "ready"


def test_a_voided_visit_comes_back_to_the_one_that_waited_first(clinic: Clinic) -> None:
    """What the void gives back goes to the day that began to wait first, by itself."""
    clinic.receive(authorization(quantity=1))
    for number in (1, 3, 2):
        clinic.complete(visit(number))
    emitted = clinic.void("S-1")
    (ready,) = of_type(emitted, READY)
    assert (ready["session_ids"], ready["authorization"]) == (["S-3"], {"number": "A-1"})
    assert of_type(emitted, HELD) == []


def test_fewer_units_give_the_difference_back(clinic: Clinic) -> None:
    """An amended session that needs two units less lets the day that waited have them."""
    clinic.receive(authorization(quantity=4, unit="unit_15"))
    clinic.complete(visit(1, minutes=60))
    assert decision(clinic.complete(visit(2, minutes=30)))["kind"] == "held"
    ready = of_type(clinic.amend(visit(1, minutes=30, revision=2)), READY)
    assert [each["session_ids"] for each in ready] == [["S-1"], ["S-2"]]


def test_more_units_than_are_left_hold_the_day_and_keep_its_place(clinic: Clinic) -> None:
    """A claim that is out keeps its units; the correction that needs more is held."""
    clinic.receive(authorization(quantity=4, unit="unit_15"))
    clinic.complete(visit(1, minutes=30))
    clinic.complete(visit(2, minutes=30))
    held = decision(clinic.amend(visit(1, minutes=45, revision=2)))
    assert (held["kind"], held["outstanding"]["version"]) == ("held", 1)
    assert decision(clinic.complete(visit(3)))["kind"] == "held"


def test_a_day_that_moves_to_another_payer_gives_its_visit_back(clinic: Clinic) -> None:
    """The day that a corrected payer empties leaves its visit to the day that waited."""
    clinic.receive(authorization(quantity=1))
    clinic.complete(visit(1))
    clinic.complete(visit(2))
    other = {"payer_id": "commercial-one", "program": "commercial"}
    emitted = clinic.amend(visit(1, other, revision=2))
    assert [each["session_ids"] for each in of_type(emitted, READY)] == [["S-2"], ["S-1"]]


def test_a_higher_quantity_resumes_the_days_that_wait(clinic: Clinic) -> None:
    """A later revision with more visits lets those that waited have them, by their dates."""
    clinic.receive(authorization(quantity=1))
    for number in (1, 2, 3, 4):
        clinic.complete(visit(number))
    ready = of_type(clinic.receive(authorization(quantity=3, revision=2)), READY)
    assert [each["session_ids"] for each in ready] == [["S-2"], ["S-3"]]


def test_another_number_resumes_the_days_that_wait(clinic: Clinic) -> None:
    """The payer's next authorization serves the days that the first has no room for."""
    clinic.receive(authorization("A-1", 1))
    clinic.complete(visit(1))
    clinic.complete(visit(2))
    (ready,) = of_type(clinic.receive(authorization("A-2", 1)), READY)
    assert ready["authorization"] == {"number": "A-2"}


def test_a_lower_quantity_leaves_the_days_that_have_their_places(clinic: Clinic) -> None:
    """A place once taken is kept; only the next day feels the lower number."""
    clinic.receive(authorization(quantity=3))
    clinic.complete(visit(1))
    clinic.complete(visit(2))
    assert clinic.receive(authorization(quantity=1, revision=2)) == []
    assert decision(clinic.complete(visit(3)))["kind"] == "held"


def test_a_shorter_window_puts_the_days_outside_it_in_doubt(clinic: Clinic) -> None:
    """A revision that no longer covers a ready day's date makes it ask for another."""
    clinic.receive(authorization())
    clinic.complete(visit(1))
    doubted = decision(clinic.receive(authorization(revision=2, valid_through="2026-03-01")))
    assert missing(doubted) == ["AUTHORIZATION_MISSING"]
    assert doubted["outstanding"]["version"] == 1


@pytest.mark.parametrize(
    "narrow",
    [
        {"valid_from": "2026-03-03"},
        {"valid_through": "2026-03-01"},
        {"codes": ["97112", "97530"]},
        {"payer_id": "tx-medicaid"},
        {"more": {"discipline": "OT"}},
    ],
    ids=["begins later", "ended before", "other codes", "other payer", "other discipline"],
)
def test_an_authorization_that_does_not_cover_the_day_serves_it_not(
    clinic: Clinic, narrow: Json
) -> None:
    """Date, code, payer and discipline must all be covered."""
    clinic.receive(authorization(**narrow))
    assert missing(decision(clinic.complete(visit(1)))) == ["AUTHORIZATION_MISSING"]


@pytest.mark.parametrize(
    "wide",
    [
        {"valid_from": "2026-03-02", "valid_through": "2026-03-02"},
        {"codes": ["97110"]},
        {"more": {"discipline": "PT"}},
    ],
    ids=["its one date", "its one code", "its discipline"],
)
def test_an_authorization_that_just_covers_the_day_serves_it(clinic: Clinic, wide: Json) -> None:
    """The first and the last day of a window belong to it."""
    clinic.receive(authorization(**wide))
    assert decision(clinic.complete(visit(1)))["kind"] == "ready"


def test_one_code_outside_the_authorization_asks_for_another(clinic: Clinic) -> None:
    """A claim has one authorization, so it must cover every line."""
    clinic.receive(authorization(codes=["97110"]))
    done = [service(1, "97110", 15), service(2, "97140", 15)]
    waiting = decision(clinic.complete(visit(1, services=done)))
    assert waiting["missing"][0]["lines"] == [1, 2]


def test_of_several_that_cover_the_session_names_one(clinic: Clinic) -> None:
    """Nothing is chosen among several; the number that the session names is used."""
    clinic.receive(authorization("A-1", 5))
    clinic.receive(authorization("A-2", 5))
    waiting = decision(clinic.complete(visit(1)))
    (said,) = [each["message"] for each in waiting["findings"] if each["severity"] == "blocking"]
    assert said.endswith("several on file cover the date and codes, and the session names none.")
    named = visit(1, revision=2, authorization={"number": "A-2"})
    assert decision(clinic.amend(named))["authorization"] == {"number": "A-2"}


def test_a_named_authorization_that_is_not_on_file_is_missing(clinic: Clinic) -> None:
    """Another one on file does not stand in for the one that the session names."""
    clinic.receive(authorization("A-1"))
    named = visit(1, authorization={"number": "A-9"})
    assert missing(decision(clinic.complete(named))) == ["AUTHORIZATION_MISSING"]
    assert decision(clinic.receive(authorization("A-9")))["authorization"] == {"number": "A-9"}


def test_sessions_that_name_different_authorizations_wait(clinic: Clinic) -> None:
    """One claim has one authorization."""
    clinic.receive(authorization("A-1"))
    clinic.receive(authorization("A-2"))
    clinic.complete(visit(1, authorization={"number": "A-1"}))
    second = visit(1, session_id="S-1b", authorization={"number": "A-2"})
    assert missing(decision(clinic.complete(second))) == ["AUTHORIZATION_MISSING"]


def test_a_session_that_names_another_number_changes_its_place(clinic: Clinic) -> None:
    """The first authorization has its visit back, and the day that waited has it."""
    clinic.receive(authorization("A-1", 1))
    clinic.complete(visit(1))
    clinic.complete(visit(2, authorization={"number": "A-1"}))
    clinic.receive(authorization("A-2", 1))
    emitted = clinic.amend(visit(1, revision=2, authorization={"number": "A-2"}))
    assert [each["authorization"]["number"] for each in of_type(emitted, READY)] == ["A-2", "A-1"]


def test_of_two_documents_of_one_number_the_later_dated_says_what_it_is(clinic: Clinic) -> None:
    """What was used of the number before counts against what the later document says."""
    clinic.receive(authorization(quantity=1))
    clinic.complete(visit(1))
    extended = {**authorization(quantity=2), "document_id": "D-9", "dated": "2026-03-20"}
    clinic.receive(extended)
    kinds = [decision(clinic.complete(visit(number)))["kind"] for number in (2, 3)]
    assert kinds == ["ready", "held"]


def test_a_document_that_moves_to_another_number_leaves_its_first(clinic: Clinic) -> None:
    """A corrected number serves under its new name, and no longer under the old one."""
    clinic.receive(authorization("A-1"))
    clinic.complete(visit(1))
    corrected = authorization("A-2", revision=2, more={"document_id": "D-A-1"})
    (replaced,) = of_type(clinic.receive(corrected), READY)
    assert (replaced["authorization"], replaced["frequency_code"]) == ({"number": "A-2"}, "7")


def test_a_lower_revision_of_an_authorization_changes_nothing(clinic: Clinic) -> None:
    """Only a higher revision of a document replaces it."""
    clinic.receive(authorization(quantity=2, revision=2))
    assert clinic.receive(authorization(quantity=9, revision=1)) == []
    clinic.complete(visit(1))
    clinic.complete(visit(2))
    assert decision(clinic.complete(visit(3)))["kind"] == "held"


def test_free_visits_are_counted_by_discipline_and_year(clinic: Clinic) -> None:
    """The sixth visit of PT waits; the first of OT, and the first of the next year, do not."""
    kinds = [decision(clinic.complete(visit(n, VIRGINIA)))["kind"] for n in range(1, 7)]
    assert kinds == ["ready"] * 5 + ["needs-documentation"]
    other = visit(7, VIRGINIA, discipline="OT")
    assert decision(clinic.complete(other))["kind"] == "ready"
    january = visit(8, VIRGINIA, date_of_service="2027-01-04")
    assert decision(clinic.complete(january))["kind"] == "ready"


def test_a_free_visit_that_is_voided_is_free_again(clinic: Clinic) -> None:
    """The sixth visit takes the place of the voided first, without authorization."""
    for number in range(1, 7):
        clinic.complete(visit(number, VIRGINIA))
    (ready,) = of_type(clinic.void("S-1"), READY)
    assert (ready["session_ids"], "authorization" in ready) == (["S-6"], False)


def test_a_free_visit_uses_the_authorization_that_it_names(clinic: Clinic) -> None:
    """A number on the claim is one that the payer counts, so it is counted here too."""
    clinic.receive(authorization("A-1", 1, VIRGINIA))
    clinic.complete(visit(1, VIRGINIA, authorization={"number": "A-1"}))
    kinds = [decision(clinic.complete(visit(n, VIRGINIA)))["kind"] for n in range(2, 8)]
    assert kinds == ["ready"] * 5 + ["held"]


def test_a_yearly_limit_of_visits_holds_what_is_over_it(tmp_path: Path) -> None:
    """A payer that pays two visits of a discipline in a year holds the third; a void frees one."""
    folder = tmp_path / "reference"
    shutil.copytree(PACKAGE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "payers/capped.yaml").write_text(CAPPED)
    clinic = Clinic(load(folder))
    capped = {"payer_id": "capped", "program": "commercial"}
    clinic.complete(visit(1, capped))
    clinic.complete(visit(2, capped))
    held = decision(clinic.complete(visit(3, capped)))
    assert held["blocked_by"] == [{"code": "AUTHORIZATION_EXHAUSTED", "lines": [1]}]
    assert decision(clinic.complete(visit(4, capped, discipline="OT")))["kind"] == "ready"
    (ready,) = of_type(clinic.void("S-1"), READY)
    assert ready["session_ids"] == ["S-3"]


def test_a_blocked_day_has_its_place(clinic: Clinic) -> None:
    """A day that waits for a signature has its visit: the order is that of first arrival."""
    clinic.receive(authorization(quantity=1))
    note = {"note_id": "N", "one_on_one": True}
    unsigned = decision(clinic.complete(visit(1, note=note)))
    assert missing(unsigned) == ["NOTE_NOT_SIGNED"]
    assert decision(clinic.complete(visit(2)))["kind"] == "held"


@settings(max_examples=40, deadline=None)
@given(
    quantity=st.integers(0, 5),
    late=st.integers(0, 6),
    voided=st.lists(st.integers(1, 6), unique=True, max_size=3),
)
def test_never_more_visits_are_ready_than_are_authorized(
    rulebook: RuleBook, quantity: int, late: int, voided: list[int]
) -> None:
    """Whenever the authorization comes, as many days are ready as it and the days allow."""
    clinic = Clinic(rulebook)
    emitted: list[Json] = []
    for number in range(7):
        if number == late:
            emitted += clinic.receive(authorization(quantity=quantity))
        if number:
            emitted += clinic.complete(visit(number))
    for number in voided:
        emitted += clinic.void(f"S-{number}")
    last = {
        each["data"]["visit_day_id"]: each["type"]
        for each in emitted
        if each["type"].startswith("therapy.claim.")
    }
    ready = [kind for kind in last.values() if kind == "therapy.claim.ready.v1"]
    assert len(ready) == min(quantity, 6 - len(voided))


@settings(max_examples=30, deadline=None)
@given(order=st.permutations(range(1, 6)), quantity=st.integers(0, 5), late=st.integers(0, 5))
def test_first_come_first_served_whenever_the_authorization_comes(
    rulebook: RuleBook, order: list[int], quantity: int, late: int
) -> None:
    """The days that came first have the visits, whether the authorization came early or late."""
    clinic, emitted = Clinic(rulebook), []
    for place, number in enumerate(order):
        if place == late:
            emitted += clinic.receive(authorization(quantity=quantity))
        emitted += clinic.complete(visit(number))
    if late == len(order):
        emitted += clinic.receive(authorization(quantity=quantity))
    ready = [each["session_ids"] for each in of_type(emitted, READY)]
    assert sorted(ready) == sorted([f"S-{number}"] for number in order[:quantity])


def test_a_day_in_a_full_segment_keeps_its_place_and_gives_it_back(clinic: Clinic) -> None:
    """After many visits the first ones are still found in the list of their authorization."""
    clinic.receive(authorization(quantity=500))
    for number in range(1, 131):
        assert decision(clinic.complete(visit(number)))["kind"] == "ready"
    (ready,) = of_type(clinic.amend(visit(1, revision=2, minutes=30)), READY)
    assert ready["authorization"] == {"number": "A-1"}
    assert decision(clinic.void("S-2"))["kind"] == "withdrawn"
