"""A patient's days leave a clinician's state, and the other patients' stay whole."""

from services.clinicians.erasing import may_be, without
from services.clinicians.state import DayState, HourState, day_key, hour_key

OWN, OTHER = day_key("N-1", "D-1"), day_key("N-1", "D-2")
ALONE, SHARED = hour_key("N-1", 1), hour_key("N-1", 2)
VALUES = {
    OWN: DayState("P-1", 1, ()),
    OTHER: DayState("P-2", 1, ()),
    ALONE: HourState(("D-1",)),
    SHARED: HourState(("D-1", "D-2")),
}


def test_a_day_leaves_its_hours_with_it() -> None:
    """An hour in which nobody is left goes too."""
    wanted = {OWN: None, ALONE: None, SHARED: HourState(("D-2",))}
    assert without("P-1", VALUES) == wanted


def test_who_is_not_there_changes_nothing() -> None:
    """Not even the hours are written anew."""
    assert without("P-3", VALUES) == {}


def test_a_day_is_looked_at_where_the_patient_may_be_named() -> None:
    """Every hour is; other days are passed over by their bytes."""
    assert may_be("P-1", OWN, b'{"patient_id":"P-1"}')
    assert not may_be("P-1", OTHER, b'{"patient_id":"P-2"}')
    assert may_be("P-1", SHARED, b"{}")
