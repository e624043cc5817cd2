"""What the law may know of codes that are counted otherwise than in the 15-minute pool."""

from collections.abc import Mapping
from dataclasses import dataclass

from schemas.values import Device, Role


@dataclass(frozen=True, slots=True)
class TimedSeries:
    """A timed code outside the pool and the code of its further units, which may be itself.

    ``fewest`` minutes earn a unit; a further one counts from the end of the unit before it.
    """

    code: str
    minutes: int
    fewest: int
    further_code: str
    further_minutes: int
    further_fewest: int


@dataclass(frozen=True, slots=True)
class SetUpCode:
    """The set-up of monitoring, once in an episode: the fewest days with data in its period."""

    fewest_days: int


@dataclass(frozen=True, slots=True)
class DeviceCode:
    """A device for a period: the days with data in it that the code is for, both inclusive."""

    device: Device
    fewest_days: int
    most_days: int


@dataclass(frozen=True, slots=True)
class ManagementCode:
    """Treatment management in a calendar month: the minutes that the code is for, inclusive."""

    fewest_minutes: int
    most_minutes: int | None
    each_minutes: int | None
    """Where the code is billed again: for each further full so many minutes."""
    added_to: str | None
    """The code that must be billed for the month before this one is."""


MonitoringCode = SetUpCode | DeviceCode | ManagementCode


@dataclass(frozen=True, slots=True)
class MonitoringRule:
    """How the codes of remote therapeutic monitoring count days and minutes."""

    period_days: int
    real_time_interactions: int
    """The fewest in the month that a management code needs."""
    roles: frozenset[Role]
    """Whose minutes count."""
    codes: Mapping[str, MonitoringCode]
