"""A clinic's stream for measuring: seeded, in the shape and size of the contract's own example."""

import json
import random
from datetime import date, timedelta
from zlib import crc32

from tests.clinic import Json, document, event, plan_of_care, service, session

START = date(2026, 1, 5)
VISITS_A_REPORT = 10
TIMED = ("97110", "97112", "97116", "97140", "97530", "97535")


def clinic_stream(patients: int, visits: int, seed: int = 1) -> list[bytes]:
    """Return the lines of ``patients`` who each come ``visits`` times, interleaved by day.

    Of the sessions 4 % are amended later, 5 % wait for their note's signature, and 2 % are voided.
    Every patient has a plan of care, an attestation, as those who pass the threshold must, and a
    progress report after every ten visits.
    """
    chance = random.Random(seed)
    events: list[tuple[int, str, Json]] = []
    for patient in range(patients):
        events += _patient(f"P-{patient}", visits, chance)
    events.sort(key=lambda each: each[0])
    return [
        json.dumps(_stamp(number, day, kind, data)).encode()
        for number, (day, kind, data) in enumerate(events)
    ]


def one_patient(visits: int, name: str) -> list[bytes]:
    """Return the lines of one patient's plan of care and ``visits`` alike, a day apart."""
    plan = {**plan_of_care(), "patient_id": name}
    events: list[tuple[int, str, Json]] = [(0, "documentation.received", plan)]
    for visit in range(visits):
        data = {**_session(name, visit, random.Random(7)), "note": _note(visit, signed=True)}
        events.append((visit, "session.completed", data))
    return [
        json.dumps(_stamp(number, day, kind, data)).encode()
        for number, (day, kind, data) in enumerate(events)
    ]


def _patient(name: str, visits: int, chance: random.Random) -> list[tuple[int, str, Json]]:
    first = chance.randrange(60)
    plan = {**plan_of_care(), "patient_id": name}
    attested = {**_attestation(), "patient_id": name}
    events: list[tuple[int, str, Json]] = [
        (first, "documentation.received", plan),
        (first, "documentation.received", attested),
    ]
    for visit in range(visits):
        day = first + visit * 3
        data = {**_session(name, day, chance), "note": _note(visit, signed=True)}
        if visit % VISITS_A_REPORT == VISITS_A_REPORT - 1:
            events.append((day + 1, "documentation.received", _progress(name, first, day)))
        late = chance.random()
        if late < 0.05:
            unsigned = {**data, "note": _note(visit, signed=False)}
            events.append((day, "session.completed", unsigned))
            events.append((day + 2, "documentation.received", _signature(data)))
            continue
        events.append((day, "session.completed", data))
        if late < 0.09:
            events.append((day + 1, "session.amended", {**data, "revision": 2}))
        elif late < 0.11:
            void = {"session_id": data["session_id"], "revision": 2}
            void |= {"patient_id": name, "reason": "entered twice"}
            events.append((day + 1, "session.voided", void))
    return events


def _session(name: str, day: int, chance: random.Random) -> Json:
    codes = chance.sample(TIMED, chance.choice([2, 3, 3, 4]))
    on = START + timedelta(days=day)
    services = [
        service(number, code, chance.randint(8, 25), charge="70.00")
        for number, code in enumerate(codes, 1)
    ]
    started, stopped = (
        f"{on.isoformat()}T14:{minute:02}:00-06:00"
        for minute in (0, services[0]["therapist_minutes"])
    )
    block = {"start": started, "end": stopped, "clinician": _clinician_of(name)}
    services[0] |= {"intervals": [block]}
    times = {"started_at": started, "ended_at": f"{on.isoformat()}T15:00:00-06:00"}
    stated = {
        "patient_id": name,
        "date_of_service": on.isoformat(),
        "diagnoses": ["M25.561", "R26.89"],
    }
    return session(f"S-{day}", services, **stated, **times)


def _clinician_of(name: str) -> str:
    """Return an NPI of the patient's own: nobody is with two of them in the same minutes."""
    return f"1{crc32(name.encode()) % 1_000_000_000:09}"


def _note(visit: int, *, signed: bool) -> Json:
    text = f"Visit {visit}. Sit to stand from an 18-inch chair, cues for hip strategy. " * 3
    note: Json = {"note_id": f"N-{visit}", "signed_by": "1558888882", "text": text}
    note["one_on_one"] = True
    return {**note, "signed_at": "2026-03-02T15:00:00-06:00"} if signed else note


def _attestation() -> Json:
    content = {"statement": "reasonable and necessary", "threshold_group": "pt_slp", "year": 2026}
    return document("kx_attestation", "KX-1", content)


def _progress(name: str, first: int, last: int) -> Json:
    since, until = (str(START + timedelta(days=day)) for day in (first, last))
    content = {"period_from": since, "period_to": until, "justifies": ["97530"]}
    reported = document("progress_report", f"R-{last}", content, dated=until, discipline="PT")
    return {**reported, "patient_id": name}


def _signature(data: Json) -> Json:
    content = {"session_id": data["session_id"], "signed_at": "2026-03-04T15:00:00-06:00"}
    name = data["patient_id"]
    return {**document("note_addendum", f"A-{data['session_id']}", content), "patient_id": name}


def _stamp(number: int, day: int, kind: str, data: Json) -> Json:
    at = f"{(START + timedelta(days=day)).isoformat()}T17:00:00Z"
    return event(kind, data, time=at, event_id=f"e-{number}")
