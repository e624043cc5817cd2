"""The bundled clinic: its events, in paragraphs, and a caption for each paragraph."""

from itertools import groupby
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from commands.dead_letters import Line
from commands.replay import read_lines
from reference.yaml_files import read_yaml

FOLDER = Path(__file__).resolve().parent
EVENTS = FOLDER / "clinic.jsonl"
EPISODES = FOLDER / "episodes.yaml"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Episode(_Part):
    """A few lines of the clinic that show one thing."""

    name: str
    title: str
    caption: str


class Episodes(_Part):
    """All episodes, in the order of the clinic's paragraphs."""

    episodes: tuple[Episode, ...]


def read_clinic() -> list[tuple[Episode, list[Line]]]:
    """Return each episode with its lines: a blank line stands between two episodes."""
    episodes = read_yaml(EPISODES, Episodes).document.episodes
    with EVENTS.open("rb") as file:
        lines = enumerate(read_lines(file))
        # Within a paragraph a line's number and its place among the lines rise together.
        paragraphs = groupby(lines, key=lambda placed: placed[1].number - placed[0])
        parts = [[line for _, line in placed] for _, placed in paragraphs]
    return list(zip(episodes, parts, strict=True))
