"""No trace of the machine that a file was made on, or of where a package was downloaded."""

import re
from collections.abc import Iterator

from tests.style.tree import Tree, Violation

REGISTRY = re.compile(
    r"(?i)\b(?:pypi[.]org|pythonhosted[.]org|crates[.]io|proxy[.]golang[.]org"
    r"|registry[.]npmjs|repo1?[.]maven|deb[.]debian[.]org)"
)
# The path must begin there: an address may have such a folder further on.
MACHINE_PATH = re.compile(r"(?<![\w./}~:-])(?:file:)?/(?:home|root|tmp|srv|Users)/[\w.-]+")


def no_registry_is_named(tree: Tree) -> Iterator[Violation]:
    """No file names the host of a package registry."""
    return _found(tree, REGISTRY)


def no_path_of_a_machine_is_named(tree: Tree) -> Iterator[Violation]:
    """No file names a folder of somebody's machine."""
    return _found(tree, MACHINE_PATH)


def _found(tree: Tree, pattern: re.Pattern[str]) -> Iterator[Violation]:
    for path, text in tree.texts.items():
        for match in pattern.finditer(text):
            yield Violation(path, text.count("\n", 0, match.start()) + 1, match.group())
