"""Names of what came under a retired id."""

import pytest

from rules.merging import FIELDS, name_of, name_under, tell_apart, unwrap, wrap
from schemas.documentation import NoteAddendum
from schemas.envelope import Event
from schemas.events import CLINICAL, EventType
from schemas.merging import PatientCarried
from schemas.reading import Reader
from schemas.session import Session
from tests.clinic import Json
from tests.schemas.examples import CLINICAL_EVENTS, as_line

SESSION = CLINICAL_EVENTS["session.completed"]


def _read(structured: Json) -> Event:
    read = Reader(CLINICAL).read_structured(as_line(structured))
    assert isinstance(read, Event)
    return read


def _session(**changed: object) -> Session:
    session = _read(SESSION).data
    assert isinstance(session, Session)
    return session.model_copy(update={"merged_from": None, **changed})


def test_a_name_is_the_patients_own_or_one_of_the_retired_id_and_it() -> None:
    """Equal names under two ids stay apart, and back under its own id a thing has its own name."""
    assert name_under("P-2", None, "S-1") == name_under("P-1", "P-1", "S-1") == "S-1"
    names = {name_under("P-9", origin, "S-1") for origin in ("P-1", "P-2", None)}
    assert len(names) == 3
    assert name_under("P-9", "P-1", "S-1") == name_under("P-8", "P-1", "S-1")


def test_sessions_of_one_id_in_a_day_are_told_apart() -> None:
    """Only where two have the same id does one have its name for it."""
    own, carried = _session(), _session(merged_from="P-0")
    assert tell_apart([own, _session(session_id="S-2", merged_from="P-0")])[1].session_id == "S-2"
    assert [each.session_id for each in tell_apart([own, carried])] == ["S-1", name_of(carried)]


@pytest.mark.parametrize("kind", [kind for kind in CLINICAL_EVENTS if kind != "patient.merged"])
def test_what_was_sent_comes_out_as_the_survivors(kind: str) -> None:
    """Whatever the hospital sends is of the surviving id, and otherwise what it was."""
    event = _read(CLINICAL_EVENTS[kind])
    sent = wrap(event.type, event.data)
    carried = PatientCarried(patient_id="P-2", merged_from="P-1", through=("P-1",), sent=sent)
    type_, data = unwrap(carried)
    assert FIELDS[type_] == FIELDS[event.type]
    back = unwrap(PatientCarried(patient_id="P-1", merged_from="P-1", through=(), sent=sent))[1]
    assert data.patient_id == "P-2"  # type: ignore[attr-defined]
    if not isinstance(event.data, Session):
        assert back == event.data


def test_an_addendum_follows_its_session() -> None:
    """The session that it names is that of its own patient."""
    event = _read(CLINICAL_EVENTS["note_addendum"])
    sent = wrap(EventType.DOCUMENTATION_RECEIVED, event.data)
    carried = PatientCarried(patient_id="P-2", merged_from="P-1", through=("P-1",), sent=sent)
    addendum = unwrap(carried)[1]
    assert isinstance(addendum, NoteAddendum)
    assert addendum.content.session_id == name_under("P-2", "P-1", "S-1")
    assert addendum.document_id == name_under("P-2", "P-1", event.data.document_id)


def test_every_clinical_event_but_the_merge_itself_can_be_carried() -> None:
    """Nothing that the hospital sends of a retired id is left behind."""
    assert set(FIELDS) == set(CLINICAL) - {EventType.PATIENT_MERGED}
