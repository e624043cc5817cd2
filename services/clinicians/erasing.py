"""What of a clinician's state is one patient's, and how it goes while the others' stays whole."""

from collections.abc import Mapping

from runtime.processor import Key, Value
from services.clinicians.state import DayState, HourState, day_key


def may_be(patient_id: str, key: Key, raw: bytes) -> bool:
    """Tell by its bytes whether a value may name a patient's day; an hour names only day ids."""
    return key[0] == "hour" or patient_id.encode() in raw


def without(patient_id: str, values: Mapping[Key, Value]) -> dict[Key, Value]:
    """Return the changes that delete a patient's days, and take them out of the hours.

    What was said of other patients' days stays said, until they change.
    """
    gone = {
        key
        for key, value in values.items()
        if isinstance(value, DayState) and value.patient_id == patient_id
    }
    changes: dict[Key, Value] = dict.fromkeys(sorted(gone))
    for key, value in values.items():
        if isinstance(value, HourState):
            left = tuple(e for e in value.visit_day_ids if day_key(key[1], e) not in gone)
            if left != value.visit_day_ids:
                changes[key] = HourState(left) if left else None
    return changes
