"""What ``spend`` emits for each way in which days, their neighbours and reports change."""

from tests.clinic import (
    COMMERCIAL,
    PROVIDER,
    Clinic,
    Json,
    of_type,
    report,
    service,
    session,
    types,
)

ACTIVITIES = [service(1, "97530", 15)]
EXERCISE = [service(1, "97110", 15)]
PACK_AND_EXERCISE = [service(1, "97010", 15), service(2, "97110", 15)]
EVALUATION = [service(1, "97161", 45)]
OTHER_NPI = {**PROVIDER, "npi": "1669999984"}


def accrued(emitted: list[Json]) -> list[Json]:
    """Return the visit days that spend emitted."""
    return of_type(emitted, "spend.accrued")


def amounts(day: Json) -> list[str | None]:
    """Return the allowed amount of each line."""
    return [line["allowed_amount"] for line in day["lines"]]


def balances(day: Json) -> tuple[str, str, str]:
    """Return the balance before, the amount and the balance after of a day."""
    spend = day["spend"]
    return spend["balance_before"], spend["amount"], spend["balance_after"]


def on(day: int, name: str, services: list[Json], **more: object) -> Json:
    """Return a session on a day of March 2026."""
    return session(name, services, date_of_service=f"2026-03-{day:02}", **more)


def passed(emitted: list[Json]) -> list[str]:
    """Return the thresholds that were passed and which way."""
    crossed = of_type(emitted, "threshold.crossed")
    return [f"{each['threshold']} {each['direction']}" for each in crossed]


def codes(day: Json) -> list[str]:
    """Return the day's findings by code."""
    return [finding["code"] for finding in day["findings"]]


# A day alone


def test_a_day_is_priced_and_accrued(spend_clinic: Clinic) -> None:
    """All of the day with units comes out again, with prices and a place in the year."""
    emitted = spend_clinic.complete(session("S-1", ACTIVITIES))
    (units,), (day,) = of_type(emitted, "units.computed"), accrued(emitted)
    own = {"lines", "revision", "units_revision", "total_allowed", "spend"}
    assert set(day) == set(units) | own
    assert all(day[name] == units[name] for name in set(units) - own)
    assert (day["revision"], day["units_revision"], day["total_allowed"]) == (1, 1, "35.08")
    assert day["spend"] == {
        "year": 2026,
        "threshold_group": "pt_slp",
        "balance_before": "0.00",
        "amount": "35.08",
        "balance_after": "35.08",
        "running_total": "35.08",
        "kx_threshold": "2480.00",
        "review_threshold": "3000.00",
        "over_kx": False,
        "over_review": False,
        "basis": "floor",
    }


def test_a_line_has_a_price_or_a_reason(spend_clinic: Clinic) -> None:
    """A priced line has no reason, an unpriced one no price and no amount of zero."""
    services = [*ACTIVITIES, service(2, "97139", 15)]
    (day,) = accrued(spend_clinic.complete(session("S-1", services)))
    priced, unpriced = day["lines"]
    assert priced["price"]["per_unit"] == ["35.08"]
    assert "unpriced" not in priced
    assert (unpriced["allowed_amount"], unpriced["unpriced"]) == (
        None,
        {"reason": "contractor_priced"},
    )
    assert "price" not in unpriced
    assert (day["total_allowed"], codes(day)) == ("35.08", ["LINE_NOT_PRICED"])


def test_a_bundled_line_leaves_with_its_number(spend_clinic: Clinic) -> None:
    """What is bundled goes to unbilled; the other lines keep their numbers."""
    (day,) = accrued(spend_clinic.complete(session("S-1", PACK_AND_EXERCISE)))
    assert [(line["line"], line["code"]) for line in day["lines"]] == [(2, "97110")]
    assert day["unbilled"] == [{"code": "97010", "minutes": 15, "reason": "bundled"}]
    assert [(f["code"], f["lines"]) for f in day["findings"]] == [("CODE_BUNDLED", [])]


def test_a_payer_without_thresholds_has_no_spend(spend_clinic: Clinic) -> None:
    """A commercial day has no place in a ledger, and its lines go at their charge."""
    (day,) = accrued(spend_clinic.complete(session("S-1", EXERCISE, payer=COMMERCIAL)))
    assert (day["spend"], day["total_allowed"]) == (None, "0.00")
    assert day["lines"][0]["unpriced"] == {"reason": "no_fee_schedule"}
    assert day["lines"][0]["requires_kx"] is False


def test_a_year_without_thresholds_in_force_still_accrues(spend_clinic: Clinic) -> None:
    """In 2027 nothing is in force: the day is held for it, and has its place all the same."""
    sent = session("S-1", EXERCISE, date_of_service="2027-01-04")
    (day,) = accrued(spend_clinic.complete(sent))
    assert codes(day) == ["NO_VALUE_IN_FORCE"] * 3
    told = " ".join(finding["message"] for finding in day["findings"])
    assert all(name in told for name in ("relative values", "KX threshold", "unit limits"))
    assert (day["spend"]["kx_threshold"], day["spend"]["over_kx"]) == (None, None)
    assert (day["spend"]["review_threshold"], day["spend"]["over_review"]) == ("3000.00", False)
    assert (day["spend"]["year"], day["lines"][0]["requires_kx"]) == (2027, False)


def test_an_empty_day_keeps_its_entry_at_nothing(spend_clinic: Clinic) -> None:
    """A voided day comes with no lines and 0.00; later days keep where they stood."""
    spend_clinic.complete(on(2, "S-1", ACTIVITIES))
    (second,) = accrued(spend_clinic.complete(on(3, "S-2", ACTIVITIES)))
    (voided,) = accrued(spend_clinic.void("S-1"))
    assert (voided["lines"], voided["sessions"], voided["emptied_by"]) == ([], [], "voided")
    assert balances(voided) == ("0.00", "0.00", "0.00")
    assert voided["spend"]["running_total"] == "35.08"
    assert balances(second) == ("35.08", "35.08", "70.16")
    (third,) = accrued(spend_clinic.complete(on(4, "S-3", ACTIVITIES)))
    assert balances(third) == ("35.08", "35.08", "70.16")


def test_a_day_keeps_its_place_when_its_amount_changes(spend_clinic: Clinic) -> None:
    """An amendment changes the amount at its place, under a new revision of both kinds."""
    spend_clinic.complete(on(2, "S-1", ACTIVITIES))
    spend_clinic.complete(on(3, "S-2", ACTIVITIES))
    more = on(2, "S-1", [service(1, "97530", 30)], revision=2)
    (day,) = accrued(spend_clinic.amend(more))
    assert (day["revision"], day["units_revision"]) == (2, 2)
    assert balances(day) == ("0.00", "60.18", "60.18")  # 35.08 + 25.10
    assert day["spend"]["running_total"] == "95.26"  # 60.18 + 35.08


def test_a_moved_session_leaves_one_day_and_enters_another(spend_clinic: Clinic) -> None:
    """The day that was left comes first, at nothing; the new one stands after all others."""
    spend_clinic.complete(on(2, "S-1", ACTIVITIES))
    left, entered = accrued(spend_clinic.amend(on(5, "S-1", ACTIVITIES, revision=2)))
    assert (left["date_of_service"], left["total_allowed"]) == ("2026-03-02", "0.00")
    assert left["emptied_by"] == "moved"
    assert balances(entered) == ("0.00", "35.08", "35.08")


def test_the_years_and_the_groups_are_apart(spend_clinic: Clinic) -> None:
    """Occupational therapy and another year have ledgers of their own; speech shares PT's."""
    spend_clinic.complete(on(2, "S-1", ACTIVITIES))
    (ot,) = accrued(spend_clinic.complete(on(3, "S-2", ACTIVITIES, discipline="OT")))
    speech = on(4, "S-3", [service(1, "92507", 45)], discipline="SLP")
    (slp,) = accrued(spend_clinic.complete(speech))
    old = session("S-4", ACTIVITIES, date_of_service="2024-03-12")
    (past,) = accrued(spend_clinic.complete(old))
    assert (ot["spend"]["threshold_group"], ot["spend"]["balance_before"]) == ("ot", "0.00")
    assert balances(slp) == ("35.08", "76.37", "111.45")
    assert (past["spend"]["year"], past["spend"]["balance_before"]) == (2024, "0.00")
    assert past["spend"]["kx_threshold"] == "2330.00"


# Days that share the payment reduction


def test_another_discipline_s_session_prices_a_day_again(spend_clinic: Clinic) -> None:
    """A PT evaluation takes the whole unit from the OT day: the cause comes first."""
    spend_clinic.complete(session("S-1", ACTIVITIES, discipline="OT"))
    pt, ot = accrued(spend_clinic.complete(session("S-2", EVALUATION)))
    assert (pt["discipline"], amounts(pt)) == ("PT", ["98.10"])
    assert (ot["discipline"], amounts(ot), ot["revision"]) == ("OT", ["25.10"], 2)
    assert ot["units_revision"] == 1
    assert balances(ot) == ("0.00", "25.10", "25.10")
    assert ot["spend"]["running_total"] == "25.10"


def test_a_voided_neighbour_gives_the_whole_unit_back(spend_clinic: Clinic) -> None:
    """When the evaluation goes, the other day is whole again."""
    spend_clinic.complete(session("S-1", ACTIVITIES, discipline="OT"))
    spend_clinic.complete(session("S-2", EVALUATION))
    pt, ot = accrued(spend_clinic.void("S-2"))
    assert (pt["lines"], amounts(ot)) == ([], ["35.08"])


def test_a_neighbour_in_the_same_ledger_has_the_same_running_total(spend_clinic: Clinic) -> None:
    """Both days of one event say the running total after all of it."""
    spend_clinic.complete(session("S-1", ACTIVITIES))
    speech = session("S-2", [service(1, "92507", 45)], discipline="SLP")
    slp, pt = accrued(spend_clinic.complete(speech))
    assert balances(slp) == ("35.08", "76.37", "111.45")
    assert balances(pt) == ("0.00", "25.10", "25.10")
    assert slp["spend"]["running_total"] == pt["spend"]["running_total"] == "101.47"


def test_an_unchanged_neighbour_is_not_emitted(spend_clinic: Clinic) -> None:
    """A lower-ranked session changes nothing for the day that keeps the whole unit."""
    spend_clinic.complete(session("S-1", EVALUATION))
    (ot,) = accrued(spend_clinic.complete(session("S-2", ACTIVITIES, discipline="OT")))
    assert (ot["discipline"], amounts(ot)) == ("OT", ["25.10"])


def test_the_reduction_stays_within_one_npi_payer_and_date(spend_clinic: Clinic) -> None:
    """Another billing NPI, payer or date has its own whole unit."""
    spend_clinic.complete(session("S-1", EVALUATION))
    other_payer = {"payer_id": "medicare-b-ok", "program": "medicare_ffs"}
    elsewhere: list[Json] = [
        {"billing_provider": OTHER_NPI},
        {"payer": other_payer},
        {"date_of_service": "2026-03-03"},
    ]
    for number, more in enumerate(elsewhere):
        sent = session(f"S-9{number}", ACTIVITIES, discipline="OT", **more)
        (ot,) = accrued(spend_clinic.complete(sent))
        assert amounts(ot) == ["35.08"]


# Thresholds


def test_a_running_total_passes_thresholds(spend_clinic: Clinic) -> None:
    """Up in order after the days, down in reverse, each with its amount and the day."""
    spend_clinic.accrue(report("2400.00", "2026-03-01T00:00:00Z"))
    emitted = spend_clinic.complete(on(2, "S-1", EVALUATION))
    assert types(emitted) == ["units.computed", "spend.accrued", "threshold.crossed"]
    (day,), (crossed,) = accrued(emitted), of_type(emitted, "threshold.crossed")
    assert crossed == {
        "patient_id": "P-1",
        "year": 2026,
        "threshold_group": "pt_slp",
        "threshold": "kx",
        "direction": "up",
        "balance": "2498.10",
        "amount_of_threshold": "2480.00",
        "visit_day_id": day["visit_day_id"],
    }
    assert (day["spend"]["over_kx"], day["lines"][0]["requires_kx"]) == (True, True)
    assert passed(spend_clinic.void("S-1")) == ["kx down"]


def test_lines_require_kx_from_the_one_that_crosses(spend_clinic: Clinic) -> None:
    """The first line stays under the threshold, the second crosses it."""
    spend_clinic.accrue(report("2420.00", "2026-03-01T00:00:00Z"))
    services = [service(1, "97530", 15), service(2, "97110", 15), service(3, "97140", 15)]
    (day,) = accrued(spend_clinic.complete(on(2, "S-1", services)))
    # 2420.00 + 35.08 = 2455.08; + 22.27 = 2477.35; + 21.34 = 2498.69
    assert [line["requires_kx"] for line in day["lines"]] == [False, False, True]


def test_a_neighbour_s_price_takes_its_own_ledger_below(spend_clinic: Clinic) -> None:
    """Each ledger says what it passed under its own day, the cause's first."""
    spend_clinic.accrue(report("2450.00", "2026-03-01T00:00:00Z", threshold_group="ot"))
    spend_clinic.accrue(report("2400.00", "2026-03-01T00:00:00Z"))
    emitted = spend_clinic.complete(session("S-1", ACTIVITIES, discipline="OT"))
    assert passed(emitted) == ["kx up"]  # 2450.00 + 35.08
    emitted = spend_clinic.complete(session("S-2", EVALUATION))
    pt, ot = accrued(emitted)
    # 2400.00 + 98.10 = 2498.10; 2450.00 + 25.10 = 2475.10
    crossed = of_type(emitted, "threshold.crossed")
    assert [(each["visit_day_id"], each["threshold"], each["direction"]) for each in crossed] == [
        (pt["visit_day_id"], "kx", "up"),
        (ot["visit_day_id"], "kx", "down"),
    ]


def test_a_day_whose_thresholds_end_keeps_an_entry_of_nothing(spend_clinic: Clinic) -> None:
    """A corrected program has no spend, and takes the day's amount out of the ledger."""
    payer = {"payer_id": "one", "program": "medicare_ffs"}
    corrected = {"payer_id": "one", "program": "commercial"}
    spend_clinic.complete(on(2, "S-1", ACTIVITIES, payer=payer))
    (day,) = accrued(spend_clinic.amend(on(2, "S-1", ACTIVITIES, payer=corrected, revision=2)))
    assert (day["spend"], day["lines"][0]["requires_kx"]) == (None, False)
    (other,) = accrued(spend_clinic.complete(on(3, "S-2", ACTIVITIES)))
    assert balances(other)[0] == "0.00"
    (again,) = accrued(spend_clinic.amend(on(2, "S-1", ACTIVITIES, payer=payer, revision=3)))
    assert balances(again) == ("0.00", "35.08", "35.08")
    assert again["spend"]["running_total"] == "70.16"


# Payers' reports


def test_a_report_before_any_session_is_a_balance(spend_clinic: Clinic) -> None:
    """A report alone changes the running total from 0.00 and may pass thresholds by itself."""
    emitted = spend_clinic.accrue(report("2500.00", "2026-03-01T00:00:00Z"))
    assert types(emitted) == ["spend.balance", "threshold.crossed", "threshold.crossed"]
    assert of_type(emitted, "spend.balance") == [
        {
            "patient_id": "P-1",
            "year": 2026,
            "threshold_group": "pt_slp",
            "running_total": "2500.00",
            "basis": "reported",
            "reported_as_of": "2026-03-01T00:00:00Z",
        }
    ]
    crossed = of_type(emitted, "threshold.crossed")
    assert passed(emitted) == ["approaching_kx up", "kx up"]
    assert {each["visit_day_id"] for each in crossed} == {None}
    (day,) = accrued(spend_clinic.complete(on(2, "S-1", ACTIVITIES)))
    assert balances(day) == ("2500.00", "35.08", "2535.08")
    assert (day["spend"]["basis"], day["spend"]["reported_as_of"]) == (
        "reported",
        "2026-03-01T00:00:00Z",
    )


def test_a_report_of_nothing_emits_nothing(spend_clinic: Clinic) -> None:
    """A first report of 0.00 changes no running total, and is on file all the same."""
    assert spend_clinic.accrue(report("0.00", "2026-03-01T00:00:00Z")) == []
    (day,) = accrued(spend_clinic.complete(on(2, "S-1", ACTIVITIES)))
    assert day["spend"]["basis"] == "reported"


def test_an_older_or_equal_report_emits_nothing(spend_clinic: Clinic) -> None:
    """The report with the latest ``as_of`` is the truth, whatever the zone it is written in."""
    spend_clinic.accrue(report("100.00", "2026-03-01T12:00:00Z"))
    assert spend_clinic.accrue(report("900.00", "2026-03-01T06:00:00-06:00")) == []
    assert spend_clinic.accrue(report("900.00", "2026-02-28T12:00:00Z")) == []
    (day,) = accrued(spend_clinic.complete(on(2, "S-1", ACTIVITIES)))
    assert balances(day)[0] == "100.00"


def test_a_report_places_the_entries_after_it_again(spend_clinic: Clinic) -> None:
    """Days after the report move up, are emitted by date, and say what placed them."""
    spend_clinic.complete(on(2, "S-1", ACTIVITIES), time="2026-03-02T18:00:00Z")
    spend_clinic.complete(on(5, "S-2", ACTIVITIES), time="2026-03-05T18:00:00Z")
    spend_clinic.complete(on(4, "S-3", ACTIVITIES), time="2026-03-06T18:00:00Z")
    emitted = spend_clinic.accrue(report("2450.00", "2026-03-03T00:00:00Z"))
    assert types(emitted) == [
        *["spend.accrued"] * 2,
        "spend.balance",
        *["threshold.crossed"] * 2,
    ]
    by_date = [(day["date_of_service"], balances(day)) for day in accrued(emitted)]
    assert by_date == [
        ("2026-03-04", ("2485.08", "35.08", "2520.16")),  # placed third: 2450.00 + 35.08
        ("2026-03-05", ("2450.00", "35.08", "2485.08")),
    ]
    for day in accrued(emitted):
        assert (day["revision"], day["units_revision"]) == (2, 1)
        assert (day["spend"]["basis"], day["spend"]["running_total"]) == ("reported", "2520.16")
        assert day["lines"][0]["requires_kx"] is True
        assert len(day["sessions"]) == 1


def test_an_entry_before_the_report_stays_on_its_floor(spend_clinic: Clinic) -> None:
    """What the payer's report includes keeps its place and its basis."""
    spend_clinic.complete(on(2, "S-1", ACTIVITIES), time="2026-03-02T18:00:00Z")
    emitted = spend_clinic.accrue(report("500.00", "2026-03-03T00:00:00Z"))
    assert types(emitted) == ["spend.balance"]
    more = on(2, "S-1", [service(1, "97530", 30)], revision=2)
    (day,) = accrued(spend_clinic.amend(more, time="2026-03-04T18:00:00Z"))
    assert (balances(day), day["spend"]["basis"]) == (("0.00", "60.18", "60.18"), "floor")
    assert day["spend"]["running_total"] == "500.00"


def test_what_the_payer_had_not_processed_comes_after_the_report(spend_clinic: Clinic) -> None:
    """A later date of service than ``includes_through`` counts as after the report."""
    spend_clinic.complete(on(2, "S-1", ACTIVITIES), time="2026-03-02T18:00:00Z")
    sent = report("500.00", "2026-03-03T00:00:00Z", includes_through="2026-02-28")
    (day,) = accrued(spend_clinic.accrue(sent))
    assert balances(day) == ("500.00", "35.08", "535.08")


def test_a_voided_day_is_moved_and_not_emitted(spend_clinic: Clinic) -> None:
    """A report emits only days with lines."""
    spend_clinic.complete(on(2, "S-1", ACTIVITIES), time="2026-03-02T18:00:00Z")
    spend_clinic.void("S-1")
    assert types(spend_clinic.accrue(report("500.00", "2026-03-01T00:00:00Z"))) == [
        "spend.balance"
    ]


def test_a_report_reaches_entries_of_full_segments(spend_clinic: Clinic) -> None:
    """Forty days are all moved, whichever segment they are in, and add up."""
    for day in range(40):
        month, number = divmod(day, 20)
        sent = session(
            f"S-{day}", ACTIVITIES, date_of_service=f"2026-0{month + 3}-{number + 1:02}"
        )
        spend_clinic.complete(sent, time=f"2026-0{month + 3}-{number + 1:02}T18:00:00Z")
    days = accrued(spend_clinic.accrue(report("10.00", "2026-02-01T00:00:00Z")))
    assert len(days) == 40
    assert balances(days[39]) == ("1378.12", "35.08", "1413.20")  # 10.00 + 39 x 35.08
    changed = session("S-0", EXERCISE, date_of_service="2026-03-01", revision=2)
    (first,) = accrued(spend_clinic.amend(changed))
    assert balances(first) == ("10.00", "29.09", "39.09")
    assert first["spend"]["running_total"] == "1407.21"  # 1413.20 - 35.08 + 29.09
    (last,) = accrued(
        spend_clinic.complete(session("S-40", ACTIVITIES, date_of_service="2026-05-01"))
    )
    assert balances(last)[0] == "1407.21"
