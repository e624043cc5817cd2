"""``therapy compare``: the same sessions under two payers, units and amounts side by side."""

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from sys import stderr
from typing import Any

from msgspec.json import encode
from msgspec.structs import replace

from commands.exits import USAGE
from commands.replay import is_same_file
from commands.rulebook import add_from_folder, program_of
from commands.side_by_side import (
    difference,
    row,
    say_amounts,
    say_decision,
    say_difference,
    say_lines,
    say_name,
    say_paragraph,
    say_reasons,
    say_word,
    write_day,
    write_name,
)
from commands.standings import Standing
from commands.ways import Pair, Way, name_of, pair_days, run_ways, write_out
from reference.rulebook import RuleBook, load
from rules.money import ZERO, write_money
from schemas.envelope import Event
from schemas.session import Payer, Session

SIDES = ("A", "B")
WHAT_IS_COMPARED = (
    "Each session is decided twice, once for each payer; the payer is all that is changed. What"
    " was done, how long it took, what is documented, authorizations and payers' reports stay as"
    " they came in."
)
WHAT_AN_AMOUNT_IS = (
    "An allowed amount is what the fee schedule gives for a line. It is not a payment:"
    " coinsurance, deductible, sequestration and cuts after it are not in it. A line that has no"
    " price is not priced; that is not zero."
)
WHAT_IT_IS_NOT = (
    "A session is coded as it was furnished and documented, whoever pays. No amount here is a"
    " reason to record it otherwise."
)


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("file", metavar="FILE", help="events, one a line; - is standard input")
    parser.add_argument(
        "--payers",
        type=_two_payers,
        required=True,
        metavar="A,B",
        help="two payers: a payer's id that a profile has, or a program",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object a line, not text")
    parser.add_argument("--out", metavar="FILE", help="where to write; default standard output")
    add_from_folder(parser)


def _two_payers(text: str) -> tuple[str, str]:
    first, comma, second = (part.strip() for part in text.partition(","))
    if not (first and comma and second) or first == second or "," in second:
        raise ArgumentTypeError("wanted: two different payers with a comma between them")
    return first, second


def run(arguments: Namespace) -> int:
    """Compare a file's sessions; the status is 0 when all was read, 3 when a line was not."""
    if is_same_file(arguments.file, arguments.out):
        stderr.write("therapy compare: --out is the file that is read\n")
        return USAGE
    rulebook = load(arguments.reference)
    payers = [
        Payer(payer_id=word, program=program_of(rulebook, word)) for word in arguments.payers
    ]
    ways = [Way(rulebook, under(payer)) for payer in payers]
    status = run_ways(arguments.file, "compare", ways)
    comparison = Comparison(rulebook, payers, pair_days(ways, lambda day: (day.name, "")))
    lines = comparison.write() if arguments.json else comparison.say()
    write_out(lines, arguments.out)
    return status


def under(payer: Payer) -> Callable[[Event], Event]:
    """Return what gives each session this payer and leaves every other event as it is."""

    def change(event: Event) -> Event:
        if not isinstance(event.data, Session):
            return event
        return replace(event, data=event.data.model_copy(update={"payer": payer}))

    return change


@dataclass(slots=True)
class Total:
    """What all visit days of one side come to."""

    units: int = 0
    undecided_lines: int = 0
    decisions: Counter[str] = field(default_factory=Counter)
    allowed: Decimal = ZERO
    """In dollars, of the days whose amounts can be compared."""


class Comparison:
    """Visit days under two payers, for a person or a program."""

    def __init__(self, rulebook: RuleBook, payers: Sequence[Payer], pairs: Sequence[Pair]) -> None:
        """Take the days in the order in which they are shown."""
        self._rulebook = rulebook
        self._payers = payers
        self._pairs = pairs
        self._totals = (Total(), Total())
        self._compared = 0
        for pair in pairs:
            self._add(pair)

    def say(self) -> Iterator[str]:
        """Yield the comparison as lines of text."""
        yield "The same sessions under two payers: billable units and allowed amounts"
        yield ""
        for side, payer in zip(SIDES, self._payers, strict=True):
            yield f"  {side}  {self._say_payer(payer)}"
        yield ""
        for text in (WHAT_IS_COMPARED, WHAT_AN_AMOUNT_IS, WHAT_IT_IS_NOT):
            yield from say_paragraph(text)
        yield f"Rulebook {self._rulebook.version}; amounts in dollars."
        for pair in self._pairs:
            yield ""
            yield from self._say_pair(pair)
        yield ""
        yield from self._say_total()

    def write(self) -> Iterator[str]:
        """Yield the comparison as JSON Lines: a head, the days, the total."""
        yield _line(
            {
                "kind": "head",
                "rulebook": self._rulebook.version,
                **{side.lower(): payer.model_dump(mode="json") for side, payer in self._sides()},
                "notes": [WHAT_IS_COMPARED, WHAT_AN_AMOUNT_IS, WHAT_IT_IS_NOT],
            }
        )
        for pair in self._pairs:
            amount = self._difference(pair)
            first, second = map(write_day, pair)
            yield _line(
                {
                    "kind": "day",
                    **write_name(pair),
                    "a": first,
                    "b": second,
                    "difference": None if amount is None else write_money(amount),
                }
            )
        yield _line(self._write_total())

    def _sides(self) -> Iterator[tuple[str, Payer]]:
        return zip(SIDES, self._payers, strict=True)

    def _add(self, pair: Pair) -> None:
        can_compare = self._difference(pair) is not None
        self._compared += can_compare
        for total, day in zip(self._totals, pair, strict=True):
            total.decisions[say_word(None if day is None else day.decision)] += 1
            for line in () if day is None else day.lines:
                total.units += line.units or 0
                total.undecided_lines += line.units is None
            if can_compare and day is not None:
                total.allowed += Decimal(day.total_allowed or ZERO)

    def _difference(self, pair: Pair) -> Decimal | None:
        """Return B less A in dollars; None where a side has no price, or no fee schedule."""
        day = name_of(pair).date_of_service
        if all(self._has_fee_schedule(payer, day) for payer in self._payers):
            return difference(pair)
        return None

    def _has_fee_schedule(self, payer: Payer, day: date) -> bool:
        return self._rulebook.on(day, payer.payer_id, payer.program).profile.fee_schedule

    def _say_payer(self, payer: Payer) -> str:
        profile = self._rulebook.profile_name(payer.payer_id, payer.program)
        return f"{payer.payer_id}: program {payer.program}, profile {profile}"

    def _say_pair(self, pair: Pair) -> Iterator[str]:
        yield say_name(name_of(pair))
        yield row("", *SIDES)
        yield from say_lines(pair)
        yield row("units by", *map(_say_unit_rule, pair))
        yield from say_reasons(pair)
        yield say_decision(pair)
        yield from _say_blocking(pair)
        yield say_amounts(pair)
        amount = self._difference(pair)
        said = "cannot be compared" if amount is None else say_difference(amount)
        yield row("B less A", said, "")

    def _say_total(self) -> Iterator[str]:
        first, second = self._totals
        yield f"In all: {len(self._pairs)} visit days"
        yield row("", *SIDES)
        yield row("units", str(first.units), str(second.units))
        if first.undecided_lines or second.undecided_lines:
            yield row("undecided", *(f"{each.undecided_lines} lines" for each in self._totals))
        for word in sorted(first.decisions | second.decisions):
            yield row("days", *(f"{each.decisions[word]} {word}" for each in self._totals))
        if self._compared:
            yield row("allowed", *(f"{each.allowed:,.2f}" for each in self._totals))
            yield row("B less A", say_difference(second.allowed - first.allowed), "")
        yield from say_paragraph(
            f"Every line has a price under both payers on {self._compared} days, which the allowed"
            f" amounts are of. On the other {len(self._pairs) - self._compared} days no amounts"
            " can be compared."
        )

    def _write_total(self) -> dict[str, Any]:
        first, second = self._totals
        return {
            "kind": "total",
            "days": len(self._pairs),
            "a": _write_total(first),
            "b": _write_total(second),
            "compared_days": self._compared,
            "difference": write_money(second.allowed - first.allowed) if self._compared else None,
        }


def _write_total(total: Total) -> dict[str, Any]:
    return {
        "units": total.units,
        "undecided_lines": total.undecided_lines,
        "decisions": dict(sorted(total.decisions.items())),
        "allowed": write_money(total.allowed),
    }


def _say_unit_rule(day: Standing | None) -> str:
    return "" if day is None else day.unit_rule.replace("_", " ")


def _say_blocking(pair: Pair) -> Iterator[str]:
    first, second = (() if day is None else day.blocking for day in pair)
    for place in range(max(len(first), len(second))):
        left, right = (each[place] if place < len(each) else "" for each in (first, second))
        yield row("" if place else "blocked by", left, right)


def _line(written: dict[str, Any]) -> str:
    return encode(written).decode()
