"""The JSON Schema (2020-12) of every event type: the whole event, as in structured mode."""

from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from schemas.events import CLINICAL, MODELS, EventType
from schemas.reading import Attributes

DIALECT = "https://json-schema.org/draft/2020-12/schema"
ON_DEAD_LETTERS = ("specversion", "type", "source", "id", "datacontenttype")
"""What every dead letter states; it has a time where its record has one."""


class ClosedSchema(GenerateJsonSchema):
    """Schemas as short as they can be; an object has no field but those stated."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ANN401 - pydantic's own
        """Leave out titles, which only repeat the names."""
        del schema
        return False

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """Leave out defaults: a field that is absent stays absent."""
        return self.generate_inner(schema["schema"])

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        """Leave out the class's name, which is ours."""
        return _without("title", super().model_schema(schema))

    def tagged_union_schema(self, schema: core_schema.TaggedUnionSchema) -> JsonSchemaValue:
        """Leave out the keyword that OpenAPI alone knows; each alternative states its tag."""
        return _without("discriminator", super().tagged_union_schema(schema))


class OpenSchema(ClosedSchema):
    """The same for what we emit: a reader ignores a field that it does not know."""

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        """Allow other fields, which a later writer may add."""
        return _without("additionalProperties", super().model_schema(schema))


def event_schemas() -> dict[str, JsonSchemaValue]:
    """Return the schema of every event type by its name, in the contract's order."""
    return {type_.value: event_schema(type_) for type_ in EventType}


def event_schema(type_: EventType) -> JsonSchemaValue:
    """Return the schema of one event type in structured mode: attributes and data."""
    adapter = TypeAdapter[Any](MODELS[type_])
    data = adapter.json_schema(schema_generator=schema_generator(type_))
    definitions = data.pop("$defs", {})
    properties, required = attribute_schemas(type_)
    return {
        "$schema": DIALECT,
        "title": type_.value,
        "type": "object",
        "properties": {**properties, "data": data},
        "required": [*required, "data"],
        # Any other attribute is an extension attribute of CloudEvents.
        "propertyNames": {"pattern": "^[a-z0-9]+$"},
        "additionalProperties": {"type": ["string", "integer", "boolean", "null"]},
        **({"$defs": definitions} if definitions else {}),
    }


def schema_generator(type_: EventType) -> type[GenerateJsonSchema]:
    """Return how the data of a type is described: closed where the hospital sends it."""
    return ClosedSchema if type_ in CLINICAL else OpenSchema


def attribute_schemas(type_: EventType) -> tuple[dict[str, JsonSchemaValue], list[str]]:
    """Return the schema of each CloudEvents attribute of a type, and the names always there."""
    model = TypeAdapter(Attributes).json_schema(schema_generator=ClosedSchema)
    properties: dict[str, JsonSchemaValue] = model["properties"]
    properties["type"] = {"type": "string", "const": type_.value}
    if type_ in CLINICAL:
        return properties, model["required"]
    # What we emit leaves an attribute out where it has none; it is never null.
    stated = {name: not_null(schema) for name, schema in properties.items()}
    if type_ is EventType.DEAD_LETTER:
        known = {name: stated[name] for name in (*ON_DEAD_LETTERS, "time")}
        return known, list(ON_DEAD_LETTERS)
    return stated, list(stated)


def not_null(schema: JsonSchemaValue) -> JsonSchemaValue:
    """Return the schema of an attribute where it is stated."""
    alternatives: list[JsonSchemaValue] = schema.get("anyOf", [schema])
    return alternatives[0]


def _without(keyword: str, schema: JsonSchemaValue) -> JsonSchemaValue:
    return {name: value for name, value in schema.items() if name != keyword}
