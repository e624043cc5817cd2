"""The figures of the biller's page, computed by the rules from the rulebook's values."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

import msgspec

from reference.facts import (
    AssistantSplit,
    CertificationRule,
    Facts,
    Gpci,
    InPart,
    RelativeValue,
    TimedUnit,
)
from reference.rulebook import RuleBook
from rules.assistants import Share, is_in_part, split_units
from rules.estimate import estimate_payment
from rules.money import round_to_cent
from rules.plan_of_care import PlanOnFile, due_date, last_day
from rules.pricing import Rate, unit_amount
from rules.units import allocate_by_midpoint, allocate_by_total_time, units_in
from schemas.claims import PaymentEstimate
from schemas.events import EventType
from schemas.values import Certification, Program, Setting
from tests.docs.examples import Json, run
from tests.docs.pages import table

DAY = date(2026, 3, 2)
LOCALITY = ("04412", "11")
CODE = "97530"
INTERVALS = 8
TWENTY_SEVEN = {"97530": 10, "97110": 12, "97140": 5}
FORTY = {"97110": 33, "97140": 7}
TIE = {"97110": 8, "97140": 8, "97530": 8}


def facts_on(rulebook: RuleBook, day: date = DAY) -> Facts:
    """Return what is in force for Medicare on a date."""
    return rulebook.on(day, "medicare-b-tx", Program.MEDICARE_FFS)


def intervals(rulebook: RuleBook) -> str:
    """Return from how many to how many minutes each number of units goes."""
    timed_unit = _timed_unit(rulebook)
    by_units: dict[int, list[int]] = {}
    for minutes in range(1, timed_unit.minutes_per_unit * (INTERVALS + 1)):
        by_units.setdefault(units_in(minutes, timed_unit), []).append(minutes)
    rows = [
        (f"{spent[0]} to {spent[-1]}", str(units))
        for units, spent in by_units.items()
        if units <= INTERVALS
    ]
    return table(("timed minutes of the day", "units"), rows)


def total_time(rulebook: RuleBook, minutes: Mapping[str, int], choice: Sequence[str] = ()) -> str:
    """Return the steps of the rule of the day's total."""
    return _listed(allocate_by_total_time(minutes, _timed_unit(rulebook), choice).steps)


def both_rules(rulebook: RuleBook) -> str:
    """Return the units of the same minutes under both rules."""
    timed_unit, rows = _timed_unit(rulebook), []
    for minutes in (TWENTY_SEVEN, FORTY, TIE, {"97110": 7, "97140": 7, "97530": 7}):
        by_total = allocate_by_total_time(minutes, timed_unit).units
        by_code = allocate_by_midpoint(minutes, timed_unit).units
        rows.append((_pairs(minutes), _sum(by_total), _sum(by_code)))
    return table(("minutes", "by the day's total", "by each code's midpoint"), rows)


def assistant_units(rulebook: RuleBook, therapist: int, assistant: int, units: int) -> str:
    """Return the steps by which a code's units fall to therapist and assistant."""
    share = Share(CODE, units, therapist, assistant)
    return _listed(split_units(share, _timed_unit(rulebook), _split(rulebook)).steps)


def assistant_part(rulebook: RuleBook) -> str:
    """Return where the two ways to read more than a tenth agree and where they do not."""
    rule, rows = _split(rulebook), []
    for assistant, total in ((3, 30), (4, 30), (2, 15), (1, 8), (2, 8)):
        answers = [
            "yes" if is_in_part(assistant, total, replace(rule, in_part=way)) else "no"
            for way in InPart
        ]
        rows.append((f"{assistant} of {total}", *answers))
    return table(("the assistant's minutes", "exact ratio", "simple way"), rows)


def estimate(rulebook: RuleBook) -> str:
    """Return the estimate of one unit of a therapist and of one of an assistant."""
    facts = facts_on(rulebook)
    value, gpci, factor = _rate(facts)
    allowed = str(unit_amount(Rate(value, gpci, factor), Decimal(1)))
    rows = []
    for by, assistant in (("therapist", False), ("assistant", True)):
        found = estimate_payment(
            (allowed, None), Setting.PRIVATE_PRACTICE, facts, assistant=assistant
        )
        assert found is not None
        rows.append((by, allowed, *msgspec.structs.astuple(found)))
    names = (name.replace("_", " ") for name in PaymentEstimate.__struct_fields__)
    return table(("a unit of the", "allowed amount", *names), rows)


def price(rulebook: RuleBook, *, is_reduced: bool) -> str:
    """Return the arithmetic of the price of one unit, in full or reduced."""
    facts = facts_on(rulebook)
    value, gpci, factor = _rate(facts)
    share = facts.mppr_practice_expense_share
    assert isinstance(share, Decimal)
    kept = share if is_reduced else Decimal(1)
    start = f"{share} × " if is_reduced else ""
    relative = (
        value.work * gpci.work
        + kept * value.practice_expense * gpci.practice_expense
        + value.malpractice * gpci.malpractice
    )
    amount = unit_amount(Rate(value, gpci, factor), kept)
    assert amount == round_to_cent(relative * factor)
    return (
        "```text\n"
        f"{value.work} × {gpci.work}"
        f" + {start}{value.practice_expense} × {gpci.practice_expense}"
        f" + {value.malpractice} × {gpci.malpractice} = {relative}\n"
        f"{relative} × {factor} = {relative * factor}\n"
        f"rounded half up to the cent: {amount}\n"
        "```\n"
    )


def reduction(rulebook: RuleBook) -> str:
    """Return the prices of a PT day before and after an OT session of the same date."""
    values = facts_on(rulebook).relative_values
    assert isinstance(values, Mapping)
    rows = []
    for number, data in enumerate(_of(rulebook, EventType.SPEND_ACCRUED, "spend.accrued")):
        came = ("PT alone", "OT comes", "PT again")[number]
        for line in data["lines"]:
            expense = str(values[line["code"]].practice_expense)
            amounts = line["price"]["per_unit"]
            total = f" = {line['allowed_amount']}" if len(amounts) > 1 else ""
            rows.append((came, line["code"], expense, f"{' + '.join(amounts)}{total}"))
    return table(("event", "code", "practice expense (RVU)", "its units"), rows)


def ledger(rulebook: RuleBook) -> str:
    """Return the entries of a year before and after a payer's report."""
    rows = []
    for data in _of(rulebook, EventType.SPEND_ACCRUED, "accrual.reported"):
        spend = data["spend"]
        total = f"{spend['balance_before']} + {spend['amount']} = {spend['balance_after']}"
        rows.append((data["date_of_service"], total, spend["running_total"], spend["basis"]))
    return table(("visit day", "balance", "running total", "basis"), rows)


def kx(rulebook: RuleBook) -> str:
    """Return the lines of a day that crosses the KX threshold."""
    (data,) = _of(rulebook, EventType.SPEND_ACCRUED, "threshold.crossed")
    balance, rows = Decimal(data["spend"]["balance_before"]), []
    for line in data["lines"]:
        after = balance + Decimal(line["allowed_amount"])
        needs = "yes" if line["requires_kx"] else "no"
        rows.append((line["code"], f"{balance} + {line['allowed_amount']} = {after}", needs))
        balance = after
    over = f"over {data['spend']['kx_threshold']}: needs KX"
    return table(("line", "balance after it", over), rows)


def due(rulebook: RuleBook) -> str:
    """Return the dates that follow from a first treatment and a date of service."""
    facts = facts_on(rulebook)
    rule = facts.certification
    assert isinstance(rule, CertificationRule)
    plan = PlanOnFile(
        document_id="D-1",
        established_on=DAY,
        first_treated_on=DAY,
        through=date(2026, 12, 31),
        certification=Certification.NONE,
        goal_ids=(),
    )
    rows = [
        (
            "certification of the plan",
            f"{DAY} + {rule.days_to_certify} days",
            due_date(plan, rule),
        ),
        ("last certified day", f"{DAY} + {rule.days_certified} days", last_day(plan, rule)),
        ("filing of the claim", f"{DAY}, a year later", facts.filing_due),
        (
            "filing, treated on a leap day",
            "2024-02-29, a year later",
            facts_on(rulebook, date(2024, 2, 29)).filing_due,
        ),
    ]
    return table(("what", "from", "due"), [(what, start, str(day)) for what, start, day in rows])


def sources(rulebook: RuleBook) -> str:
    """Return where each parameter stands and on whose word."""
    rows = []
    for name, series in rulebook.series():
        dated = series.at(DAY)
        if dated is not None and "parameters" in dated.source.path.parts:
            folder = dated.source.path.parent.name
            cites = "; ".join(f"{cite.authority}, {cite.locator}" for cite in dated.cites)
            rows.append((series.label, f"`reference/parameters/{folder}/{name}.yaml`", cites))
    return table(("what", "where", "authority"), rows)


def _timed_unit(rulebook: RuleBook) -> TimedUnit:
    timed_unit = facts_on(rulebook).timed_unit
    assert isinstance(timed_unit, TimedUnit)
    return timed_unit


def _split(rulebook: RuleBook) -> AssistantSplit:
    rule = facts_on(rulebook).assistant_split
    assert isinstance(rule, AssistantSplit)
    return rule


def _rate(facts: Facts) -> tuple[RelativeValue, Gpci, Decimal]:
    values, gpcis, factor = facts.relative_values, facts.gpcis, facts.conversion_factor
    assert isinstance(values, Mapping)
    assert isinstance(gpcis, Mapping)
    assert isinstance(factor, Decimal)
    return values[CODE], gpcis[LOCALITY], factor


def _of(rulebook: RuleBook, type_: EventType, example: str) -> list[Json]:
    """Return the data of all events of one type that come out of an example."""
    emitted = run(EventType(f"therapy.{example}.v1"), rulebook)
    return [each["data"] for each in emitted if each["type"] == type_]


def _pairs(minutes: Mapping[str, int]) -> str:
    return ", ".join(f"{code} {spent}" for code, spent in minutes.items())


def _sum(units: Mapping[str, int]) -> str:
    return f"{' + '.join(map(str, units.values()))} = {sum(units.values())}"


def _listed(steps: Sequence[str]) -> str:
    return "".join(f"- {step}\n" for step in steps)
