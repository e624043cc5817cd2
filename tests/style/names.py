"""One concept, one word: the glossary's banned synonyms, and names that say nothing."""

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from tests.style.tree import ROOMS, Tree, Violation

# What the glossary bans (GLOSSARY.md), and its word for it.
SYNONYMS: Mapping[tuple[str, ...], str] = {
    ("appointment",): "session",
    ("beneficiary",): "patient",
    ("benefit", "cap"): "KX threshold",
    ("bucket",): "threshold group",
    ("cap", "usage"): "balance",
    ("care", "plan"): "plan of care",
    ("checkpoint",): "commit",
    ("client",): "patient",
    ("discount",): "MPPR",
    ("encounter",): "session",
    ("eob",): "remittance",
    ("increment",): "unit",
    ("insurance",): "payer",
    ("invoice",): "claim",
    ("price", "list"): "fee schedule",
    ("reprocess",): "replay",
    ("service", "date"): "date of service",
    ("service", "day"): "date of service",
    ("specialty",): "discipline",
    ("therapist", "type"): "discipline",
    ("treatment", "date"): "date of service",
    ("visit", "date"): "date of service",
    ("ytd",): "balance",
}
# The machine speaks of Kafka's clients, of histograms' buckets and of counters.
MACHINE_WORDS = frozenset({("bucket",), ("client",), ("increment",)})
EMPTY_WORDS = frozenset({"common", "helper", "helpers", "manager", "misc", "util", "utils"})
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def names_are_the_glossary_s(tree: Tree) -> Iterator[Violation]:
    """No name in the product is a synonym that the glossary bans."""
    for path, line, name in _names(tree):
        words = words_of(name)
        for synonym, use in SYNONYMS.items():
            if path.startswith("runtime/") and synonym in MACHINE_WORDS:
                continue
            if contains(words, synonym):
                yield Violation(path, line, f"{name}: the glossary says {use}")


def modules_are_named_for_what_they_hold(tree: Tree) -> Iterator[Violation]:
    """No module or folder is called utils, common, helpers or manager."""
    for path in tree.under((*ROOMS, "tests"), ".py"):
        for part in PurePosixPath(path).with_suffix("").parts:
            if EMPTY_WORDS & set(words_of(part)):
                yield Violation(path, 0, f"{part} says nothing of what it holds")


def words_of(name: str) -> tuple[str, ...]:
    """The lower-case words of a snake_case or CamelCase name."""
    return tuple(word.lower() for word in WORD.findall(name))


def contains(words: tuple[str, ...], phrase: tuple[str, ...]) -> bool:
    """Tells whether the phrase stands in the words, in one piece."""
    starts = range(len(words) - len(phrase) + 1)
    return any(words[start : start + len(phrase)] == phrase for start in starts)


def _names(tree: Tree) -> Iterator[tuple[str, int, str]]:
    """Every name that the product gives, with its path and line."""
    for path, module in tree.modules(ROOMS):
        yield path, 0, PurePosixPath(path).stem
        for node in ast.walk(module):
            match node:
                case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                    yield path, node.lineno, node.name
                case ast.arg():
                    yield path, node.lineno, node.arg
                case ast.Name(ctx=ast.Store()):
                    yield path, node.lineno, node.id
                case _:
                    pass
