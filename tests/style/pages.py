"""The docs are complete: what the product can say, a page describes."""

import ast
import re
from collections.abc import Iterator

from tests.style.tree import Tree, Violation

FINDINGS_PAGE = "docs/findings.md"
EVENTS_PAGE = "docs/events.md"
WORD = re.compile(r"[\w.-]*\w")


def every_finding_is_described(tree: Tree) -> Iterator[Violation]:
    """Each finding code stands in docs/findings.md."""
    return _missing(tree, FINDINGS_PAGE, finding_codes(tree))


def every_event_and_topic_is_described(tree: Tree) -> Iterator[Violation]:
    """Each event type and each topic stands in docs/events.md."""
    return _missing(tree, EVENTS_PAGE, event_types(tree) + topics(tree))


def finding_codes(tree: Tree) -> list[str]:
    """Every finding code there is."""
    return _members(tree, "schemas/values.py", "FindingCode")


def event_types(tree: Tree) -> list[str]:
    """Every event type of the contract."""
    return _members(tree, "schemas/events.py", "EventType")


def topics(tree: Tree) -> list[str]:
    """Every topic of the contract."""
    return _members(tree, "schemas/events.py", "Topic")


def _members(tree: Tree, path: str, enum: str) -> list[str]:
    """The values of an enum of strings, read from its source."""
    return [
        item.value.value
        for node in ast.walk(ast.parse(tree.text_of(path)))
        if isinstance(node, ast.ClassDef) and node.name == enum
        for item in node.body
        if isinstance(item, ast.Assign)
        and isinstance(item.value, ast.Constant)
        and isinstance(item.value.value, str)
    ]


def _missing(tree: Tree, page: str, names: list[str]) -> Iterator[Violation]:
    words = set(WORD.findall(tree.text_of(page)))
    return (Violation(page, 0, f"{name} is missing") for name in names if name not in words)
