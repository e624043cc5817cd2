"""The kinds of state values that ``claims`` keeps: what its key names, and its type."""

from collections.abc import Mapping
from typing import Any

from schemas.documentation import DocumentationReceived
from schemas.session import Session
from services.claims.state import (
    AttestationsState,
    DayState,
    DecisionState,
    LedgerState,
    ListSegment,
    ListTail,
    NotesState,
    PlanState,
)

SCHEMA = 1
"""The version of these shapes: one higher when an older reader would misread a value."""
KINDS: Mapping[tuple[str, ...], Any] = {
    ("day", "patient", "visit day"): DayState,
    ("day_session", "patient", "visit day", "number"): Session,
    ("decision", "patient", "visit day"): DecisionState,
    ("ledger", "patient", "year", "group"): LedgerState,
    ("attestations", "patient", "year", "group"): AttestationsState,
    ("plan", "patient", "plan of care"): PlanState,
    ("document", "patient", "document"): DocumentationReceived,
    ("notes", "patient", "discipline"): NotesState,
    ("ledger_days", "patient", "year", "group"): ListTail,
    ("ledger_days", "patient", "year", "group", "segment"): ListSegment,
    ("plan_days", "patient", "plan of care"): ListTail,
    ("plan_days", "patient", "plan of care", "segment"): ListSegment,
    ("held_days", "patient"): ListTail,
    ("held_days", "patient", "segment"): ListSegment,
}
