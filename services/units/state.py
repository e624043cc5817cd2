"""What ``units`` remembers: small values, each under its kind and the ids it belongs to."""

from rules.addendum import Addendum
from rules.monitoring import DataRecord, InteractionRecord
from runtime.processor import Key
from schemas.merging import Sent
from schemas.model import Identifier, Npi, Struct
from schemas.session import Session
from schemas.units import ServiceReference

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


class Told(Struct, frozen=True):
    """A clinician who was told of time in a visit day, and a digest of what was told."""

    npi: Npi
    blocks: str


class Overlap(Struct, frozen=True):
    """What ``clinicians`` said last of a clinician's time in a visit day."""

    npi: Npi
    revision: int
    services: tuple[ServiceReference, ...]


class DayState(Struct, frozen=True):
    """A visit day: every session that ever arrived in it, in that order, and what was emitted."""

    arrived: tuple[Identifier, ...] = ()
    revision: int = 0
    rulebook: str = ""
    """The rulebook that the last emission was computed under."""
    is_listed: bool = False
    """It stands in the patient's list of days that could not be decided."""
    is_monitored: bool = False
    """It has, or had, codes of remote monitoring: a ``MonitoredDay`` stands beside it."""
    told: tuple[Told, ...] = ()
    """Clinicians with one-on-one time in it, as they were told last."""
    overlaps: tuple[Overlap, ...] = ()
    """One for each clinician of whom anything was ever said, by NPI."""
    before: Identifier | None = None
    """The visit day of the patient that was listed before it."""
    home: Identifier | None = None
    """Where sessions of its parts are, since they came first under a retired id."""


class PatientState(Struct, frozen=True):
    """A patient: where the lists of what was sent end, and whether the id is retired."""

    last_day: Identifier | None = None
    last_paper: str | None = None
    merged_into: Identifier | None = None
    """The surviving id, where this one is retired."""
    revision: int = 0
    """Of the merge."""
    absorbed: tuple[Identifier, ...] = ()
    """The retired ids of which anything was carried here."""


class Paper(Struct, frozen=True):
    """What the hospital sent beside sessions, as it came; each names the one listed before it."""

    sent: Sent
    merged_from: Identifier
    before: str | None = None


class MonthState(Struct, frozen=True):
    """A calendar month of remote monitoring: its records, and the days that bill for it."""

    interactions: tuple[InteractionRecord, ...] = ()
    data: tuple[DataRecord, ...] = ()
    visit_day_ids: tuple[Identifier, ...] = ()
    arrived: int = 0
    """How many visit days of this month's dates ever had a code of remote monitoring."""


class EpisodeState(Struct, frozen=True):
    """The visit days that bill the set-up of an episode of monitoring."""

    visit_day_ids: tuple[Identifier, ...] = ()


class UndecidedState(Struct, frozen=True):
    """How many segments the patient's list of undecided days has."""

    segments: int = 0


class UndecidedSegment(Struct, frozen=True):
    """Up to 32 visit days that could not be decided when they were listed."""

    visit_day_ids: tuple[Identifier, ...] = ()


def patient_key(patient_id: str) -> Key:
    """Name what is kept of a patient."""
    return ("patient", patient_id)


def paper_key(patient_id: str, paper: str) -> Key:
    """Name what was sent beside sessions, by its kind and id."""
    return ("paper", patient_id, paper)


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


def record_key(patient_id: str, record_id: str) -> Key:
    """Name the state of a record of remote monitoring."""
    return ("monitoring_record", patient_id, record_id)


def month_key(patient_id: str, month: str) -> Key:
    """Name a calendar month, ``YYYY-MM``, of remote monitoring."""
    return ("monitoring_month", patient_id, month)


def episode_key(patient_id: str, episode: str) -> Key:
    """Name an episode of remote monitoring."""
    return ("monitoring_episode", patient_id, episode)


def monitored_key(patient_id: str, visit_day_id: str) -> Key:
    """Name what a visit day asks for by codes of remote monitoring, and has."""
    return ("monitored_day", patient_id, visit_day_id)


def undecided_key(patient_id: str) -> Key:
    """Name the head of the patient's list of undecided days."""
    return ("undecided", patient_id)


def segment_key(patient_id: str, number: int) -> Key:
    """Name one segment of the patient's list of undecided days, counted from 0."""
    return ("undecided", patient_id, str(number))
