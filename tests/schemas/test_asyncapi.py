"""The AsyncAPI document: whole, linked, and its schemas right by the dialect that it takes."""

from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft7Validator

from schemas.asyncapi import asyncapi_document
from schemas.events import CONSUMERS, ON_TOPIC, EventType, Topic
from tests.schemas.examples import CLINICAL_EVENTS, CROSSED, Json, changed, without

DOCUMENT = asyncapi_document()
MESSAGES = DOCUMENT["components"]["messages"]


def references(node: Any) -> Iterator[str]:  # noqa: ANN401 - any JSON
    """Yield every reference in the document."""
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for part in node.values():
            yield from references(part)
    elif isinstance(node, list):
        for part in node:
            yield from references(part)


def follow(reference: str) -> Json:
    """Return what a reference of the document leads to."""
    node: Json = DOCUMENT
    for name in reference.removeprefix("#/").split("/"):
        node = node[name]
    return node


def payload(type_: str) -> Draft7Validator:
    """Return what checks the data of a type as the document describes it."""
    return Draft7Validator({**MESSAGES[type_]["payload"], "components": DOCUMENT["components"]})


def test_the_document_has_the_parts_of_asyncapi_3() -> None:
    """Version, title and version of the contract, channels, operations, components."""
    assert DOCUMENT["asyncapi"] == "3.0.0"
    assert set(DOCUMENT["info"]) == {"title", "version", "description"}
    assert DOCUMENT["defaultContentType"] == "application/json"
    assert set(DOCUMENT["components"]) == {"messages", "schemas"}


def test_every_reference_leads_somewhere() -> None:
    """No link of the document is broken, and no definition stands unused."""
    named = set(references(DOCUMENT))
    assert all(isinstance(follow(reference), dict) for reference in named)
    schemas = {f"#/components/schemas/{name}" for name in DOCUMENT["components"]["schemas"]}
    assert schemas <= named


@pytest.mark.parametrize("topic", Topic)
def test_every_topic_is_a_channel_with_its_messages(topic: Topic) -> None:
    """The address is the topic's name, in Kafka's binding too; its key is described."""
    channel = DOCUMENT["channels"][topic.value]
    assert channel["address"] == channel["bindings"]["kafka"]["topic"] == topic.value
    assert list(channel["messages"]) == [type_.value for type_ in ON_TOPIC[topic]]
    assert "key" in channel["description"]


def test_the_way_from_sessions_to_claims_says_how_keys_are_placed() -> None:
    """An integrator who places keys otherwise would split one patient over two ledgers."""
    for topic in set(Topic) - {Topic.DEAD_LETTERS}:
        assert "murmur2" in DOCUMENT["channels"][topic.value]["description"]


@pytest.mark.parametrize("consumer", CONSUMERS)
def test_every_consumer_receives_and_sends(consumer: str) -> None:
    """It receives its topic's messages, sends those of the next, and sends dead letters."""
    reads, writes = CONSUMERS[consumer]
    for name, action, topic in (
        ("receive", "receive", reads),
        ("send", "send", writes),
        ("send-dead-letter", "send", Topic.DEAD_LETTERS),
    ):
        operation = DOCUMENT["operations"][f"{consumer}.{name}"]
        assert operation["action"] == action
        assert follow(operation["channel"]["$ref"])["address"] == topic.value
        sent = [follow(follow(each["$ref"])["$ref"])["name"] for each in operation["messages"]]
        assert sent == [type_.value for type_ in ON_TOPIC[topic]]


@pytest.mark.parametrize("type_", EventType)
def test_every_message_has_headers_payload_and_key(type_: EventType) -> None:
    """Attributes are ``ce_`` headers, and the schemas are schemas of draft 7."""
    message = MESSAGES[type_.value]
    Draft7Validator.check_schema(message["payload"])
    Draft7Validator.check_schema(message["headers"])
    assert message["headers"]["properties"]["ce_type"]["const"] == type_.value
    assert {"ce_specversion", "ce_type", "ce_source", "ce_id"} <= set(
        message["headers"]["required"]
    )
    assert "key" in message["bindings"]["kafka"]


def test_definitions_are_schemas_of_draft_7() -> None:
    """No keyword of a later dialect stands where it would be overlooked."""
    for schema in DOCUMENT["components"]["schemas"].values():
        Draft7Validator.check_schema(schema)
    assert "prefixItems" not in str(DOCUMENT)


@pytest.mark.parametrize("name", CLINICAL_EVENTS)
def test_the_data_of_a_right_event_are_a_right_payload(name: str) -> None:
    """Closed as the reader is."""
    structured = CLINICAL_EVENTS[name]
    check = payload(structured["type"])
    assert not list(check.iter_errors(structured["data"]))
    assert list(check.iter_errors(structured["data"] | {"mrn": "1"}))


def test_the_headers_of_a_right_event_are_right() -> None:
    """The key may stand for ``partitionkey``, and other headers may stand beside."""
    check = Draft7Validator(MESSAGES["therapy.session.completed.v1"]["headers"])
    structured = without(changed(), "data", "partitionkey")
    headers = {f"ce_{name}": value for name, value in structured.items()} | {"retries": "1"}
    assert not list(check.iter_errors(headers))
    assert list(check.iter_errors(without(headers, "ce_id")))


def test_the_payload_of_what_we_emit_is_open() -> None:
    """A reader of today takes a field of tomorrow."""
    check = payload("therapy.threshold.crossed.v1")
    assert not list(check.iter_errors(CROSSED | {"forecast": 1}))
    assert list(check.iter_errors(CROSSED | {"direction": "sideways"}))


@pytest.mark.parametrize(("headers", "is_right"), [([["a", None]], True), ([["a"]], False)])
def test_a_pair_is_said_in_the_words_of_draft_7(headers: list[object], *, is_right: bool) -> None:
    """The headers of a dead letter's record are pairs of a name and a base64 text or null."""
    record = {
        "topic": "therapy.sessions",
        "partition": 0,
        "offset": 7,
        "key": None,
        "headers": headers,
        "value": None,
    }
    letter = {"reason": "not_json", "detail": "the bytes are not JSON", "record": record}
    assert payload("therapy.dead-letter.v1").is_valid(letter) is is_right
