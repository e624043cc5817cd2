"""The kinds of state values that ``clinicians`` keeps: what its key names, and its type."""

from collections.abc import Mapping
from typing import Any

from services.clinicians.state import DayState, HourState

SCHEMA = 1
"""The version of these shapes: one higher when an older reader would misread a value."""
KINDS: Mapping[tuple[str, ...], Any] = {
    ("day", "npi", "visit day"): DayState,
    ("hour", "npi", "hour"): HourState,
}
