"""What the program makes of the docs is what stands in them."""

import re
from decimal import Decimal
from math import prod
from pathlib import Path

import pytest

from reference.facts import AssistantSplit, CertificationRule, PaymentShares, TimedUnit
from reference.rulebook import RuleBook
from schemas.events import CLINICAL, EventType
from schemas.values import FindingCode
from tests.docs.catalogue import codes_in_force
from tests.docs.decision import decision
from tests.docs.examples import Json, output_of, write
from tests.docs.made import make_blocks, run_examples
from tests.docs.pages import BLOCK, blocks, name_of, pages, text_of
from tests.docs.worked import facts_on

AGAIN = "write it anew with: python -m tests.docs"
EQUATION = re.compile(r"(?P<sum>\d[\d.]*(?: [×+] \d[\d.]*)+) = (?P<result>\d[\d.]*)")
BILLERS_PAGE = "docs/how-each-number-comes-about.md"


@pytest.fixture(scope="module")
def examples(rulebook: RuleBook) -> dict[EventType, list[Json]]:
    """All that comes out of every example."""
    return run_examples(rulebook)


@pytest.fixture(scope="module")
def made(rulebook: RuleBook) -> dict[str, str]:
    """Every made block by its name."""
    return make_blocks(rulebook)


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_the_made_parts_of_a_page_are_current(page: Path, made: dict[str, str]) -> None:
    """Every made block of the page is what the program makes now."""
    text = page.read_text(encoding="utf-8")
    stale = [name for name, block in blocks(text) if block != made.get(name)]
    assert not stale, AGAIN
    assert text.count("<!-- made:") == len(BLOCK.findall(text)), "a made block has no end"


def test_every_made_block_stands_in_a_page(made: dict[str, str]) -> None:
    """Nothing is made that no page shows."""
    shown = {name for page in pages() for name, _ in blocks(page.read_text(encoding="utf-8"))}
    assert set(made) == shown


@pytest.mark.parametrize("type_", EventType)
def test_an_example_gives_its_output(
    type_: EventType, examples: dict[EventType, list[Json]]
) -> None:
    """The example of each event type gives the output that lies beside it, to the byte."""
    assert write(examples[type_]) == output_of(type_).read_text(encoding="utf-8"), AGAIN


@pytest.mark.parametrize("type_", EventType)
def test_an_example_shows_its_own_type(
    type_: EventType, examples: dict[EventType, list[Json]]
) -> None:
    """An example of what we emit emits it, and an example of what comes in emits something."""
    types = [each["type"] for each in examples[type_]]
    assert types
    assert type_ in types or type_ in CLINICAL


def test_every_sum_on_the_billers_page_comes_out() -> None:
    """Each product and sum that the page shows has the result that the page shows."""
    found = list(EQUATION.finditer(text_of(BILLERS_PAGE)))
    wrong = [each.group() for each in found if _value(each["sum"]) != Decimal(each["result"])]
    assert wrong == []
    assert len(found) > 15


def test_the_readme_shows_a_ready_decision(rulebook: RuleBook) -> None:
    """The README's decision is the ready one that replay gives for 27 minutes, two units."""
    shown = decision(rulebook)
    assert shown in text_of("README.md")
    assert '"type": "therapy.claim.ready.v1"' in shown
    assert "27 in all are 2 units" in shown


def test_the_catalogue_marks_what_is_found_today() -> None:
    """Findings of the later rules are marked as such, and those of this release are not."""
    later = set(FindingCode) - codes_in_force()
    assert FindingCode.NOTE_NOT_SIGNED not in later
    rows = text_of("docs/findings.md").splitlines()
    marked = {row.split("`")[1] for row in rows if row.startswith("| `") and "| later |" in row}
    assert marked == later


def test_figures_in_the_billers_prose_are_the_parameters(rulebook: RuleBook) -> None:
    """The days and shares that the page names in words are those that are in force."""
    page, facts = text_of(BILLERS_PAGE), facts_on(rulebook)
    rule, unit = facts.certification, facts.timed_unit
    assert isinstance(rule, CertificationRule)
    assert isinstance(unit, TimedUnit)
    assert facts.mppr_practice_expense_share == Decimal("0.5")
    assert "keeps half of its practice expense" in page
    assert f"signed within {rule.days_to_sign_verbal} days" in page
    assert f"within {rule.days_to_certify} days of the first treatment" in page
    assert f"at most {rule.days_certified} days from its first day" in page
    assert f"for {unit.minutes_per_unit} minutes is {unit.minutes_first_unit}" in page


def test_figures_on_the_page_of_assistants_are_the_parameters(rulebook: RuleBook) -> None:
    """The minutes and shares that the page names in words are those that are in force."""
    page, facts = text_of("docs/assistants.md"), facts_on(rulebook)
    split, shares = facts.assistant_split, facts.payment_shares
    assert isinstance(split, AssistantSplit)
    assert isinstance(shares, PaymentShares)
    least, most = split.minutes_of_two_least, split.minutes_of_two_most
    assert f"with {least} to {most} minutes of each side" in page
    assert f"{split.minutes_last_unit} or more of its minutes are the therapist's" in page
    assert f"more than {split.de_minimis_share * 100:.0f} % of the minutes left" in page
    assert f"| {shares.medicare * 100:.0f} % of the lesser" in page
    assert f"| {shares.sequestration * 100:.0f} % of the rest" in page
    assert f"line of an assistant: {(1 - shares.assistant) * 100:.0f} % from" in page


def _value(text: str) -> Decimal:
    """Return what a sum of products comes to."""
    products = (term.split(" × ") for term in text.split(" + "))
    return sum((prod(map(Decimal, each), start=Decimal(1)) for each in products), Decimal(0))
