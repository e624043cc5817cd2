"""``therapy replay`` on good and bad files: what is written, in what order, which status."""

import base64
import gc
import hashlib
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from commands.composition import Service
from commands.main import main
from commands.replay import read_lines, replay
from reference.rulebook import RuleBook
from schemas.reading import VALUE_BYTES_MAX
from tests.clinic import Json, event, plan_of_care, service, session

GOOD = event(
    "session.completed",
    session("S-1", [service(1, "97116", 15)]),
    time="2026-03-02T15:05:00-06:00",
    event_id="e-1",
)


def line(structured: Json) -> bytes:
    """Return a structured event as a line."""
    return json.dumps(structured).encode() + b"\n"


def run(rulebook: RuleBook, content: bytes, through: Service = Service.CLAIMS) -> list[Json]:
    """Return what a replay of the bytes writes, read again."""
    return [json.loads(each) for each, _ in replay(io.BytesIO(content), rulebook, through)]


def without(*names: str) -> Json:
    """Return the good event without some of its attributes."""
    return {name: value for name, value in GOOD.items() if name not in names}


def changed(**data: object) -> Json:
    """Return the good event with some of its data changed."""
    return {**GOOD, "data": {**GOOD["data"], **data}}


def first_service(**change: object) -> Json:
    """Return the good event with its one service changed."""
    return changed(services=[{**GOOD["data"]["services"][0], **change}])


BAD: dict[str, tuple[bytes, str]] = {
    "not JSON": (b'{"specversion": "1.0",\n', "not_json"),
    "NaN": (line(first_service(therapist_minutes=float("nan"))), "not_json"),
    "a nesting bomb": (b"[" * 100_000 + b"\n", "not_json"),
    "a closed nesting bomb": (b"[" * 5_000 + b"]" * 5_000 + b"\n", "not_json"),
    "not UTF-8": (b'{"specversion": "\xff"}\n', "not_json"),
    "a list": (b"[]\n", "not_a_cloud_event"),
    "a number": (b"7\n", "not_a_cloud_event"),
    "no time": (line(without("time")), "not_a_cloud_event"),
    "no data": (line(without("data")), "not_a_cloud_event"),
    "another version of the envelope": (line({**GOOD, "specversion": "0.3"}), "not_a_cloud_event"),
    "a time without an offset": (
        line({**GOOD, "time": "2026-03-02T15:05:00"}),
        "not_a_cloud_event",
    ),
    "an unknown type": (line({**GOOD, "type": "therapy.session.paused.v1"}), "unknown_type"),
    "an unknown version": (line({**GOOD, "type": "therapy.session.completed.v2"}), "unknown_type"),
    "a type of our own": (line({**GOOD, "type": "therapy.units.computed.v1"}), "unknown_type"),
    "minutes as text": (line(first_service(therapist_minutes="15")), "invalid_data"),
    "minutes as a fraction": (line(first_service(therapist_minutes=15.5)), "invalid_data"),
    "minutes as a truth value": (line(first_service(therapist_minutes=True)), "invalid_data"),
    "negative minutes": (line(first_service(therapist_minutes=-1)), "invalid_data"),
    "more minutes than a day has": (line(first_service(therapist_minutes=1441)), "invalid_data"),
    "a charge as a number": (line(first_service(charge=70.0)), "invalid_data"),
    "a charge of three places": (line(first_service(charge="70.001")), "invalid_data"),
    "a date that is none": (line(changed(date_of_service="2026-02-30")), "invalid_data"),
    "no service": (line(changed(services=[])), "invalid_data"),
    "an unknown field": (line(changed(mrn="123-45")), "invalid_data"),
    "an unknown nested field": (line(first_service(descriptor="x")), "invalid_data"),
    "a line number twice": (line(changed(services=GOOD["data"]["services"] * 2)), "invalid_data"),
    "data that is a text": (line({**GOOD, "data": "x"}), "invalid_data"),
    "another patient's key": (line({**GOOD, "partitionkey": "P-2"}), "key_mismatch"),
    "a 20 MB line": (b'{"specversion": "' + b"x" * 20_000_000 + b'"}\n', "too_large"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_line_is_a_dead_letter_in_its_place(rulebook: RuleBook, name: str) -> None:
    """The reason is the contract's, and the good lines on both sides are decided."""
    bad, reason = BAD[name]
    second = {**GOOD, "id": "e-2", "data": {**GOOD["data"], "session_id": "S-2"}}
    written = run(rulebook, line(GOOD) + bad + line(second), Service.UNITS)
    computed, dead = "therapy.units.computed.v1", "therapy.dead-letter.v1"
    assert [each["type"] for each in written] == [computed, dead, computed]
    assert written[1]["data"]["reason"] == reason
    assert written[1]["data"]["record"]["line_number"] == 2


@pytest.mark.parametrize(
    "bad",
    [
        changed(services=[{**GOOD["data"]["services"][0], "code": "SECRET-1"}]),
        changed(patient_id="SECRET-2\u0000"),
        changed(**{"SECRET-3": "SECRET-4"}),
        {**GOOD, "type": "SECRET-5"},
        {**GOOD, "partitionkey": "SECRET-6"},
        changed(payer={"payer_id": "x", "program": "SECRET-7"}),
        changed(note={"note_id": "N", "SECRET-8": {"SECRET-9": 1}}),
        {**GOOD, "time": "SECRET-10"},
        {**GOOD, "SECRET": "SECRET-11"},
    ],
)
def test_the_detail_holds_no_value_and_no_unknown_name(rulebook: RuleBook, bad: Json) -> None:
    """What is wrong is named by the known fields alone."""
    (dead,) = run(rulebook, line(bad))
    assert "SECRET" not in dead["data"]["detail"]
    assert dead["data"]["detail"]


def test_a_dead_letter_keeps_the_line_whole(rulebook: RuleBook) -> None:
    """As text where it is UTF-8, else as base64."""
    text, raw = run(rulebook, b"{broken\n\xff\xfe\n")
    assert text["data"]["record"] == {"line_number": 1, "text": "{broken"}
    assert raw["data"]["record"] == {
        "line_number": 2,
        "bytes": base64.b64encode(b"\xff\xfe").decode(),
    }


def test_a_large_line_is_kept_by_its_size_sha256_and_head(rulebook: RuleBook) -> None:
    """Its first 4 KiB stand in the dead letter, and the whole never in memory."""
    large = b"x" * (VALUE_BYTES_MAX + 1)
    (dead,) = run(rulebook, large + b"\n")
    assert dead["data"]["record"] == {
        "line_number": 1,
        "size": len(large),
        "sha256": hashlib.sha256(large).hexdigest(),
        "head": base64.b64encode(large[:4096]).decode(),
    }


def test_a_line_at_the_limit_is_read() -> None:
    """512 KiB, with or without a line end, are within the limit; one more byte is not."""
    at_limit, over = b"x" * VALUE_BYTES_MAX, b"x" * (VALUE_BYTES_MAX + 1)
    content = at_limit + b"\n" + over + b"\n" + at_limit
    assert [each.size for each in read_lines(io.BytesIO(content))] == [
        VALUE_BYTES_MAX,
        VALUE_BYTES_MAX + 1,
        VALUE_BYTES_MAX,
    ]


def test_a_dead_letter_has_the_time_of_a_line_that_has_one(rulebook: RuleBook) -> None:
    """And none where none could be read."""
    unknown, broken = run(rulebook, line({**GOOD, "type": "therapy.x.v1"}) + b"{\n")
    assert unknown["time"] == "2026-03-02T15:05:00-06:00"
    assert "time" not in broken


def test_blank_lines_are_passed_over_and_counted(rulebook: RuleBook) -> None:
    """A dead letter's line number is the file's."""
    (dead,) = run(rulebook, b"\n  \r\n{\n")
    assert dead["data"]["record"]["line_number"] == 3


def test_consumers_write_in_turn_for_each_line(rulebook: RuleBook) -> None:
    """Units' events come first, then spend's, then claims'; what is passed on is not written."""
    plan = event(
        "documentation.received",
        plan_of_care(),
        time="2026-03-01T10:00:00-06:00",
        event_id="e-0",
    )
    written = run(rulebook, line(plan) + line(GOOD))
    assert [each["type"] for each in written] == [
        "therapy.units.computed.v1",
        "therapy.spend.accrued.v1",
        "therapy.claim.ready.v1",
    ]


class Pipe(io.BytesIO):
    """Lines that come one by one: nothing is behind the one that is read."""

    def seekable(self) -> bool:
        """Say that there is no going back."""
        return False


def test_a_line_of_a_pipe_waits_for_no_other(rulebook: RuleBook) -> None:
    """What it led to is written before the next line is read."""
    pipe = Pipe(line(GOOD) + line({**GOOD, "id": "e-2"}))
    next(replay(pipe, rulebook))
    assert pipe.tell() == len(line(GOOD))


def test_lines_taken_together_are_written_as_if_taken_alone(rulebook: RuleBook) -> None:
    """A dead letter and a line's events keep the places of their lines."""
    content = b"{\n".join(
        line({**changed(session_id=f"S-{n}"), "id": f"e-{n}"}) for n in range(40)
    )
    assert list(replay(io.BytesIO(content), rulebook)) == list(replay(Pipe(content), rulebook))


@pytest.mark.parametrize(("through", "count"), [("units", 1), ("spend", 2), ("claims", 3)])
def test_through_ends_at_a_consumer(rulebook: RuleBook, through: str, count: int) -> None:
    """Only the consumers up to the named one run."""
    assert len(run(rulebook, line(GOOD), Service(through))) == count


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    """In two processes with other hash seeds, and from standard input."""
    source = tmp_path / "in.jsonl"
    source.write_bytes(line(GOOD) + b"{\n" + line({**GOOD, "id": "e-2"}))
    command = [sys.executable, "-m", "commands.main", "replay"]
    written = []
    for seed, name in (("1", str(source)), ("2", "-")):
        done = subprocess.run(
            [*command, name],
            input=source.read_bytes(),
            capture_output=True,
            check=False,
            env={"PYTHONHASHSEED": seed},
        )
        assert (done.returncode, done.stderr) == (3, b"")
        written.append(done.stdout)
    assert written[0] == written[1] != b""


def test_the_exit_status_is_0_when_all_was_read(tmp_path: Path) -> None:
    """And the events stand in the file that ``--out`` names."""
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_bytes(line(GOOD))
    assert main(["replay", str(source), "--out", str(out)]) == 0
    assert len(out.read_bytes().splitlines()) == 3


def test_a_file_that_is_not_there_is_wrong_usage(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The status is 2 and the message names the file."""
    assert main(["replay", str(tmp_path / "nothing.jsonl")]) == 2
    assert "nothing.jsonl" in capsys.readouterr().err


def test_wrong_usage_is_2() -> None:
    """An unknown consumer or command stops with the usage."""
    for wrong in (["replay", "x", "--through", "everything"], ["decide"], []):
        with pytest.raises(SystemExit) as stopped:
            main(wrong)
        assert stopped.value.code == 2


def test_a_replay_leaves_no_cycles(rulebook: RuleBook) -> None:
    """Memory is freed by reference counts alone, so looking for cycles seldom costs nothing."""
    content = b"".join((line(GOOD), *(bad for bad, _why in BAD.values()), line(GOOD)))
    run(rulebook, content)
    gc.collect()
    gc.disable()
    try:
        run(rulebook, content)
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_the_file_that_is_read_is_never_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """``--out`` with the input's own name is wrong usage, and leaves it as it is."""
    source = tmp_path / "in.jsonl"
    source.write_bytes(line(GOOD))
    assert main(["replay", str(source), "--out", str(source)]) == 2
    assert source.read_bytes() == line(GOOD)
    assert "--out" in capsys.readouterr().err
