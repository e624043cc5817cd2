"""The project's Markdown pages, and the blocks in them that the program makes."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"<!-- made: (?P<name>.+?) -->\n(?P<text>.*?)<!-- end -->\n", re.DOTALL)
FENCE = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)


def pages() -> list[Path]:
    """Return every page: those at the root and all below ``docs/``."""
    return [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]


def name_of(page: Path) -> str:
    """Return a page's path from the root of the tree."""
    return page.relative_to(ROOT).as_posix()


def text_of(name: str) -> str:
    """Return a page's text by its path from the root."""
    return (ROOT / name).read_text(encoding="utf-8")


def blocks(text: str) -> Iterator[tuple[str, str]]:
    """Yield the name and the text of each made block of a page."""
    for match in BLOCK.finditer(text):
        yield match["name"], match["text"]


def fill(text: str, made: Mapping[str, str]) -> str:
    """Return a page's text with every made block written anew."""

    def write(match: re.Match[str]) -> str:
        name = match["name"]
        return f"<!-- made: {name} -->\n{made[name]}<!-- end -->\n"

    return BLOCK.sub(write, text)


def prose(text: str) -> str:
    """Return a page's text without its code and its made blocks."""
    return FENCE.sub("", BLOCK.sub("", text))


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """Return a Markdown table."""
    lines = [head, ("---",) * len(head), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)
