"""The kinds of state values that ``spend`` keeps: what its key names, and its type."""

from collections.abc import Mapping
from typing import Any

from schemas.session import Session
from schemas.units import UnitsComputed
from services.spend.state import (
    Group,
    HeldList,
    HeldSegment,
    Ledger,
    LedgerSegment,
    Outcome,
)

SCHEMA = 1
"""The version of these shapes: one higher when an older reader would misread a value."""
KINDS: Mapping[tuple[str, ...], Any] = {
    ("day", "patient", "visit day"): UnitsComputed,
    ("session", "patient", "visit day", "number"): Session,
    ("outcome", "patient", "visit day"): Outcome,
    ("group", "patient", "npi", "payer", "date"): Group,
    ("ledger", "patient", "year", "group"): Ledger,
    ("entries", "patient", "year", "group", "segment"): LedgerSegment,
    ("held", "patient"): HeldList,
    ("held_days", "patient", "segment"): HeldSegment,
}
