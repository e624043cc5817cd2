"""What ``clinicians`` says of two visit days that overlap, and what becomes of both."""

from datetime import UTC, datetime

import pytest
from msgspec import convert

from reference.rulebook import RuleBook
from runtime.consumer import Consumer
from runtime.memory import MemoryStateView
from schemas.clinicians import ClinicianDay
from schemas.envelope import Event
from schemas.events import EventType
from services.clinicians.processor import CliniciansProcessor
from services.clinicians.state import HourState
from tests.clinic import (
    THERAPIST,
    Clinic,
    Json,
    decision,
    document,
    missing,
    of_type,
    plan_of_care,
    service,
    session,
    types,
)

OTHER = "1558888890"
Said = tuple[str, int, int]
"""A visit day, the revision of what is said of it, and how many lines that names."""
READ_AT = datetime(2026, 3, 2, 21, tzinfo=UTC)


def times(start: str, end: str, clinician: str = THERAPIST) -> list[Json]:
    """Return one block of 2026-03-02."""
    at = [f"2026-03-02T{each}:00-06:00" for each in (start, end)]
    return [{"start": at[0], "end": at[1], "clinician": clinician}]


def visit(patient: str, start: str, end: str, clinician: str = THERAPIST, **more: object) -> Json:
    """Return a session of one service of 20 minutes, one-on-one by the clock."""
    done = [service(1, "97110", 20, charge="70.00", intervals=times(start, end, clinician))]
    return session(f"S-{patient}", done, patient_id=patient, **more)


@pytest.fixture
def two(clinic: Clinic) -> Clinic:
    """A clinic with the plans of two patients."""
    for patient in ("P-1", "P-2"):
        clinic.receive({**plan_of_care(), "patient_id": patient})
    return clinic


def last(emitted: list[Json], patient: str) -> Json:
    """Return a patient's last decision."""
    theirs = [each for each in emitted if each["partitionkey"] == patient]
    return decision([each for each in theirs if each["type"].startswith("therapy.claim.")][-1:])


def test_two_patients_in_the_same_minutes_wait_for_their_times(two: Clinic) -> None:
    """The claim that was ready is in doubt, and so is the one that shares its minutes."""
    assert decision(two.complete(visit("P-1", "14:00", "14:20")))["kind"] == "ready"
    emitted = two.complete(visit("P-2", "14:10", "14:30"))
    assert types(emitted) == [
        "units.computed",
        "clinician.day",
        "spend.accrued",
        "claim.ready",
        "clinician.overlap",
        "clinician.overlap",
        "units.computed",
        "spend.accrued",
        "claim.needs-documentation",
        "units.computed",
        "spend.accrued",
        "claim.needs-documentation",
    ]
    for patient in ("P-1", "P-2"):
        decided = last(emitted, patient)
        assert decided["outstanding"]["version"] == 1
        assert decided["missing"] == [
            {
                "code": "OVERLAPPING_INTERVALS",
                "owner": "therapist",
                "lines": [1],
                "session_ids": [f"S-{patient}"],
            }
        ]


def test_times_that_are_corrected_free_both(two: Clinic) -> None:
    """An amended session takes the finding from the other patient's day too."""
    two.complete(visit("P-1", "14:00", "14:20"))
    two.complete(visit("P-2", "14:10", "14:30"))
    emitted = two.amend(visit("P-2", "14:20", "14:40", revision=2))
    assert [last(emitted, each)["kind"] for each in ("P-1", "P-2")] == ["ready", "ready"]
    assert [last(emitted, each)["version"] for each in ("P-1", "P-2")] == [3, 3]


def test_an_addendum_that_states_times_is_compared(two: Clinic) -> None:
    """Times come late as well as early, and are corrected the same way."""
    two.complete(visit("P-1", "14:00", "14:20"))
    two.complete(visit("P-2", "15:00", "15:20"))
    content = {"session_id": "S-P-2", "lines": [{"line": 1, "intervals": times("14:19", "14:39")}]}
    addendum = document("note_addendum", "A-1", content) | {"patient_id": "P-2"}
    emitted = two.receive(addendum)
    assert [last(emitted, each)["kind"] for each in ("P-1", "P-2")] == ["needs-documentation"] * 2
    content = {"session_id": "S-P-2", "lines": [{"line": 1, "intervals": times("14:20", "14:40")}]}
    addendum = document("note_addendum", "A-1", content, revision=2) | {"patient_id": "P-2"}
    emitted = two.receive(addendum)
    assert [last(emitted, each)["kind"] for each in ("P-1", "P-2")] == ["ready", "ready"]


def test_a_session_that_is_voided_frees_the_other(two: Clinic) -> None:
    """Its own day has nothing left to say."""
    two.complete(visit("P-2", "14:10", "14:30"))
    two.complete(visit("P-1", "14:00", "14:20"))
    emitted = two.void("S-P-1")
    assert last(emitted, "P-1")["kind"] == "withdrawn"
    assert last(emitted, "P-2")["kind"] == "ready"
    assert [each["blocks"] for each in of_type(emitted, "clinician.day")] == [[]]


def test_a_session_that_moves_does_not_overlap_with_itself(two: Clinic) -> None:
    """The day that it left is told before the day that it entered; the other one's stays."""
    two.complete(visit("P-1", "14:00", "14:20"))
    two.complete(visit("P-2", "14:10", "14:30"))
    emitted = two.amend(visit("P-2", "14:10", "14:30", revision=2, discipline="OT"))
    told = of_type(emitted, "clinician.day")
    assert [len(each["blocks"]) for each in told] == [0, 1]
    assert last(emitted, "P-2")["kind"] == "needs-documentation"
    assert last(emitted, "P-2")["discipline"] == "OT"
    assert last(emitted, "P-1")["kind"] == "needs-documentation"


def test_one_patient_in_two_disciplines_at_once(two: Clinic) -> None:
    """Two visit days of one patient are compared as those of two."""
    two.complete(visit("P-1", "14:00", "14:20"))
    other = visit("P-1", "14:10", "14:30", discipline="OT") | {"session_id": "S-OT"}
    emitted = two.complete(other)
    assert [each["lines"] for each in of_type(emitted, "clinician.overlap")] == [
        [{"session_id": "S-OT", "line": 1}],
        [{"session_id": "S-P-1", "line": 1}],
    ]
    assert missing(decision(emitted[-1:])) == ["OVERLAPPING_INTERVALS"]


def test_another_clinician_at_the_same_time_is_no_overlap(two: Clinic) -> None:
    """Each is with their own patient; who leaves a day is told so."""
    two.complete(visit("P-1", "14:00", "14:20"))
    two.complete(visit("P-2", "14:10", "14:30"))
    emitted = two.amend(visit("P-2", "14:10", "14:30", revision=2, clinician=OTHER))
    told = {each["npi"]: len(each["blocks"]) for each in of_type(emitted, "clinician.day")}
    assert told == {THERAPIST: 0, OTHER: 1}
    assert last(emitted, "P-1")["kind"] == "ready"


def test_nothing_is_said_of_a_day_without_times(two: Clinic) -> None:
    """Nor again of one whose times did not change."""
    done = [service(1, "97110", 20)]
    assert "clinician.day" not in types(two.complete(session("S-1", done)))
    assert "clinician.day" in types(two.complete(visit("P-2", "14:00", "14:20")))
    again = two.amend(visit("P-2", "14:00", "14:20", revision=2, diagnoses=["M25.562"]))
    assert "clinician.day" not in types(again)


def test_the_other_patient_is_not_named(two: Clinic) -> None:
    """What goes to one patient's day holds neither the other's id nor the other's sessions."""
    two.complete(visit("P-1", "14:00", "14:20"))
    for each in two.complete(visit("P-2", "14:10", "14:30")):
        if each["type"] == "therapy.clinician.overlap.v1" or each["partitionkey"] == "P-1":
            theirs = {"P-1": "P-2", "P-2": "P-1"}[each["data"]["patient_id"]]
            assert theirs not in str(each["data"])


def test_three_at_once_stay_until_the_last_overlap_is_gone(two: Clinic) -> None:
    """The one in the middle shares minutes with both of the others."""
    two.receive({**plan_of_care(), "patient_id": "P-3"})
    two.complete(visit("P-1", "14:00", "14:20"))
    two.complete(visit("P-2", "14:15", "14:35"))
    two.complete(visit("P-3", "14:30", "14:50"))
    first = two.amend(visit("P-1", "13:00", "13:20", revision=2))
    assert last(first, "P-1")["kind"] == "ready"
    assert not [each for each in first if each["partitionkey"] == "P-2"]
    second = two.amend(visit("P-3", "15:00", "15:20", revision=2))
    assert [last(second, each)["kind"] for each in ("P-2", "P-3")] == ["ready", "ready"]


class Alone:
    """The consumer by itself, over blocks of minutes after 14:00."""

    def __init__(self, rulebook: RuleBook) -> None:
        """Remember nothing yet."""
        self.view = MemoryStateView()
        self._consumer = Consumer(CliniciansProcessor(rulebook), self.view, "r")
        self._sent = 0

    def tell(
        self, day: str, revision: int, *blocks: tuple[int, int]
    ) -> list[tuple[str, int, int]]:
        """Tell it a day's blocks; return day, revision and number of lines that it says."""
        self._sent += 1
        stated = {
            "npi": THERAPIST,
            "patient_id": f"P-{day}",
            "visit_day_id": day,
            "date_of_service": "2026-03-02",
            "revision": revision,
            "blocks": [
                {
                    "session_id": f"S-{day}",
                    "line": line,
                    "start": f"2026-03-02T{14 + start // 60}:{start % 60:02}:00Z",
                    "end": f"2026-03-02T{14 + end // 60}:{end % 60:02}:00Z",
                }
                for line, (start, end) in enumerate(blocks, 1)
            ],
        }
        event = Event(
            type=EventType.CLINICIAN_DAY,
            source="/therapy/units",
            id=str(self._sent),
            time=READ_AT,
            partitionkey=THERAPIST,
            data=convert(stated, ClinicianDay),
        )
        emitted = self._consumer.handle(event).emitted
        return [
            (each.data.visit_day_id, each.data.revision, len(each.data.lines)) for each in emitted
        ]


def test_an_older_word_of_a_day_changes_nothing(rulebook: RuleBook) -> None:
    """The gateway may bring each one again, and an old one late."""
    alone = Alone(rulebook)
    assert alone.tell("A", 1, (0, 20)) == []
    assert alone.tell("B", 3, (10, 30)) == [("B", 1, 1), ("A", 1, 1)]
    assert alone.tell("B", 3, (10, 30)) == []
    assert alone.tell("B", 2, (20, 40)) == []
    assert alone.tell("A", 1, (0, 20)) == []
    assert alone.tell("B", 4) == [("B", 2, 0), ("A", 2, 0)]
    assert alone.tell("B", 3, (10, 30)) == []


def test_each_hour_has_the_days_that_are_in_it_and_no_others(rulebook: RuleBook) -> None:
    """What is kept of an hour goes when the last day has left it."""
    alone = Alone(rulebook)
    alone.tell("A", 1, (0, 20), (50, 70))
    alone.tell("B", 1, (30, 40))
    hours = [value for _, value in alone.view.items() if isinstance(value, HourState)]
    assert hours == [HourState(("A", "B")), HourState(("A",))]
    alone.tell("A", 2, (65, 80))
    alone.tell("B", 2)
    hours = [value for _, value in alone.view.items() if isinstance(value, HourState)]
    assert hours == [HourState(("A",))]
