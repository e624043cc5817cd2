"""What the note says of an activity code: the payer's profile names the codes.

CMS Pub. 100-02 ch. 15 §§220.1.2, 220.2 and 220.3. Each service of the code states each field: one
block's activity does not speak for another's.
"""

from collections.abc import Callable, Sequence

from reference.facts import Facts
from rules.claim_lines import LineDraft
from rules.edits.day import NOTHING, EditedDay, Reported, about_some_sessions
from rules.statements import is_stated
from schemas.session import Documentation
from schemas.values import FindingCode

IsStated = Callable[[Documentation], bool]

FIELDS: tuple[tuple[FindingCode, IsStated], ...] = (
    (
        FindingCode.FUNCTIONAL_ACTIVITY_MISSING,
        lambda stated: any(is_stated(each) for each in stated.activities or ()),
    ),
    (
        FindingCode.FUNCTIONAL_LIMITATION_MISSING,
        lambda stated: is_stated(stated.functional_limitation),
    ),
    (FindingCode.GOAL_LINK_MISSING, lambda stated: is_stated(stated.goal_id)),
    (FindingCode.SKILLED_NEED_MISSING, lambda stated: is_stated(stated.skilled_need)),
    (FindingCode.PATIENT_RESPONSE_MISSING, lambda stated: is_stated(stated.patient_response)),
)
"""What each service of an activity code states, and the finding where it does not."""


def activities_are_documented(day: EditedDay, facts: Facts) -> Sequence[Reported]:
    """Every service behind a billed activity code states what the payer asks for."""
    codes = facts.profile.activity_documentation_codes
    lines = [line for line in day.billed if line.line.code in codes]
    if _are_complete(lines):
        return NOTHING
    return [
        reported
        for code, has_field in FIELDS
        for reported in _report_field(facts, code, lines, has_field)
    ]


def _are_complete(lines: Sequence[LineDraft]) -> bool:
    for line in lines:
        for _, service in line.services:
            stated = service.documentation
            if stated is None:
                return False
            for _, has_field in FIELDS:
                if not has_field(stated):
                    return False
    return True


def _report_field(
    facts: Facts, code: FindingCode, lines: Sequence[LineDraft], has_field: IsStated
) -> Sequence[Reported]:
    lacking = {line.number: _sessions_lacking(line, has_field) for line in lines}
    concerned = [line for line in lines if lacking[line.number]]
    if not concerned:
        return NOTHING
    return about_some_sessions(facts, code, concerned, frozenset().union(*lacking.values()))


def _sessions_lacking(line: LineDraft, has_field: IsStated) -> frozenset[str]:
    return frozenset(
        session.session_id
        for session, service in line.services
        if service.documentation is None or not has_field(service.documentation)
    )
