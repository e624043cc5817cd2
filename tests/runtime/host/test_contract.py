"""The contract's document as a process reads it, and what FastStream makes of its endpoints."""

import json
from typing import Any

import pytest
import yaml
from faststream.specification import AsyncAPI

from runtime.host.app import announce, build_app, build_broker, join
from runtime.host.contract import Contract
from runtime.host.lag import Lag
from runtime.host.member import Member
from runtime.host.settings import read_settings
from schemas.asyncapi import asyncapi_document
from schemas.events import CONSUMERS, ON_TOPIC, Topic

Described = dict[tuple[str, str], dict[str, Any]]
"""By action and topic: the messages' names and whole schemas."""


def test_a_topic_has_the_contract_s_messages() -> None:
    """Each type that stands on it, by its name."""
    contract = Contract(asyncapi_document())
    for topic in Topic:
        assert tuple(contract.messages(topic.value)) == ON_TOPIC[topic]


def test_a_schema_is_whole() -> None:
    """No reference is left in it that would lead out of it."""
    contract = Contract(asyncapi_document())
    text = json.dumps(contract.messages(Topic.SESSIONS.value))
    assert "$ref" not in text
    assert '"additionalProperties": false' in text


def test_the_document_can_be_written() -> None:
    """As JSON and as YAML it is the same."""
    document = asyncapi_document()
    contract = Contract(document)
    assert json.loads(contract.to_json()) == document
    assert yaml.safe_load(contract.to_yaml()) == json.loads(contract.to_json())
    assert contract.to_jsonable() == document


@pytest.mark.parametrize("services", [["units"], ["spend"], ["claims"], list(CONSUMERS)])
def test_faststream_describes_what_the_contract_says(services: list[str]) -> None:
    """Topics, directions, messages and the schemas of their payloads, all of them and no other."""
    broker = build_broker(read_settings({}))
    contract = Contract(asyncapi_document())
    for name in services:
        reads, writes = CONSUMERS[name]
        member = Member(name, f"g-{name}", reads.value, Lag(lambda: 0.0))
        join(broker, read_settings({}), member, contract.messages(reads.value))
        announce(broker, writes.value, contract.messages(writes.value))
    announce(broker, Topic.DEAD_LETTERS.value, contract.messages(Topic.DEAD_LETTERS.value))
    made = AsyncAPI(broker).to_specification().to_jsonable()
    assert made["asyncapi"] == asyncapi_document()["asyncapi"]
    assert _of_faststream(made) == _of_contract(services, contract)


def _of_contract(services: list[str], contract: Contract) -> Described:
    described: Described = {
        ("send", Topic.DEAD_LETTERS.value): dict(contract.messages(Topic.DEAD_LETTERS.value))
    }
    for name in services:
        for action, topic in zip(("receive", "send"), CONSUMERS[name], strict=True):
            described[action, topic.value] = dict(contract.messages(topic.value))
    return described


def _of_faststream(made: dict[str, Any]) -> Described:
    """Return what FastStream says; its channels are endpoints, its batches lists."""
    described: Described = {}
    resolve = Contract(made)
    for operation in made["operations"].values():
        channel = made["channels"][operation["channel"]["$ref"].removeprefix("#/channels/")]
        for message in channel["messages"].values():
            payload = resolve._whole(message)["payload"]  # noqa: SLF001
            if operation["action"] == "receive":
                payload = payload["items"]
            is_union = "anyOf" in payload and "title" not in payload
            into = described.setdefault((operation["action"], channel["address"]), {})
            for schema in payload["anyOf"] if is_union else [payload]:
                # It states the fields of a schema that has none.
                if not schema.get("properties"):
                    schema.pop("properties", None)
                into[schema.pop("title")] = schema
    return described


def test_the_app_says_of_itself_what_the_contract_says() -> None:
    """What is served is the contract's document, whatever is registered."""
    broker = build_broker(read_settings({}))
    document = asyncapi_document()
    app = build_app(broker, Contract(document), [])
    app.schema.add_broker(broker)
    assert app.schema.to_specification().to_jsonable() == document
