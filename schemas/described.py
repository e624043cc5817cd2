"""The pydantic model of each struct of ours: it checks what is read, says what is written."""

import ast
import inspect
from functools import cache
from itertools import pairwise
from textwrap import dedent
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import msgspec
from pydantic import Field, create_model

from schemas.model import Model, Struct


@cache
def model_of(struct: type[Struct]) -> type[Model]:
    """Return the closed, frozen model with the fields of ``struct`` and its sentences."""
    hints = get_type_hints(struct, include_extras=True)
    sentences = _sentences(struct)
    fields: dict[str, Any] = {}
    for field in msgspec.structs.fields(struct):
        default = ... if field.required else field.default
        said = Field(default, description=sentences.get(field.name))
        fields[field.name] = (_described(hints[field.name]), said)
    return create_model(
        struct.__name__,
        __base__=Model,
        __doc__=struct.__doc__,
        __module__=struct.__module__,
        **fields,
    )


def _sentences(struct: type[Struct]) -> dict[str, str]:
    """Return what stands below each field in the source, those of the bases among them."""
    found: dict[str, str] = {}
    for each in reversed(struct.__mro__):
        if issubclass(each, Struct):
            (defined,) = ast.parse(dedent(inspect.getsource(each))).body
            assert isinstance(defined, ast.ClassDef), each
            for field, below in pairwise(defined.body):
                match field, below:
                    case (
                        ast.AnnAssign(target=ast.Name(id=name)),
                        ast.Expr(value=ast.Constant(value=str(sentence))),
                    ):
                        found[name] = sentence
                    case _:
                        pass
    return found


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
