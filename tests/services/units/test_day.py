"""A visit day's sessions have their signed addenda merged in, whatever came first."""

from tests.clinic import (
    Clinic,
    Json,
    document,
    of_type,
    service,
    session,
)

GAIT = [service(1, "97116", 15)]


def days(emitted: list[Json]) -> list[Json]:
    """Return the data of the visit days that were computed."""
    return of_type(emitted, "units.computed")


def addendum(document_id: str = "A-1", session_id: str = "S-1", **more: object) -> Json:
    """Return an addendum that signs the session's note."""
    content: Json = {"session_id": session_id, "signed_at": "2026-03-04T09:00:00-06:00"}
    return document("note_addendum", document_id, content, **more)


def test_an_addendum_is_merged_and_survives_an_amendment(units_clinic: Clinic) -> None:
    """The day is emitted with the note signed, also after a later unsigned revision."""
    unsigned = session("S-1", GAIT, note={"note_id": "N-1"})
    units_clinic.complete(unsigned)
    (day,) = days(units_clinic.receive(addendum()))
    assert day["sessions"][0]["note"]["signed_at"] == "2026-03-04T09:00:00-06:00"
    (day,) = days(units_clinic.amend({**unsigned, "revision": 2}))
    assert "signed_at" in day["sessions"][0]["note"]


def test_an_addendum_may_come_before_its_session(units_clinic: Clinic) -> None:
    """It emits nothing until the session comes, and is merged then."""
    assert units_clinic.receive(addendum()) == []
    (day,) = days(units_clinic.complete(session("S-1", GAIT, note={"note_id": "N-1"})))
    assert "signed_at" in day["sessions"][0]["note"]


def test_an_unsigned_addendum_cures_nothing(units_clinic: Clinic) -> None:
    """Without its own signature it is not merged; its signed revision is."""
    units_clinic.complete(session("S-1", GAIT, note={"note_id": "N-1"}))
    assert units_clinic.receive(addendum(signed_at=None)) == []
    assert len(units_clinic.receive(addendum(revision=2))) == 1


def test_a_lower_revision_of_an_addendum_changes_nothing(units_clinic: Clinic) -> None:
    """The highest revision of a document is the truth; equal and lower ones are passed over."""
    units_clinic.complete(session("S-1", GAIT, note={"note_id": "N-1"}))
    units_clinic.receive(addendum(revision=2))
    assert units_clinic.receive(addendum(revision=2)) == []
    assert units_clinic.receive(addendum(revision=1, signed_at=None)) == []


def test_an_addendum_that_is_corrected_to_another_session_leaves_the_first(
    units_clinic: Clinic,
) -> None:
    """Both days are emitted: the one that lost the signature and the one that has it."""
    for name in ("S-1", "S-2"):
        day = {"date_of_service": f"2026-03-0{name[-1]}", "note": {"note_id": name}}
        units_clinic.complete(session(name, GAIT, **day))
    units_clinic.receive(addendum())
    left, entered = days(units_clinic.receive(addendum(session_id="S-2", revision=2)))
    assert "signed_at" not in left["sessions"][0]["note"]
    assert "signed_at" in entered["sessions"][0]["note"]


def test_addenda_merge_key_by_key_later_over_earlier(units_clinic: Clinic) -> None:
    """Two addenda to one line each add their keys; of the same key the later dated wins."""
    emitted = units_clinic.complete(session("S-1", [service(1, "97530", 15, documentation={})]))
    for name, dated, said in (
        ("A-2", "2026-03-05", {"goal_id": "G2", "skilled_need": "cues"}),
        ("A-1", "2026-03-04", {"goal_id": "G1", "patient_response": "better"}),
    ):
        content: Json = {"session_id": "S-1", "lines": [{"line": 1, "documentation": said}]}
        emitted = units_clinic.receive(document("note_addendum", name, content, dated=dated))
    (day,) = days(emitted)
    assert day["sessions"][0]["services"][0]["documentation"] == {
        "goal_id": "G2",
        "skilled_need": "cues",
        "patient_response": "better",
    }


def test_an_addendum_that_says_what_is_there_emits_nothing(units_clinic: Clinic) -> None:
    """Nothing is emitted where nothing changed."""
    units_clinic.complete(session("S-1", GAIT))
    content: Json = {"session_id": "S-1", "one_on_one": True}
    assert units_clinic.receive(document("note_addendum", "A-1", content)) == []
