"""The base of every model, and the scalars of the contract's conventions.

What comes from the hospital is closed: ``extra="forbid"``. A reader of our own topics passes
``extra="ignore"`` when it validates, so that a new optional field breaks no one.
"""

from datetime import date, datetime
from typing import Annotated, Any

import msgspec
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    GetPydanticSchema,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core import CoreSchema, core_schema

RFC_3339 = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?"
    r"([Zz]|[+-][0-9]{2}:[0-9]{2})$"
)
"""Checked before the instant is read, since pydantic reads a number of seconds in a string too."""
ISO_DAY = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
"""Checked before the date is read, for the same reason."""


def _instant(_source: object, _handler: Any) -> CoreSchema:  # noqa: ANN401 - pydantic's hook
    aware = core_schema.datetime_schema(tz_constraint="aware")
    read = core_schema.datetime_schema(tz_constraint="aware", strict=False)
    text = core_schema.str_schema(pattern=RFC_3339)
    return core_schema.json_or_python_schema(core_schema.chain_schema([text, read]), aware)


def _day(_source: object, _handler: Any) -> CoreSchema:  # noqa: ANN401 - pydantic's hook
    read = core_schema.date_schema(strict=False)
    text = core_schema.str_schema(pattern=ISO_DAY)
    stated = core_schema.date_schema(strict=True)
    return core_schema.json_or_python_schema(core_schema.chain_schema([text, read]), stated)


class Model(BaseModel):
    """A closed, frozen model; no value is coerced from another JSON type."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        allow_inf_nan=False,
        # What stands below a field is its description in the generated schemas.
        use_attribute_docstrings=True,
    )


class Struct(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A frozen structure of ours: what we emit, and what we remember.

    It is made of values that are right already, so nothing is checked when it is made; what it
    says on a topic is checked when it is read, by the model that ``schemas.described`` makes of
    it. A field that has its default is not written.
    """


Identifier = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]{1,128}$")]
"""An opaque name: 1 to 128 characters, none of them a control character."""
Text = Annotated[str, StringConstraints(max_length=65_536)]
"""Words of a person, up to 64 Ki characters."""
Npi = Annotated[str, StringConstraints(pattern=r"^[0-9]{10}$")]
"""Ten digits; the check digit is not verified."""
ProcedureCode = Annotated[str, StringConstraints(pattern=r"^[0-9A-Z]{5}$")]
Modifier = Annotated[str, StringConstraints(pattern=r"^[0-9A-Z]{2}$")]
Diagnosis = Annotated[str, StringConstraints(pattern=r"^[A-Z][0-9][0-9A-Z](\.?[0-9A-Z]{1,4})?$")]
"""An ICD-10-CM code, with or without its dot."""
PlaceOfService = Annotated[str, StringConstraints(pattern=r"^[0-9]{2}$")]
Money = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,9}\.[0-9]{2}$")]
"""Dollars and cents as a decimal string with two places."""
Amount = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,15}\.[0-9]{2}$")]
"""Dollars and cents that we added up, as a decimal string with two places."""
Minutes = Annotated[int, Field(ge=0, le=1440)]
"""Whole minutes of one calendar day."""
Units = Annotated[int, Field(ge=1, le=999)]
LineNumber = Annotated[int, Field(ge=1, le=9999)]
Revision = Annotated[int, Field(ge=1, le=2_147_483_647)]
Year = Annotated[int, Field(ge=1, le=9999)]
Day = Annotated[
    date,
    GetPydanticSchema(_day),
    WithJsonSchema({"type": "string", "format": "date", "pattern": ISO_DAY}),
]
"""A calendar date, ``YYYY-MM-DD``, without a zone."""
Instant = Annotated[
    datetime,
    GetPydanticSchema(_instant),
    WithJsonSchema({"type": "string", "format": "date-time", "pattern": RFC_3339}),
]
"""RFC 3339 with an offset."""
