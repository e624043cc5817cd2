"""How long functions and modules may be: no exemptions."""

import ast
from collections.abc import Iterable, Iterator
from statistics import quantiles

from tests.style.tree import ROOMS, Tree, Violation

FUNCTION_LINES_MAX = 60
MODULE_LINES_MAX = 400
FUNCTION_LINES_P50 = 8
FUNCTION_LINES_P90 = 30

Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions_are_short(tree: Tree) -> Iterator[Violation]:
    """No function has more than 60 lines, its docstring not counted."""
    for path, function in functions(tree, (*ROOMS, "tests")):
        lines = lines_of(function)
        if lines > FUNCTION_LINES_MAX:
            yield Violation(path, function.lineno, f"{function.name} has {lines} lines")


def modules_are_short(tree: Tree) -> Iterator[Violation]:
    """No module has more than 400 lines."""
    for path in tree.under((*ROOMS, "tests"), ".py"):
        lines = tree.text_of(path).count("\n")
        if lines > MODULE_LINES_MAX:
            yield Violation(path, 0, f"{lines} lines")


def most_functions_are_very_short(tree: Tree) -> Iterator[Violation]:
    """Half of the product's functions have at most 8 lines, nine in ten at most 30."""
    lengths = [lines_of(function) for _, function in functions(tree, ROOMS)]
    if len(lengths) < 2:
        return
    tenths = quantiles(lengths, n=10, method="inclusive")
    for name, value, limit in (
        ("p50", tenths[4], FUNCTION_LINES_P50),
        ("p90", tenths[8], FUNCTION_LINES_P90),
    ):
        if value > limit:
            yield Violation(".", 0, f"function length {name} is {value:.0f}, over {limit}")


def functions(tree: Tree, rooms: Iterable[str]) -> Iterator[tuple[str, Function]]:
    """Every function and method in these folders, each with its path."""
    for path, module in tree.modules(rooms):
        for node in ast.walk(module):
            if isinstance(node, Function):
                yield path, node


def lines_of(function: Function) -> int:
    """The lines of a function from ``def`` to its end, without its docstring."""
    first = function.body[0]
    docstring = 0
    if ast.get_docstring(function) is not None:
        docstring = (first.end_lineno or first.lineno) - first.lineno + 1
    return (function.end_lineno or function.lineno) - function.lineno + 1 - docstring
