"""What a change of the schemas breaks: only a new optional field is compatible.

Anything else needs a new version of the event type. Descriptions and the names of definitions
are not on the wire, so they may change.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from json import dumps
from typing import Any

Schema = Mapping[str, Any]

ANNOTATIONS = frozenset({"$schema", "$defs", "title", "description", "examples", "default"})
WALKED = frozenset({"properties", "required", "items", "prefixItems", "enum", "const"})
"""Keywords that are compared by what is in them; every other one must be equal."""
ALTERNATIVES = ("anyOf", "oneOf")


def breaks(released: Mapping[str, Schema], current: Mapping[str, Schema]) -> Iterator[str]:
    """Yield a sentence for each thing that breaks whoever builds against the released schemas.

    Both map an event type to its schema. A type that was never released may be anything.
    """
    for type_, old in released.items():
        if type_ not in current:
            yield f"{type_}: the event type is gone"
            continue
        for said in Comparison(old, current[type_]).breaks():
            yield f"{type_}: {said}"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two versions of one event type's schema."""

    old: Schema
    new: Schema

    def breaks(self) -> Iterator[str]:
        """Yield a sentence for each break, with the path of the field."""
        yield from self._compare("", self.old, self.new)

    def _compare(self, path: str, old: Schema, new: Schema) -> Iterator[str]:
        old, new = _resolve(old, self.old), _resolve(new, self.new)
        olds, news = _alternatives(old, self.old), _alternatives(new, self.new)
        if len(olds) == len(news) == 1:
            yield from self._compare_one(path, old, new)
            return
        at = path or "the event"
        if len(olds) > 1 and len(news) > 1:
            yield from _keywords(at, _beside(old), _beside(new))
        yield from (f"{at}: the alternative {name} is gone" for name in olds if name not in news)
        yield from (f"{at}: the alternative {name} is new" for name in news if name not in olds)
        for name in olds:
            if name in news:
                yield from self._compare(path, olds[name], news[name])

    def _compare_one(self, path: str, old: Schema, new: Schema) -> Iterator[str]:
        at = path or "the event"
        yield from _keywords(at, old, new)
        yield from _values(at, old, new)
        yield from self._fields(path, old, new)
        if "items" in old and "items" in new:
            yield from self._compare(f"{path}[]", old["items"], new["items"])
        elif "items" in old or "items" in new:
            yield f"{at}: what it lists is no longer said the same way"
        olds, news = old.get("prefixItems", []), new.get("prefixItems", [])
        if len(olds) != len(news):
            yield f"{at}: had {len(olds)} places and has {len(news)}"
        for place, (before, after) in enumerate(zip(olds, news, strict=False)):
            yield from self._compare(f"{path}[{place}]", before, after)

    def _fields(self, path: str, old: Schema, new: Schema) -> Iterator[str]:
        olds, news = old.get("properties", {}), new.get("properties", {})
        were, are = set(old.get("required", ())), set(new.get("required", ()))
        start = f"{path}." if path else ""
        for name in olds:
            at = f"{start}{name}"
            if name not in news:
                yield f"{at}: the field is gone"
                continue
            if name in are - were:
                yield f"{at}: was optional and is required"
            if name in were - are:
                yield f"{at}: was required and is optional"
            yield from self._compare(at, olds[name], news[name])
        for name in news:
            if name not in olds and name in are:
                yield f"{start}{name}: a new field must be optional"


def _keywords(at: str, old: Schema, new: Schema) -> Iterator[str]:
    """Every limit, pattern, type and the like must be what it was."""
    for keyword in dict.fromkeys((*old, *new)):
        if keyword in ANNOTATIONS or keyword in WALKED:
            continue
        before, after = old.get(keyword), new.get(keyword)
        if before == after and (keyword in old) == (keyword in new):
            continue
        if keyword not in old:
            yield f"{at}: {keyword} is new, {dumps(after)}"
        elif keyword not in new:
            yield f"{at}: {keyword} was {dumps(before)} and is gone"
        else:
            yield f"{at}: {keyword} was {dumps(before)} and is {dumps(after)}"


def _values(at: str, old: Schema, new: Schema) -> Iterator[str]:
    """A closed list must have the values that it had, in any order."""
    olds, news = _listed(old), _listed(new)
    if olds is None and news is None:
        return
    if olds is None or news is None:
        yield f"{at}: was {_said(olds)} and is {_said(news)}"
        return
    yield from (f"{at}: the value {dumps(one)} is gone" for one in olds if one not in news)
    yield from (f"{at}: the value {dumps(one)} is new" for one in news if one not in olds)


def _listed(schema: Schema) -> list[Any] | None:
    if "const" in schema:
        return [schema["const"]]
    values: list[Any] | None = schema.get("enum")
    return values


def _said(values: list[Any] | None) -> str:
    return "any value" if values is None else f"one of {dumps(values)}"


def _resolve(schema: Schema, whole: Schema) -> Schema:
    """Return the schema that a reference stands for, with what stands beside the reference."""
    while "$ref" in schema:
        beside = {name: value for name, value in schema.items() if name != "$ref"}
        schema = {**whole["$defs"][schema["$ref"].removeprefix("#/$defs/")], **beside}
    return schema


def _alternatives(schema: Schema, whole: Schema) -> dict[str, Schema]:
    """Return the schema's alternatives by name; a schema without any is its own only one."""
    listed = [one for keyword in ALTERNATIVES for one in schema.get(keyword, ())]
    return {
        _name(place, _resolve(one, whole)): one for place, one in enumerate(listed or [schema])
    }


def _beside(schema: Schema) -> Schema:
    return {name: value for name, value in schema.items() if name not in ALTERNATIVES}


def _name(place: int, alternative: Schema) -> str:
    """An alternative is called null, or by its ``kind``, or by its place among the others."""
    if alternative.get("type") == "null":
        return "null"
    kind = alternative.get("properties", {}).get("kind", {}).get("const")
    return str(place + 1) if kind is None else str(kind)
