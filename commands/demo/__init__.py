"""``therapy demo``: a bundled clinic, decided and explained in tables."""

import sys
from argparse import ArgumentParser, Namespace
from io import TextIOWrapper

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from commands.demo.clinic import read_clinic
from commands.demo.story import Scene, Story
from commands.demo.tables import Teller
from commands.exits import FAILED, READ
from reference.rulebook import RuleBook, load

WIDTH_PLAIN = 80
WIDTH_MAX = 100


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the command's arguments: it has none."""
    parser.description = "Decide a small clinic that comes with the program, and say why."


def run(_arguments: Namespace) -> int:
    """Print the clinic's story; the status is 0 unless a consumer failed on a line."""
    if isinstance(sys.stdout, TextIOWrapper):
        # A terminal that cannot show a sign gets a question mark, not an exception.
        sys.stdout.reconfigure(errors="replace")
    console = make_console()
    rulebook = load()
    story = Story(rulebook)
    scenes = play_with_progress(story)
    tell(console, rulebook, story, scenes)
    return FAILED if any(scene.has_failed for scene in scenes) else READ


def make_console() -> Console:
    """Return a console of at most 100 columns, and of 80 where no terminal says how wide it is."""
    console = Console(emoji=False, markup=False, highlight=False)
    console.width = min(console.width, WIDTH_MAX) if console.is_terminal else WIDTH_PLAIN
    return console


def play_with_progress(story: Story) -> list[Scene]:
    """Play every episode; a terminal shows how far it is, and nothing of that stays."""
    clinic = read_clinic()
    with Progress(
        TextColumn("Deciding"),
        BarColumn(),
        MofNCompleteColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=not sys.stderr.isatty(),
    ) as progress:
        task = progress.add_task("", total=sum(len(lines) for _, lines in clinic))
        scenes = []
        for episode, lines in clinic:
            scenes.append(story.play(episode, lines))
            progress.advance(task, len(lines))
    return scenes


def tell(console: Console, rulebook: RuleBook, story: Story, scenes: list[Scene]) -> None:
    """Print the scenes, where each patient's year stands, and where to look next."""
    teller = Teller(console, rulebook.findings)
    teller.open(rulebook.version)
    for number, scene in enumerate(scenes, 1):
        teller.tell(number, scene)
    teller.count(story.current_decisions())
    teller.state_years(story.standings())
    teller.point_onwards()
