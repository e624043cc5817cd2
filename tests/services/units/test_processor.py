"""What ``units`` emits for every way in which sessions arrive, change, move and go."""

from tests.clinic import (
    COMMERCIAL,
    PROVIDER,
    Clinic,
    Json,
    of_type,
    plan_of_care,
    report,
    service,
    session,
    types,
)

GAIT = [service(1, "97116", 15)]


def days(emitted: list[Json]) -> list[Json]:
    """Return the visit days that were emitted."""
    return of_type(emitted, "units.computed")


def codes(day: Json) -> list[str]:
    """Return the day's findings by code."""
    return [finding["code"] for finding in day["findings"]]


def test_a_session_makes_a_visit_day(units_clinic: Clinic) -> None:
    """A completed session is emitted as a day with its units, lines and source."""
    (day,) = days(units_clinic.complete(session("S-1", [service(3, "97110", 23)])))
    assert day["revision"] == 1
    assert (day["timed_minutes"], day["timed_units"]) == (23, 2)
    assert day["unit_rule"] == "cms_total_time"
    assert day["payer"] == {
        "payer_id": "medicare-b-tx",
        "program": "medicare_ffs",
        "profile": "medicare_ffs",
    }
    (line,) = day["lines"]
    assert line == {
        "line": 1,
        "code": "97110",
        "units": 2,
        "minutes": 23,
        "timed": True,
        "assistant": False,
        "services": [{"session_id": "S-1", "line": 3}],
    }


def test_the_session_stands_in_the_day_as_it_came(units_clinic: Clinic) -> None:
    """``sessions`` carries every field that the hospital sent, and no other."""
    sent = session("S-1", GAIT, unit_choice=["97116"], place_of_service="11")
    (day,) = days(units_clinic.complete(sent))
    assert day["sessions"] == [sent]


def test_a_second_delivery_changes_nothing(units_clinic: Clinic) -> None:
    """The same session again, or a lower revision, emits nothing."""
    units_clinic.complete(session("S-1", GAIT, revision=2))
    assert units_clinic.complete(session("S-1", GAIT, revision=2)) == []
    assert units_clinic.complete(session("S-1", [service(1, "97110", 60)])) == []


def test_an_equal_revision_that_differs_is_a_finding_and_nothing_else(
    units_clinic: Clinic,
) -> None:
    """The day keeps its units, says so once, and the finding goes with the next revision."""
    units_clinic.complete(session("S-1", GAIT))
    other = session("S-1", [service(1, "97110", 60)])
    (day,) = days(units_clinic.complete(other))
    assert codes(day) == ["SESSION_REVISION_CONFLICT"]
    assert day["lines"][0]["code"] == "97116"
    assert units_clinic.complete(other) == []
    (mended,) = days(units_clinic.amend(session("S-1", GAIT, revision=2)))
    assert codes(mended) == []


def test_an_amendment_replaces_the_session_whole(units_clinic: Clinic) -> None:
    """A higher revision is the truth, and the day counts one more emission."""
    units_clinic.complete(session("S-1", GAIT))
    (day,) = days(units_clinic.amend(session("S-1", [service(1, "97110", 38)], revision=2)))
    assert day["revision"] == 2
    assert [(line["code"], line["units"]) for line in day["lines"]] == [("97110", 3)]


def test_an_amendment_before_the_completed_event_is_the_truth(units_clinic: Clinic) -> None:
    """The late completed event with its lower revision changes nothing."""
    assert len(units_clinic.amend(session("S-1", GAIT, revision=2))) == 1
    assert units_clinic.complete(session("S-1", [service(1, "97110", 60)])) == []


def test_an_amendment_moves_a_session_and_both_days_are_emitted(units_clinic: Clinic) -> None:
    """The day that was left comes first, empty and moved; then the day that was entered."""
    units_clinic.complete(session("S-1", GAIT))
    moved = session("S-1", GAIT, revision=2, date_of_service="2026-03-03")
    left, entered = days(units_clinic.amend(moved))
    assert (left["date_of_service"], left["lines"], left["sessions"]) == ("2026-03-02", [], [])
    assert left["emptied_by"] == "moved"
    assert left["revision"] == 2
    assert (entered["date_of_service"], entered["revision"]) == ("2026-03-03", 1)
    assert "emptied_by" not in entered


def test_discipline_payer_and_provider_move_a_session_too(units_clinic: Clinic) -> None:
    """Each of the visit day's parts makes another day."""
    units_clinic.complete(session("S-1", GAIT))
    changes: list[Json] = [
        {"discipline": "OT"},
        {"payer": COMMERCIAL},
        {"billing_provider": {**PROVIDER, "npi": "1336999997"}},
    ]
    seen = set()
    for revision, change in enumerate(changes, 2):
        moved = session("S-1", GAIT, revision=revision, **change)
        seen |= {day["visit_day_id"] for day in days(units_clinic.amend(moved))}
    assert len(seen) == 4


def test_a_voided_session_empties_its_day(units_clinic: Clinic) -> None:
    """The day comes with no lines and no sessions, and why."""
    units_clinic.complete(session("S-1", GAIT))
    (day,) = days(units_clinic.void("S-1"))
    assert (day["lines"], day["sessions"], day["emptied_by"]) == ([], [], "voided")
    assert day["timed_minutes"] == 0


def test_a_void_is_final(units_clinic: Clinic) -> None:
    """A void of a void and any later revision emit nothing."""
    units_clinic.complete(session("S-1", GAIT, revision=5))
    assert len(units_clinic.void("S-1", revision=1)) == 1
    assert units_clinic.void("S-1", revision=7) == []
    assert units_clinic.amend(session("S-1", GAIT, revision=8)) == []


def test_a_void_before_its_session_silences_it(units_clinic: Clinic) -> None:
    """The void of an unknown session emits nothing, and neither does the session."""
    assert units_clinic.void("S-1") == []
    assert units_clinic.complete(session("S-1", GAIT)) == []


def test_a_session_is_named_by_its_patient_too(units_clinic: Clinic) -> None:
    """Another patient's session of the same id is another session."""
    units_clinic.complete(session("S-1", GAIT))
    assert len(units_clinic.complete(session("S-1", GAIT, patient_id="P-2"))) == 1


def test_the_minutes_of_three_sessions_pool(units_clinic: Clinic) -> None:
    """Five minutes three times are 15: one unit, though no session alone would earn it."""
    emitted: list[Json] = []
    for name in ("S-1", "S-2", "S-3"):
        emitted = units_clinic.complete(session(name, [service(1, "97110", 5)]))
    (day,) = days(emitted)
    assert [(line["units"], line["minutes"]) for line in day["lines"]] == [(1, 15)]
    assert [each["session_id"] for each in day["lines"][0]["services"]] == ["S-1", "S-2", "S-3"]
    assert day["revision"] == 3


def test_sessions_keep_the_order_of_their_first_arrival(units_clinic: Clinic) -> None:
    """An amendment, and even a move away and back, leaves a session its place."""
    units_clinic.complete(session("S-1", GAIT))
    units_clinic.complete(session("S-2", [service(1, "97110", 15)]))
    units_clinic.amend(session("S-1", GAIT, revision=2, date_of_service="2026-03-03"))
    back = days(units_clinic.amend(session("S-1", GAIT, revision=3)))
    assert [each["session_id"] for each in back[1]["sessions"]] == ["S-1", "S-2"]
    assert [line["code"] for line in back[1]["lines"]] == ["97116", "97110"]


def test_disciplines_of_one_day_do_not_pool(units_clinic: Clinic) -> None:
    """Seven minutes of PT and seven of OT bill nothing."""
    (first,) = days(units_clinic.complete(session("S-1", [service(1, "97530", 7)])))
    (second,) = days(
        units_clinic.complete(session("S-2", [service(1, "97530", 7)], discipline="OT"))
    )
    assert codes(first) == codes(second) == ["NO_BILLABLE_TIME"]
    assert first["unbilled"] == [{"code": "97530", "minutes": 7, "reason": "no_unit_earned"}]


def test_sessions_that_disagree_are_a_finding(units_clinic: Clinic) -> None:
    """A second session with another setting is reported; an unstated APM status is not one."""
    units_clinic.complete(session("S-1", GAIT))
    unstated = {name: PROVIDER[name] for name in PROVIDER if name != "qualifying_apm"}
    (day,) = days(units_clinic.complete(session("S-2", GAIT, billing_provider=unstated)))
    assert codes(day) == []
    other = {**PROVIDER, "setting": "rehab_agency"}
    (day,) = days(units_clinic.complete(session("S-3", GAIT, billing_provider=other)))
    assert codes(day) == ["SESSIONS_DISAGREE"]


def test_untimed_codes_bill_their_units_and_stay_out_of_the_pool(units_clinic: Clinic) -> None:
    """An evaluation is one unit, or as many as were recorded; its minutes are not timed."""
    (day,) = days(
        units_clinic.complete(
            session(
                "S-1",
                [
                    service(1, "97161", 30),
                    service(2, "97110", 8),
                    service(3, "G0283", 15, units=2),
                ],
            )
        )
    )
    assert [(line["code"], line["units"], line["timed"]) for line in day["lines"]] == [
        ("97161", 1, False),
        ("97110", 1, True),
        ("G0283", 2, False),
    ]
    assert day["timed_minutes"] == 8


def test_an_unknown_code_stays_without_units(units_clinic: Clinic) -> None:
    """A code that the procedure table does not have is not guessed."""
    (day,) = days(
        units_clinic.complete(session("S-1", [service(1, "99999", 15), service(2, "97110", 15)]))
    )
    assert [(line["code"], line["units"], line["timed"]) for line in day["lines"]] == [
        ("99999", None, None),
        ("97110", 1, True),
    ]
    assert day["findings"][0]["code"] == "UNKNOWN_CODE"
    assert day["findings"][0]["lines"] == [1]


def test_a_timed_code_outside_the_pool_counts_by_itself(units_clinic: Clinic) -> None:
    """It has the units of its own minutes, and they stay out of the pool."""
    (day,) = days(units_clinic.complete(session("S-1", [service(1, "97129", 15)])))
    assert day["lines"][0]["units"] == 1
    assert codes(day) == []
    assert (day["timed_minutes"], day["timed_units"]) == (0, 0)


def test_the_same_minutes_under_a_payer_that_counts_by_midpoint(units_clinic: Clinic) -> None:
    """24 minutes in three codes of 8 are three units for the commercial profile."""
    lines = [service(1, "97110", 8), service(2, "97112", 8), service(3, "97140", 8)]
    (medicare,) = days(units_clinic.complete(session("S-1", lines)))
    (commercial,) = days(units_clinic.complete(session("S-2", lines, payer=COMMERCIAL)))
    assert (medicare["timed_units"], commercial["timed_units"]) == (2, 3)
    assert commercial["unit_rule"] == "cpt_midpoint"
    assert commercial["payer"]["profile"] == "commercial"


def test_a_choice_is_reported_and_the_sessions_wish_decides_it(units_clinic: Clinic) -> None:
    """Equal remainders go where the clinician says."""
    lines = [service(1, "97110", 20), service(2, "97140", 20)]
    (day,) = days(units_clinic.complete(session("S-1", lines, unit_choice=["97140"])))
    assert day["choices"] == [{"units_go_to": ["97140"], "could_go_to": ["97110"]}]
    assert codes(day) == ["CLINICIAN_CHOICE_OF_UNIT"]
    assert [line["units"] for line in day["lines"]] == [1, 2]


def test_a_code_of_therapist_and_assistant_is_two_lines(units_clinic: Clinic) -> None:
    """Medicare gets two lines; a payer that does not ask, and an exempt hospital, one."""
    helped = [service(1, "97110", 15, assistant_minutes=15)]
    (day,) = days(units_clinic.complete(session("S-1", helped)))
    assert codes(day) == []
    assert [(line["line"], line["assistant"], line["minutes"]) for line in day["lines"]] == [
        (1, False, 15),
        (2, True, 15),
    ]
    came = [{"session_id": "S-1", "line": 1}]
    assert [line["services"] for line in day["lines"]] == [came, came]
    exempt = {**PROVIDER, "npi": "1336999997", "setting": "critical_access_hospital"}
    others: list[Json] = [{"payer": COMMERCIAL}, {"billing_provider": exempt}]
    for number, more in enumerate(others, 2):
        (day,) = days(units_clinic.complete(session(f"S-{number}", helped, **more)))
        assert [(line["units"], line["assistant"]) for line in day["lines"]] == [(2, False)]


def test_documents_and_reports_are_passed_on_in_silence(units_clinic: Clinic) -> None:
    """What ``units`` only passes on is not emitted by it."""
    assert units_clinic.receive(plan_of_care()) == []
    assert units_clinic.accrue(report("100.00", "2026-03-01T00:00:00Z")) == []


def test_a_redecision_under_the_same_rulebook_changes_nothing(units_clinic: Clinic) -> None:
    """A day that is computed again under the rulebook that it has is not emitted."""
    (day,) = days(units_clinic.complete(session("S-1", [service(1, "99999", 15)])))
    everything = {"patient_id": "P-1", "reason": "new table"}
    assert units_clinic.send("redecision.requested", everything) == []
    one = {**everything, "visit_day_id": day["visit_day_id"]}
    assert units_clinic.send("redecision.requested", one) == []


def test_an_event_is_named_by_its_cause(units_clinic: Clinic) -> None:
    """Id, time, causation and subject follow from the event that led to it."""
    (emitted,) = units_clinic.complete(session("S-1", GAIT), time="2026-03-02T15:05:00-06:00")
    assert emitted["source"] == "/therapy/units"
    assert emitted["time"] == "2026-03-02T15:05:00-06:00"
    assert emitted["causationid"] == emitted["correlationid"] == "e-1"
    assert emitted["subject"] == emitted["data"]["visit_day_id"]
    assert types([emitted]) == ["units.computed"]


def test_a_move_says_which_day_follows(units_clinic: Clinic) -> None:
    """The day that was left names the day entered, where both count in one ledger."""
    units_clinic.complete(session("S-1", GAIT))
    moved = session("S-1", GAIT, revision=2, date_of_service="2026-03-03")
    left, entered = days(units_clinic.amend(moved))
    assert left["followed_by"] == [entered["visit_day_id"]]
    assert "followed_by" not in entered
    for revision, change in ((3, {"discipline": "OT"}), (4, {"payer": COMMERCIAL})):
        other_ledger = session("S-1", GAIT, revision=revision, **change)
        left, entered = days(units_clinic.amend(other_ledger))
        assert "followed_by" not in left


def test_a_move_says_that_a_day_of_the_discipline_follows(units_clinic: Clinic) -> None:
    """It says so to whichever ledger the days belong, and not where the discipline changed."""
    units_clinic.complete(session("S-1", GAIT))
    for revision, change, follows in (
        (2, {"date_of_service": "2026-03-03"}, True),
        (3, {"payer": COMMERCIAL}, True),
        (4, {"payer": COMMERCIAL, "discipline": "OT"}, False),
    ):
        moved = session("S-1", GAIT, revision=revision, **change)
        left, entered = days(units_clinic.amend(moved))
        assert left.get("is_followed", False) is follows
        assert "is_followed" not in entered


def test_a_wish_that_stands_twice_is_one_wish(units_clinic: Clinic) -> None:
    """Two sessions that want the same code first leave the second wish its place."""
    lines = [service(1, "97112", 10), service(2, "97140", 25)]
    wish = ["97110", "97110", "97112"]
    (day,) = days(units_clinic.complete(session("S-1", lines, unit_choice=wish)))
    assert {line["code"]: line["units"] for line in day["lines"]} == {"97112": 1, "97140": 1}
