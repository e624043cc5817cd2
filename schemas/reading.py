"""Bytes to events, validated once, where they come in; what cannot be read says why."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError, create_model
from pydantic_core import ErrorDetails, PydanticSerializationError, from_json, to_json

from schemas.envelope import CONTENT_TYPE, Event
from schemas.events import MODELS, EventType
from schemas.model import Identifier, Instant, Model
from schemas.values import DeadLetterReason

VALUE_BYTES_MAX = 524_288
"""A value is at most 512 KiB."""
EXTENSION_NAME = re.compile(r"[a-z0-9]+")
UNKNOWN_FIELD = "an unknown field"


class Attributes(Model):
    """The CloudEvents attributes that we know; extension attributes may stand beside them."""

    model_config = ConfigDict(extra="allow")

    specversion: Literal["1.0"]
    type: Annotated[str, Field(min_length=1, max_length=200)]
    source: Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]{1,500}$")]
    id: Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]{1,500}$")]
    time: Instant
    subject: Annotated[str, Field(max_length=500)] | None = None
    datacontenttype: Literal["application/json"] | None = None
    partitionkey: Identifier | None = None
    causationid: Annotated[str, Field(max_length=500)] | None = None
    correlationid: Annotated[str, Field(max_length=500)] | None = None
    rulebook: Annotated[str, Field(max_length=500)] | None = None


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Why a record is no event: ``detail`` names known fields, no value and no unknown name."""

    reason: DeadLetterReason
    detail: str


TOO_LARGE = Unreadable(DeadLetterReason.TOO_LARGE, "the value is over 512 KiB")
NOT_JSON = Unreadable(DeadLetterReason.NOT_JSON, "the bytes are not JSON")


class Reader:
    """Reads the events of the given types.

    ``closed`` is for what the hospital sends: an unknown field of the data is refused. Our own
    topics are read open: fields that a newer writer added are left out.
    """

    def __init__(self, types: Iterable[EventType], *, closed: bool = True) -> None:
        """Build the models once; reading a good record is then one pass over its bytes."""
        listed = tuple(types)
        self._extra: Literal["ignore"] | None = None if closed else "ignore"
        self._data = {type_.value: TypeAdapter[Any](MODELS[type_]) for type_ in listed}
        whole: Any = reduce(or_, [_structured(type_) for type_ in listed])
        tagged: Any = Annotated[whole, Field(discriminator="type")] if listed[1:] else whole
        self._structured = TypeAdapter[Any](tagged)

    def read_structured(self, line: bytes) -> Event | Unreadable:
        """Read one event in structured mode, which the bytes are from end to end."""
        if len(line) > VALUE_BYTES_MAX:
            return TOO_LARGE
        if self._extra is not None:
            # Over the whole event, it would leave out the extension attributes too.
            return self._read_in_stages(line)
        try:
            read = self._structured.validate_json(line)
        except ValidationError:
            return self._read_in_stages(line)
        return _event(read, read.data)

    def read_binary(
        self, headers: Mapping[str, str], key: str | None, value: bytes
    ) -> Event | Unreadable:
        """Read one event in binary mode: attributes as ``ce_`` headers, the value as the data."""
        if len(value) > VALUE_BYTES_MAX:
            return TOO_LARGE
        stated = {name[3:]: text for name, text in headers.items() if name.startswith("ce_")}
        media_type = headers.get("content-type", CONTENT_TYPE)
        stated["datacontenttype"] = media_type.partition(";")[0].strip().lower()
        if key is not None:
            if stated.get("partitionkey", key) != key:
                return Unreadable(DeadLetterReason.KEY_MISMATCH, "partitionkey")
            stated["partitionkey"] = key
        return self._read(stated, value)

    def _read_in_stages(self, line: bytes) -> Event | Unreadable:
        """Read a line that is not an event, stage by stage, to say at which it fails."""
        try:
            whole = from_json(line, allow_inf_nan=False)
        except ValueError:
            return NOT_JSON
        if not isinstance(whole, dict):
            return Unreadable(DeadLetterReason.NOT_A_CLOUD_EVENT, "the JSON is not an object")
        if "data" not in whole:
            return Unreadable(DeadLetterReason.NOT_A_CLOUD_EVENT, "data")
        data = to_json(whole.pop("data"))
        return self._read(whole, data)

    def _read(self, stated: Mapping[str, Any], value: bytes) -> Event | Unreadable:
        try:
            attributes = Attributes.model_validate_json(to_json(stated))
        except ValidationError as error:
            return Unreadable(DeadLetterReason.NOT_A_CLOUD_EVENT, _wrong_fields(error))
        except PydanticSerializationError:
            return Unreadable(DeadLetterReason.NOT_A_CLOUD_EVENT, "the attributes are not text")
        adapter = self._data.get(attributes.type)
        if adapter is None:
            return Unreadable(DeadLetterReason.UNKNOWN_TYPE, "type")
        try:
            data = adapter.validate_json(value, extra=self._extra)
        except ValidationError as error:
            if not _is_json(value):
                return NOT_JSON
            is_tagged = attributes.type in TAGGED
            return Unreadable(
                DeadLetterReason.INVALID_DATA, _wrong_fields(error, "data", is_tagged=is_tagged)
            )
        return _event(attributes, data)


def _structured(type_: EventType) -> type[Attributes]:
    literal: Any = Literal[type_.value]
    return create_model(
        type_.name, __base__=Attributes, type=(literal, ...), data=(MODELS[type_], ...)
    )


def _event(read: Attributes, data: Any) -> Event | Unreadable:  # noqa: ANN401 - any model
    key = data.patient_id if read.partitionkey is None else read.partitionkey
    if key != data.patient_id:
        return Unreadable(DeadLetterReason.KEY_MISMATCH, "partitionkey")
    extensions: dict[str, str | int | bool] = {}
    if read.__pydantic_extra__:
        # In JSON, null is an attribute that is not set (CloudEvents 1.0, JSON format).
        stated = {
            name: value for name, value in read.__pydantic_extra__.items() if value is not None
        }
        if not all(map(_is_extension, stated, stated.values())):
            return Unreadable(DeadLetterReason.NOT_A_CLOUD_EVENT, "an extension attribute")
        extensions = stated
    return Event(
        type=read.type,
        source=read.source,
        id=read.id,
        time=read.time,
        partitionkey=key,
        data=data,
        subject=read.subject,
        causationid=read.causationid,
        correlationid=read.correlationid,
        rulebook=read.rulebook,
        extensions=extensions,
    )


def _is_extension(name: str, value: object) -> bool:
    return EXTENSION_NAME.fullmatch(name) is not None and isinstance(value, str | int)


def _is_json(value: bytes) -> bool:
    try:
        from_json(value, allow_inf_nan=False)
    except ValueError:
        return False
    return True


def _wrong_fields(error: ValidationError, root: str = "", *, is_tagged: bool = False) -> str:
    """Name what is wrong by its path, at most ten; a name that we do not know stays unsaid.

    Of a tagged union the path begins with the tag, which is a value and so stays unsaid too.
    """
    details = error.errors(include_url=False, include_context=False, include_input=False)
    paths = dict.fromkeys(_path(wrong, root, 1 if is_tagged else 0) for wrong in details)
    return ", ".join(list(paths)[:10])


def _path(wrong: ErrorDetails, root: str, skipped: int) -> str:
    kind, where = wrong["type"], wrong["loc"][skipped:]
    if kind == "extra_forbidden":
        where = (*where[:-1], UNKNOWN_FIELD)
    elif kind.startswith("union_tag"):
        where = (*where, "kind")
    elif kind in OUR_KINDS:
        where = (*where, kind)
    return ".".join(str(part) for part in ((root, *where) if root else where)) or "the attributes"


TAGGED = (EventType.DOCUMENTATION_RECEIVED, EventType.MONITORING_RECORDED)
"""Types whose data are of several kinds, told apart by ``kind``."""
OUR_KINDS = ("line", "session_id")
"""Error kinds of the models' own checks, each named for the field that is wrong."""
_TIME = TypeAdapter[datetime](Instant)


def read_time(line: bytes) -> datetime | None:
    """Return the ``time`` of a line that is no event, where it has a right one."""
    try:
        return _TIME.validate_json(to_json(from_json(line, allow_inf_nan=False)["time"]))
    except (ValueError, TypeError, KeyError):
        return None
