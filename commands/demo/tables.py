"""The story as a biller reads it: sentences and tables, plain where there is no terminal."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from textwrap import TextWrapper

from rich.box import SIMPLE_HEAD
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from commands.decisions import (
    list_lines,
    list_reasons,
    say_arithmetic,
    say_headline,
    say_notes,
    say_prices,
)
from commands.demo.arrivals import say_arrival
from commands.demo.story import Decided, Repricing, Scene, Standing, Turn
from commands.words import BASES, DECISIONS, GROUPS, THRESHOLDS, say, say_dollars
from reference.facts import FindingText
from schemas.envelope import Event
from schemas.reading import Unreadable
from schemas.spend import SpendBalance, ThresholdCrossed
from schemas.values import Direction, FindingCode

ONWARDS = (
    ("commands/demo/clinic.jsonl", "the events above, one a line"),
    (".venv/bin/therapy replay FILE", "the same for a file of yours, as events"),
    (".venv/bin/therapy rulebook list", "what is in force, its dates and source"),
    ("docs/how-each-number-comes-about.md", "units, prices, balances, KX: step by step"),
    ("docs/findings.md", "what a day can wait for, and its cure"),
    ("CONTRIBUTING.md", "how to change a rule, a figure or a payer"),
)
"""Where to look next: files of the tree, commands, and what each shows."""


class Teller:
    """Prints the story; of what repeats it says only what is new."""

    def __init__(self, console: Console, catalogue: Mapping[FindingCode, FindingText]) -> None:
        """Take the finding catalogue for whose each cure is."""
        self._console = console
        self._catalogue = catalogue
        self._told: set[tuple[str, str]] = set()

    def open(self, version: str) -> None:
        """Say what follows."""
        self._say("A small clinic, made up: what comes in, and what becomes of every visit day.")
        self._say(f"Amounts are dollars. Decided under rulebook {version}.")

    def tell(self, number: int, scene: Scene) -> None:
        """Print one episode: its caption, and each line that came in with what came of it."""
        self._head(f"{number}. {scene.episode.title}")
        self._say(scene.episode.caption, style="italic")
        for turn in scene.turns:
            self._tell_turn(turn)

    def count(self, decisions: Iterable[str]) -> None:
        """Print how many visit days stand at each decision, by the type of its event."""
        counted = Counter(decisions)
        self._head(f"What became of {counted.total()} visit days")
        stated = (
            f"{counted[type_]} {name.lower()}"
            for type_, (name, _) in DECISIONS.items()
            if type_ in counted
        )
        self._say(f"{', '.join(stated)}.")

    def state_years(self, standings: Sequence[Standing]) -> None:
        """Print where each patient's year stands against the thresholds."""
        self._head("Where each patient's year stands")
        self._console.print(_list_years(standings))
        self._say(
            "KX and Review are the yearly thresholds, Left is what remains until KX is needed. A"
            " balance that rests on sessions is a floor: therapy by other providers is not in it."
        )

    def point_onwards(self) -> None:
        """Say where to look next."""
        self._head("Where to look next")
        wide = max(len(place) for place, _ in ONWARDS)
        for place, shows in ONWARDS:
            self._console.print(Text.assemble((place.ljust(wide), "cyan"), f"  {shows}"))

    def _tell_turn(self, turn: Turn) -> None:
        self._console.print()
        if isinstance(turn.came, Unreadable):
            self._say(f"Line {turn.line_number} of the clinic.", mark="▸ ")
            self._show(_say_dead_letter(turn.came))
            return
        self._say(say_arrival(turn.came), mark="▸ ")
        for event in turn.emitted:
            self._tell_balance(event)
        for decided in turn.decided:
            self._tell_decision(decided)
        for repricing in turn.repricings:
            self._show(_say_repricing(repricing))
            self._tell_news(repricing.day.visit_day_id, say_prices(repricing.day), "· ")
        for failure in turn.failures:
            self._show(Text(f"{failure.source} failed: {failure.kind}", "bold red"))

    def _tell_decision(self, decided: Decided) -> None:
        decision = decided.decision
        self._show(say_headline(decided.type, decision))
        if decision.lines:
            self._show(list_lines(decision.lines))
        reasons = list_reasons(decision, self._catalogue)
        if reasons is not None:
            self._show(reasons)
        self._tell_news(decision.visit_day_id, say_arithmetic(decision, decided.day), mark="· ")
        self._tell_news("", say_notes(decision, decided.day))

    def _tell_news(self, about: str, sentences: Iterable[str], mark: str = "") -> None:
        """Print what was not said before: arithmetic of its visit day, a note of any."""
        for sentence in sentences:
            if (about, sentence) not in self._told:
                self._told.add((about, sentence))
                self._say(sentence, "dim", mark=f"    {mark}")

    def _tell_balance(self, event: Event) -> None:
        match event.data:
            case ThresholdCrossed() as crossed:
                self._say(_say_crossing(crossed), mark="  ")
            case SpendBalance() as balance:
                self._say(
                    f"The {balance.year} balance for {GROUPS[balance.threshold_group]}"
                    f" is now {say_dollars(balance.running_total)}.",
                    mark="  ",
                )
            case _:
                pass

    def _head(self, title: str) -> None:
        self._console.print()
        self._console.print(Rule(Text(title, "bold"), align="left", style="dim"))

    def _say(self, sentence: str, style: str = "", mark: str = "") -> None:
        """Print a sentence that hangs from its mark."""
        hanging = TextWrapper(
            width=self._console.width,
            initial_indent=mark,
            subsequent_indent=" " * len(mark),
            break_on_hyphens=False,
            break_long_words=False,
        )
        for line in hanging.wrap(sentence):
            self._console.print(Text(line, style))

    def _show(self, part: RenderableType) -> None:
        self._console.print(Padding(part, (0, 0, 0, 2), expand=False))


def _list_years(standings: Iterable[Standing]) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, collapse_padding=True)
    for name in ("Patient", "Year", "For"):
        table.add_column(name)
    for name in ("Balance", "KX", "Left", "Review"):
        table.add_column(name, justify="right")
    table.add_column("Rests on")
    for each in standings:
        thresholds = (each.kx_threshold, each.left_to_kx, each.review_threshold)
        table.add_row(
            each.patient_id,
            str(each.year),
            GROUPS[each.threshold_group],
            say_dollars(each.balance),
            *(say_dollars(amount) if amount else "–" for amount in thresholds),
            BASES[each.basis],
        )
    return table


def _say_dead_letter(why: Unreadable) -> Text:
    return Text.assemble(("DEAD LETTER", "bold red"), f"  {say(why.reason)}: {why.detail}")


def _say_repricing(repricing: Repricing) -> Text:
    day = repricing.day
    return Text.assemble(
        ("NEW PRICE", "bold cyan"),
        f"  {day.discipline} day of {day.date_of_service}, {say_dollars(repricing.total_before)}"
        f" becomes {say_dollars(day.total_allowed)}, same claim",
    )


def _say_crossing(crossed: ThresholdCrossed) -> str:
    passed = "rises above" if crossed.direction is Direction.UP else "falls back to or below"
    return (
        f"The balance {passed} {THRESHOLDS[crossed.threshold]}"
        f" ({say_dollars(crossed.amount_of_threshold)}): {say_dollars(crossed.balance)}."
    )
