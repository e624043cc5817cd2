"""``therapy schemas``: the contract as JSON Schemas and an AsyncAPI document, and its check."""

import json
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any

import schemas
from commands.exits import FAILED, READ
from schemas.asyncapi import asyncapi_document
from schemas.compatibility import breaks
from schemas.json_schema import event_schemas

RELEASED = Path(schemas.__file__).parent / "released"
"""The schemas of the last release, one file an event type."""
ASYNCAPI_FILE = "asyncapi.json"


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.epilog = "Without an option, all documents are printed as one, by the file's name."
    does = parser.add_mutually_exclusive_group()
    does.add_argument("--out", metavar="DIR", type=Path, help="write one file a document")
    does.add_argument(
        "--check",
        action="store_true",
        help="compare with the released schemas; status 1 where a change is not compatible",
    )
    does.add_argument(
        "--release",
        action="store_true",
        help="keep the schemas as the released ones, where every change is compatible",
    )


def run(arguments: Namespace) -> int:
    """Print, write, check or release the schemas; the status is 1 when a check fails."""
    if arguments.check:
        return check(RELEASED)
    if arguments.release:
        return release(RELEASED)
    documents = {ASYNCAPI_FILE: asyncapi_document()} | _by_file()
    if arguments.out is None:
        print(_text(documents), end="")
    else:
        _write(documents, arguments.out)
    return READ


def check(folder: Path) -> int:
    """Print what breaks the schemas released in ``folder``."""
    released = {path.stem: json.loads(path.read_bytes()) for path in sorted(folder.glob("*.json"))}
    if not released:
        print(f"No schema is released in {folder}.")
        return FAILED
    broken = list(breaks(released, event_schemas()))
    for said in broken:
        print(said)
    if broken:
        print("Only a new optional field is compatible; anything else is a new version (.v2).")
        return FAILED
    print(f"The schemas are compatible with the {len(released)} released.")
    return READ


def release(folder: Path) -> int:
    """Keep the schemas of today in ``folder``, unless they break those released there."""
    if any(folder.glob("*.json")) and check(folder) == FAILED:
        return FAILED
    _write(_by_file(), folder)
    return READ


def _by_file() -> dict[str, Any]:
    return {f"{type_}.json": schema for type_, schema in event_schemas().items()}


def _write(documents: dict[str, Any], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, document in documents.items():
        (folder / name).write_bytes(_text(document).encode())


def _text(document: Any) -> str:  # noqa: ANN401 - any JSON
    """The same document gives the same bytes: keys stay in the order in which they are stated."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
