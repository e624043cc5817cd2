"""Whatever order the patients' events and the gateway's come in, the final decisions agree."""
# ruff: noqa: TID251, S311 - who goes on is drawn by a seed

import json
import random
from collections.abc import Iterable

from hypothesis import given, settings
from hypothesis import strategies as st

from reference.rulebook import RuleBook
from schemas.envelope import Event, write_structured
from schemas.events import CLINICAL
from schemas.reading import Reader
from tests.clinic import Clinic, Json, document, event, plan_of_care, service, session
from tests.contract.bus import Bus

PATIENTS = ("P-1", "P-2", "P-3")
CLINICIANS = ("1558888882", "1558888890")
STARTS = st.sampled_from(["13:50", "14:00", "14:10", "14:20"])
DECIDED = ("date_of_service", "discipline", "missing", "blocked_by", "amount_held", "lines")
"""What is the same; versions, claims that are out and the words of findings follow the order."""


def final(emitted: Iterable[Json]) -> dict[str, Json]:
    """Return what was decided last of each visit day that has sessions."""
    days: dict[str, Json] = {}
    decisions: dict[str, Json] = {}
    for each in emitted:
        if each["type"] == "therapy.units.computed.v1":
            days[each["subject"]] = each["data"]
        elif each["type"].startswith("therapy.claim."):
            data = {name: each["data"].get(name) for name in DECIDED}
            decisions[each["subject"]] = {"type": each["type"], **data}
    return {name: said for name, said in decisions.items() if days[name]["sessions"]}


@st.composite
def _visit(draw: st.DrawFn) -> tuple[str, Json]:
    start = draw(STARTS)
    end = f"{start[:3]}{int(start[3:]) + 9:02}" if draw(st.booleans()) else "14:25"
    times = {"clinician": draw(st.sampled_from(CLINICIANS))}
    times |= {"start": f"2026-03-02T{start}:00-06:00", "end": f"2026-03-02T{end}:00-06:00"}
    code = draw(st.sampled_from(["97110", "97140", "97150"]))
    note: Json = {"note_id": "N", "one_on_one": True}
    if draw(st.integers(0, 4)):
        note["signed_at"] = "2026-03-02T15:00:00-06:00"
    data = session(
        draw(st.sampled_from(["S-1", "S-2"])),
        [service(1, code, 10, intervals=[times])],
        revision=draw(st.integers(1, 3)),
        discipline=draw(st.sampled_from(["PT", "PT", "OT"])),
        note=note,
    )
    return draw(st.sampled_from(["session.completed", "session.amended"])), data


@st.composite
def _change(draw: st.DrawFn) -> tuple[str, Json]:
    name = draw(st.sampled_from(["S-1", "S-2"]))
    if not draw(st.integers(0, 3)):
        void = {"session_id": name, "revision": 1, "patient_id": "", "reason": "entered twice"}
        return "session.voided", void
    start = draw(STARTS)
    times = {"clinician": draw(st.sampled_from(CLINICIANS))}
    times |= {"start": f"2026-03-02T{start}:00-06:00", "end": "2026-03-02T14:30:00-06:00"}
    content = {
        "session_id": name,
        "signed_at": "2026-03-04T09:00:00-06:00",
        "lines": [{"line": 1, "intervals": [times]}],
    }
    return "documentation.received", document("note_addendum", "A-1", content)


@st.composite
def clinics(draw: st.DrawFn) -> list[Json]:
    """Draw what happens to three patients of two clinicians in one hour."""
    plans = [(patient, ("documentation.received", plan_of_care())) for patient in PATIENTS]
    acts = st.one_of(_visit(), _visit(), _visit(), _change())
    happened = draw(st.lists(st.tuples(st.sampled_from(PATIENTS), acts), min_size=3, max_size=10))
    return [
        event(
            kind,
            {**data, "patient_id": patient},
            time=f"2026-03-02T15:{number:02}:00-06:00",
            event_id=f"e-{number}",
        )
        for number, (patient, (kind, data)) in enumerate((*plans, *happened))
    ]


@settings(max_examples=60)
@given(stream=clinics(), seed=st.integers(0, 2**32))
def test_the_final_decisions_are_those_of_a_replay(
    rulebook: RuleBook, stream: list[Json], seed: int
) -> None:
    """Each patient's events keep their order; all else is as it happens to be."""
    clinic = Clinic(rulebook)
    replayed = [emitted for each in stream for emitted in clinic.send_event(each)]
    reader, bus = Reader(CLINICAL), Bus(rulebook, random.Random(seed))
    for each in stream:
        sent = reader.read_structured(json.dumps(each).encode())
        assert isinstance(sent, Event)
        bus.send(sent)
    bus.run()
    happened = [json.loads(write_structured(each)) for each in bus.emitted]
    assert final(happened) == final(replayed)
