"""Bytes to our own structs: what we emitted or remembered, read again.

What a hospital sent stands inside them as pydantic models, and is validated again; a struct's own
fields are checked for their types. Fields that a newer writer added are left out.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import msgspec
from pydantic import TypeAdapter

from schemas.model import Model

Read = Callable[[bytes], Any]


@cache
def reader_of(type_: Any) -> Read:  # noqa: ANN401 - a struct, a model, or a union of models
    """Return what reads the JSON of ``type_``; it raises ValueError where that is not right."""
    if isinstance(type_, type) and issubclass(type_, msgspec.Struct):
        return msgspec.json.Decoder(type_, dec_hook=_read_model).decode
    adapter = TypeAdapter[Any](type_)
    return lambda raw: adapter.validate_json(raw, extra="ignore")


def _read_model(type_: type, stated: object) -> object:
    """Read what a hospital sent, where it stands inside a struct of ours."""
    if not issubclass(type_, Model):
        raise NotImplementedError(f"no reader for {type_.__name__}")
    # Models are strict, and only in JSON do texts stand for dates.
    return reader_of(type_)(msgspec.json.encode(stated))
