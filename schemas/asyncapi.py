"""The AsyncAPI 3.0 document: topics, who sends and receives what on them, and the messages.

Its schemas are those of binary mode, attributes in headers and data in the value, in the dialect
that AsyncAPI takes by default (JSON Schema draft 7).
"""

from collections.abc import Sequence
from itertools import chain
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import JsonSchemaValue

from schemas.envelope import CONTENT_TYPE
from schemas.events import (
    CLINICAL,
    CONSUMERS,
    KEY_FIELDS,
    MODELS,
    ON_TOPIC,
    ROUTES,
    EventType,
    Topic,
)
from schemas.json_schema import attribute_schemas, not_null, schema_generator
from schemas.model import Identifier
from schemas.reading import VALUE_BYTES_MAX

ASYNCAPI = "3.0.0"
KAFKA_BINDING = "0.5.0"
CONTRACT_VERSION = "1.2.0"
"""Of the document: a new optional field is a new minor version, a new event type too."""
DESCRIPTION = (
    "Therapy sessions, documents and payers' reports in; one billing decision per visit day out. "
    "Events are CloudEvents 1.0 in Kafka's binary mode: attributes are ce_ headers, the value is "
    "the data. On therapy.sessions structured mode (application/cloudevents+json) is read too. "
    f"A value is at most {VALUE_BYTES_MAX} bytes. "
    "What the hospital sends is closed: an unknown field makes a dead letter. "
    "What we emit may gain optional fields: ignore those that you do not know. "
    "No PHI stands in keys, headers or topic names."
)
PLACED_BY = (
    "Every producer places keys by murmur2 (librdkafka: partitioner=murmur2_random), and the "
    "topics from therapy.sessions to therapy.claims have the same number of partitions, so that "
    "one patient's events stay in one order."
)
ABOUT: dict[Topic, str] = {
    Topic.SESSIONS: f"Everything clinical that comes in, keyed by patient_id. {PLACED_BY}",
    Topic.UNITS: f"Visit days with their units, and what units passes on. {PLACED_BY}",
    Topic.SPEND: f"Visit days priced and accrued, and what spend passes on. {PLACED_BY}",
    Topic.CLAIMS: f"The decision on every visit day, for the bus. {PLACED_BY}",
    Topic.CLINICIANS: (
        "Each clinician's one-on-one time in a visit day, keyed by npi; forwarded by the gateway. "
        f"{PLACED_BY}"
    ),
    Topic.OVERLAPS: (
        "Where a clinician's one-on-one times in two visit days overlap, keyed by npi. "
        f"{PLACED_BY}"
    ),
    Topic.DEAD_LETTERS: "Records that could not be read or handled, whole; the key as it came.",
}


def asyncapi_document() -> dict[str, Any]:
    """Return the whole document, ready to be written as JSON."""
    payloads, definitions = _payloads()
    return {
        "asyncapi": ASYNCAPI,
        "info": {
            "title": "Therapy billing",
            "version": CONTRACT_VERSION,
            "description": DESCRIPTION,
        },
        "defaultContentType": CONTENT_TYPE,
        "channels": {topic.value: _channel(topic) for topic in Topic},
        "operations": dict(
            chain(
                chain.from_iterable(map(_operations, CONSUMERS)),
                chain.from_iterable(map(_forwarding, ROUTES)),
            )
        ),
        "components": {
            "messages": {type_.value: _message(type_, payloads[type_]) for type_ in EventType},
            "schemas": definitions,
        },
    }


def _channel(topic: Topic) -> dict[str, Any]:
    return {
        "address": topic.value,
        "description": ABOUT[topic],
        "messages": {
            type_.value: {"$ref": f"#/components/messages/{type_.value}"}
            for type_ in ON_TOPIC[topic]
        },
        "bindings": {"kafka": {"topic": topic.value, "bindingVersion": KAFKA_BINDING}},
    }


def _operations(consumer: str) -> list[tuple[str, dict[str, Any]]]:
    reads, writes = CONSUMERS[consumer]
    return [
        (f"{consumer}.receive", _operation("receive", reads)),
        (f"{consumer}.send", _operation("send", writes)),
        (f"{consumer}.send-dead-letter", _operation("send", Topic.DEAD_LETTERS)),
    ]


def _forwarding(name: str) -> list[tuple[str, dict[str, Any]]]:
    route = ROUTES[name]
    return [
        (f"{name}.receive", _operation("receive", route.reads, route.types)),
        (f"{name}.send", _operation("send", route.writes, route.types)),
    ]


def _operation(
    action: str, topic: Topic, types: Sequence[EventType] | None = None
) -> dict[str, Any]:
    """Describe what is done with these types on a topic; without them, with all that it has."""
    channel = f"#/channels/{topic.value}"
    named = ON_TOPIC[topic] if types is None else types
    return {
        "action": action,
        "channel": {"$ref": channel},
        "messages": [{"$ref": f"{channel}/messages/{type_.value}"} for type_ in named],
    }


def _message(type_: EventType, payload: JsonSchemaValue) -> dict[str, Any]:
    key = TypeAdapter(Identifier).json_schema() | {"description": _key(type_)}
    if type_ is EventType.DEAD_LETTER:
        key = {"description": "The record's own key."}
    message: dict[str, Any] = {
        "name": type_.value,
        "title": type_.value,
        "contentType": CONTENT_TYPE,
        "headers": _headers(type_),
        "payload": payload,
        "bindings": {"kafka": {"key": key, "bindingVersion": KAFKA_BINDING}},
    }
    if type_ is not EventType.DEAD_LETTER:
        message["correlationId"] = {
            "description": "The id of the first event of the chain; absent on the first itself.",
            "location": "$message.header#/ce_correlationid",
        }
    return message


def _key(type_: EventType) -> str:
    """Name the field of the data that is the key, and on which topic where there are two."""
    topics = [topic for topic in Topic if type_ in ON_TOPIC[topic]]
    keys = {topic: KEY_FIELDS.get(topic, "patient_id") for topic in topics}
    if len(set(keys.values())) == 1:
        return keys[topics[0]]
    return ", ".join(f"{field} on {topic}" for topic, field in keys.items())


def _headers(type_: EventType) -> JsonSchemaValue:
    """A header is never null, and the content type has one of its own."""
    attributes, required = attribute_schemas(type_)
    properties = {"content-type": not_null(attributes.pop("datacontenttype"))}
    properties |= {f"ce_{name}": not_null(schema) for name, schema in attributes.items()}
    stated = [f"ce_{name}" for name in required if name != "datacontenttype"]
    return {"type": "object", "properties": properties, "required": stated}


def _payloads() -> tuple[dict[EventType, JsonSchemaValue], dict[str, JsonSchemaValue]]:
    """Return the schema of each type's data, and the definitions that they share.

    A model can stand in both directions, closed and open, so each direction has its own.
    """
    payloads: dict[EventType, JsonSchemaValue] = {}
    shared: dict[str, JsonSchemaValue] = {}
    for direction in ("in", "out"):
        types = [type_ for type_ in EventType if (type_ in CLINICAL) == (direction == "in")]
        found, whole = TypeAdapter.json_schemas(
            [(type_, "validation", TypeAdapter[Any](MODELS[type_])) for type_ in types],
            ref_template=f"#/components/schemas/{direction}.{{model}}",
            schema_generator=schema_generator(types[0]),
        )
        payloads |= {type_: _draft_7(found[type_, "validation"]) for type_ in types}
        definitions: dict[str, JsonSchemaValue] = whole["$defs"]
        shared |= {f"{direction}.{name}": _draft_7(one) for name, one in definitions.items()}
    return payloads, shared


def _draft_7(schema: Any) -> Any:  # noqa: ANN401 - any JSON
    """Return a schema of 2020-12 in the words of draft 7: only a tuple is said otherwise."""
    if isinstance(schema, list):
        return [_draft_7(part) for part in schema]
    if isinstance(schema, dict):
        names = {"prefixItems": "items"}
        return {names.get(name, name): _draft_7(part) for name, part in schema.items()}
    return schema
