"""The patient's last notes in one discipline: loaded, compared with a day's, and kept."""

from collections.abc import Sequence

from reference.facts import Facts
from rules.notes import NoteJudgement, judge_notes
from runtime.processor import Key
from schemas.spend import SpendAccrued
from services.claims.desk import Desk
from services.claims.state import DayState, NotesState, day_key, notes_key

NO_NOTES = NotesState()


def keys_of_notes(accrued: SpendAccrued, facts: Facts) -> list[Key]:
    """Name what comparing the day's notes needs: nothing where there is nothing to compare."""
    if not facts.profile.notes_compared:
        return []
    if accrued.revision == 1 and not _says_something(accrued, facts):
        return []
    return [notes_key(accrued.patient_id, accrued.discipline)]


def judge_notes_of(
    desk: Desk, keys: Sequence[Key], accrued: SpendAccrued, facts: Facts
) -> tuple[NoteJudgement, ...]:
    """Judge the notes of a day by what is at hand, and keep them for the notes that follow."""
    if not keys:
        return ()
    (key,) = keys
    state: NotesState = desk[key] or NO_NOTES
    known: DayState | None = desk[day_key(accrued.patient_id, accrued.visit_day_id)]
    before = () if known is None else known.notes
    judged, last = judge_notes(accrued.sessions, before, state.last, facts)
    if last != state.last:
        desk.put(key, NotesState(last) if last else None)
    return judged


def _says_something(accrued: SpendAccrued, facts: Facts) -> bool:
    codes = facts.profile.activity_documentation_codes
    for session in accrued.sessions:
        if session.note is not None and session.note.text:
            return True
        if [each for each in session.services if each.documentation and each.code in codes]:
            return True
    return False
