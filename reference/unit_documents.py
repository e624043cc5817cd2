"""The shapes of the YAML files on codes outside the pool, and what the facts hold of them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from reference.documents import Count, Document, Text
from reference.unit_facts import (
    DeviceCode,
    ManagementCode,
    MonitoringCode,
    MonitoringRule,
    SetUpCode,
    TimedSeries,
)
from schemas.values import Device, Role


class FirstUnit(Document):
    """Minutes of a code's first unit, and the fewest that earn it."""

    minutes: Annotated[int, Field(gt=0)]
    fewest: Annotated[int, Field(gt=0)]


class FurtherUnit(FirstUnit):
    """The same of each further unit, counted from the end of the unit before it, and its code."""

    code: Text


class TimedCodeValue(Document):
    """How a timed code outside the pool of 15-minute codes turns minutes into units."""

    first: FirstUnit
    further: FurtherUnit


def _each_code_once(codes: dict[str, TimedCodeValue]) -> dict[str, TimedCodeValue]:
    named = [
        *codes,
        *(each.further.code for code, each in codes.items() if each.further.code != code),
    ]
    if len(set(named)) < len(named):
        message = "a code stands more than once"
        raise ValueError(message)
    return codes


TimedCodes = Annotated[dict[Text, TimedCodeValue], AfterValidator(_each_code_once)]


class SetUpValue(Document):
    """Fewest days with data that the set-up of monitoring needs."""

    fewest_days: Annotated[int, Field(gt=0)]


class DeviceValue(Document):
    """The device that a code supplies, and the days with data that it is for."""

    device: Device
    fewest_days: Annotated[int, Field(gt=0)]
    most_days: Annotated[int, Field(gt=0)]


class ManagementValue(Document):
    """The minutes of a calendar month that a management code is for."""

    fewest_minutes: Annotated[int, Field(gt=0)]
    most_minutes: Annotated[int, Field(gt=0)] | None = None
    each_minutes: Annotated[int, Field(gt=0)] | None = None
    added_to: Text | None = None


class MonitoringValue(Document):
    """How the codes of remote therapeutic monitoring count."""

    period_days: Annotated[int, Field(gt=0)]
    real_time_interactions: Count
    roles: frozenset[Role]
    set_up: dict[Text, SetUpValue]
    devices: dict[Text, DeviceValue]
    management: dict[Text, ManagementValue]

    @model_validator(mode="after")
    def _names_its_codes_once(self) -> Self:
        named = [*self.set_up, *self.devices, *self.management]
        if len(set(named)) < len(named):
            message = "a code stands more than once"
            raise ValueError(message)
        for code, each in self.management.items():
            if each.added_to is not None and each.added_to not in self.management:
                message = f"{code} is added to a code that is not there"
                raise ValueError(message)
        return self


def timed_series(value: TimedCodes) -> Mapping[str, TimedSeries]:
    """Name each series by both of its codes."""
    series: dict[str, TimedSeries] = {}
    for code, each in value.items():
        first, further = each.first, each.further
        series[code] = series[further.code] = TimedSeries(
            code, first.minutes, first.fewest, further.code, further.minutes, further.fewest
        )
    return MappingProxyType(series)


def monitoring_rule(value: MonitoringValue) -> MonitoringRule:
    """Put the three kinds of codes into one table."""
    codes: dict[str, MonitoringCode] = {}
    for code, set_up in value.set_up.items():
        codes[code] = SetUpCode(set_up.fewest_days)
    for code, one in value.devices.items():
        codes[code] = DeviceCode(one.device, one.fewest_days, one.most_days)
    for code, each in value.management.items():
        codes[code] = ManagementCode(
            each.fewest_minutes, each.most_minutes, each.each_minutes, each.added_to
        )
    return MonitoringRule(
        period_days=value.period_days,
        real_time_interactions=value.real_time_interactions,
        roles=value.roles,
        codes=MappingProxyType(codes),
    )
