"""The fee schedule's amounts against a biller's cases, and against what must hold for any day."""

import dataclasses
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from reference.facts import Gpci, NoValueInForce, Pricing, RelativeValue
from reference.rulebook import RuleBook, load
from rules.money import ZERO
from rules.pricing import Bill, Rate, price_group, unit_amount
from schemas.session import BillingProvider, Clinician, Payer, Service, Session
from schemas.spend import Price, SpendLine
from schemas.units import ServiceReference, UnitsLine
from schemas.values import Discipline, FindingCode, Program, Role, Setting

CASES = yaml.safe_load(Path(__file__).with_name("pricing.yaml").read_text())["cases"]
RULEBOOK: RuleBook = load()
MARCH = date(2026, 3, 2)
CODES = ["97530", "97110", "97116", "97112", "97140", "97535", "92507", "97161", "97010", "97799"]
LINES = st.lists(st.tuples(st.sampled_from(CODES), st.integers(1, 4)), min_size=1, max_size=5)
PLACES = st.sampled_from([("04412", "11"), ("04412", "99"), ("12202", "01"), None])


def bill(
    lines: list[tuple[str, int | None]],
    day: date = MARCH,
    program: Program = Program.MEDICARE_FFS,
    **more: Any,  # noqa: ANN401 - a case's own fields
) -> Bill:
    """Return a day to price in Dallas; each line comes from the service of the same number."""
    mac, locality = more.get("locality", ("04412", "11")) or (None, None)
    provider = BillingProvider(
        npi="1669999992",
        setting=Setting.PRIVATE_PRACTICE,
        mac=mac,
        locality=locality,
        qualifying_apm=more.get("qualifying_apm"),
    )
    services = tuple(
        Service(
            line=number,
            code=code,
            therapist_minutes=15,
            assistant_minutes=0,
            contract_price=more.get("contract_price"),
        )
        for number, (code, _) in enumerate(lines, start=1)
    )
    session = Session(
        session_id="S-1",
        revision=1,
        patient_id="P-1",
        discipline=Discipline(more.get("discipline", "PT")),
        date_of_service=day,
        payer=Payer(payer_id="payer", program=program),
        billing_provider=provider,
        services=services,
        clinicians=(Clinician(npi="1558888882", role=Role.THERAPIST),),
    )
    counted = tuple(
        UnitsLine(
            line=number,
            code=code,
            units=units,
            minutes=15,
            timed=True,
            assistant=False,
            services=(ServiceReference(session_id="S-1", line=number),),
        )
        for number, (code, units) in enumerate(lines, start=1)
    )
    return Bill(counted, provider, (session,), RULEBOOK.on(day, "payer", program))


def said(line: SpendLine) -> list[str] | str:
    """Return a line's amounts by unit, or why it has none."""
    if line.price is not None:
        return list(line.price.per_unit)
    assert line.unpriced is not None
    return line.unpriced.reason.value


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_prices(case: dict[str, Any]) -> None:
    """Each case's lines have its prices, findings and total."""
    day, program = case.get("date", MARCH), Program(case.get("program", "medicare_ffs"))
    priced = price_group([bill(day=day, program=program, **stated) for stated in case["days"]])
    for stated, one in zip(case["days"], priced, strict=True):
        assert [said(line) for line in one.lines] == stated["prices"]
        for line in one.lines:
            units = None if line.price is None else map(Decimal, line.price.per_unit)
            assert (line.timed, line.requires_kx) == (True, False)
            assert line.allowed_amount == (None if units is None else str(sum(units, ZERO)))
        assert str(one.total) == stated["total"]
        everything = [number for number, _ in enumerate(stated["lines"], start=1)]
        assert [line.line for line in one.lines] == stated.get("kept", everything)
        assert [service.code for service in one.unbilled] == stated.get("unbilled", [])
        found = [[finding.code.value, list(finding.lines)] for finding in one.findings]
        assert found == stated.get("findings", [])
        assert stated.get("says", "") in " ".join(finding.message for finding in one.findings)


def test_contributors_that_state_different_contract_prices_state_none() -> None:
    """A line whose services disagree on the contractor's price stays unpriced."""
    one = bill([("97799", 2)], contract_price="41.50")
    other = bill([("97799", 2)], contract_price="42.00").sessions[0]
    second = other.model_copy(update={"session_id": "S-2"})
    references = (*one.lines[0].services, ServiceReference(session_id="S-2", line=1))
    line = replace(one.lines[0], services=references)
    both = replace(one, lines=(line,), sessions=(*one.sessions, second))
    assert [said(each) for each in price_group([both])[0].lines] == ["contractor_priced"]


def test_the_contractor_s_price_has_no_factors() -> None:
    """A price that the contractor states names no index, factor or release, and is not reduced."""
    priced = price_group([bill([("97799", 1)], contract_price="41.50")])[0].lines[0].price
    assert isinstance(priced, Price)
    assert (priced.work_gpci, priced.conversion_factor, priced.release) == (None, None, None)
    assert priced.mppr_reduced_units == 0


def test_a_price_names_its_factors() -> None:
    """A price of the schedule says which indices, factor and release it was made with."""
    priced = price_group([bill([("97530", 2)])])[0].lines[0].price
    assert isinstance(priced, Price)
    assert (priced.work_gpci, priced.pe_gpci, priced.mp_gpci) == ("1.009", "0.996", "0.858")
    assert (priced.conversion_factor, priced.release) == ("33.4009", "rvu26c")
    assert priced.mppr_reduced_units == 1


def test_a_unit_is_rounded_half_up_to_the_cent() -> None:
    """Half a cent is a cent: 1.005 dollars are 1.01."""
    value = RelativeValue(
        "97110", "A", Pricing.PRICED, Decimal("1.005"), ZERO, ZERO, is_mppr=True, release="r"
    )
    gpci = Gpci(Decimal(1), Decimal(1), Decimal(1), "r")
    assert unit_amount(Rate(value, gpci, Decimal(1)), Decimal(1)) == Decimal("1.01")


def test_no_share_in_force_leaves_reduced_lines_without_a_price() -> None:
    """Where the share of a reduced unit is unknown, only a line that needs none has a price."""
    known = bill([("97530", 1), ("97110", 1)])
    missing = NoValueInForce("share", MARCH)
    facts = dataclasses.replace(known.facts, mppr_practice_expense_share=missing)
    (priced,) = price_group([replace(known, facts=facts)])
    assert [said(line) for line in priced.lines] == [["35.08"], "no_value_in_force"]
    assert [finding.lines for finding in priced.findings] == [(2,)]


@pytest.mark.parametrize("name", ["gpcis", "conversion_factor", "relative_values"])
def test_a_figure_that_is_not_in_force_is_named(name: str) -> None:
    """Without indices, a factor or relative values no line has a price, and that is named."""
    known = bill([("97530", 1), ("97110", 1)])
    missing = NoValueInForce(f"the {name}", MARCH)
    facts = dataclasses.replace(known.facts, **{name: missing})  # type: ignore[arg-type]
    (priced,) = price_group([replace(known, facts=facts)])
    assert [said(line) for line in priced.lines] == ["no_value_in_force", "no_value_in_force"]
    (finding,) = priced.findings
    assert (finding.code, finding.lines) == (FindingCode.NO_VALUE_IN_FORCE, (1, 2))
    assert f"the {name}" in finding.message


@given(st.lists(st.tuples(LINES, PLACES), min_size=1, max_size=3))
def test_a_group_has_one_whole_unit_and_a_day_is_the_sum_of_its_lines(
    days: list[tuple[list[tuple[str, int | None]], tuple[str, str] | None]],
) -> None:
    """Of all priced units under the reduction exactly one is whole; totals are sums of units."""
    bills = [bill(lines, locality=place) for lines, place in days]
    priced = price_group(bills)
    whole = reduced = 0
    for one, priced_day in zip(bills, priced, strict=True):
        values = one.facts.relative_values
        assert not isinstance(values, NoValueInForce)
        for line in priced_day.lines:
            if line.price is not None and values[line.code].is_mppr:
                reduced += line.price.mppr_reduced_units
                whole += len(line.price.per_unit) - line.price.mppr_reduced_units
        units = [line.price.per_unit for line in priced_day.lines if line.price is not None]
        assert priced_day.total == sum((Decimal(unit) for unit in sum(units, ())), ZERO)
    assert whole == (1 if whole + reduced else 0)


@given(LINES.flatmap(lambda lines: st.tuples(st.just(lines), st.permutations(lines))))
def test_the_order_of_lines_changes_no_total(
    orders: tuple[list[tuple[str, int | None]], list[tuple[str, int | None]]],
) -> None:
    """The same codes and units in another order come to the same total."""
    totals = {price_group([bill(list(lines))])[0].total for lines in orders}
    assert len(totals) == 1


def test_a_code_that_is_not_paid_names_the_one_that_is() -> None:
    """The message says what the fee schedule takes in its place, where there is such a code."""
    (priced,) = price_group([bill([("97014", 1)])])
    (finding,) = priced.findings
    assert finding.message == "The payer does not pay code 97014; it takes G0283."
