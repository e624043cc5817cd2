"""A clinic for tests: events built from few words, and the three consumers over them."""

import json
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from commands.composition import Service, build_pipeline
from reference.rulebook import RuleBook
from runtime.pipeline import StepFailed
from schemas.envelope import Event, write_structured
from schemas.events import CLINICAL
from schemas.reading import Reader

Json = dict[str, Any]
THERAPIST = "1558888882"
PROVIDER = {
    "npi": "1669999992",
    "setting": "private_practice",
    "mac": "04412",
    "locality": "11",
    "qualifying_apm": False,
}
MEDICARE = {"payer_id": "medicare-b-tx", "program": "medicare_ffs"}
COMMERCIAL = {"payer_id": "commercial-one", "program": "commercial"}
ACTIVITY = {
    "activities": ["sit-to-stand transfers, 10 repetitions"],
    "functional_limitation": "cannot rise from a chair without help",
    "goal_id": "G1",
    "skilled_need": "verbal cues for hip strategy",
    "patient_response": "8 of 10 without cues",
}


def service(line: int, code: str, minutes: int, **more: object) -> Json:
    """Return one service of a session, with minutes by the therapist and 97530's documentation."""
    documented = {"documentation": ACTIVITY} if code == "97530" else {}
    stated = {"line": line, "code": code, "therapist_minutes": minutes, "assistant_minutes": 0}
    return {**stated, "diagnosis_pointers": [1], **documented, **more}


def session(session_id: str, services: list[Json], **more: object) -> Json:
    """Return the data of a signed Medicare PT session on 2026-03-02; ``more`` changes it."""
    minutes = sum(each["therapist_minutes"] + each["assistant_minutes"] for each in services)
    stated = {
        "session_id": session_id,
        "revision": 1,
        "patient_id": "P-1",
        "discipline": "PT",
        "date_of_service": "2026-03-02",
        "payer": MEDICARE,
        "billing_provider": PROVIDER,
        "plan_of_care_id": "POC-1",
        "diagnoses": ["M25.561"],
        "total_treatment_minutes": minutes,
        "services": services,
        "clinicians": [{"npi": THERAPIST, "role": "therapist"}],
        "note": {
            "note_id": f"N-{session_id}",
            "signed_at": "2026-03-02T15:00:00-06:00",
            "signed_by": THERAPIST,
            "one_on_one": True,
        },
    }
    return {name: value for name, value in {**stated, **more}.items() if value is not None}


def plan_of_care(plan_id: str = "POC-1", document_id: str = "D-POC-1", **content: object) -> Json:
    """Return the data of a plan of care, first treated on 2026-01-05, certified for 90 days."""
    stated = {
        "established_on": "2026-01-05",
        "first_treated_on": "2026-01-05",
        "certification": "signature",
        "certified_on": "2026-01-12",
        "certifying_npi": "1222222220",
        "through": "2026-12-31",
        "goals": [{"goal_id": "G1", "text": "rise from a chair without help"}],
        "frequency": "2 a week",
        "duration": "12 weeks",
    }
    kept = {name: value for name, value in {**stated, **content}.items() if value is not None}
    return document("plan_of_care", document_id, kept, plan_of_care_id=plan_id)


def document(kind: str, document_id: str, content: Mapping[str, object], **more: object) -> Json:
    """Return the data of a signed document of ``kind``; ``more`` changes its own fields."""
    stated = {
        "patient_id": "P-1",
        "document_id": document_id,
        "revision": 1,
        "kind": kind,
        "dated": "2026-03-03",
        "signed_at": "2026-03-03T10:00:00-06:00",
        "author_npi": THERAPIST,
        "author_role": "therapist",
        "content": dict(content),
    }
    return {name: value for name, value in {**stated, **more}.items() if value is not None}


def report(amount: str, as_of: str, **more: object) -> Json:
    """Return the data of a payer's accrual report on PT and SLP in 2026."""
    stated = {"patient_id": "P-1", "year": 2026, "threshold_group": "pt_slp", "origin": "271"}
    return {**stated, "amount": amount, "as_of": as_of, **more}


def device_days(record_id: str, first: str, count: int, **more: object) -> Json:
    """Return the data of a record of days in a row on which a musculoskeletal device sent data."""
    begins = date.fromisoformat(first)
    days = [(begins + timedelta(days=at)).isoformat() for at in range(count)]
    content = {"device": "musculoskeletal", "days": days}
    return _monitored(record_id, **{"kind": "device_days", "content": content, **more})


def interaction(record_id: str, dated: str, minutes: int, **more: object) -> Json:
    """Return the data of a record of a therapist's minutes in real time."""
    content = {
        "dated": dated,
        "minutes": minutes,
        "clinician": {"npi": THERAPIST, "role": more.pop("role", "therapist")},
        "real_time": True,
    }
    return _monitored(record_id, **{"kind": "interaction", "content": content, **more})


def _monitored(record_id: str, **more: object) -> Json:
    stated = {"patient_id": "P-1", "record_id": record_id, "revision": 1, "discipline": "PT"}
    return {**stated, **more}


def event(kind: str, data: Json, *, time: str, event_id: str) -> Json:
    """Return a structured event; ``kind`` is the type without ``therapy.`` and ``.v1``."""
    return {
        "specversion": "1.0",
        "type": f"therapy.{kind}.v1",
        "source": "/clinic",
        "id": event_id,
        "time": time,
        "partitionkey": data["patient_id"],
        "data": data,
    }


class Clinic:
    """Sends events to the consumers and returns what they emit, as JSON objects."""

    def __init__(self, rulebook: RuleBook, through: Service = Service.CLAIMS) -> None:
        """Start with empty state."""
        self._pipeline = build_pipeline(rulebook, through)
        self._reader = Reader(CLINICAL)
        self._sent = 0

    def send(self, kind: str, data: Json, *, time: str | None = None) -> list[Json]:
        """Send one event; without ``time``, each is a minute later than the one before it."""
        self._sent += 1
        hour, minute = divmod(self._sent, 60)
        at = time or f"2026-03-02T{8 + hour:02}:{minute:02}:00-06:00"
        return self.send_event(event(kind, data, time=at, event_id=f"e-{self._sent}"))

    def send_event(self, structured: Json) -> list[Json]:
        """Send a structured event as it is."""
        read = self._reader.read_structured(json.dumps(structured).encode())
        assert isinstance(read, Event), read
        emitted = []
        for each in self._pipeline.run(read):
            assert not isinstance(each, StepFailed), each
            emitted.append(json.loads(write_structured(each)))
        return emitted

    def complete(self, data: Json, **more: str) -> list[Json]:
        """Send a completed session."""
        return self.send("session.completed", data, **more)

    def amend(self, data: Json, **more: str) -> list[Json]:
        """Send an amended session."""
        return self.send("session.amended", data, **more)

    def void(self, session_id: str, revision: int = 9, **more: str) -> list[Json]:
        """Send the void of a session."""
        data = {
            "session_id": session_id,
            "revision": revision,
            "patient_id": "P-1",
            "reason": "entered twice",
        }
        return self.send("session.voided", data, **more)

    def receive(self, data: Json, **more: str) -> list[Json]:
        """Send a document."""
        return self.send("documentation.received", data, **more)

    def monitor(self, data: Json, **more: str) -> list[Json]:
        """Send a record of remote monitoring."""
        return self.send("monitoring.recorded", data, **more)

    def accrue(self, data: Json, **more: str) -> list[Json]:
        """Send a payer's report."""
        return self.send("accrual.reported", data, **more)


def of_type(emitted: list[Json], kind: str) -> list[Json]:
    """Return the data of the events of one type, in their order."""
    return [each["data"] for each in emitted if each["type"] == f"therapy.{kind}.v1"]


def types(emitted: list[Json]) -> list[str]:
    """Return the types, without ``therapy.`` and ``.v1``."""
    return [each["type"].removeprefix("therapy.").removesuffix(".v1") for each in emitted]


def decision(emitted: list[Json]) -> Json:
    """Return the one decision among the events, with its kind."""
    (found,) = [each for each in emitted if each["type"].startswith("therapy.claim.")]
    kind = found["type"].removeprefix("therapy.claim.").removesuffix(".v1")
    return {"kind": kind, **found["data"]}


def no_decision(emitted: list[Json]) -> bool:
    """Say whether no decision is among the events."""
    return not [each for each in emitted if each["type"].startswith("therapy.claim.")]


def missing(decided: Json) -> list[str]:
    """Return the codes of what is missing."""
    return [each["code"] for each in decided["missing"]]


def unsigned(session_id: str, services: list[Json], **more: object) -> Json:
    """Return a session whose note waits for its signature."""
    return session(session_id, services, note={"note_id": "N", "one_on_one": True}, **more)


def signature(session_id: str) -> Json:
    """Return the addendum that signs a session's note."""
    content = {"session_id": session_id, "signed_at": "2026-03-04T09:00:00-06:00"}
    return document("note_addendum", f"A-{session_id}", content)
