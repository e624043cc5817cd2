"""The finding catalogue as tables, one for each thing that a finding does to a visit day."""

import ast
from functools import cache

import yaml

from reference.facts import FindingText
from reference.rulebook import PACKAGE, RuleBook
from schemas.values import Effect, FindingCode
from tests.docs.pages import ROOT, table

HEAD = ("code", "now", "severity", "whose", "when", "cure", "authority")
NOBODY = "–"


def catalogue(rulebook: RuleBook, effect: Effect | None) -> str:
    """Return the table of the findings that have this effect, in the catalogue's order."""
    texts = [rulebook.findings[code] for code in FindingCode]
    return table(HEAD, [_row(text) for text in texts if text.effect is effect])


@cache
def codes_in_force() -> frozenset[FindingCode]:
    """Return the codes that a rule or a consumer names: those that can be found today."""
    named = (
        node.attr
        for room in ("rules", "services")
        for path in sorted((ROOT / room).rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "FindingCode"
    )
    return frozenset(FindingCode[name] for name in named)


def _row(text: FindingText) -> tuple[str, ...]:
    citation = text.citation
    return (
        f"`{text.code}`",
        "yes" if text.code in codes_in_force() else "later",
        text.severity,
        NOBODY if text.owner is None else text.owner.replace("_", " "),
        _when()[text.code],
        text.cure,
        f"{citation.authority}, {citation.locator}",
    )


@cache
def _when() -> dict[str, str]:
    text = (PACKAGE / "findings.yaml").read_text(encoding="utf-8")
    return {code: finding["when"] for code, finding in yaml.safe_load(text).items()}
