"""The trail that the page on audits shows: a day of the bundled clinic."""

from contextlib import redirect_stderr
from io import StringIO

from rich.console import Console

from commands.demo.clinic import EVENTS
from commands.explain import WIDTH
from commands.explain.from_file import replay_trail
from commands.explain.told import TrailTeller
from commands.explain.trail import TrailKeeper
from reference.rulebook import RuleBook

WAITED = "03d5b72c-3deb-56bd-afeb-fae91943ca6f"
"""A visit day that waits for a certification, and gets it."""


def trail(rulebook: RuleBook) -> str:
    """Return what ``therapy explain`` prints of the day."""
    keeper = TrailKeeper(WAITED)
    said = StringIO()
    # One line of the clinic is a dead letter on purpose.
    with redirect_stderr(StringIO()):
        replay_trail(str(EVENTS), keeper, rulebook)
    console = Console(file=said, width=WIDTH, emoji=False, markup=False, highlight=False)
    TrailTeller(console, rulebook.findings, {}).tell(keeper.trail())
    # The hash is another one after each change of a rule.
    text = said.getvalue().replace(f"rulebook {rulebook.version} ", "rulebook … ")
    lines = "".join(f"{line.rstrip()}\n" for line in text.splitlines())
    return f"```text\n{lines}```\n"
