"""Remote monitoring, against cases that a biller can check."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference.facts import Facts
from reference.rulebook import RuleBook
from reference.unit_facts import MonitoringRule
from rules.monitoring import (
    DataRecord,
    Earned,
    InteractionRecord,
    MonitoredDay,
    earn,
    find_services,
    months_between,
    rule_for,
)
from rules.visit_day import count_day
from schemas.values import Device, Discipline, Program, Role
from tests.rules.visit_days import Case, facts_of, load_cases, sessions_of

MARCH = date(2026, 3, 31)


def rule_on(rulebook: RuleBook, day: date) -> MonitoringRule:
    """Return the rule of a date for Medicare."""
    rule = _facts(rulebook, day).monitoring
    assert isinstance(rule, MonitoringRule)
    return rule


def settle(case: Case, rulebook: RuleBook) -> list[MonitoredDay]:
    """Return the case's visit days, one a billed code, with what they earn, as they came."""
    days = [_day(place, billed, rulebook) for place, billed in enumerate(case["billed"])]
    settled: dict[int, MonitoredDay] = {}
    added = rule_on(rulebook, MARCH)
    for day in sorted(days, key=lambda day: (*_turn(day, added), day.place)):
        rule = rule_for(day.discipline, _facts(rulebook, day.date_of_service))
        assert rule is not None
        earned = earn(day, list(settled.values()), _spoken(case), _data(case), rule)
        settled[day.place] = MonitoredDay(**{**_fields(day), "earned": earned})
    return [settled[day.place] for day in days]


@pytest.mark.parametrize("case", load_cases(__file__), ids=lambda case: case["name"])
def test_a_code_of_monitoring_earns_its_units(case: Case, rulebook: RuleBook) -> None:
    """Days with data and minutes of the month give each billed code the case's units."""
    settled = settle(case, rulebook)
    assert [each.units for day in settled for each in day.earned] == case["units"]


@pytest.mark.parametrize(
    ("billed", "said"),
    [
        ([[MARCH, 98980]], "98980: 19 minutes in 2026-03; fewer than the 20 that it needs."),
        (
            [[MARCH, 98977, {"period_from": "2026-04-01"}]],
            "98977: its period begins on 2026-04-01, after the date of service.",
        ),
        ([[MARCH, 98979]], "98979: 19 minutes in 2026-03; it is for 10 to 19: 1 unit."),
        (
            [[MARCH, 98981]],
            (
                "98981: 19 minutes in 2026-03; 98980, to which it is added, is not billed for the"
                " month before it."
            ),
        ),
        (
            [["2026-03-20", 98979], [MARCH, 98980]],
            "98980: 19 minutes in 2026-03; 98979 of 2026-03-20 has the month already.",
        ),
        (
            [[MARCH, 98985]],
            "98985: 5 days with data from 2026-03-02 to 2026-03-31; it is for 2 to 15: 1 unit.",
        ),
        (
            [["2026-03-20", 98985], [MARCH, 98985]],
            (
                "98985: 98985 of 2026-03-20 has days of the same period already"
                " (2026-02-19 to 2026-03-20)."
            ),
        ),
        (
            [["2026-03-20", 98975], [MARCH, 98975]],
            "98975: the episode has it on 2026-03-20 already.",
        ),
    ],
)
def test_the_arithmetic_is_told(billed: list[Any], said: str, rulebook: RuleBook) -> None:
    """Each code says what was counted, over which days, and what it is for."""
    case = {
        "data": [["musculoskeletal", "2026-03-05", 5]],
        "spoken": [["2026-03-05", 19]],
        "billed": billed,
    }
    assert settle(case, rulebook)[-1].earned[-1].step == said


def test_speech_assistants_count_where_they_are_paid(rulebook: RuleBook) -> None:
    """Their minutes of a month count for a payer whose profile pays for them, and for no other."""
    facts = _facts(rulebook, MARCH)
    pays = replace(facts, profile=replace(facts.profile, speech_assistants=True))
    counted = {
        each: rule.roles for each in (facts, pays) if (rule := rule_for(Discipline.SLP, each))
    }
    assert Role.ASSISTANT not in counted[facts]
    assert Role.ASSISTANT in counted[pays]


def test_further_units_say_what_came_before(rulebook: RuleBook) -> None:
    """The later of two days says how many of the month's further units are out."""
    billed = [["2026-03-20", 98980], ["2026-03-20", 98981], [MARCH, 98981]]
    case = {"spoken": [["2026-03-05", 65]], "billed": billed}
    assert settle(case, rulebook)[-1].earned[-1].step == (
        "98981: 65 minutes in 2026-03; each full 20 after the first 20 are 1 unit: 2,"
        " of which 2 came before."
    )


def test_a_line_of_management_has_the_minutes_of_its_month(rulebook: RuleBook) -> None:
    """So the share of an assistant is that of the month; a device's line keeps the session's."""
    (session,) = sessions_of({"sessions": [{"services": [["98980", 0], ["98977", 3]]}]})
    facts = facts_of(rulebook, {"program": "commercial"})
    day = MonitoredDay(
        **{
            **_fields(_day(0, [MARCH, 98980], rulebook)),
            "services": find_services([session], rule_on(rulebook, MARCH)),
            "earned": (Earned(1, "twenty-five.", 25, 5), Earned(0, "none.")),
        }
    )
    counted = count_day([session], facts, day)
    assert [(line.code, line.units, line.minutes) for line in counted.lines] == [("98980", 1, 25)]
    assert [(each.code, each.minutes) for each in counted.unbilled] == [("98977", 3)]
    assert counted.steps == ("twenty-five.", "none.")
    assert not counted.lines[0].timed


@pytest.mark.parametrize(("by_assistants", "is_assistants"), [(2, False), (3, True)])
def test_an_assistants_part_is_that_of_the_month(
    by_assistants: int, rulebook: RuleBook, *, is_assistants: bool
) -> None:
    """Of 25 minutes 3 are more than a tenth (3 × 10 > 25), and 2 are not."""
    (session,) = sessions_of({"sessions": [{"services": [["98980", 0]]}]})
    earned = (Earned(1, "twenty-five.", 25, by_assistants),)
    day = MonitoredDay(**{**_fields(_day(0, [MARCH, 98980], rulebook)), "earned": earned})
    counted = count_day([session], facts_of(rulebook, {}), day)
    assert [(line.minutes, line.assistant) for line in counted.lines] == [(25, is_assistants)]


def test_without_what_it_rests_on_a_line_waits(rulebook: RuleBook) -> None:
    """A code that no rule has counted is held with the name of what is missing."""
    (session,) = sessions_of({"sessions": [{"services": [["98980", 20]]}]})
    counted = count_day([session], facts_of(rulebook, {}))
    assert [(line.units, line.timed) for line in counted.lines] == [(None, False)]
    assert [each.code for each in counted.findings] == ["NO_VALUE_IN_FORCE"]


def test_a_period_ends_with_the_calendar(rulebook: RuleBook) -> None:
    """The last days that there are make a short period, and no error."""
    billed = ["98977", 0, {"monitoring": {"period_from": "9999-12-31"}}]
    (session,) = sessions_of({"sessions": [{"services": [billed]}]})
    (service,) = find_services([session], rule_on(rulebook, MARCH))
    assert (service.first, service.last) == (date.max, date.max)


def test_a_period_begins_with_the_calendar(rulebook: RuleBook) -> None:
    """The first days that there are make a short period, and no error."""
    (session,) = sessions_of({"date": "0001-01-05", "sessions": [{"services": [["98977", 0]]}]})
    (service,) = find_services([session], rule_on(rulebook, MARCH))
    assert (service.first, service.last) == (date.min, date(1, 1, 5))


@pytest.mark.parametrize(("spoken", "units"), [(1, 0), (2, 1)])
def test_as_many_interactions_in_real_time_as_the_rule_asks(
    rulebook: RuleBook, spoken: int, units: int
) -> None:
    """Where two are asked for, one is not enough, whatever its minutes."""
    case = {"spoken": [[MARCH, 20]] * spoken, "billed": [[MARCH, 98980]]}
    day = _day(0, case["billed"][0], rulebook)
    rule = replace(rule_on(rulebook, MARCH), real_time_interactions=2)
    (earned,) = earn(day, (), _spoken(case), (), rule)
    assert earned.units == units


def test_an_episode_is_the_one_that_is_named_else_the_plans(rulebook: RuleBook) -> None:
    """A set-up without either has one episode; another code has none."""
    named = {"monitoring": {"episode_id": "E-1"}}
    stated = [
        {"services": [["98975", 0, named]]},
        {"services": [["98975", 0]]},
        {"services": [["98975", 0]], "plan_of_care_id": None},
        {"services": [["98977", 0, named]]},
    ]
    found = find_services(sessions_of({"sessions": stated}), rule_on(rulebook, MARCH))
    assert [each.episode for each in found] == ["E-1", "POC-1", "none", None]


def test_one_day_may_have_a_month_and_its_further_minutes(rulebook: RuleBook) -> None:
    """What a service of the day has earned is there for the next one, which tells its twenties."""
    (session,) = sessions_of({"sessions": [{"services": [["98980", 0], ["98981", 0]]}]})
    services = find_services([session], rule_on(rulebook, MARCH))
    day = MonitoredDay(**{**_fields(_day(0, [MARCH, 98980], rulebook)), "services": services})
    month = _spoken({"spoken": [["2026-03-05", 40], ["2026-03-06", 20, {"role": "assistant"}]]})
    earned = earn(day, (), month, (), rule_on(rulebook, MARCH))
    assert [(each.units, each.step) for each in earned] == [
        (1, "98980: 60 minutes in 2026-03; it is for 20 or more: 1 unit."),
        (2, "98981: 60 minutes in 2026-03; each full 20 after the first 20 are 1 unit: 2."),
    ]
    assert {(each.minutes, each.assistant_minutes) for each in earned} == {(60, 20)}


def test_months_go_over_the_year() -> None:
    """December is followed by January."""
    assert months_between(date(2026, 12, 15), date(2027, 1, 13)) == ["2026-12", "2027-01"]
    assert months_between(date(2026, 1, 31), date(2026, 3, 1)) == ["2026-01", "2026-02", "2026-03"]
    assert months_between(date(9999, 12, 1), date.max) == ["9999-12"]


@given(st.lists(st.integers(1, 45), max_size=6))
def test_a_month_earns_its_full_twenties(rulebook: RuleBook, minutes: list[int]) -> None:
    """Both codes together have the whole twenties of the month, however they are cut."""
    case = {
        "spoken": [[MARCH, each] for each in minutes],
        "billed": [[MARCH, 98980], [MARCH, 98981]],
    }
    settled = settle(case, rulebook)
    assert sum(each.units for day in settled for each in day.earned) == sum(minutes) // 20


def _facts(rulebook: RuleBook, day: date) -> Facts:
    return rulebook.on(day, "any", Program.MEDICARE_FFS)


def _turn(day: MonitoredDay, rule: MonitoringRule) -> tuple[date, bool]:
    """Order the days as a visit day orders its services: what is added to another is last."""
    (service,) = day.services
    return day.date_of_service, getattr(rule.codes[service.code], "added_to", None) is not None


def _fields(day: MonitoredDay) -> dict[str, Any]:
    return {name: getattr(day, name) for name in day.__struct_fields__}


def _day(place: int, billed: list[Any], rulebook: RuleBook) -> MonitoredDay:
    on, code, *rest = billed
    more: Case = rest[0] if rest else {}
    stated = {"period_from": str(more["period_from"])} if "period_from" in more else {}
    if "episode" in more:
        stated["episode_id"] = more["episode"]
    day = date.fromisoformat(str(on))
    case = {
        "date": day,
        "sessions": [{"services": [[str(code), 0, {"monitoring": stated}]]}],
        "discipline": more.get("discipline", "PT"),
    }
    return MonitoredDay(
        visit_day_id=f"D-{place}",
        date_of_service=day,
        payer_id=more.get("payer", "any"),
        program=Program.MEDICARE_FFS,
        discipline=Discipline(case["discipline"]),
        place=place,
        services=find_services(sessions_of(case), rule_on(rulebook, day)),
    )


def _data(case: Case) -> list[DataRecord]:
    return [
        DataRecord(
            f"R-{number}",
            Device(device),
            Discipline.PT,
            tuple(date.fromisoformat(str(first)) + timedelta(days=at) for at in range(count)),
        )
        for number, (device, first, count) in enumerate(case.get("data", []))
    ]


def _spoken(case: Case) -> list[InteractionRecord]:
    found = []
    for number, (dated, minutes, *rest) in enumerate(case.get("spoken", [])):
        more: Case = rest[0] if rest else {}
        found.append(
            InteractionRecord(
                record_id=f"I-{number}",
                dated=date.fromisoformat(str(dated)),
                discipline=Discipline(more.get("discipline", "PT")),
                minutes=minutes,
                role=Role(more.get("role", "therapist")),
                real_time=more.get("real_time", True),
            )
        )
    return found
