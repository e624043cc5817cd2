"""Progress reports: what is due and what is justified on a treatment day, against cases."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from pydantic import TypeAdapter
from pydantic_core import to_json

from reference.facts import Facts, NoValueInForce
from reference.rulebook import RuleBook
from rules.progress import (
    Asked,
    ReportOnFile,
    Treatment,
    TreatmentDay,
    dates_from,
    judge_progress,
    put_date,
    read_progress_report,
)
from schemas.documentation import ProgressReport
from tests.clinic import document
from tests.rules.visit_days import Case, facts_of, load_cases

FIRST = date(2026, 1, 1)
CODE = "97530"


def _days(stated: str | None) -> list[int]:
    """Return the days of January that a case names: ``1-3`` or ``1,2,3``."""
    if stated is None:
        return []
    first, _, last = stated.partition("-")
    return list(range(int(first), int(last) + 1)) if last else [int(d) for d in first.split(",")]


def _read_report(number: int, stated: Case) -> ReportOnFile | None:
    content = {
        "period_from": f"2026-01-{stated['from']:02}",
        "period_to": f"2026-01-{stated['to']:02}",
        "justifies": [CODE] if stated.get("justifies") else None,
    }
    more: dict[str, Any] = {
        "plan_of_care_id": stated.get("plan", "POC-1"),
        "discipline": stated.get("discipline", "PT"),
        "author_role": stated.get("by", "therapist"),
    }
    if not stated.get("signed", True):
        more["signed_at"] = None
    data = document("progress_report", f"R-{number}", content, **more)
    return read_progress_report(TypeAdapter(ProgressReport).validate_json(to_json(data)))


def _treatment(case: Case) -> Treatment:
    read = [_read_report(number, each) for number, each in enumerate(case.get("reports", []))]
    reports = sorted([each for each in read if each is not None], key=lambda each: each.period_to)
    treatment = Treatment(FIRST, 0, {}, is_whole=True, reports=tuple(reports))
    used, elsewhere = _days(case.get("used")), _days(case.get("elsewhere"))
    for day in _days(str(case["treated"])):
        codes = (CODE,) if day in (*used, *elsewhere) else ()
        plans = ("POC-2",) if day in elsewhere else ("POC-1",)
        visit_day = TreatmentDay(f"D-{day}", plans, codes, is_report_asked=True, asked_codes=codes)
        treatment = put_date(treatment, date(2026, 1, day), (visit_day,))
    return treatment


def _asked(case: Case, facts: Facts) -> Asked:
    report_days, use_days = facts.progress_report_days, facts.continued_use_days
    assert not isinstance(report_days, NoValueInForce)
    assert not isinstance(use_days, NoValueInForce)
    starts_on = date(2026, 1, case["starts_on"]) if "starts_on" in case else None
    codes = (CODE,) if "used" in case else ()
    on = date(2026, 1, case["day"])
    return Asked(on, "POC-1", starts_on, "used" not in case, codes, report_days, use_days)


@pytest.mark.parametrize("case", load_cases(__file__), ids=lambda case: case["name"])
def test_a_treatment_day_is_judged_by_the_reports(case: Case, rulebook: RuleBook) -> None:
    """The report is due since the case's day, and the code is justified where the case says so."""
    judged = judge_progress(_treatment(case), _asked(case, facts_of(rulebook, {})))
    assert judged is not None
    due = date(2026, 1, case["due"]) if "due" in case else None
    assert (judged.due, judged.unjustified) == (due, (CODE,) if case.get("unjustified") else ())


def _at_hand(treatment: Treatment, days: int, reports: int) -> Treatment:
    """Leave away the first days and reports: what is kept of them is not loaded yet."""
    since = treatment.reports[reports - 1].period_to + timedelta(days=1) if reports else None
    return Treatment(
        FIRST + timedelta(days=days),
        treatment.dates >> days,
        {use: bits >> days for use, bits in treatment.uses.items()},
        is_whole=days == 0,
        reports=treatment.reports[reports:],
        reports_since=since,
    )


@given(data=st.data())
def test_what_is_at_hand_suffices_or_says_that_it_does_not(
    rulebook: RuleBook, data: st.DataObject
) -> None:
    """A judgement on some of the days and reports is that on all of them, or there is none."""
    places = st.integers(1, 28)
    treated = data.draw(st.lists(places, min_size=1, unique=True))
    used = data.draw(st.lists(st.sampled_from(treated), unique=True))
    spans = data.draw(st.lists(st.tuples(places, places), max_size=4))
    # One report ends a day, as two of one last day are never parted.
    ends = {max(span): min(span) for span in spans}
    case: Case = {
        "treated": ",".join(str(each) for each in sorted(treated)),
        "used": ",".join(str(each) for each in sorted(used)) or None,
        "reports": [
            {"from": first, "to": last, "justifies": data.draw(st.booleans())}
            for last, first in ends.items()
        ],
        "day": data.draw(st.sampled_from(treated)),
    }
    if data.draw(st.booleans()):
        case["starts_on"] = data.draw(st.integers(1, case["day"]))
    whole = _treatment(case)
    facts = facts_of(rulebook, {})
    report_days, use_days = data.draw(st.integers(1, 6)), data.draw(st.integers(1, 6))
    stated = replace(_asked(case, facts), is_report_asked=True, codes=(CODE,))
    asked = replace(stated, report_days=report_days, use_days=use_days)
    days = data.draw(st.integers(0, case["day"] - 1))
    reports = data.draw(st.integers(0, len(whole.reports)))
    judged = judge_progress(_at_hand(whole, days, reports), asked)
    on_all = judge_progress(whole, asked)
    assert on_all is not None
    assert judged in {None, on_all}


def test_a_use_is_known_from_the_first_day_of_its_plan_on(rulebook: RuleBook) -> None:
    """Days from the plan's first on suffice to count its uses, and later ones alone do not."""
    case = {"treated": "1-3", "used": "1-3", "day": 3, "starts_on": 1}
    asked = _asked(case, facts_of(rulebook, {}))
    assert judge_progress(replace(_treatment(case), is_whole=False), asked) is not None
    assert judge_progress(_at_hand(_treatment(case), 1, 0), asked) is None


@pytest.mark.parametrize(
    ("last", "day", "unjustified"),
    [
        (12, 15, None),  # 13 to 15 are 3 days: the report that is not at hand may justify them
        (5, 15, None),  # 6 to 15 are 10
        (4, 15, (CODE,)),  # 5 to 15 are 11: no report that ended by the 4th reaches so far
        (1, 25, (CODE,)),  # 2 to 25 are 24
    ],
)
def test_a_report_that_is_not_at_hand_may_justify_as_far_as_it_reaches(
    last: int, day: int, unjustified: tuple[str, ...] | None, rulebook: RuleBook
) -> None:
    """Ten treatment days after its period; past them nothing earlier has to be looked at."""
    case = {"treated": f"1-{day}", "used": f"1-{day}", "day": day}
    case["reports"] = [{"from": 1, "to": last, "justifies": True}]
    judged = judge_progress(_at_hand(_treatment(case), 0, 1), _asked(case, facts_of(rulebook, {})))
    assert (None if judged is None else judged.unjustified) == unjustified


@pytest.mark.parametrize(("starts_on", "is_known"), [(None, False), (1, False), (6, True)])
def test_a_report_of_the_episode_has_to_be_at_hand(
    starts_on: int | None, rulebook: RuleBook, *, is_known: bool
) -> None:
    """Reports up to the 5th may cover days of an episode that began by then, and of no later."""
    case: Case = {"treated": "1-20", "day": 20, "reports": [{"from": 1, "to": 5}]}
    if starts_on is not None:
        case["starts_on"] = starts_on
    judged = judge_progress(_at_hand(_treatment(case), 0, 1), _asked(case, facts_of(rulebook, {})))
    assert (judged is not None) is is_known


@pytest.mark.parametrize(("days", "is_known"), [(5, True), (6, False)])
def test_days_since_the_last_report_have_to_be_at_hand(
    days: int, rulebook: RuleBook, *, is_known: bool
) -> None:
    """After a report through the 5th those from the 6th on suffice, and from the 7th on do not."""
    case: Case = {"treated": "1-20", "day": 20, "reports": [{"from": 1, "to": 5}]}
    treatment = _at_hand(_treatment(case), days, 0)
    asked = _asked(case, facts_of(rulebook, {}))
    assert (judge_progress(treatment, asked) is not None) is is_known


def test_dates_are_those_of_the_set() -> None:
    """The treatment days from a date on are those that were put in, ascending."""
    treatment = _treatment({"treated": "2,5,9,31"})
    assert dates_from(treatment, date(2026, 1, 5)) == [date(2026, 1, day) for day in (5, 9, 31)]
    assert dates_from(treatment, date(2025, 6, 1))[0] == date(2026, 1, 2)


def test_uses_stand_in_the_order_of_their_plans() -> None:
    """What is kept has the same bytes in every run, uses under no plan first."""
    days = [
        TreatmentDay(f"D-{at}", plans, (CODE, "97110"), is_report_asked=True, asked_codes=())
        for at, plans in enumerate([("POC-1",), (), ("A",)])
    ]
    found = put_date(Treatment(FIRST, 0, {}, is_whole=True), FIRST, days)
    plans = (None, "A", "POC-1")
    assert list(found.uses) == [(plan, code) for plan in plans for code in ("97110", CODE)]


def test_a_date_without_a_visit_day_is_no_treatment_day() -> None:
    """A date whose last visit day has gone is taken out, and its codes with it."""
    treatment = _treatment({"treated": "1,2", "used": "2"})
    emptied = put_date(treatment, date(2026, 1, 2), ())
    assert dates_from(emptied, FIRST) == [FIRST]
    assert emptied.uses == {}
