"""A trail as an auditor reads it: each decision, its reasons, and what led to it."""

from collections.abc import Iterator, Mapping
from textwrap import indent, wrap

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from commands.decisions import list_lines, list_reasons, say_arithmetic, say_headline, say_notes
from commands.explain.trail import Explained, Trail
from reference.facts import FindingText
from schemas.events import Topic
from schemas.values import FindingCode

INSIDE = (0, 0, 0, 2)


class TrailTeller:
    """Prints a trail; a sentence of the arithmetic that was said of an earlier version is not."""

    def __init__(
        self,
        console: Console,
        catalogue: Mapping[FindingCode, FindingText],
        begins: Mapping[Topic, int],
    ) -> None:
        """Take the finding catalogue for whose a cure is, and where topics begin after 0."""
        self._console = console
        self._catalogue = catalogue
        self._begins = begins
        self._told: set[str] = set()

    def tell(self, trail: Trail) -> None:
        """Print every decision in its order."""
        first = trail.decisions[0].decision
        self._say(
            f"Visit day {trail.visit_day_id}: {first.discipline} on {first.date_of_service},"
            f" patient {first.patient_id}, billing NPI {first.billing_provider.npi},"
            f" payer {first.payer.payer_id} (profile {first.payer.profile})."
        )
        for explained in trail.decisions:
            self._tell(explained)

    def _tell(self, explained: Explained) -> None:
        decision, link = explained.decision, explained.links[0]
        self._console.print()
        title = f"Version {decision.version}, {link.time}, rulebook {link.rulebook}"
        self._console.print(Rule(Text(title, "bold"), align="left", style="dim"))
        self._show(say_headline(link.type, decision))
        if decision.lines:
            self._show(list_lines(decision.lines))
        reasons = list_reasons(decision, self._catalogue)
        if reasons is not None:
            self._show(reasons)
        self._say_news(explained)
        self._say("It came of, the latest first:", "  ")
        self._show(_list_links(explained))
        for said in self._say_gaps(explained):
            self._say(said, "  ")

    def _say_news(self, explained: Explained) -> None:
        decision, day = explained.decision, explained.priced
        for sentence in (*say_arithmetic(decision, day), *say_notes(decision, day)):
            if sentence not in self._told:
                self._told.add(sentence)
                self._say(sentence, "    · ")

    def _say_gaps(self, explained: Explained) -> Iterator[str]:
        """Yield what is not there: no longer held, or not found."""
        if explained.lost is not None:
            yield f"What came before is not on {explained.lost}{self._since(explained.lost)}."
        for each in explained.sessions:
            if each.where is None:
                yield (
                    f"Session {each.session_id}, revision {each.revision}, is not on"
                    f" {Topic.SESSIONS}{self._since(Topic.SESSIONS)}; the priced day has it whole."
                )

    def _since(self, topic: Topic) -> str:
        begins = self._begins.get(topic)
        return "" if begins is None else f", which holds records from offset {begins} on"

    def _say(self, sentence: str, mark: str = "") -> None:
        """Print a sentence that hangs from its mark."""
        hangs = " " * len(mark)
        wide = self._console.width - len(mark)
        lines = wrap(sentence, wide, break_on_hyphens=False, break_long_words=False)
        said = indent("\n".join(lines), hangs)
        self._console.print(Text(mark + said[len(mark) :]))

    def _show(self, part: RenderableType) -> None:
        self._console.print(Padding(part, INSIDE, expand=False))


def _list_links(explained: Explained) -> Table:
    """Return where each event stands, its type and id; below them the sessions that counted."""
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    for link in explained.links:
        what = link.type.removeprefix("therapy.").removesuffix(".v1")
        table.add_row(link.where or "replayed", what, link.id)
    for each in explained.sessions:
        if each.where is not None:
            table.add_row(each.where, "counts", f"{each.session_id}, revision {each.revision}")
    return table
