"""The treatment note: signed, with its total time, one-on-one where the code is, and its own.

CMS Pub. 100-02 ch. 15 §§220.3.E and 230, which hold for every payer; Pub. 100-08 ch. 3 §3.3.2.
"""

from collections.abc import Sequence

from reference.facts import Facts, NoValueInForce
from rules.claim_lines import sessions_behind
from rules.edits.day import (
    NOTHING,
    EditedDay,
    Reported,
    about_sessions,
    about_some_sessions,
)
from rules.findings import report
from schemas.session import Session
from schemas.values import FindingCode

# A member is looked up each time that it is named by its enum: once is enough.
LOOKS_COPIED = FindingCode.NOTE_LOOKS_COPIED


def note_is_signed(day: EditedDay, facts: Facts) -> Sequence[Reported]:
    """Every session's note has the instant of its signature."""
    lacking = [each for each in day.sessions if each.note is None or each.note.signed_at is None]
    return about_sessions(facts, FindingCode.NOTE_NOT_SIGNED, lacking) if lacking else NOTHING


def treatment_time_is_recorded(day: EditedDay, facts: Facts) -> Sequence[Reported]:
    """Every session has its total treatment minutes."""
    lacking = [each for each in day.sessions if each.total_treatment_minutes is None]
    return (
        about_sessions(facts, FindingCode.TREATMENT_TIME_MISSING, lacking) if lacking else NOTHING
    )


def treatment_time_agrees(day: EditedDay, facts: Facts) -> Sequence[Reported]:
    """No session's services have more minutes than its total treatment time."""
    over = [each for each in day.sessions if _is_over_total(each)]
    return about_sessions(facts, FindingCode.TREATMENT_TIME_DISAGREES, over) if over else NOTHING


def one_on_one_is_stated(day: EditedDay, facts: Facts) -> Sequence[Reported]:
    """The note of every session behind a one-on-one code says that treatment was one-on-one."""
    silent = [each.session_id for each in day.sessions if not _is_one_on_one(each)]
    procedures = facts.procedures
    if not silent or isinstance(procedures, NoValueInForce):
        return NOTHING
    lines = [
        line
        for line in day.billed
        if (procedure := procedures.get(line.code)) is not None
        and procedure.is_one_on_one
        and not set(silent).isdisjoint(sessions_behind([line]))
    ]
    return about_some_sessions(facts, FindingCode.ONE_ON_ONE_NOT_STATED, lines, silent)


def note_is_of_this_visit(day: EditedDay, facts: Facts) -> Sequence[Reported]:
    """No note says nearly what an earlier one of the patient says (Pub. 100-08 ch. 3 §3.3.2).

    Neither its text, nor what it states of an activity code: a code billed each day on the same
    activity, assistance and response has thin documentation.
    """
    reported: list[Reported] = []
    code = LOOKS_COPIED
    for note in day.notes:
        session_ids = (note.session_id,)
        if note.shared is not None:
            shared, words = note.shared
            what = f"{shared} of its {words} words are the same"
            reported.append(Reported(report(facts, code, what=what), session_ids))
        lines = [line for line in day.billed if line.code in note.repeated]
        for line in lines:
            what = f"{line.code} has the same activity, assistance and response"
            reported.append(Reported(report(facts, code, [line.line], what=what), session_ids))
    return reported


def _is_one_on_one(session: Session) -> bool:
    return session.note is not None and session.note.one_on_one is True


def _is_over_total(session: Session) -> bool:
    if session.total_treatment_minutes is None:
        return False
    minutes = sum([each.therapist_minutes + each.assistant_minutes for each in session.services])
    return minutes > session.total_treatment_minutes
