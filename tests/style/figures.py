"""No CMS number and no procedure code stands in Python: they are dated, cited data."""

import ast
import re
from collections.abc import Iterable, Iterator

from tests.style.tree import LAW, ROOMS, Tree, Violation

# Five digits, a letter and four digits, or four digits and a letter, as a word of their own.
PROCEDURE_CODE = re.compile(r"(?<![\w.])(?:\d{5}|[A-Z]\d{4}|\d{4}[A-Z])(?!\w)")
DECIMAL_TEXT = re.compile(r"-?\d*\.\d+")
DATE_TEXT = re.compile(r"\d{4}-\d{2}-\d{2}")
# Nothing, the cent that money is rounded to, and the version of CloudEvents.
DECIMALS_ALLOWED = frozenset({"0.00", "0.01", "1.0"})
# To count, to step and to halve; any other number is a figure that somebody decided.
NUMBERS_ALLOWED = frozenset({0, 1, 2})
# Sizes of what is remembered, in powers of two so that no figure of CMS passes for one: the law
# may bound a cache, its wiring a segment too.
CACHES_ALLOWED = frozenset(1 << power for power in range(10, 21))
SIZES_ALLOWED = frozenset(1 << power for power in range(4, 21))
YEARS = range(1900, 3000)


def no_procedure_code_in_python(tree: Tree) -> Iterator[Violation]:
    """No string of the product has a procedure code in it; prose in docstrings may."""
    for path, line, text in _strings(tree, ROOMS):
        if PROCEDURE_CODE.search(text):
            yield Violation(path, line, f"procedure code in {text!r}")


def no_decimal_figure_in_python(tree: Tree) -> Iterator[Violation]:
    """No string of the product is a decimal figure."""
    for path, line, text in _strings(tree, ROOMS):
        if DECIMAL_TEXT.fullmatch(text) and text not in DECIMALS_ALLOWED:
            yield Violation(path, line, f"figure {text!r}")


def no_number_in_the_law(tree: Tree) -> Iterator[Violation]:
    """The law counts with 0, 1 and 2 only; caches and its wiring have sizes besides."""
    for path, module in tree.modules(LAW):
        sizes = CACHES_ALLOWED if path.startswith("rules/") else SIZES_ALLOWED
        allowed = NUMBERS_ALLOWED | sizes
        for node in ast.walk(module):
            number = _integer(node)
            if number is not None and number not in allowed:
                yield Violation(path, getattr(node, "lineno", 0), f"number {number}")


def no_float_in_the_law(tree: Tree) -> Iterator[Violation]:
    """The law and its wiring have no float: money and shares are Decimal."""
    for path, module in tree.modules(LAW):
        for node in ast.walk(module):
            match node:
                case ast.Name(id="float") | ast.Constant(value=float()):
                    yield Violation(path, node.lineno, "float")
                case _:
                    pass


def no_date_in_the_law(tree: Tree) -> Iterator[Violation]:
    """The law compares no date with one written in it: what changes on a date is dated data."""
    for path, line, text in _strings(tree, LAW):
        if DATE_TEXT.search(text):
            yield Violation(path, line, f"date {text!r}")
    for path, module in tree.modules(LAW):
        for node in ast.walk(module):
            if isinstance(node, ast.Compare) and _names_a_year(node):
                yield Violation(path, node.lineno, f"comparison {ast.unparse(node)!r}")


def _integer(node: ast.AST) -> int | None:
    """The integer that a literal, or a call such as ``Decimal("15")``, stands for."""
    match node:
        case ast.Constant(value=bool()):
            return None
        case ast.Constant(value=int(number)):
            return number
        case ast.Call(func=ast.Name(id="Decimal" | "int"), args=[ast.Constant(value=str(text))]):
            return int(text) if text.isdecimal() else None
        case _:
            return None


def _names_a_year(comparison: ast.Compare) -> bool:
    """Tells whether an operand has a number in it that can only be a year."""
    numbers = (_integer(node) for node in ast.walk(comparison))
    return any(number in YEARS for number in numbers if number is not None)


def _strings(tree: Tree, rooms: Iterable[str]) -> Iterator[tuple[str, int, str]]:
    """The string literals in these folders, with path and line; one that stands alone is prose."""
    for path, module in tree.modules(rooms):
        nodes = list(ast.walk(module))
        prose = {node.value for node in nodes if isinstance(node, ast.Expr)}
        for node in nodes:
            match node:
                case ast.Constant(value=str(text)) if node not in prose:
                    yield path, node.lineno, text
                case _:
                    pass
