"""A decision as a biller reads it: headline, lines, what is missing, and the arithmetic."""

from collections.abc import Iterator, Mapping, Sequence

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from commands.words import (
    DECISIONS,
    FREQUENCIES,
    GROUPS,
    WITHDRAWALS,
    say,
    say_citation,
    say_dollars,
)
from reference.facts import FindingText
from schemas.claims import (
    ClaimHeld,
    ClaimLine,
    ClaimNeedsDocumentation,
    ClaimReady,
    ClaimWithdrawn,
    Decision,
)
from schemas.finding import Finding
from schemas.spend import Spend, SpendAccrued
from schemas.values import FindingCode, Severity, Unbilled

MPPR = (
    "Note: MPPR, the payment reduction for several procedures, pays one therapy unit of the day"
    " in full, and every other with less of its practice expense. [Social Security Act,"
    " §1834(k)(7) and §1848(b)(7)]"
)


def say_headline(type_: str, decision: Decision) -> Text:
    """Return the decision's name, its visit day, and what it comes to in dollars."""
    name, style = DECISIONS[type_]
    said = [f"{decision.discipline} day of {decision.date_of_service}", *_say_outcome(decision)]
    return Text.assemble((name, style), f"  {', '.join(said)}")


def list_lines(lines: Sequence[ClaimLine]) -> Table:
    """Return the claim's lines; amounts are of the whole line."""
    table = _table()
    table.add_column("Line")
    table.add_column("Code")
    table.add_column("Units", justify="right")
    table.add_column("Modifiers")
    table.add_column("Charge", justify="right")
    table.add_column("Allowed", justify="right")
    for line in lines:
        table.add_row(
            str(line.line),
            line.code,
            "–" if line.units is None else str(line.units),
            " ".join(line.modifiers),
            say_dollars(line.charge) if line.charge else "–",
            say_dollars(line.allowed_amount) if line.allowed_amount else "–",
        )
    return table


def list_reasons(decision: Decision, catalogue: Mapping[FindingCode, FindingText]) -> Table | None:
    """Return what blocks the day: the reason, its cure and source, whose it is, and by when."""
    blocking = _by_code(decision.findings)
    if not blocking:
        return None
    due = _due(decision)
    table = _table()
    table.add_column("What holds it" if isinstance(decision, ClaimHeld) else "What is missing")
    table.add_column("Whose it is", no_wrap=True)
    table.add_column("By when", no_wrap=True)
    for code, findings in blocking.items():
        owner = catalogue[code].owner
        table.add_row(_say_reason(findings), say(owner) if owner else "–", due.get(code, "–"))
    return table


def say_notes(decision: Decision, day: SpendAccrued | None) -> Iterator[str]:
    """Yield what else was found, which blocks nothing, and what MPPR is where it was at work."""
    for finding in decision.findings:
        if finding.severity is not Severity.BLOCKING:
            yield f"Note: {finding.message} {say_citation(finding.citation)}"
    lines = () if day is None else day.lines
    if any(line.price is not None and line.price.mppr_reduced_units for line in lines):
        yield MPPR


def say_arithmetic(decision: Decision, day: SpendAccrued | None) -> Iterator[str]:
    """Yield how the units came about, what stays in the note, the prices and the balance.

    Without the priced visit day, what came of it is not said.
    """
    yield from decision.steps
    for service in decision.unbilled:
        # Of minutes that earned no unit the steps have spoken.
        if service.reason is not Unbilled.NO_UNIT_EARNED:
            yield f"{service.code} is not billed: {say(service.reason)}."
    if day is None:
        return
    yield from say_prices(day)
    if day.spend is not None:
        yield _say_balance(day.spend)


def say_prices(day: SpendAccrued) -> Iterator[str]:
    """Yield how each allowed amount adds up from its units, in dollars."""
    for line in day.lines:
        if line.price is None:
            continue
        units, reduced = line.price.per_unit, line.price.mppr_reduced_units
        said = f"{line.code}: {' + '.join(units)}"
        if len(units) > 1:
            said += f" = {line.allowed_amount}"
        if reduced:
            said += f"; MPPR reduces {reduced} of {len(units)}"
        yield f"{said}."


def _say_outcome(decision: Decision) -> Iterator[str]:
    match decision:
        case ClaimReady():
            yield FREQUENCIES[decision.frequency_code]
            is_priced = any(line.allowed_amount for line in decision.lines)
            total = say_dollars(decision.total_allowed)
            yield f"allowed {total}" if is_priced else "at its charges"
        case ClaimWithdrawn():
            yield f"{FREQUENCIES[decision.frequency_code]}: {WITHDRAWALS[decision.reason]}"
        case ClaimHeld() | ClaimNeedsDocumentation():
            held = decision.amount_held
            yield "no line has a price" if held is None else f"{say_dollars(held)} waits"
            if decision.outstanding is not None:
                yield "an earlier claim is out and in doubt"
        case _:
            pass


def _say_balance(spend: Spend) -> str:
    said = (
        f"{spend.year} balance for {GROUPS[spend.threshold_group]}:"
        f" {say_dollars(spend.balance_before)} before the day, {say_dollars(spend.amount)} for it,"
        f" {say_dollars(spend.balance_after)} after it"
    )
    if spend.running_total != spend.balance_after:
        said += f"; the year stands at {say_dollars(spend.running_total)}"
    return f"{said}."


def _by_code(findings: Sequence[Finding]) -> dict[FindingCode, list[Finding]]:
    found: dict[FindingCode, list[Finding]] = {}
    for finding in findings:
        if finding.severity is Severity.BLOCKING:
            found.setdefault(finding.code, []).append(finding)
    return found


def _due(decision: Decision) -> dict[FindingCode, str]:
    """The first due date of each code, where a rule gives one."""
    if not isinstance(decision, ClaimHeld | ClaimNeedsDocumentation):
        return {}
    dated = [(each.due, each.code) for each in decision.missing if each.due is not None]
    return {code: str(due) for due, code in sorted(dated, reverse=True)}


def _say_reason(findings: Sequence[Finding]) -> Text:
    """The findings of one code: each message, then the cure and the source once."""
    said = Text()
    for finding in findings:
        numbers = ", ".join(str(number) for number in finding.lines)
        said.append(f"{finding.message}{f' (line {numbers})' if numbers else ''}\n")
    said.append(f"Cure: {findings[0].cure}. ", "italic")
    said.append(say_citation(findings[0].citation), "dim")
    return said


def _table() -> Table:
    return Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, collapse_padding=True)
