"""CloudEvents 1.0: the envelope of every event, read from and written to JSON Lines and Kafka."""

from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from hashlib import sha1
from typing import Any
from uuid import UUID

import msgspec
from msgspec import field

from schemas.model import Model, Struct

SPEC_VERSION = "1.0"
CONTENT_TYPE = "application/json"
EVENT_IDS = UUID("6f1c7f0e-4a3c-5d0b-9b6e-2f6d1d1f7a10")
"""The namespace of the ids of the events that we emit."""
EVENT_NAMESPACE = EVENT_IDS.bytes
VARIANTS = {f"{digit:x}": "89ab"[digit % 4] for digit in range(16)}
"""The two bits that a UUID says its layout by, over the hexadecimal digit where they stand."""


class Event(Struct, frozen=True, kw_only=True, tag_field="specversion", tag=SPEC_VERSION):
    """One event: CloudEvents attributes, and ``data`` as the model of its type.

    The fields stand in the order in which they are written, ``specversion`` before them.
    """

    type: str
    source: str
    id: str
    subject: str | None = None
    time: datetime
    # A default that is made is written, unlike one that is stated; the text itself makes it.
    datacontenttype: str = field(default_factory=CONTENT_TYPE.__str__)
    partitionkey: str
    causationid: str | None = None
    correlationid: str | None = None
    rulebook: str | None = None
    extensions: dict[str, str | int | bool] = field(default_factory=dict)
    data: Any


def attributes(event: Event) -> dict[str, Any]:
    """Return the attributes that the event has, in their written order, the data left out."""
    stated = {
        "specversion": SPEC_VERSION,
        "type": event.type,
        "source": event.source,
        "id": event.id,
        "subject": event.subject,
        "time": event.time,
        "datacontenttype": event.datacontenttype,
        "partitionkey": event.partitionkey,
        "causationid": event.causationid,
        "correlationid": event.correlationid,
        "rulebook": event.rulebook,
        **event.extensions,
    }
    return {name: value for name, value in stated.items() if value is not None}


@cache
def _form(model: type[Model]) -> type[msgspec.Struct] | None:
    """Return a struct of the model's fields that leaves out None; none where a name differs."""
    fields = model.model_fields
    if any(field.alias is not None for field in fields.values()):
        return None
    return msgspec.defstruct(
        model.__name__, [(name, object, None) for name in fields], omit_defaults=True, gc=False
    )


def _state(model: Model) -> object:
    """Return a model as what msgspec writes: the fields that are set, in their stated order."""
    form = _form(type(model))
    if form is None:
        text = model.__pydantic_serializer__.to_json(model, exclude_unset=True, by_alias=True)
        return msgspec.Raw(text)
    fields, are_set = model.__dict__, model.__pydantic_fields_set__
    if len(fields) == len(are_set):
        return fields
    # A null that was sent is written: where all that is None was not set, None can be left out.
    values = tuple(fields.values())
    if values.count(None) == len(fields) - len(are_set):
        return form(*values)
    return {name: value for name, value in fields.items() if name in are_set}


_MODELS = msgspec.json.Encoder(enc_hook=_state)
_WRITTEN: OrderedDict[int, tuple[Model, msgspec.Raw]] = OrderedDict()
_WRITTEN_MAX = 64


def _write_model(model: Model) -> msgspec.Raw:
    """Write what came from the hospital; the last few are remembered by identity.

    Each consumer in turn writes the same session.
    """
    written = _WRITTEN.get(id(model))
    if written is not None and written[0] is model:
        return written[1]
    raw = msgspec.Raw(_MODELS.encode(model))
    _WRITTEN[id(model)] = model, raw
    if len(_WRITTEN) > _WRITTEN_MAX:
        _WRITTEN.popitem(last=False)
    return raw


_ENCODER = msgspec.json.Encoder(enc_hook=_write_model)


def write_data(data: Struct | Model) -> bytes:
    """Return the JSON of an event's data: fields in their stated order, absent ones left out."""
    return _ENCODER.encode(data)


def write_line(stated: Mapping[str, Any], data: Struct | Model) -> bytes:
    """Return attributes and data as one line of JSON in structured mode, without its end."""
    return msgspec.json.encode(stated)[:-1] + b',"data":' + write_data(data) + b"}"


def write_structured(event: Event) -> bytes:
    """Return the event as one line of JSON in structured mode, without the line's end."""
    if event.extensions:
        return write_line(attributes(event), event.data)
    return _ENCODER.encode(event)


def emitted_id(type_: str, subject: str, cause: Event, ordinal: int) -> str:
    """Return the id of an event that we emit: the same for the same cause, so never two.

    ``ordinal`` counts, from 0, the events of that type that the cause led to.
    """
    return name_id(EVENT_NAMESPACE, type_, subject, cause.source, cause.id, str(ordinal))


def name_id(namespace: bytes, *parts: str) -> str:
    """Return the UUIDv5 of the parts, in which no control character stands.

    The ``namespace`` is a UUID's bytes, which it works out anew each time that it is asked. The
    same as ``str(uuid5(...))`` at a third of the time: every event is given one or two.
    """
    named = namespace + "\x1f".join(parts).encode()
    text = sha1(named, usedforsecurity=False).hexdigest()
    variant = VARIANTS[text[16]]
    return f"{text[:8]}-{text[8:12]}-5{text[13:16]}-{variant}{text[17:20]}-{text[20:32]}"
