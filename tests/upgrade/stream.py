"""The clinic of the upgrades: what came in before one, and what comes in during and after it."""

import json
from collections.abc import Sequence
from typing import NamedTuple

from tests.bench.stream import clinic_stream
from tests.clinic import event, plan_of_care, service, session

PATIENTS, VISITS, SEED = 24, 12, 20
NEXT_YEAR = "2027-01-04"
"""A date without figures until a release brings them."""
HELD_PATIENT = "P-next-year"


class Stream(NamedTuple):
    """Events as lines, in the order in which they come."""

    before: Sequence[bytes]
    """What the earlier release decided; a day of it is held for want of next year's figures."""
    after: Sequence[bytes]


def upgrade_stream() -> Stream:
    """Return a seeded clinic in two parts, so that most patients have days in both."""
    lines = clinic_stream(PATIENTS, VISITS, SEED)
    third = len(lines) // 3
    return Stream([*lines[:third], *_held()], lines[third:])


def _held() -> list[bytes]:
    """Return a patient whose one day is dated next year, with a plan that is certified then."""
    plan = plan_of_care(
        established_on=NEXT_YEAR,
        first_treated_on=NEXT_YEAR,
        certified_on=NEXT_YEAR,
        through="2027-12-31",
    )
    visit = session("S-next-year", [service(1, "97110", 30)], date_of_service=NEXT_YEAR)
    sent = (("documentation.received", plan), ("session.completed", visit))
    return [
        json.dumps(
            event(
                kind,
                {**data, "patient_id": HELD_PATIENT},
                time=f"2027-01-04T1{hour}:00:00-06:00",
                event_id=f"e-next-year-{hour}",
            )
        ).encode()
        for hour, (kind, data) in enumerate(sent)
    ]
