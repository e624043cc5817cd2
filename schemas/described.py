"""The pydantic model of each struct of ours: it checks what is read, and describes what is written."""

from functools import cache
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import msgspec
from pydantic import create_model

from schemas.model import Model, Struct


@cache
def model_of(struct: type[Struct]) -> type[Model]:
    """Return the closed, frozen model with the fields of ``struct``, by its name and docstring."""
    hints = get_type_hints(struct, include_extras=True)
    fields: dict[str, Any] = {}
    for field in msgspec.structs.fields(struct):
        default = ... if field.required else field.default
        fields[field.name] = (_described(hints[field.name]), default)
    return create_model(
        struct.__name__,
        __base__=Model,
        __doc__=struct.__doc__,
        __module__=struct.__module__,
        **fields,
    )


def _described(hint: Any) -> Any:  # noqa: ANN401 - any annotation
    """Put the model in the place of every struct that stands in an annotation."""
    if isinstance(hint, type) and issubclass(hint, Struct):
        return model_of(hint)
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is None or not _mentions_struct(hint):
        return hint
    described = tuple(_described(each) for each in arguments)
    return Union[described] if origin in {Union, UnionType} else origin[described]  # noqa: UP007


def _mentions_struct(hint: Any) -> bool:  # noqa: ANN401 - any annotation
    if isinstance(hint, type) and issubclass(hint, Struct):
        return True
    return any(_mentions_struct(each) for each in get_args(hint) if each is not ...)
