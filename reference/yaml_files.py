"""Reads a YAML file into its document, and knows the line of everything in it."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from reference.errors import ReferenceFileError

M_co = TypeVar("M_co", bound=BaseModel, covariant=True)
Location = Iterable[str | int]

UNKNOWN = "extra_forbidden"
NUMBER_TAGS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")


@dataclass(frozen=True, slots=True)
class Loaded(Generic[M_co]):
    """A valid document with the file it came from."""

    path: Path
    document: M_co
    node: yaml.Node

    def line(self, location: Location) -> int:
        """Return the line, from 1, at which the part of the document stands."""
        return _line(self.node, location)

    def error(self, reason: str, location: Location) -> ReferenceFileError:
        """Return the exception that points at a part of the document."""
        return ReferenceFileError(self.path, reason, self.line(location))


def read_yaml(path: Path, model: type[M_co]) -> Loaded[M_co]:
    """Read a file once and check it; numbers must be quoted, so that none becomes a float."""
    try:
        loader = yaml.CSafeLoader(path.read_text(encoding="utf-8"))
        node = loader.get_single_node()
        if node is None:
            raise ReferenceFileError(path, "the file is empty")
        _refuse_surprises(path, node)
        content = loader.construct_document(node)
    except (OSError, UnicodeDecodeError) as error:
        raise ReferenceFileError(path, f"cannot be read: {error}") from error
    except yaml.YAMLError as error:
        raise _yaml_error(path, error) from error
    except (ValueError, TypeError) as error:
        raise ReferenceFileError(path, f"is not valid: {error}") from error
    except RecursionError as error:
        raise ReferenceFileError(path, "is nested too deeply, or names itself") from error
    try:
        document = model.model_validate(content)
    except ValidationError as error:
        raise _validation_error(path, node, error) from error
    return Loaded(path, document, node)


def _refuse_surprises(path: Path, node: yaml.Node) -> None:
    """Refuse what YAML takes silently: bare numbers and keys that stand twice."""
    if isinstance(node, yaml.ScalarNode) and node.tag in NUMBER_TAGS:
        raise ReferenceFileError(path, f"put the number {node.value} in quotes", _line(node, ()))
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _refuse_surprises(path, item)
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                raise ReferenceFileError(path, f"{key.value} stands twice", _line(key, ()))
            seen.add(key.value)
            _refuse_surprises(path, value)


def _line(node: yaml.Node, location: Location) -> int:
    for step in location:
        below = _below(node, step)
        if below is None:
            break
        node = below
    return int(node.start_mark.line) + 1


def _below(node: yaml.Node, step: str | int) -> yaml.Node | None:
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        below: yaml.Node = node.value[step]
        return below
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == step:
                found: yaml.Node = value
                return found
    return None


def _yaml_error(path: Path, error: yaml.YAMLError) -> ReferenceFileError:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        reason = f"is not YAML: {error.problem}"
        return ReferenceFileError(path, reason, int(error.problem_mark.line) + 1)
    return ReferenceFileError(path, f"is not YAML: {error}")


def _validation_error(path: Path, node: yaml.Node, error: ValidationError) -> ReferenceFileError:
    # A field mistyped is a field missing too: what stands there says more.
    errors = sorted(error.errors(include_url=False), key=lambda item: item["type"] != UNKNOWN)
    first = errors[0]
    where = ".".join(str(step) for step in first["loc"])
    message = "nothing of this name is known here" if first["type"] == UNKNOWN else first["msg"]
    reason = f"{where}: {message}" if where else message
    return ReferenceFileError(path, reason, _line(node, first["loc"]))
