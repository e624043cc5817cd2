"""Holds resources against their schemas: Kubernetes' own, and those of the operators' definitions.

A definition is read strictly: what it does not name is refused; a cluster would drop it silently.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]
import yaml
from jsonschema import Draft202012Validator

from tests.cluster import needed
from tests.deploy.chart import Document
from tests.style.tree import ROOT

RELEASES = ("1.33", "1.37")
"""The oldest and the newest release of Kubernetes whose schemas are at hand."""
STRIMZI = ROOT / "tests" / "deploy" / "strimzi.yaml"
_OPERATORS = ("monitoring.coreos.com", "keda.sh", "external-secrets.io", "kafka.strimzi.io")

Schema = Mapping[str, Any]


def wrong(document: Document) -> Iterator[str]:
    """Say what a resource has that its schema does not allow."""
    if document["apiVersion"].partition("/")[0] in _OPERATORS:
        validator = Draft202012Validator(_schema(document["apiVersion"], document["kind"]))
        found = [
            f"{error.json_path}: {error.message}" for error in validator.iter_errors(document)
        ]
    else:
        found = [said for release in RELEASES for said in _against(document, release)]
    name = document["metadata"]["name"]
    return (f"{document['kind']} {name}: {said}" for said in found)


def _against(document: Document, release: str) -> Iterator[str]:
    try:
        kubernetes_validate.validate(document, release, strict=True)
    except kubernetes_validate.ValidationError as error:
        yield f"{release}: {error.message}"


@cache
def _schema(version: str, kind: str) -> Schema:
    """Return the closed schema of a kind; raises ``LookupError`` where there is none."""
    group, _slash, version = version.partition("/")
    if group == "kafka.strimzi.io":
        return _closed(yaml.safe_load(STRIMZI.read_text(encoding="utf-8"))[kind])
    for path in sorted((needed.helm() / "crds").glob(f"{group}_*.yaml")):
        spec = yaml.safe_load(path.read_text(encoding="utf-8"))["spec"]
        for each in spec["versions"]:
            if (spec["names"]["kind"], each["name"]) == (kind, version):
                return _closed(each["schema"]["openAPIV3Schema"])
    raise LookupError(f"{group}/{version} {kind}: no schema of it is at hand")


def _closed(schema: Schema) -> Schema:
    """Return a schema of a definition as a JSON schema that takes nothing beyond what it names."""
    return {
        "type": "object",
        "properties": {
            "apiVersion": {"type": "string"},
            "kind": {"type": "string"},
            **{name: _strict(each) for name, each in schema["properties"].items()},
            "metadata": {"type": "object"},
        },
        "required": ["metadata", *schema.get("required", ())],
        "additionalProperties": False,
    }


def _strict(schema: Any) -> Any:  # noqa: ANN401 - any part of a schema
    if isinstance(schema, list):
        return [_strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("x-kubernetes-int-or-string"):
        return {"type": ["integer", "string"]}
    strict = {
        name: {each: _strict(of) for each, of in part.items()}
        if name == "properties"
        else _strict(part)
        for name, part in schema.items()
    }
    if "properties" in schema and not schema.get("x-kubernetes-preserve-unknown-fields"):
        strict.setdefault("additionalProperties", False)
    return strict
