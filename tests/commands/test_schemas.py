"""``therapy schemas``: what it writes, what its check says, and that the pipeline keeps to it."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from commands import schemas
from commands.composition import PROCESSORS
from commands.exits import FAILED, READ
from commands.main import main
from commands.replay import replay
from reference.rulebook import RuleBook
from schemas.events import CLINICAL, CONSUMERS, EventType
from schemas.json_schema import event_schemas
from tests.clinic import Clinic, Json, document, plan_of_care, report, service, session

TYPES = [type_.value for type_ in EventType]


def test_the_schemas_are_compatible_with_those_released(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The check of this tree passes; if it fails, the change needs a new version of the type."""
    status = main(["schemas", "--check"])
    assert status == READ, capsys.readouterr().out


def test_every_document_is_a_file(tmp_path: Path) -> None:
    """One JSON Schema an event type, named for it, and the AsyncAPI document."""
    folder = tmp_path / "new" / "folder"
    assert main(["schemas", "--out", str(folder)]) == READ
    names = sorted(path.name for path in folder.iterdir())
    assert names == sorted(["asyncapi.json", *(f"{type_}.json" for type_ in TYPES)])
    assert json.loads((folder / "asyncapi.json").read_text())["asyncapi"] == "3.0.0"


def test_the_same_tree_writes_the_same_bytes(tmp_path: Path) -> None:
    """A second run changes no file."""
    for name in ("one", "two"):
        main(["schemas", "--out", str(tmp_path / name)])
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_without_an_option_one_document_is_printed(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """It holds what the files hold, under their names."""
    assert main(["schemas"]) == READ
    printed = json.loads(capsys.readouterr().out)
    main(["schemas", "--out", str(tmp_path)])
    assert printed == {path.name: json.loads(path.read_text()) for path in tmp_path.iterdir()}


def test_the_options_exclude_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    """To check and to release at once is wrong usage."""
    with pytest.raises(SystemExit) as stopped:
        main(["schemas", "--check", "--release"])
    assert stopped.value.code == 2
    assert "not allowed with" in capsys.readouterr().err


def test_a_break_fails_the_check_with_its_path(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A field that was released and is no more is named, with what may change at all."""
    schemas.release(tmp_path)
    released = tmp_path / "therapy.session.voided.v1.json"
    schema = json.loads(released.read_text())
    schema["properties"]["data"]["properties"]["ward"] = {"type": "string"}
    released.write_text(json.dumps(schema))
    assert schemas.check(tmp_path) == FAILED
    assert capsys.readouterr().out == (
        "therapy.session.voided.v1: data.ward: the field is gone\n"
        "Only a new optional field is compatible; anything else is a new version (.v2).\n"
    )


def test_what_breaks_is_not_released(tmp_path: Path) -> None:
    """The released schemas stay as they were."""
    schemas.release(tmp_path)
    gone = tmp_path / "therapy.session.paused.v1.json"
    gone.write_text("{}")
    kept = tmp_path / "therapy.session.voided.v1.json"
    kept.write_text(kept.read_text().replace("A session that never was", "Words"))
    before = kept.read_text()
    assert schemas.release(tmp_path) == FAILED
    assert kept.read_text() == before


def test_a_compatible_change_is_released(tmp_path: Path) -> None:
    """The released schemas are those of today: an optional field more."""
    schemas.release(tmp_path)
    kept = tmp_path / "therapy.session.voided.v1.json"
    today = kept.read_bytes()
    schema = json.loads(today)
    schema["properties"].pop("rulebook")
    kept.write_text(json.dumps(schema))
    assert schemas.release(tmp_path) == READ
    assert kept.read_bytes() == today


def test_nothing_released_fails_the_check(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """An empty folder, such as a package without its data, does not pass for compatible."""
    assert schemas.check(tmp_path) == FAILED
    assert "No schema is released" in capsys.readouterr().out


def test_the_consumers_described_are_those_that_run() -> None:
    """The AsyncAPI document and the composition root say the same of who reads and writes what."""
    running = {
        service.value: (reads, writes) for service, (_, reads, writes) in PROCESSORS.items()
    }
    assert running == CONSUMERS


def story(clinic: Clinic) -> list[Json]:
    """Return what the consumers emit over a story in which each type of theirs is emitted."""
    full = session("S-1", [service(1, "97530", 25, charge="140.00"), service(2, "97110", 15)])
    bare = session("S-2", [service(1, "97110", 30)], date_of_service="2026-03-04", note=None)
    short = session("S-3", [service(1, "97110", 5)], date_of_service="2026-03-05")
    later = session("S-4", [service(1, "97110", 30)], date_of_service="2027-01-05")
    attested = {"statement": "skilled care", "threshold_group": "pt_slp", "year": 2026}
    block = {"start": "2026-03-06T14:00:00-06:00", "end": "2026-03-06T14:30:00-06:00"}
    timed = [service(1, "97110", 30, intervals=[block])]
    on = {"date_of_service": "2026-03-06"}
    merged = {"patient_id": "P-1", "surviving_id": "P-2", "revision": 1}
    return [
        *clinic.receive(plan_of_care()),
        *clinic.complete(full),
        *clinic.complete(bare),
        *clinic.complete(short),
        *clinic.complete(later),
        *clinic.accrue(report("2470.00", "2026-03-02T23:00:00Z")),
        *clinic.receive(document("kx_attestation", "D-KX", attested)),
        *clinic.amend({**full, "revision": 2, "services": full["services"][:1]}),
        *clinic.void("S-1"),
        *clinic.void("S-2"),
        *clinic.complete(session("S-5", timed, **on)),
        *clinic.complete(session("S-5", timed, patient_id="P-2", **on)),
        *clinic.send("patient.merged", merged),
        *clinic.amend(session("S-5", timed[:1], revision=2, **on)),
    ]


def test_what_the_consumers_emit_keeps_its_schema(clinic: Clinic) -> None:
    """Every event of a story in which every type of ours occurs is right by its schema."""
    emitted = story(clinic)
    ours = set(TYPES) - {*CLINICAL, EventType.DEAD_LETTER}
    assert {each["type"] for each in emitted} == ours
    documents = event_schemas()
    for each in emitted:
        problems = list(Draft202012Validator(documents[each["type"]]).iter_errors(each))
        assert not problems, (each["type"], problems[0].json_path, problems[0].message)


@pytest.mark.parametrize(
    "line",
    [
        b"{",
        b"\xff",
        b'{"time": "2026-03-02T00:00:00Z"}',
        b" " * 600_000 + b"{}",
    ],
    ids=["broken", "not UTF-8", "with a time", "too large"],
)
def test_a_dead_letter_keeps_its_schema(tmp_path: Path, rulebook: RuleBook, line: bytes) -> None:
    """Whatever its line was: text, other bytes, with or without a time, or too large."""
    path = tmp_path / "bad.jsonl"
    path.write_bytes(line + b"\n")
    with path.open("rb") as lines:
        ((written, is_dead),) = replay(lines, rulebook)
    assert is_dead
    schema = event_schemas()["therapy.dead-letter.v1"]
    assert not list(Draft202012Validator(schema).iter_errors(json.loads(written)))
