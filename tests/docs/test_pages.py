"""The pages hold together: links resolve, sentences stand alone, words and names are all there."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from commands.main import main
from reference.rulebook import RuleBook
from schemas.events import CONSUMERS, ON_TOPIC, EventType
from tests.docs.examples import short_name
from tests.docs.pages import ROOT, name_of, pages, prose, text_of
from tests.style.names import SYNONYMS

LINK = re.compile(r"\[[^\]]+\]\((?P<target>[^)\s]+)\)")
HEADING = re.compile(r"^#+ (?P<words>.+)$", re.MULTILINE)
LIST_MARK = re.compile(r"^\s*(?:\d+[.]|-) ")
SECOND_SENTENCE = re.compile(r"[a-z0-9)`][.?!] [A-Z`]")
IN_BACKTICKS = re.compile(r"`(?P<text>[^`\n]+)`")
TREE_PATH = re.compile(
    r"(?:schemas|reference|rules|runtime|services|commands|docs|tests)/[\w./-]*"
    r"|requirements/[\w.]+|(?:README|ARCHITECTURE|CONTRIBUTING|GLOSSARY|CHANGELOG)[.]md"
)
DATE = re.compile(r"\d{4}(?:-\d{2}-\d{2})?")
README_LINES_MAX = 100


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_links_resolve(page: Path) -> None:
    """Every link to a file, and to a heading of one, leads somewhere."""
    broken = [
        target
        for target in LINK.findall(prose(page.read_text(encoding="utf-8")))
        if "://" not in target and not _resolves(page, target)
    ]
    assert broken == []


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_a_line_has_one_sentence(page: Path) -> None:
    """In a page's prose, tables aside, no line has a second sentence."""
    lines = prose(page.read_text(encoding="utf-8")).splitlines()
    said = [LIST_MARK.sub("", line) for line in lines if not line.startswith("|")]
    crowded = [line for line in said if SECOND_SENTENCE.search(line)]
    assert crowded == []


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_files_that_a_page_names_are_there(page: Path) -> None:
    """A path of the tree in backticks is a file or a folder of the tree."""
    named = set(_paths_named(page.read_text(encoding="utf-8")))
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


def test_the_readme_is_short() -> None:
    """The README has under a hundred lines and names both commands of a newcomer."""
    text = text_of("README.md")
    assert len(text.splitlines()) < README_LINES_MAX
    assert "make demo" in text
    assert "make test" in text


def test_the_commands_are_described(capsys: pytest.CaptureFixture[str]) -> None:
    """Each command of ``therapy --help`` stands where a newcomer, or who runs it, looks."""
    with pytest.raises(SystemExit):
        main(["--help"])
    said = re.findall(r"^    (\w+) ", capsys.readouterr().out, re.MULTILINE)
    described = text_of("README.md") + _makefile() + text_of("docs/operations.md")
    assert said
    assert [each for each in said if f"therapy {each}" not in described] == []


def test_the_topics_table_is_the_contracts() -> None:
    """Each row of the page's topics names who reads and who writes the topic."""
    lines = text_of("docs/events.md").splitlines()
    rows = {row.split("`")[1]: row for row in lines if row.startswith("| `")}
    for consumer, (reads, writes) in CONSUMERS.items():
        written_by, read_by = rows[writes].split("|")[4], rows[reads].split("|")[5]
        assert f"`{consumer}`" in written_by
        assert f"`{consumer}`" in read_by
    for topic in ON_TOPIC:
        assert topic in rows


def test_every_event_type_has_a_worked_example() -> None:
    """The list of examples names every type and leads to its page."""
    listed = text_of("docs/examples/README.md")
    assert [t for t in EventType if f"| `{t}` | [" not in listed] == []
    assert [t for t in EventType if f"({short_name(t)}.md)" not in listed] == []


def test_every_parameter_and_profile_is_in_a_page(rulebook: RuleBook) -> None:
    """Each parameter, table and profile stands on the page of the reference data."""
    names = [name.removeprefix("payers/") for name, _series in rulebook.series()]
    page = text_of("docs/reference-data.md")
    assert [name for name in names if f"`{name}`" not in page] == []


def test_state_is_described() -> None:
    """Every kind of key in a consumer's state stands in its rows of ARCHITECTURE.md."""
    described = _kinds_described()
    for service in CONSUMERS:
        assert set(_kinds_of(service)) == described[service]


def test_banned_synonyms_are_in_the_glossary() -> None:
    """Every word that the check of names refuses stands in the glossary's last column."""
    rows = [row for row in text_of("GLOSSARY.md").splitlines() if row.startswith("| ")]
    banned = " ".join(row.split("|")[3] for row in rows).lower()
    assert [words for words in SYNONYMS if " ".join(words) not in banned] == []


def test_each_entry_of_the_changelog_names_its_dates() -> None:
    """Every entry names the dates of service affected, or says that none is."""
    entries = [line for line in text_of("CHANGELOG.md").splitlines() if line.startswith("- ")]
    assert entries
    for entry in entries:
        assert "of service" in entry
        assert DATE.search(entry) or "no date of service" in entry


def test_each_decision_has_its_three_parts() -> None:
    """Every decision says context, decision and consequences, and is listed."""
    listed = text_of("docs/decisions/README.md")
    records = sorted((ROOT / "docs" / "decisions").glob("0*.md"))
    assert records
    for record in records:
        headings = HEADING.findall(record.read_text(encoding="utf-8"))
        assert headings[1:] == ["Context", "Decision", "Consequences"]
        assert f"({record.name}) | {headings[0].removeprefix(record.name[:4]).strip()} |" in listed


def _resolves(page: Path, target: str) -> bool:
    name, _, heading = target.partition("#")
    there = page.parent / name if name else page
    if not there.exists() or not heading:
        return there.exists()
    return heading in {_anchor(each) for each in HEADING.findall(there.read_text("utf-8"))}


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def _paths_named(text: str) -> Iterator[str]:
    for match in IN_BACKTICKS.finditer(text):
        if TREE_PATH.fullmatch(match["text"]):
            yield match["text"]


def _makefile() -> str:
    return (ROOT / "Makefile").read_text(encoding="utf-8")


def _kinds_described() -> dict[str, set[str]]:
    """Return the kinds of keys that ARCHITECTURE.md gives each consumer."""
    found: dict[str, set[str]] = {}
    service = ""
    section = text_of("ARCHITECTURE.md").partition("## What each consumer remembers")[2]
    for row in section.partition("\n## ")[0].splitlines():
        if row.startswith("| `") or (row.startswith("| |") and service):
            _, consumer, kinds, _ = row.split("|", 3)
            service = consumer.strip(" `") or service
            found.setdefault(service, set()).update(IN_BACKTICKS.findall(kinds))
    return found


def _kinds_of(service: str) -> Iterator[str]:
    """Return the first part of every key that a consumer's state names."""
    module = ast.parse((ROOT / "services" / service / "state.py").read_text(encoding="utf-8"))
    for node in ast.walk(module):
        match node:
            case ast.Return(value=ast.Tuple(elts=[ast.Constant(value=str(kind)), *_])):
                yield kind
            case _:
                pass
