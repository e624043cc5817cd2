"""What a change costs: it touches the files that CONTRIBUTING names, and the decision follows."""

import ast
from pathlib import Path

import pytest

from commands.main import main
from reference.rulebook import load
from tests.clinic import (
    Clinic,
    Json,
    decision,
    event,
    missing,
    plan_of_care,
    report,
    service,
    session,
)
from tests.docs.pages import ROOT
from tests.drills.tree import FACTS, PROGRAM, CopiedTree, named_for, stands_in
from tests.reference.importers.official_files import PTP_HEADER

YEAR_ENDS, NEXT_YEAR_ENDS = "2026-12-31", "2027-12-31"
NEXT_YEAR = "2027-01-04"
KX = "parameters/thresholds/kx_threshold.yaml"
KX_ENTRY = """\
  - from: 2027-01-01
    through: 2027-12-31
    value: {pt_slp: "2540.00", ot: "2540.00"}
    cites: [ssa-1833-g-7-a, pfs-final-rule-2027]
"""
KX_CITATION = """\
- id: pfs-final-rule-2027
  title: Physician Fee Schedule final rule for 2027
  issuer: Centers for Medicare & Medicaid Services
  locator: "section on the KX threshold"
  verified: false
"""
PAYER = """\
profile: lakeside_ma
program: medicare_advantage
payer_ids: [lakeside-ma-1]
values:
  - from: 2026-01-01
    verified_on: 2026-11-22
    unit_rule: cpt_midpoint
    discipline_modifiers: true
    cites: [cpt-time, payer-policy]
"""
PAIRS = "tables/ncci_ptp_practitioner/2024q3-2026q4/release.yaml"


def next_year(folder: Path, without: str) -> CopiedTree:
    """Return a tree that has all figures of 2027 but those that the drill is about."""
    tree = CopiedTree(folder / "tree", FACTS)
    for path in tree.reference.rglob("*.yaml"):
        text = path.read_text(encoding="utf-8")
        if path != tree.reference / without:
            path.write_text(text.replace(YEAR_ENDS, NEXT_YEAR_ENDS), encoding="utf-8")
    tree.begin()
    return tree


def clinic_of(tree: CopiedTree) -> Clinic:
    """Return a clinic by the tree's figures, with a plan of care certified in 2027."""
    clinic = Clinic(load(tree.reference))
    content = {"established_on": NEXT_YEAR, "first_treated_on": NEXT_YEAR}
    clinic.receive(plan_of_care(certified_on=NEXT_YEAR, through=NEXT_YEAR_ENDS, **content))
    return clinic


def visit(*services: Json, **more: object) -> Json:
    """Return a session of 2027."""
    return session("S-1", list(services), date_of_service=NEXT_YEAR, **more)


def what_holds(decided: Json) -> str:
    """Return what a held day says."""
    assert decided["kind"] == "held"
    return " ".join(each["message"] for each in decided["findings"])


def test_next_years_kx_amount(tmp_path: Path) -> None:
    """An entry, its citation, a row and a line: 2,540.00 and a unit more is over it."""
    tree = next_year(tmp_path, without=KX)
    before = decision(clinic_of(tree).complete(visit(service(1, "97110", 15))))
    assert "KX threshold" in what_holds(before)
    tree.append(f"reference/{KX}", KX_ENTRY)
    tree.append("reference/citations.yaml", KX_CITATION)
    tree.replace(
        "docs/reference-data.md",
        "the yearly KX threshold of each group | 2018–2026 |",
        "the yearly KX threshold of each group | 2018–2027 |",
    )
    tree.append("CHANGELOG.md", "- The KX threshold of 2027 (dates of service of 2027).\n")
    clinic = clinic_of(tree)
    clinic.accrue(report("2540.00", "2027-01-03T00:00:00-06:00", year=2027))
    after = decision(clinic.complete(visit(service(1, "97110", 15))))
    assert (after["kind"], missing(after)) == ("needs-documentation", ["KX_ATTESTATION_MISSING"])
    assert after["spend"]["kx_threshold"] == "2540.00"
    assert stands_in(tree.touched(), named_for("next year's KX threshold"))


def test_a_new_ncci_quarter(tmp_path: Path) -> None:
    """The import, a row and a line: a pair of the quarter takes its column-two line off."""
    tree = next_year(tmp_path, without=PAIRS)
    services = (service(1, "97116", 15), service(2, "97110", 15))
    before = decision(clinic_of(tree).complete(visit(*services)))
    assert "code pairs" in what_holds(before)
    file = tmp_path / "ccipra-v330r0-f1.txt"
    file.write_text(
        f"{PTP_HEADER}97116\t97110\t\t20270101\t*\t0\tMisuse of column two code\n",
        encoding="utf-8",
    )
    command = ["rulebook", "import", "ncci", str(file), "--release", "2027q1"]
    dates = ["--from", "2027-01-01", "--through", "2027-03-31", "--retrieved", "2026-12-01"]
    assert main([*command, *dates, "--into", str(tree.reference)]) == 0
    tree.replace(
        "docs/reference-data.md",
        "are not paid together | 2024-07-01 to 2026-12-31 |",
        "are not paid together | 2024-07-01 to 2027-03-31 |",
    )
    tree.append("CHANGELOG.md", "- NCCI of 2027's first quarter (dates of service to 03-31).\n")
    after = decision(clinic_of(tree).complete(visit(*services)))
    assert after["kind"] == "ready"
    assert [line["code"] for line in after["lines"]] == ["97116"]
    assert [(each["code"], each["reason"]) for each in after["unbilled"]] == [
        ("97110", "ncci_pair")
    ]
    row = "a new release of the fee schedule, GPCIs, NCCI or MUE"
    assert stands_in(tree.touched(), named_for(row))


def test_a_new_payer_that_counts_by_midpoint(tmp_path: Path) -> None:
    """One file, a row and a line: three times 8 minutes are three units there, not two."""
    tree = CopiedTree(tmp_path / "tree", FACTS)
    tie = [service(1, "97110", 8), service(2, "97140", 8), service(3, "97530", 8)]
    payer = {"payer_id": "lakeside-ma-1", "program": "medicare_advantage"}
    sent = session("S-1", tie, payer=payer)
    before = decision(Clinic(load(tree.reference)).complete(sent))
    assert sum(line["units"] for line in before["lines"]) == 2
    tree.append("reference/payers/lakeside_ma.yaml", PAYER)
    tree.append("docs/reference-data.md", "\n`lakeside_ma` counts by midpoint.\n")
    tree.append("CHANGELOG.md", "- `lakeside_ma` (dates of service from 2026-01-01).\n")
    after = decision(Clinic(load(tree.reference)).complete(sent))
    assert sum(line["units"] for line in after["lines"]) == 3
    row = "a payer that follows known policies in its own way"
    assert stands_in(tree.touched(), named_for(row))


EDIT = "treatment_time_is_recorded"
MODULE = "rules/edits/note.py"
CODE = "TREATMENT_TIME_MISSING"
CASES = "tests/rules/edits/note.yaml"


def take_out_edit(tree: CopiedTree) -> None:
    """Make the tree that was there before the check: none of its code, line, cases and page."""
    path = tree.folder / MODULE
    text = path.read_text(encoding="utf-8")
    [function] = [
        node
        for node in ast.parse(text).body
        if isinstance(node, ast.FunctionDef) and node.name == EDIT
    ]
    source = ast.get_source_segment(text, function)
    assert source is not None
    tree.replace(MODULE, f"{source}\n\n\n", "")
    tree.replace("rules/edits/__init__.py", f"    {EDIT},\n", "")
    tree.replace(CASES, EDIT, "taken_out")
    tree.replace("docs/findings.md", f"| `{CODE}` | yes |", f"| `{CODE}` | later |")
    tree.begin()


def test_a_new_documentation_check(tmp_path: Path) -> None:
    """A function, its line, its cases and the page made again: the day waits for its total."""
    tree = CopiedTree(tmp_path / "tree", (*PROGRAM, "tests/rules/edits", "docs/findings.md"))
    take_out_edit(tree)
    untimed = session("S-1", [service(1, "97110", 15)], total_treatment_minutes=None)
    sent = [
        event(kind, data, time=f"2026-03-02T15:0{at}:00-06:00", event_id=f"e-{at}")
        for at, (kind, data) in enumerate(
            (("documentation.received", plan_of_care()), ("session.completed", untimed))
        )
    ]
    assert decision(tree.replay(sent))["kind"] == "ready"
    for name in (MODULE, "rules/edits/__init__.py", CASES, "docs/findings.md"):
        (tree.folder / name).write_bytes((ROOT / name).read_bytes())
    after = decision(tree.replay(sent))
    assert (after["kind"], missing(after)) == ("needs-documentation", [CODE])
    assert stands_in(tree.touched(), named_for("an edit whose finding is in the catalogue"))


@pytest.mark.parametrize(
    ("touched", "named", "is_so"),
    [
        ({"a/b.yaml"}, {"a/"}, True),
        ({"a/b.yaml", "a.md"}, {"a/", "a.md"}, True),
        ({"a/b.yaml", "c.py"}, {"a/"}, False),
        ({"a/b.yaml"}, {"a/", "a.md"}, False),
        (set(), {"a/"}, False),
    ],
)
def test_a_drill_finds_what_is_not_named(
    *, touched: set[str], named: set[str], is_so: bool
) -> None:
    """A file beside the places, and a place without a file, both fail a drill."""
    assert stands_in(touched, named) is is_so
