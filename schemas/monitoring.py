"""What remote therapeutic monitoring recorded; the highest revision of a ``record_id`` is true."""

from typing import Annotated, Literal

from pydantic import Field

from schemas.model import Day, Identifier, Minutes, Model, Revision
from schemas.session import Clinician
from schemas.values import Device, Discipline


class DeviceDaysContent(Model):
    """Days on which a device sent data; none takes an earlier revision back."""

    device: Device
    days: Annotated[tuple[Day, ...], Field(max_length=100)]


class InteractionContent(Model):
    """Time of one day that was spent on managing the treatment; none takes it back."""

    dated: Day
    minutes: Minutes
    clinician: Clinician
    real_time: bool
    """Patient or caregiver and clinician spoke with each other in real time."""


class _Record(Model):
    patient_id: Identifier
    record_id: Identifier
    revision: Revision
    discipline: Discipline
    """The discipline of the plan of care under which is monitored."""


class DeviceDays(_Record):
    """Days with data of one device."""

    kind: Literal["device_days"]
    content: DeviceDaysContent


class Interaction(_Record):
    """Minutes of one interaction or review."""

    kind: Literal["interaction"]
    content: InteractionContent


MonitoringRecord = DeviceDays | Interaction
MonitoringRecorded = Annotated[MonitoringRecord, Field(discriminator="kind")]
