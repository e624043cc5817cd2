"""The kinds of state values that ``claims`` keeps: what its key names, and its type."""

from collections.abc import Mapping
from typing import Any

from rules.authorizations import Taken
from schemas.documentation import DocumentationReceived
from schemas.session import Session
from services.claims.authorizations import AuthorizationsState, DayPlaceState
from services.claims.state import (
    AttestationsState,
    DayState,
    DecisionState,
    LedgerState,
    ListSegment,
    ListTail,
    NotesState,
    PlanState,
    ReportSegment,
    TreatedDays,
    TreatmentState,
    TreatmentYear,
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
    ("authorizations", "patient", "payer"): AuthorizationsState,
    ("place", "patient", "visit day"): DayPlaceState,
    ("visits", "patient", "payer", "discipline", "year"): Taken,
    ("taking_days", "patient", "payer", "number"): ListTail,
    ("taking_days", "patient", "payer", "number", "segment"): ListSegment,
    ("waiting_days", "patient", "payer"): ListTail,
    ("waiting_days", "patient", "payer", "segment"): ListSegment,
    ("held_days", "patient"): ListTail,
    ("held_days", "patient", "segment"): ListSegment,
    ("treatment", "patient", "discipline"): TreatmentState,
    ("treatment_year", "patient", "discipline", "year"): TreatmentYear,
    ("treatment_date", "patient", "discipline", "date"): TreatedDays,
    ("progress_reports", "patient", "discipline", "segment"): ReportSegment,
}
