"""The worked examples: an input file for every event type, and what comes out of it."""

import io
import json
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from commands.composition import PROCESSORS, connect
from commands.replay import replay
from reference.rulebook import PACKAGE, RuleBook, load
from runtime.memory import MemoryStateView
from schemas.envelope import Event, write_structured
from schemas.events import CLINICAL, EventType
from schemas.reading import Reader
from tests.docs.pages import ROOT, table

Json = dict[str, Any]
FOLDER = ROOT / "docs" / "examples"
WIDTH = 99
LOADED_LATER = "tables/relative_values/rvu26c"
"""What the rulebook does not have until the request for redecision comes."""


def short_name(type_: str) -> str:
    """Return an event type without ``therapy.`` and its version: the name of its example."""
    return type_.removeprefix("therapy.").removesuffix(".v1")


def input_of(type_: EventType) -> Path:
    """Return the example's input file."""
    return FOLDER / f"{short_name(type_)}.in.jsonl"


def output_of(type_: EventType) -> Path:
    """Return the file with all that comes out of the example."""
    return FOLDER / f"{short_name(type_)}.out.jsonl"


def run(type_: EventType, rulebook: RuleBook) -> list[Json]:
    """Return what comes out of an example, in order.

    The version of the rulebook stands as ``…``: it changes whenever a rule does.
    """
    given = input_of(type_).read_bytes()
    if type_ is EventType.REDECISION_REQUESTED:
        emitted = [json.loads(line) for line in _decide_again(given.splitlines(), rulebook)]
    else:
        emitted = [json.loads(line) for line, _is_dead in replay(io.BytesIO(given), rulebook)]
    return [each | {"rulebook": "…"} if "rulebook" in each else each for each in emitted]


def write(emitted: Iterable[Json]) -> str:
    """Return events as they stand in a file, one a line."""
    lines = (json.dumps(each, ensure_ascii=False, separators=(",", ":")) for each in emitted)
    return "".join(f"{line}\n" for line in lines)


def shown(type_: EventType, emitted: Iterable[Json]) -> str:
    """Return the last event of the example's own type, as a person reads it."""
    if type_ in CLINICAL:
        emitted = map(json.loads, input_of(type_).read_text(encoding="utf-8").splitlines())
    last = [each for each in emitted if each["type"] == type_][-1]
    return f"```json\n{layout(last)}\n```\n"


def flow(emitted: Iterable[Json]) -> str:
    """Return a table of all that comes out, each event in a few words."""
    rows = [(f"`{short_name(each['type'])}`", in_short(each)) for each in emitted]
    return table(("what comes out", "in short"), rows)


def in_short(event: Json) -> str:
    """Say in a few words what an emitted event says."""
    return IN_SHORT[EventType(event["type"])](event["data"])


def layout(value: object, indent: str = "", room: int = WIDTH) -> str:
    """Return JSON in few lines: what fits on a line stands on one."""
    flat = json.dumps(value, ensure_ascii=False)
    if len(flat) <= room or not isinstance(value, (dict, list)) or not value:
        return flat
    inner = f"{indent}  "
    if isinstance(value, dict):
        parts = [(f"{json.dumps(name)}: ", each) for name, each in value.items()]
    else:
        parts = [("", each) for each in value]
    laid = [
        f"{inner}{start}{layout(each, inner, WIDTH - len(inner) - len(start) - 1)}"
        for start, each in parts
    ]
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    return "\n".join((opening, ",\n".join(laid), f"{indent}{closing}"))


def _units(data: Json) -> str:
    lines = ", ".join(f"{line['code']} {line['units']}" for line in data["lines"]) or "no line"
    return f"{_day(data)}, revision {data['revision']}: {lines}"


def _accrued(data: Json) -> str:
    said = f"{_day(data)}, revision {data['revision']}: {data['total_allowed']} allowed"
    spend = data["spend"]
    return f"{said}; balance {spend['balance_before']} before it, {spend['balance_after']} after"


def _time(data: Json) -> str:
    blocks = [f"{each['start'][11:16]} to {each['end'][11:16]}" for each in data["blocks"]]
    return f"{data['date_of_service']}, revision {data['revision']}: {', '.join(blocks) or 'none'}"


def _overlap(data: Json) -> str:
    lines = ", ".join(f"line {each['line']} of {each['session_id']}" for each in data["lines"])
    return f"revision {data['revision']}: {lines or 'nothing any more'}"


def _carried(data: Json) -> str:
    """Say what goes to which id; what says only that somebody comes has nothing in it."""
    to = data.get("surviving_id", data["patient_id"])
    if "sent" in data:
        return f"to {to}: a {next(iter(data['sent']))}"
    days = data.get("computed") or [
        each["session"] for d in data.get("days", ()) for each in d["sessions"]
    ]
    named = ", ".join(_day(each) for each in days)
    if not named:
        return f"to {to}: what was decided" if data.get("days") else f"to {to}: who comes"
    return f"to {to}: {named}"


def _balance(data: Json) -> str:
    return f"{data['threshold_group']} {data['year']}: {data['running_total']} in all"


def _crossed(data: Json) -> str:
    line, total = data["amount_of_threshold"], data["balance"]
    return f"`{data['threshold']}` {data['direction']}: {total} passes {line}"


def _ready(data: Json) -> str:
    kind = {"1": "original", "7": "replacement"}[data["frequency_code"]]
    lines = ", ".join(" ".join((line["code"], *line["modifiers"])) for line in data["lines"])
    return f"{_day(data)}, version {data['version']}, {kind}: {lines}; {data['total_allowed']}"


def _waiting(data: Json) -> str:
    codes = ", ".join(f"`{each['code']}` ({each['owner']})" for each in data["missing"])
    return f"{_day(data)}, version {data['version']}: {codes}; {data['amount_held']} waits"


def _held(data: Json) -> str:
    codes = ", ".join(f"`{each['code']}`" for each in data["blocked_by"])
    return f"{_day(data)}, version {data['version']}: {codes}"


def _not_billable(data: Json) -> str:
    codes = ", ".join(f"`{each['code']}`" for each in data["findings"])
    return f"{_day(data)}, version {data['version']}: {codes}"


def _withdrawn(data: Json) -> str:
    return f"{_day(data)}, version {data['version']}: {data['reason']}"


def _dead(data: Json) -> str:
    return f"line {data['record']['line_number']}: `{data['reason']}`, {data['detail']}"


def _day(data: Json) -> str:
    return f"{data['discipline']} {data['date_of_service']}"


IN_SHORT: dict[EventType, Callable[[Json], str]] = {
    EventType.UNITS_COMPUTED: _units,
    EventType.CLINICIAN_DAY: _time,
    EventType.CLINICIAN_OVERLAP: _overlap,
    EventType.PATIENT_CARRIED: _carried,
    EventType.SPEND_ACCRUED: _accrued,
    EventType.SPEND_BALANCE: _balance,
    EventType.THRESHOLD_CROSSED: _crossed,
    EventType.CLAIM_READY: _ready,
    EventType.CLAIM_NEEDS_DOCUMENTATION: _waiting,
    EventType.CLAIM_HELD: _held,
    EventType.CLAIM_NOT_BILLABLE: _not_billable,
    EventType.CLAIM_WITHDRAWN: _withdrawn,
    EventType.DEAD_LETTER: _dead,
}


def _decide_again(lines: list[bytes], rulebook: RuleBook) -> Iterator[bytes]:
    """Run all lines but the last before a release is loaded, and the last one after it."""
    views = {service: MemoryStateView() for service in PROCESSORS}
    reader, before = Reader(CLINICAL), _without(LOADED_LATER)
    for number, line in enumerate(lines, 1):
        event = reader.read_structured(line)
        assert isinstance(event, Event)
        known = rulebook if number == len(lines) else before
        # The consumers start again: the state of before, another rulebook.
        for emitted in connect(known, views).run(event):
            assert isinstance(emitted, Event)
            yield write_structured(emitted)


def _without(folder: str) -> RuleBook:
    """Return the rulebook as it is without one folder of the reference data."""
    with tempfile.TemporaryDirectory() as where:
        copy = Path(where) / "reference"
        shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.rmtree(copy / folder)
        return load(copy)
