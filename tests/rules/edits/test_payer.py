"""The edits of a payer's own limits and norms, each alone, against a biller's cases."""

from dataclasses import replace

import pytest
from msgspec import structs

from reference.facts import Counted, DailyLimit, Facts, Scope
from reference.rulebook import RuleBook
from rules.authorizations import EXHAUSTED, MISSING, AuthorizationJudgement
from rules.decision import History, prepare_day
from rules.edits.day import Edit
from rules.edits.payer import (
    authorization_is_not_used_up,
    authorization_is_on_file,
    daily_limits_are_kept,
)
from schemas.values import FindingCode
from tests.rules.edits.run import run_edit
from tests.rules.visit_days import Case, facts_of, load_cases, price_day

UNITS, PT_ALONE = Counted.UNITS, Scope.DISCIPLINE


@pytest.mark.parametrize("case", load_cases(__file__), ids=lambda case: case["name"])
def test_the_edit_reports_what_the_case_says(case: Case, rulebook: RuleBook) -> None:
    """The edit reports the case's findings, and nothing where the case has none."""
    assert run_edit(case["edit"], case, rulebook) == case.get("reports", [])


@pytest.mark.parametrize(
    ("counts", "kept", "passed"), [(Counted.CODES, 2, 1), (Counted.MINUTES, 45, 44)]
)
def test_a_limit_may_count_codes_or_minutes(
    rulebook: RuleBook, counts: Counted, kept: int, passed: int
) -> None:
    """Two codes of 20 + 10 and 15 minutes are two codes and 45 minutes, whatever their units."""
    case = {"sessions": [{"services": [[97110, 20, {"assistant_minutes": 10}], [97140, 15]]}]}
    facts = facts_of(rulebook, case)
    assert _over(case, _limited(facts, counts, kept)) == []
    assert _over(case, _limited(facts, counts, passed)) == ["UNITS_OVER_PAYER_LIMIT"]


@pytest.mark.parametrize(
    ("problem", "edit", "message"),
    [
        (MISSING, authorization_is_on_file, "The payer asks for an authorization: why."),
        (EXHAUSTED, authorization_is_not_used_up, "Used up: why."),
    ],
)
def test_what_an_authorization_lacks_is_about_the_lines_that_need_one(
    problem: FindingCode, edit: Edit, message: str, rulebook: RuleBook
) -> None:
    """Texas asks for none for an evaluation, so the finding is about the other line alone."""
    case = {"payer": "tx-medicaid", "sessions": [{"services": [[97161, 30], [97110, 15]]}]}
    facts = facts_of(rulebook, case)
    visit = price_day(case, facts)
    for each in (MISSING, EXHAUSTED):
        judged = AuthorizationJudgement(problem=each, reason="why")
        on_file = structs.replace(visit.on_file, authorized=judged)
        reported = edit(prepare_day(visit.priced, on_file, History(), facts), facts)
        found = [(one.finding.code, one.finding.lines, one.session_ids) for one in reported]
        assert found == ([(problem, (2,), ("S-1",))] if each is problem else [])
        assert all(one.finding.message == message for one in reported)
    assert edit(prepare_day(visit.priced, visit.on_file, History(), facts), facts) == ()


def test_a_finding_cites_the_payer(rulebook: RuleBook) -> None:
    """The authority of a payer's limit is the payer's own published policy."""
    case = {"payer": "bcbs-nd", "sessions": [{"services": [[97110, 90]]}]}
    facts = facts_of(rulebook, case)
    visit = price_day(case, facts)
    (reported,) = daily_limits_are_kept(
        prepare_day(visit.priced, visit.on_file, History(), facts), facts
    )
    assert reported.finding.citation.authority.startswith("Medical policy: Physical Therapy (PT)")


@pytest.mark.parametrize(("together", "reported"), [(True, 1), (False, 0)])
def test_two_codes_share_a_limit_or_have_one_each(
    rulebook: RuleBook, *, together: bool, reported: int
) -> None:
    """Texas's two units of 97034 and 97035 are shared, the stricter reading; each has two else."""
    case = {"payer": "tx-medicaid", "sessions": [{"services": [[97034, 15], [97035, 30]]}]}
    facts = facts_of(rulebook, case)
    if not together:
        each = [DailyLimit(UNITS, 2, PT_ALONE, frozenset({code})) for code in ("97034", "97035")]
        facts = replace(facts, profile=replace(facts.profile, daily_limits=tuple(each)))
    assert len(_over(case, facts)) == reported


@pytest.mark.parametrize(("counted", "reported"), [(False, 0), (True, 1)])
def test_an_evaluation_is_left_out_of_a_limit_or_counted(
    rulebook: RuleBook, *, counted: bool, reported: int
) -> None:
    """North Dakota's list has evaluations, which are neither modality nor procedure: left out."""
    case = {"payer": "bcbs-nd", "sessions": [{"services": [[97161, 15], [97110, 60]]}]}
    facts = facts_of(rulebook, case)
    if counted:
        (limit,) = facts.profile.daily_limits
        wider = replace(limit, codes=limit.codes | {"97161"})
        facts = replace(facts, profile=replace(facts.profile, daily_limits=(wider,)))
    assert len(_over(case, facts)) == reported


def _limited(facts: Facts, counts: Counted, at_most: int) -> Facts:
    limit = DailyLimit(counts, at_most, Scope.DISCIPLINE)
    return replace(facts, profile=replace(facts.profile, daily_limits=(limit,)))


def _over(case: Case, facts: Facts) -> list[str]:
    visit = price_day(case, facts)
    day = prepare_day(visit.priced, visit.on_file, History(), facts)
    return [each.finding.code.value for each in daily_limits_are_kept(day, facts)]
