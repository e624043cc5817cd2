"""Running one edit, or several, on a case's visit day."""

from reference.rulebook import RuleBook
from rules.decision import prepare_day
from rules.edits import EDITS
from tests.rules.visit_days import Case, facts_of, history_of, price_day

BY_NAME = {edit.__name__: edit for edit in EDITS}


def run_edit(name: str, case: Case, rulebook: RuleBook) -> list[Case]:
    """Return what the edit ``name`` reports on the case's day, in the words of the cases."""
    facts = facts_of(rulebook, case)
    visit = price_day(case, facts)
    day = prepare_day(visit.priced, visit.on_file, history_of(case), facts)
    reports = []
    for reported in BY_NAME[name](day, facts):
        finding = reported.finding
        said: Case = {"code": finding.code.value, "lines": list(finding.lines)}
        if reported.session_ids:
            said["sessions"] = list(reported.session_ids)
        if reported.due is not None:
            said["due"] = reported.due
        if "says" in next(iter(case.get("reports", [])), {}):
            said["says"] = finding.message
        reports.append(said)
    return reports
