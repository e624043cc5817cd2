"""A clinic in which much waits: seeded streams with documents lost, wrong codes and voids."""

import json
import random

from tests.bench.stream import clinic_stream
from tests.clinic import Json, report

NOT_IN_THE_TABLE = "97999"
NO_FEES = "2025-06-16"
"""A date without relative values in force."""
ESTABLISHED = ("2025-11-10", "2025-11-11", "2026-01-05")
"""Dates of plans of care: thirty days later their certification is due."""

SPENT = ("1500.00", "1984.00", "2480.01", "3000.01")
"""What payers report: in 2026 one amount for each band."""


def waiting_stream(patients: int, visits: int, seed: int) -> list[bytes]:
    """Return the lines of a clinic's stream of which every third document never comes.

    Every other plan of care that comes is not certified, and was due before 2026 or is after.
    Some sessions have a code that is not in the table or a date without fees, some are voided.
    Payers report spend that comes near the thresholds or passes them.
    """
    chance = random.Random(seed)
    events: list[Json] = []
    for line in clinic_stream(patients, visits, seed):
        events += _changed(json.loads(line), chance)
    for number, each in enumerate(events):
        each["id"] = f"e-{number}"
    return [json.dumps(each).encode() for each in events]


def _changed(event: Json, chance: random.Random) -> list[Json]:
    """Return what becomes of an event, and what follows it."""
    data = event["data"]
    if event["type"] == "therapy.documentation.received.v1":
        if data["kind"] == "plan_of_care" and chance.random() < 1 / 2:
            _take_certification(data["content"], chance.choice(ESTABLISHED))
        return [event] if chance.random() < 2 / 3 else []
    if event["type"] != "therapy.session.completed.v1":
        return [event]
    events = [event]
    fate = chance.random()
    if fate < 1 / 8:
        data["services"][0]["code"] = NOT_IN_THE_TABLE
    elif fate < 1 / 4:
        data["date_of_service"] = NO_FEES
    if chance.random() < 1 / 6:
        named = {name: data[name] for name in ("session_id", "patient_id")}
        void = {**named, "revision": 9, "reason": "entered twice"}
        events.append({**event, "type": "therapy.session.voided.v1", "data": void})
    if chance.random() < 1 / 3:
        reported = report(chance.choice(SPENT), event["time"]) | {"patient_id": data["patient_id"]}
        events.append({**event, "type": "therapy.accrual.reported.v1", "data": reported})
    return events


def _take_certification(plan: Json, established: str) -> None:
    """Make a plan of care one that nobody certified."""
    for name in ("certified_on", "certifying_npi"):
        plan.pop(name, None)
    dates = dict.fromkeys(("established_on", "first_treated_on"), established)
    plan.update(dates, certification="none")
