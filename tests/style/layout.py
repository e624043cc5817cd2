"""Where things stand: each rule has its cases at its own path, and says what it does."""

import ast
from collections.abc import Iterator
from pathlib import PurePosixPath

from tests.style.tree import Tree, Violation


def rules_have_tests_at_their_path(tree: Tree) -> Iterator[Violation]:
    """``rules/x.py`` has ``tests/rules/x.yaml`` or ``tests/rules/test_x.py``."""
    for path in tree.under(["rules"], ".py"):
        rule = PurePosixPath(path)
        if rule.stem == "__init__":
            continue
        folder = "tests" / rule.parent
        wanted = (str(folder / f"{rule.stem}.yaml"), str(folder / f"test_{rule.stem}.py"))
        if not any(test in tree.texts for test in wanted):
            yield Violation(path, 0, f"neither {wanted[0]} nor {wanted[1]}")


def rules_say_what_they_do(tree: Tree) -> Iterator[Violation]:
    """Every public function of the law has a docstring that begins with a sentence."""
    for path, module in tree.modules(["rules"]):
        for node in ast.walk(module):
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                docstring = ast.get_docstring(node) or ""
                if not docstring.partition("\n\n")[0].rstrip().endswith("."):
                    yield Violation(path, node.lineno, f"{node.name} does not say what it does")


def values_inside_are_frozen(tree: Tree) -> Iterator[Violation]:
    """Every dataclass of the words, the facts and the law is frozen and slotted."""
    for path, module in tree.modules(("schemas", "reference", "rules")):
        for node in ast.walk(module):
            if isinstance(node, ast.ClassDef):
                for decorator in node.decorator_list:
                    said = ast.unparse(decorator)
                    if "dataclass" in said and not _is_frozen(said):
                        yield Violation(
                            path, node.lineno, f"{node.name} is not frozen and slotted"
                        )


def _is_frozen(decorator: str) -> bool:
    return "frozen=True" in decorator and "slots=True" in decorator
