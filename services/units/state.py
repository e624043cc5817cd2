"""What ``units`` remembers: small values, each under its kind and the ids it belongs to."""

from rules.addendum import Addendum
from runtime.processor import Key
from schemas.model import Identifier, Struct
from schemas.session import Session

SEGMENT = 32
"""Entries in one segment of a list that grows."""


class SessionState(Struct, frozen=True):
    """A session as its highest revision says; no session where it was voided."""

    session: Session | None
    visit_day_id: Identifier | None
    is_in_conflict: bool = False
    """Its revision came a second time with other content."""


class AddendaState(Struct, frozen=True):
    """The signed addenda of a session, which may come before it."""

    addenda: tuple[Addendum, ...]


class DocumentState(Struct, frozen=True):
    """The highest revision of an addendum, and the session that it was merged into."""

    revision: int
    session_id: Identifier | None


class DayState(Struct, frozen=True):
    """A visit day: every session that ever arrived in it, in that order, and what was emitted."""

    arrived: tuple[Identifier, ...] = ()
    revision: int = 0
    rulebook: str = ""
    """The rulebook that the last emission was computed under."""
    is_listed: bool = False
    """It stands in the patient's list of days that could not be decided."""


class UndecidedState(Struct, frozen=True):
    """How many segments the patient's list of undecided days has."""

    segments: int = 0


class UndecidedSegment(Struct, frozen=True):
    """Up to 32 visit days that could not be decided when they were listed."""

    visit_day_ids: tuple[Identifier, ...] = ()


def session_key(patient_id: str, session_id: str) -> Key:
    """Name the state of a session."""
    return ("session", patient_id, session_id)


def addenda_key(patient_id: str, session_id: str) -> Key:
    """Name the addenda of a session."""
    return ("addenda", patient_id, session_id)


def document_key(patient_id: str, document_id: str) -> Key:
    """Name the state of a document."""
    return ("document", patient_id, document_id)


def day_key(patient_id: str, visit_day_id: str) -> Key:
    """Name the state of a visit day."""
    return ("day", patient_id, visit_day_id)


def undecided_key(patient_id: str) -> Key:
    """Name the head of the patient's list of undecided days."""
    return ("undecided", patient_id)


def segment_key(patient_id: str, number: int) -> Key:
    """Name one segment of the patient's list of undecided days, counted from 0."""
    return ("undecided", patient_id, str(number))
