"""The events on our own topics, read again: ours as the structs that they were written from."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from operator import attrgetter
from typing import Any

import msgspec

from schemas.claims import (
    ClaimHeld,
    ClaimNeedsDocumentation,
    ClaimNotBillable,
    ClaimReady,
    ClaimWithdrawn,
)
from schemas.clinicians import ClinicianDay, ClinicianOverlap
from schemas.envelope import SPEC_VERSION, Event
from schemas.events import EventType
from schemas.merging import PatientCarried
from schemas.reading import Reader, Unreadable
from schemas.spend import SpendAccrued, SpendBalance, ThresholdCrossed
from schemas.structs import reader_of
from schemas.units import UnitsComputed
from schemas.values import DeadLetterReason

STRUCTS: Mapping[EventType, Any] = {
    EventType.UNITS_COMPUTED: UnitsComputed,
    EventType.CLINICIAN_DAY: ClinicianDay,
    EventType.CLINICIAN_OVERLAP: ClinicianOverlap,
    EventType.PATIENT_CARRIED: PatientCarried,
    EventType.SPEND_ACCRUED: SpendAccrued,
    EventType.SPEND_BALANCE: SpendBalance,
    EventType.THRESHOLD_CROSSED: ThresholdCrossed,
    EventType.CLAIM_WITHDRAWN: ClaimWithdrawn,
    EventType.CLAIM_NOT_BILLABLE: ClaimNotBillable,
    EventType.CLAIM_HELD: ClaimHeld,
    EventType.CLAIM_NEEDS_DOCUMENTATION: ClaimNeedsDocumentation,
    EventType.CLAIM_READY: ClaimReady,
}
"""What the data of each type that we emit is made of."""
OPTIONAL = ("subject", "causationid", "correlationid", "rulebook")
KNOWN = frozenset(
    f"ce_{name}"
    for name in ("specversion", "type", "source", "id", "time", "partitionkey", *OPTIONAL)
)


class OwnReader:
    """Reads what consumers of ours wrote, open, and beside it what the hospital sent.

    ``key`` is the field of the data that is the key of what is ours.
    """

    def __init__(
        self, types: Iterable[EventType], *, key: str = "patient_id", closed: bool = False
    ) -> None:
        """Read the given types; what comes from the hospital is ``closed`` where it comes in."""
        listed = tuple(types)
        self._key = attrgetter(key)
        self._ours = {
            type_.value: reader_of(STRUCTS[type_]) for type_ in listed if type_ in STRUCTS
        }
        self._reader = Reader(listed, closed=closed)

    def read_binary(
        self, headers: Mapping[str, str], key: str | None, value: bytes
    ) -> Event | Unreadable:
        """Read one event in binary mode; what is wrong is named as of any other event."""
        read = self._ours.get(headers.get("ce_type", ""))
        if read is None:
            return self._reader.read_binary(headers, key, value)
        try:
            event = _event(headers, key, read(value))
        except (KeyError, ValueError):
            why = self._reader.read_binary(headers, key, value)
            if isinstance(why, Unreadable):
                return why
            return Unreadable(DeadLetterReason.INVALID_DATA, "data")
        if self._key(event.data) != key:
            return Unreadable(DeadLetterReason.KEY_MISMATCH, "partitionkey")
        return event


def _event(headers: Mapping[str, str], key: str | None, data: Any) -> Event:  # noqa: ANN401
    """Return the event; raises KeyError or ValueError where an attribute is missing or wrong."""
    if headers["ce_specversion"] != SPEC_VERSION or key is None:
        raise ValueError
    return Event(
        type=headers["ce_type"],
        source=headers["ce_source"],
        id=headers["ce_id"],
        time=msgspec.convert(headers["ce_time"], datetime),
        partitionkey=key,
        data=data,
        subject=headers.get("ce_subject"),
        causationid=headers.get("ce_causationid"),
        correlationid=headers.get("ce_correlationid"),
        rulebook=headers.get("ce_rulebook"),
        extensions={
            name[3:]: text
            for name, text in headers.items()
            if name not in KNOWN and name.startswith("ce_")
        },
    )
