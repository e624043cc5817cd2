"""A clinician's one-on-one time: what each visit day has of it, and where two days overlap."""

from schemas.model import Day, Identifier, Instant, Npi, Struct
from schemas.units import ServiceReference


class Block(Struct, frozen=True):
    """From when to when a service was given one-on-one; the end is after the start."""

    session_id: Identifier
    line: int
    """The session's own line number of the service."""
    start: Instant
    end: Instant


class ClinicianDay(Struct, frozen=True, kw_only=True):
    """All one-on-one time that one clinician has in one visit day."""

    npi: Npi
    patient_id: Identifier
    visit_day_id: Identifier
    date_of_service: Day
    revision: int
    """That of the visit day which says it; the highest is the truth."""
    blocks: tuple[Block, ...]
    """Empty where the clinician has none there any more."""


class ClinicianOverlap(Struct, frozen=True, kw_only=True):
    """The services of a visit day during which its clinician treated on another visit day too.

    Nothing says which other day that is, and whose.
    """

    patient_id: Identifier
    visit_day_id: Identifier
    npi: Npi
    revision: int
    """Counts what is said of this clinician in this visit day; the highest is the truth."""
    lines: tuple[ServiceReference, ...]
    """Empty where nothing overlaps any more."""
