"""Code pairs and unit limits through all three consumers: who waits, and what frees them."""

from itertools import permutations
from shutil import copytree

import pytest

from reference.rulebook import PACKAGE, RuleBook, load
from tests.clinic import (
    COMMERCIAL,
    Clinic,
    Json,
    decision,
    document,
    missing,
    no_decision,
    of_type,
    plan_of_care,
    service,
    session,
)

NEEDS = "NCCI_PAIR_NEEDS_DISTINCT_SERVICE"
ANTHEM_LIKE = {"payer_id": "own-pairs", "program": "commercial"}
PROFILE = """
profile: own_pairs
program: commercial
payer_ids: [own-pairs]
values:
  - from: 2018-01-01
    through: 2026-02-28
    unit_rule: cpt_midpoint
    cites: [payer-policy]
  - from: 2026-03-01
    verified_on: 2026-11-21
    unit_rule: cpt_midpoint
    own_code_pairs:
      - {column_one: "97530", column_two: "97140", modifier_indicator: "0"}
      - {column_one: "97150", column_two: "97110", modifier_indicator: "1"}
    distinct_modifier_column: column_one
    cites: [payer-policy]
"""


@pytest.fixture
def planned(clinic: Clinic) -> Clinic:
    """Return a clinic that has the patient's certified plan of care."""
    clinic.receive(plan_of_care())
    return clinic


@pytest.fixture(scope="session")
def own_pairs(tmp_path_factory: pytest.TempPathFactory) -> RuleBook:
    """Return a rulebook with a payer that has code pairs of its own from 2026-03-01."""
    folder = tmp_path_factory.mktemp("rulebook") / "reference"
    copytree(PACKAGE, folder)
    (folder / "payers" / "own_pairs.yaml").write_text(PROFILE)
    return load(folder)


def charged(line: int, code: str, minutes: int, **more: object) -> Json:
    """Return a service with a charge."""
    return service(line, code, minutes, charge="70.00", **more)


def group_and_exercise(**more: object) -> Json:
    """Return a session of group treatment and exercise, which are a pair of indicator 1."""
    return session("S-1", [charged(1, "97150", 20), charged(2, "97110", 15, **more)])


def statement(session_id: str, line: int, from_line: int, **more: object) -> Json:
    """Return the signed addendum that states a line to be distinct; ``more`` is the line's."""
    distinct = {"from_line": from_line, "reason": "in the morning alone", "modifier": "XE"}
    lines = [{"line": line, "distinct": distinct, **more}]
    return document("note_addendum", f"A-{session_id}", {"session_id": session_id, "lines": lines})


def modifiers(decided: Json) -> dict[str, list[str]]:
    """Return each line's modifiers, by code."""
    return {line["code"]: line["modifiers"] for line in decided["lines"]}


def by_discipline(emitted: list[Json]) -> dict[str, Json]:
    """Return the decisions among the events, by discipline, each with its kind."""
    decided = [each for each in emitted if each["type"].startswith("therapy.claim.")]
    return {each["data"]["discipline"]: decision([each]) for each in decided}


# A statement


def test_an_addendum_with_the_statement_makes_the_day_ready(planned: Clinic) -> None:
    """The day waits for the therapist, and resumes by itself with the modifier on column two."""
    waiting = decision(planned.complete(group_and_exercise()))
    assert (waiting["kind"], missing(waiting)) == ("needs-documentation", [NEEDS])
    assert [(each["owner"], each["lines"]) for each in waiting["missing"]] == [
        ("therapist", [1, 2])
    ]
    ready = decision(planned.receive(statement("S-1", 2, 1)))
    assert (ready["kind"], modifiers(ready)) == (
        "ready",
        {"97150": ["GP"], "97110": ["GP", "XE"]},
    )


def test_an_unsigned_addendum_states_nothing(planned: Clinic) -> None:
    """Without its own signature the addendum cures nothing."""
    planned.complete(group_and_exercise())
    assert no_decision(planned.receive({**statement("S-1", 2, 1), "signed_at": None})) is True


def test_the_statement_taken_back_is_news(planned: Clinic) -> None:
    """A ready claim waits again, in doubt, when an amendment no longer has the statement."""
    distinct = {"from_line": 1, "reason": "another time", "modifier": "59"}
    ready = decision(planned.complete(group_and_exercise(distinct=distinct)))
    assert modifiers(ready)["97110"] == ["GP", "59"]
    waiting = decision(planned.amend({**group_and_exercise(), "revision": 2}))
    assert (waiting["kind"], missing(waiting)) == ("needs-documentation", [NEEDS])
    assert waiting["outstanding"] == {"claim_id": ready["claim_id"], "version": 1}


def test_another_modifier_is_a_replacement(planned: Clinic) -> None:
    """The statement's modifier goes on the claim, so another one replaces it."""
    distinct = {"from_line": 1, "reason": "another time", "modifier": "59"}
    planned.complete(group_and_exercise(distinct=distinct))
    again = {**distinct, "modifier": "XE"}
    replaced = decision(planned.amend({**group_and_exercise(distinct=again), "revision": 2}))
    assert (replaced["frequency_code"], modifiers(replaced)["97110"]) == ("7", ["GP", "XE"])


def test_a_modifier_that_the_provider_put_on_is_no_statement(planned: Clinic) -> None:
    """59 among the modifiers that came says nothing of who stated what: it is not put on."""
    waiting = decision(planned.complete(group_and_exercise(modifiers=["59"])))
    assert missing(waiting) == [NEEDS]
    assert modifiers(waiting)["97110"] == ["GP"]
    assert "MODIFIER_DISAGREES" in [each["code"] for each in waiting["findings"]]


def test_a_statement_without_an_edit_is_reported_and_puts_nothing_on(planned: Clinic) -> None:
    """59 on 97140 beside 97530 is not Medicare's, whatever is often written."""
    distinct = {"from_line": 1, "reason": "separate blocks", "modifier": "59"}
    services = [charged(1, "97530", 15), charged(2, "97140", 15, distinct=distinct)]
    ready = decision(planned.complete(session("S-1", services)))
    assert (ready["kind"], modifiers(ready)) == ("ready", {"97530": ["GP"], "97140": ["GP"]})
    codes = [each["code"] for each in ready["findings"]]
    assert "DISTINCT_SERVICE_NOT_NEEDED" in codes


def test_corrected_times_clear_an_overlap(planned: Clinic) -> None:
    """Stated to be distinct, but with a common quarter of an hour, the day waits for its times."""

    def times(start: str, end: str) -> list[Json]:
        day = "2026-03-02T14"
        return [{"start": f"{day}:{start}:00-06:00", "end": f"{day}:{end}:00-06:00"}]

    distinct = {"from_line": 1, "reason": "after the group", "modifier": "59"}
    services = [
        charged(1, "97150", 20, intervals=times("00", "20")),
        charged(2, "97110", 15, intervals=times("05", "20"), distinct=distinct),
    ]
    waiting = decision(planned.complete(session("S-1", services)))
    assert missing(waiting) == ["DISTINCT_INTERVALS_OVERLAP"]
    assert modifiers(waiting)["97110"] == ["GP"]
    ready = decision(planned.receive(statement("S-1", 2, 1, intervals=times("20", "35"))))
    assert (ready["kind"], modifiers(ready)["97110"]) == ("ready", ["GP", "XE"])


def test_both_lines_of_a_split_code_bear_the_modifier(planned: Clinic) -> None:
    """The assistant's line of column two has it after CQ, the therapist's has it too."""
    distinct = {"from_line": 1, "reason": "another time", "modifier": "59"}
    data = group_and_exercise(assistant_minutes=15, distinct=distinct)
    clinicians = [*data["clinicians"], {"npi": "1444444442", "role": "assistant"}]
    ready = decision(planned.complete({**data, "clinicians": clinicians}))
    assert (ready["kind"], [(each["code"], each["modifiers"]) for each in ready["lines"]]) == (
        "ready",
        [("97150", ["GP"]), ("97110", ["GP", "59"]), ("97110", ["GP", "CQ", "59"])],
    )


# Over disciplines


EXERCISE = session("S-1", [charged(1, "97110", 30)])
SPEECH = session("S-2", [charged(1, "92507", 45)], discipline="SLP")


def test_the_other_disciplines_statement_makes_a_day_ready(planned: Clinic) -> None:
    """The speech therapist's statement about other sessions puts the modifier on the PT day."""
    planned.complete(EXERCISE)
    decided = by_discipline(planned.complete(SPEECH))
    assert {name: each["kind"] for name, each in decided.items()} == {
        "SLP": "ready",
        "PT": "needs-documentation",
    }
    ready = by_discipline(planned.receive(statement("S-2", 1, 1)))
    assert {name: each["kind"] for name, each in ready.items()} == {"PT": "ready"}
    assert modifiers(ready["PT"]) == {"97110": ["GP", "XE"]}


def test_every_order_comes_to_the_same_decisions(rulebook: RuleBook) -> None:
    """Plan, sessions and statement in any order end in the same two claims."""
    events = [
        ("documentation.received", plan_of_care()),
        ("session.completed", EXERCISE),
        ("session.completed", SPEECH),
        ("documentation.received", statement("S-1", 1, 1)),
    ]
    for order in permutations(events):
        clinic = Clinic(rulebook)
        last: dict[str, Json] = {}
        for kind, data in order:
            last |= by_discipline(clinic.send(kind, data))
        assert {name: each["kind"] for name, each in last.items()} == {
            "PT": "ready",
            "SLP": "ready",
        }
        assert [modifiers(last[name]) for name in ("PT", "SLP")] == [
            {"97110": ["GP", "XE"]},
            {"92507": ["GN"]},
        ]


# Strict pairs


MASSAGE = session("S-1", [charged(1, "97124", 15)], discipline="OT")
MANUAL = session("S-2", [charged(1, "97140", 15)])


def test_column_one_of_another_discipline_takes_a_line_off_and_its_void_gives_it_back(
    planned: Clinic,
) -> None:
    """The OT claim is withdrawn when PT's comes, and is an original again when PT's goes."""
    assert decision(planned.complete(MASSAGE))["kind"] == "ready"
    decided = by_discipline(planned.complete(MANUAL))
    assert (decided["OT"]["kind"], decided["OT"]["reason"]) == ("withdrawn", "no_unit")
    assert decided["OT"]["unbilled"] == [{"code": "97124", "minutes": 15, "reason": "ncci_pair"}]
    assert decided["PT"]["kind"] == "ready"
    again = by_discipline(planned.void("S-2"))["OT"]
    assert (again["kind"], again["frequency_code"]) == ("ready", "1")


def test_what_left_neither_ranks_nor_accrues(planned: Clinic) -> None:
    """97124 has the higher practice expense and a ledger of its own; once off, it has neither."""
    planned.complete(MASSAGE)
    emitted = of_type(planned.complete(MANUAL), "spend.accrued")
    amounts = {day["discipline"]: day["spend"]["amount"] for day in emitted}
    # 97140 whole in Dallas: 0.83089 x 33.4009 = 27.7525
    assert amounts == {"PT": "27.75", "OT": "0.00"}
    assert {day["discipline"]: day["total_allowed"] for day in emitted} == amounts


def test_an_amendment_that_drops_column_one_gives_the_line_back(planned: Clinic) -> None:
    """When PT records exercise in the place of manual therapy, OT bills its massage."""
    planned.complete(MANUAL)
    assert decision(planned.complete(MASSAGE))["kind"] == "not-billable"
    amended = {**session("S-2", [charged(1, "97110", 15)]), "revision": 2}
    decided = by_discipline(planned.amend(amended))
    assert {name: each["kind"] for name, each in decided.items()} == {
        "PT": "ready",
        "OT": "ready",
    }


# Limits


def exercise(session_id: str, minutes: int, **more: object) -> Json:
    """Return an occupational or physical therapy session of exercise."""
    name = "OT" if session_id == "S-2" else "PT"
    return session(session_id, [charged(1, "97110", minutes, **more)], discipline=name)


def test_both_disciplines_wait_over_a_limit_and_each_states_its_own_necessity(
    planned: Clinic,
) -> None:
    """4 and 3 units are over 6: both days wait, and each resumes by its own statement."""
    assert decision(planned.complete(exercise("S-1", 60)))["kind"] == "ready"
    decided = by_discipline(planned.complete(exercise("S-2", 45)))
    over = ["UNITS_OVER_CLINICAL_LIMIT"]
    assert {name: missing(each) for name, each in decided.items()} == {"OT": over, "PT": over}
    for session_id, name in (("S-1", "PT"), ("S-2", "OT")):
        lines = [{"line": 1, "necessity": "two regions after a fall"}]
        content = {"session_id": session_id, "lines": lines}
        ready = by_discipline(
            planned.receive(document("note_addendum", f"A-{session_id}", content))
        )
        assert {at: each["kind"] for at, each in ready.items()} == {name: "ready"}


def test_a_void_frees_the_units_of_the_other_day(planned: Clinic) -> None:
    """The day that waited is ready again, as the claim that was out."""
    planned.complete(exercise("S-1", 60))
    planned.complete(exercise("S-2", 45))
    freed = by_discipline(planned.void("S-2"))["PT"]
    assert (freed["kind"], freed["frequency_code"]) == ("ready", "7")


def test_an_absolute_limit_holds_both_days(planned: Clinic) -> None:
    """Two repositionings on a date are never paid: no document cures them."""
    emitted = [
        planned.complete(session(name, [charged(1, "95992", 20)], discipline=discipline))
        for name, discipline in (("S-1", "PT"), ("S-2", "OT"))
    ]
    decided = by_discipline(emitted[-1])
    for each in decided.values():
        assert each["kind"] == "held"
        assert {"code": "UNITS_OVER_ABSOLUTE_LIMIT", "lines": [1]} in each["blocked_by"]
    assert set(decided) == {"PT", "OT"}
    assert by_discipline(planned.void("S-2"))["PT"]["kind"] == "ready"


# A payer's own pairs


def test_a_payers_own_pairs_hold_on_their_dates(own_pairs: RuleBook) -> None:
    """97140 leaves beside 97530 from the first day of the payer's pairs, not before."""
    services = [charged(1, "97530", 15), charged(2, "97140", 15)]
    clinic = Clinic(own_pairs)
    for number, (day, left) in enumerate((("2026-02-28", []), ("2026-03-01", ["97140"]))):
        data = session(f"S-{number}", services, payer=ANTHEM_LIKE, date_of_service=day)
        decided = decision(clinic.complete(data))
        assert decided["kind"] == "ready"
        assert [each["code"] for each in decided["unbilled"]] == left


def test_a_payer_may_want_the_modifier_on_column_one(own_pairs: RuleBook) -> None:
    """The profile says on which column's line the modifier goes."""
    clinic = Clinic(own_pairs)
    clinic.complete({**group_and_exercise(), "payer": ANTHEM_LIKE})
    ready = decision(clinic.receive(statement("S-1", 2, 1)))
    assert modifiers(ready) == {"97150": ["XE"], "97110": []}


def test_another_commercial_payer_follows_no_pair(own_pairs: RuleBook) -> None:
    """What one payer's profile has is nobody else's."""
    data = session("S-1", [charged(1, "97530", 15), charged(2, "97140", 15)], payer=COMMERCIAL)
    decided = decision(Clinic(own_pairs).complete(data))
    assert (decided["kind"], decided["unbilled"]) == ("ready", [])
