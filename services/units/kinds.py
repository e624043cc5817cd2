"""The kinds of state values that ``units`` keeps: what its key names, and its type."""

from collections.abc import Mapping
from typing import Any

from rules.monitoring import MonitoredDay
from schemas.monitoring import MonitoringRecorded
from services.units.state import (
    AddendaState,
    DayState,
    DocumentState,
    EpisodeState,
    MonthState,
    Paper,
    PatientState,
    SessionState,
    UndecidedSegment,
    UndecidedState,
)

SCHEMA = 1
"""The version of these shapes: one higher when an older reader would misread a value."""
KINDS: Mapping[tuple[str, ...], Any] = {
    ("patient", "patient"): PatientState,
    ("paper", "patient", "paper"): Paper,
    ("session", "patient", "session"): SessionState,
    ("addenda", "patient", "session"): AddendaState,
    ("document", "patient", "document"): DocumentState,
    ("day", "patient", "visit day"): DayState,
    ("monitored_day", "patient", "visit day"): MonitoredDay,
    ("monitoring_record", "patient", "record"): MonitoringRecorded,
    ("monitoring_month", "patient", "month"): MonthState,
    ("monitoring_episode", "patient", "episode"): EpisodeState,
    ("undecided", "patient"): UndecidedState,
    ("undecided", "patient", "segment"): UndecidedSegment,
}
