"""What the note says of an activity code: the payer's profile names the codes.

CMS Pub. 100-02 ch. 15 §§220.1.2, 220.2 and 220.3. Each service of the code states each field: one
block's activity does not speak for another's.
"""

from collections.abc import Callable, Sequence

from reference.facts import Facts
from rules.edits.day import NOTHING, EditedDay, Reported, about_some_sessions
from rules.statements import is_stated
from schemas.claims import ClaimLine
from schemas.session import Documentation
from schemas.values import FindingCode

IsStated = Callable[[Documentation], bool]
Done = tuple[ClaimLine, str, Documentation | None]
"""A service of an activity code: its line, its session, and what its note states."""

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
    done = [
        (line, session.session_id, service.documentation)
        for line in day.billed
        if line.code in codes
        for session, service in day.services[line.line]
    ]
    if _are_complete(done):
        return NOTHING
    return [
        reported
        for code, is_field_stated in FIELDS
        for reported in _report_field(facts, code, done, is_field_stated)
    ]


def _are_complete(done: Sequence[Done]) -> bool:
    for _, _, stated in done:
        if stated is None:
            return False
        for _, is_field_stated in FIELDS:
            if not is_field_stated(stated):
                return False
    return True


def _report_field(
    facts: Facts, code: FindingCode, done: Sequence[Done], is_field_stated: IsStated
) -> Sequence[Reported]:
    lacking = [each for each in done if each[2] is None or not is_field_stated(each[2])]
    session_ids = {session_id for _, session_id, _ in lacking}
    return about_some_sessions(facts, code, [line for line, _, _ in lacking], session_ids)
