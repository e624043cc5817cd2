"""The AsyncAPI 3 document of what a process reads and writes, given to it by whoever built it.

The endpoints of the process are declared from it, and it is what the process says of itself.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

Schema = Mapping[str, Any]
Messages = Mapping[str, Schema]
"""What stands on a topic: the JSON schema of each message's payload, by the message's name."""


class Contract:
    """An AsyncAPI 3 document, read."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        """Take a document whose references lead into itself."""
        self._document = document

    @property
    def title(self) -> str:
        """The document's title."""
        return str(self._document["info"]["title"])

    def messages(self, topic: str) -> Messages:
        """Return the messages of a topic, each schema whole: no reference is left in it."""
        (channel,) = (
            each for each in self._document["channels"].values() if each["address"] == topic
        )
        return {
            name: self._whole(self._at(reference["$ref"])["payload"])
            for name, reference in channel["messages"].items()
        }

    def to_jsonable(self) -> Any:  # noqa: ANN401 - any JSON
        """Return the document."""
        return self._document

    def to_json(self) -> str:
        """Return the document as JSON."""
        return json.dumps(self._document)

    def to_yaml(self) -> str:
        """Return the document as YAML."""
        return yaml.safe_dump(self._document, sort_keys=False)

    def _whole(self, part: Any) -> Any:  # noqa: ANN401 - any JSON
        if isinstance(part, Mapping):
            if "$ref" in part:
                beside = {name: value for name, value in part.items() if name != "$ref"}
                return self._whole({**self._at(part["$ref"]), **beside})
            return {name: self._whole(value) for name, value in part.items()}
        if isinstance(part, Sequence) and not isinstance(part, str):
            return [self._whole(each) for each in part]
        return part

    def _at(self, reference: str) -> Any:  # noqa: ANN401 - any JSON
        part: Any = self._document
        for name in reference.removeprefix("#/").split("/"):
            part = part[name]
        return part
