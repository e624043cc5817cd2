"""Dates for the tests of code pairs and unit limits: built from the few words of a case in YAML.

A case's ``days`` are the visit days of one patient, billing NPI, payer and date. A day is a list
of sessions, or of the services of one: ``[code, units, more]``. A code is one line; a service of
the same code with ``+`` in the place of units is another block of it, and ``assistant: true`` is
the assistant's side of a split line. ``distinct: [from_line, modifier]`` is a statement, ``times:
[[0, 15]]`` are intervals in minutes after 14:00.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from reference.edit_tables import CodePair, Column
from reference.facts import Facts
from reference.rulebook import RuleBook
from rules.pricing import Bill, PricedDay
from rules.same_date import price_date
from schemas.model import Struct
from schemas.session import BillingProvider, Clinician, Distinct, Interval, Payer, Service, Session
from schemas.units import ServiceReference, UnitsLine
from schemas.values import Discipline, DistinctModifier, FindingCode, Program, Role, Setting
from tests.rules.visit_days import Case

NPI = "1558888882"
START = datetime.fromisoformat("2026-03-02T14:00:00-06:00")
SPOKEN_OF = frozenset(
    {
        FindingCode.NO_VALUE_IN_FORCE,
        FindingCode.NCCI_PAIR_NOT_ALLOWED,
        FindingCode.NCCI_PAIR_NEEDS_DISTINCT_SERVICE,
        FindingCode.DISTINCT_SERVICE_NOT_NEEDED,
        FindingCode.DISTINCT_INTERVALS_OVERLAP,
        FindingCode.UNITS_OVER_ABSOLUTE_LIMIT,
        FindingCode.UNITS_OVER_CLINICAL_LIMIT,
    }
)
"""What the cases say whether it is found; prices are not their matter."""


class _Recorded(Struct, frozen=True):
    """A service of a case, with the units of its line where it is the line's first."""

    session_id: str
    service: Service
    units: int | None
    assistant: bool
    is_more: bool


def facts_of_date(rulebook: RuleBook, case: Case) -> Facts:
    """Return the facts of the case's date and program, with what its payer does otherwise."""
    on = date.fromisoformat(str(case.get("date", "2026-03-02")))
    facts = rulebook.on(on, "any", Program(case.get("program", "medicare_ffs")))
    stated = case.get("payer", {})
    own = tuple(CodePair(str(one), str(two), number) for one, two, number in stated.get("own", ()))
    column = Column(stated.get("modifier_on", "column_two"))
    if not stated:
        return facts
    profile = replace(facts.profile, own_code_pairs=own, distinct_modifier_column=column)
    return replace(facts, profile=profile)


def run(case: Case, rulebook: RuleBook) -> list[PricedDay]:
    """Price the case's date, check what it comes to, and return its days."""
    priced = price_date(bills_of(case, facts_of_date(rulebook, case)))
    assert outcomes(priced) == expected(case)
    for day, stated in zip(priced, case.get("expect") or [{}] * len(priced), strict=True):
        if "total" in stated:
            assert day.total == Decimal(stated["total"])
        for said in stated.get("says", []):
            assert said in " ".join(finding.message for finding in (*day.findings, *day.edits))
    return priced


def bills_of(case: Case, facts: Facts) -> list[Bill]:
    """Return the case's visit days as they are to be priced, in Dallas."""
    return [_bill(number, day, case, facts) for number, day in enumerate(case["days"], 1)]


def outcomes(priced: Sequence[PricedDay]) -> list[dict[str, Any]]:
    """Return of each day what the case may say: what left, modifiers, findings."""
    return [
        {
            "unbilled": [service.code for service in day.unbilled],
            "modifiers": {
                line.line: line.distinct_modifier.value
                for line in day.lines
                if line.distinct_modifier is not None
            },
            "findings": [
                [each.code.value, list(each.lines)]
                for each in (*day.findings, *day.edits)
                if each.code in SPOKEN_OF
            ],
        }
        for day in priced
    ]


def expected(case: Case) -> list[dict[str, Any]]:
    """Return of each day what the case expects; what it does not say is nothing."""
    stated = case.get("expect") or [{}] * len(case["days"])
    return [
        {
            "unbilled": [str(code) for code in each.get("unbilled", [])],
            "modifiers": each.get("modifiers", {}),
            "findings": [list(finding) for finding in each.get("findings", [])],
        }
        for each in stated
    ]


def _bill(number: int, day: list[Any], case: Case, facts: Facts) -> Bill:
    is_one = not day or not isinstance(day[0][0], list)
    stated = [day] if is_one else day
    recorded = [
        _record(f"S-{number}-{place}", line, each)
        for place, services in enumerate(stated, 1)
        for line, each in enumerate(services, 1)
    ]
    setting = Setting(case.get("setting", "private_practice"))
    provider = BillingProvider(npi=NPI, setting=setting, mac="04412", locality="11")
    names = dict.fromkeys(each.session_id for each in recorded)
    sessions = [_session(name, recorded, provider, facts) for name in names]
    return Bill(_lines(recorded), provider, tuple(sessions), facts)


def _record(session_id: str, line: int, stated: list[Any]) -> _Recorded:
    code, units, *rest = stated
    more = rest[0] if rest else {}
    distinct = None
    if "distinct" in more:
        from_line, modifier = more["distinct"]
        reason = more.get("reason", "separate sites")
        said = DistinctModifier(str(modifier))
        distinct = Distinct(from_line=from_line, reason=reason, modifier=said)
    service = Service(
        line=line,
        code=str(code),
        therapist_minutes=15,
        assistant_minutes=0,
        distinct=distinct,
        necessity=more.get("necessity"),
        intervals=tuple(_interval(*each) for each in more["times"]) if "times" in more else None,
    )
    is_more = units == "+"
    return _Recorded(
        session_id, service, None if is_more else units, more.get("assistant", False), is_more
    )


def _interval(start: int, end: int) -> Interval:
    return Interval(start=START + timedelta(minutes=start), end=START + timedelta(minutes=end))


def _session(
    name: str, recorded: Sequence[_Recorded], provider: BillingProvider, facts: Facts
) -> Session:
    return Session(
        session_id=name,
        revision=1,
        patient_id="P-1",
        discipline=Discipline.PT,
        date_of_service=facts.date_of_service,
        payer=Payer(payer_id="any", program=facts.profile.program),
        billing_provider=provider,
        services=tuple(each.service for each in recorded if each.session_id == name),
        clinicians=(Clinician(npi=NPI, role=Role.THERAPIST),),
    )


def _lines(recorded: Sequence[_Recorded]) -> tuple[UnitsLine, ...]:
    lines: dict[tuple[str, bool], UnitsLine] = {}
    for each in recorded:
        at = (each.service.code, each.assistant)
        source = ServiceReference(each.session_id, each.service.line)
        known = lines.get(at)
        if known is None:
            lines[at] = UnitsLine(
                line=len(lines) + 1,
                code=each.service.code,
                units=each.units,
                minutes=15,
                timed=True,
                assistant=each.assistant,
                services=(source,),
            )
        else:
            assert each.is_more
            services = (*known.services, source)
            lines[at] = UnitsLine(
                line=known.line,
                code=known.code,
                units=known.units,
                minutes=known.minutes + 15,
                timed=True,
                assistant=known.assistant,
                services=services,
            )
    return tuple(lines.values())
