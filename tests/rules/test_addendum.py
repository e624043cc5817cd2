"""Addenda merged into a session: key by key, by date and then by document, later over earlier."""

import json
from datetime import date

from rules.addendum import Addendum, merge_addenda
from schemas.documentation import NoteAddendumContent
from tests.rules.visit_days import sessions_of

(SESSION,) = sessions_of({"sessions": [{"services": [[97530, 15], [97110, 15]]}]})


def addendum(document_id: str, day: int, **content: object) -> Addendum:
    """Return an addendum dated on a day of March 2026."""
    stated = {"session_id": SESSION.session_id, **content}
    read = NoteAddendumContent.model_validate_json(json.dumps(stated))
    return Addendum(document_id=document_id, dated=date(2026, 3, day), content=read)


def test_without_addenda_a_session_is_itself() -> None:
    """Nothing to merge leaves the very session."""
    assert merge_addenda(SESSION, ()) is SESSION


def test_the_note_takes_what_is_stated_and_keeps_the_rest() -> None:
    """A signature replaces the note's; its id stays."""
    merged = merge_addenda(SESSION, [addendum("A", 3, signed_by="1222222220")])
    assert merged.note is not None
    assert SESSION.note is not None
    assert merged.note.signed_by == "1222222220"
    assert merged.note.note_id == SESSION.note.note_id
    assert merged.note.signed_at == SESSION.note.signed_at


def test_a_session_without_a_note_gets_one() -> None:
    """A statement about the note makes a note where there was none."""
    bare = SESSION.model_copy(update={"note": None})
    merged = merge_addenda(bare, [addendum("A", 3, one_on_one=True)])
    assert merged.note is not None
    assert merged.note.one_on_one is True


def test_later_goes_over_earlier_whatever_comes_first() -> None:
    """Of two statements the later dated one stands; on one date, that of the later name."""
    early = addendum("B", 3, total_treatment_minutes=31)
    late = addendum("A", 4, total_treatment_minutes=32)
    for order in ([early, late], [late, early]):
        assert merge_addenda(SESSION, order).total_treatment_minutes == 32
    same_date = addendum("C", 4, total_treatment_minutes=33)
    assert merge_addenda(SESSION, [same_date, late]).total_treatment_minutes == 33


def test_a_line_s_documentation_is_merged_key_by_key() -> None:
    """What is said of a line joins what was there; other lines stay as they were."""
    said = {"line": 1, "documentation": {"goal_id": "G9"}, "necessity": "two transfers"}
    merged = merge_addenda(SESSION, [addendum("A", 3, lines=[said])])
    before, after = SESSION.services[0].documentation, merged.services[0].documentation
    assert before is not None
    assert after == before.model_copy(update={"goal_id": "G9"})
    assert merged.services[0].necessity == "two transfers"
    assert merged.services[1] is SESSION.services[1]


def test_a_line_that_the_session_does_not_have_is_passed_over() -> None:
    """An addendum to line 9 of two changes no service."""
    merged = merge_addenda(SESSION, [addendum("A", 3, lines=[{"line": 9, "necessity": "no"}])])
    assert merged.services == SESSION.services
