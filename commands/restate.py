"""``therapy restate``: what another rulebook would change of a period; nothing is sent."""

from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from enum import StrEnum
from pathlib import Path
from sys import stderr
from typing import Any

from msgspec.json import encode

from commands.exits import CHANGED, READ, USAGE
from commands.replay import is_same_file
from commands.rulebook import add_from_folder, day_of
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
    write_day,
    write_name,
)
from commands.standings import Standing
from commands.ways import Pair, Way, name_of, pair_days, run_ways, write_out
from reference.errors import ReferenceFileError
from reference.rulebook import PACKAGE, RuleBook, load
from rules.money import ZERO, write_money
from schemas.values import FindingCode

FIRST, LAST = date.min, date.max
WHAT_IT_IS = (
    "Each event is decided under both rulebooks; the rules' code is this program's, the reference"
    " data differ. A visit day is listed where its decision, units, modifiers, allowed amounts or"
    " findings differ. Nothing is sent."
)


class Effect(StrEnum):
    """What becomes of a day's claim; each is a word for a person too."""

    STANDS = "stands"
    REPLACED = "replaced"
    IN_DOUBT = "in doubt"
    WITHDRAWN = "withdrawn"
    GOES_OUT = "goes out"
    NONE = "none"


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("file", metavar="FILE", help="events, one a line; - is standard input")
    parser.add_argument(
        "--rulebook",
        type=Path,
        required=True,
        metavar="DIR",
        help="the other reference data: a folder as reference/, or one that has it",
    )
    parser.add_argument(
        "--from", dest="first", type=day_of, default=FIRST, metavar="DATE",
        help="report from this date of service on",
    )  # fmt: skip
    parser.add_argument(
        "--through", type=day_of, default=LAST, metavar="DATE",
        help="report up to this date of service",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="one JSON object a line, not text")
    parser.add_argument("--out", metavar="FILE", help="where to write; default standard output")
    add_from_folder(parser)


def run(arguments: Namespace) -> int:
    """Report what would change: status 0 for nothing, 4 for something, 3 for a line unread."""
    if is_same_file(arguments.file, arguments.out):
        stderr.write("therapy restate: --out is the file that is read\n")
        return USAGE
    ways = (Way(load(arguments.reference)), Way(load(find_reference(arguments.rulebook))))
    status = run_ways(arguments.file, "restate", ways)
    pairs = [
        pair
        for pair in pair_days(ways, lambda day: (day.name, day.payer.payer_id))
        if arguments.first <= name_of(pair).date_of_service <= arguments.through
    ]
    restatement = Restatement(ways[0].rulebook, ways[1].rulebook, pairs)
    write_out(restatement.write() if arguments.json else restatement.say(), arguments.out)
    return CHANGED if status == READ and restatement.changed else status


def find_reference(folder: Path) -> Path:
    """Return the folder of reference data that is meant: it, or the one of its name in it."""
    inside = folder / PACKAGE.name
    found = inside if inside.is_dir() else folder
    if not (found / "citations.yaml").is_file():
        raise ReferenceFileError(folder, "there are no reference data")
    return found


def effect_on_claim(pair: Pair) -> Effect:
    """Say what would become of the claim that is out, or that one would go out."""
    before, after = pair
    claim = None if before is None else before.claim
    is_ready = after is not None and after.decision == READY
    if claim is None:
        return Effect.GOES_OUT if is_ready else Effect.NONE
    if after is None or after.decision in GONE:
        return Effect.WITHDRAWN
    if is_ready:
        return Effect.STANDS if after.claim == claim else Effect.REPLACED
    return Effect.IN_DOUBT


READY = "ready"
GONE = (None, "not-billable", "withdrawn")
"""Decisions that leave nothing to bill."""


def is_changed(pair: Pair) -> bool:
    """Say whether the two rulebooks decide a visit day differently."""
    before, after = pair
    if before is None or after is None:
        return True
    return _decided(before) != _decided(after)


def _decided(day: Standing) -> tuple[object, ...]:
    # The claim is compared too: it has more on it than its lines show here.
    claim = day.claim if day.decision == READY else None
    return day.decision, day.lines, sorted(day.findings), claim


def _news(pair: Pair) -> tuple[list[FindingCode], list[FindingCode]]:
    """Return the findings that would be gone, and those that would be new."""
    before, after = (() if day is None else day.findings for day in pair)
    return [each for each in before if each not in after], [
        each for each in after if each not in before
    ]


class Restatement:
    """The visit days that another rulebook would decide differently, in order."""

    def __init__(self, before: RuleBook, after: RuleBook, pairs: Sequence[Pair]) -> None:
        """Take all visit days of the period."""
        self.changed = [pair for pair in pairs if is_changed(pair)]
        self._versions = (before.version, after.version)
        self._days = len(pairs)
        self._effects = Counter(map(effect_on_claim, self.changed))
        amounts = [difference(pair) for pair in self.changed]
        self._priced = [amount for amount in amounts if amount is not None]

    def say(self) -> Iterator[str]:
        """Yield the report as lines of text."""
        yield "What another rulebook would change"
        yield ""
        yield f"  before  rulebook {self._versions[0]}"
        yield f"  after   rulebook {self._versions[1]}"
        yield ""
        yield from say_paragraph(WHAT_IT_IS)
        for pair in self.changed:
            yield ""
            yield from _say_pair(pair)
        yield ""
        yield f"In all: {len(self.changed)} of {self._days} visit days would change"
        yield from self._say_total()

    def write(self) -> Iterator[str]:
        """Yield the report as JSON Lines: a head, the days that change, the total."""
        before, after = self._versions
        yield _line({"kind": "head", "before": before, "after": after, "note": WHAT_IT_IS})
        for pair in self.changed:
            yield _line(_write_pair(pair))
        yield _line(
            {
                "kind": "total",
                "days": self._days,
                "days_changed": len(self.changed),
                "days_priced_in_both": len(self._priced),
                "difference": write_money(sum(self._priced, ZERO)),
                "claims": {each: self._effects[each] for each in Effect if each in self._effects},
            }
        )

    def _say_total(self) -> Iterator[str]:
        if not self.changed:
            return
        amount = say_difference(sum(self._priced, ZERO))
        without = len(self.changed) - len(self._priced)
        yield row("allowed", f"{amount} on {len(self._priced)} days", "")
        if without:
            yield row("", f"{without} days have no price before or after", "")
        for each in Effect:
            if each in self._effects:
                yield row("claims", f"{self._effects[each]} {_WORDS[each]}", "")


_WORDS = {
    Effect.STANDS: "stand as they are",
    Effect.REPLACED: "would be replaced",
    Effect.IN_DOUBT: "would be out and in doubt",
    Effect.WITHDRAWN: "would be withdrawn",
    Effect.GOES_OUT: "would go out",
    Effect.NONE: "days have none, before and after",
}


def _say_pair(pair: Pair) -> Iterator[str]:
    yield say_name(name_of(pair))
    yield row("", "before", "after")
    yield from say_lines(pair)
    yield from say_reasons(pair)
    yield say_decision(pair)
    gone, new = _news(pair)
    for label, codes in (("gone", gone), ("new", new)):
        for place, code in enumerate(codes):
            yield row("" if place else label, code, "")
    yield say_amounts(pair)
    amount = difference(pair)
    if amount is not None:
        yield row("difference", say_difference(amount), "")
    yield row("claim", effect_on_claim(pair), "")


def _write_pair(pair: Pair) -> dict[str, Any]:
    before, after = pair
    gone, new = _news(pair)
    amount = difference(pair)
    return {
        "kind": "day",
        **write_name(pair),
        "before": write_day(before),
        "after": write_day(after),
        "findings_gone": gone,
        "findings_new": new,
        "difference": None if amount is None else write_money(amount),
        "claim": effect_on_claim(pair),
    }


def _line(written: dict[str, Any]) -> str:
    return encode(written).decode()
