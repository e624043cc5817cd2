"""What ``clinicians`` remembers: small values, each under its kind and the clinician's NPI."""

from runtime.processor import Key
from schemas.clinicians import Block
from schemas.model import Identifier, Struct
from schemas.units import ServiceReference


class Shared(Struct, frozen=True):
    """The services of a day in which the clinician treated on another visit day too."""

    visit_day_id: Identifier
    """The other day."""
    lines: tuple[ServiceReference, ...]


class DayState(Struct, frozen=True):
    """A clinician's time in one visit day, what it shares with others, and what was said of it."""

    patient_id: Identifier
    revision: int
    """Of what the day said last."""
    blocks: tuple[Block, ...]
    shared: tuple[Shared, ...] = ()
    """By the other day's id."""
    said: int = 0
    """How often something was said of it."""
    lines: tuple[ServiceReference, ...] = ()
    """What was said last."""


class HourState(Struct, frozen=True):
    """The visit days in which a clinician has time in one clock hour."""

    visit_day_ids: tuple[Identifier, ...]


def day_key(npi: str, visit_day_id: str) -> Key:
    """Name a clinician's time in a visit day."""
    return ("day", npi, visit_day_id)


def hour_key(npi: str, hour: int) -> Key:
    """Name a clinician's clock hour, counted since 1970."""
    return ("hour", npi, str(hour))
