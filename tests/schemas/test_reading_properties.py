"""Whatever comes: reading never raises, and a reason never holds anything of the record."""

import json
from datetime import datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from schemas.envelope import Event, write_data, write_structured
from schemas.events import CLINICAL
from schemas.reading import Reader, Unreadable, read_time
from tests.schemas.examples import CLINICAL_EVENTS, as_line, expect_event

READER = Reader(CLINICAL)
OPEN_READER = Reader(CLINICAL, closed=False)
Path = tuple[str | int, ...]
MARK = "zq7"
"""Stands in every planted value and name, and in no word of the contract."""
FIRST_NAMES: dict[Path, str] = {
    (): "id",
    ("data",): "patient_id",
    ("data", "content"): "session_id",
    ("data", "note"): "note_id",
}
"""Objects beside whose fields an unknown one is planted, each with a field that it has."""

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
anything = st.recursive(
    scalars, lambda deeper: st.lists(deeper) | st.dictionaries(st.text(), deeper), max_leaves=20
)
marked_scalars = (
    st.text(max_size=5).map(lambda text: MARK + text)
    | st.just([MARK])
    | st.just({MARK: MARK})
    | st.just({MARK: {MARK: [MARK]}})
)

offsets = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))
instants = st.datetimes(timezones=offsets).map(datetime.isoformat)
restated = st.none() | instants | st.text(st.characters(exclude_categories=["Cs"]))


def places(node: object, path: Path = ()) -> list[Path]:
    """Return the path of every value in a JSON."""
    inner: list[tuple[str | int, object]] = []
    if isinstance(node, dict):
        inner = list(node.items())
    elif isinstance(node, list):
        inner = list(enumerate(node))
    below = [found for name, value in inner for found in places(value, (*path, name))]
    return [path, *below]


def planted(node: object, path: Path, value: object) -> object:
    """Return a JSON with the value at the path replaced."""
    if not path:
        return value
    first, rest = path[0], path[1:]
    if isinstance(node, list):
        assert isinstance(first, int)
        return [*node[:first], planted(node[first], rest, value), *node[first + 1 :]]
    assert isinstance(node, dict)
    return {**node, first: planted(node.get(first), rest, value)}


@st.composite
def marked_events(draw: st.DrawFn) -> object:
    """Draw a right event with marked values planted over some, and marked names beside others."""
    structured: object = draw(st.sampled_from(list(CLINICAL_EVENTS.values())))
    for _ in range(draw(st.integers(0, 3))):
        path = draw(st.sampled_from(places(structured)[1:]))
        structured = planted(structured, path, draw(marked_scalars))
    name = draw(st.text(max_size=3).map(lambda text: MARK + text))
    beside = draw(st.sampled_from(list(FIRST_NAMES)))
    if draw(st.booleans()) and (*beside, FIRST_NAMES[beside]) in places(structured):
        structured = planted(structured, (*beside, name), MARK)
    return structured


@st.composite
def restated_events(draw: st.DrawFn) -> object:
    """Draw a right event, some of its data restated by texts, instants and nulls it can take."""
    structured: object = draw(st.sampled_from(list(CLINICAL_EVENTS.values())))
    for value in draw(st.lists(restated, max_size=20)):
        within = [path for path in places(structured) if path[:1] == ("data",)]
        changed = planted(structured, draw(st.sampled_from(within)), value)
        if isinstance(READER.read_structured(as_line(changed)), Event):
            structured = changed
    return structured


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(line: bytes) -> None:
    """Nothing raises, in either mode."""
    headers = {"ce_type": "therapy.session.completed.v1"}
    for reader in (READER, OPEN_READER):
        assert isinstance(reader.read_structured(line), Unreadable)
        assert isinstance(reader.read_binary(headers, None, line), Unreadable)
    read_time(line)


@given(anything)
def test_any_json_is_read_or_refused(value: object) -> None:
    """Nothing raises, whether it stands for the event or for its data alone."""
    line = json.dumps(value).encode()
    attributes = {
        name: CLINICAL_EVENTS["session.completed"][name]
        for name in ("specversion", "type", "source", "id", "time")
    }
    headers = {f"ce_{name}": text for name, text in attributes.items()}
    for reader in (READER, OPEN_READER):
        assert isinstance(reader.read_structured(line), Unreadable)
        assert isinstance(
            reader.read_structured(as_line({**attributes, "data": value})), Unreadable
        )
        assert isinstance(reader.read_binary(headers, None, line), Unreadable)
    read_time(line)


@given(st.dictionaries(st.text(), st.text()), st.none() | st.text(), st.binary(max_size=20))
def test_any_headers_are_read_or_refused(
    headers: dict[str, str], key: str | None, value: bytes
) -> None:
    """Nothing raises on names, keys and values that no client of ours would write."""
    named = headers | {f"ce_{name}": text for name, text in headers.items()}
    assert isinstance(READER.read_binary(named, key, value), Unreadable)


@given(marked_events())
def test_a_reason_holds_no_value_and_no_unknown_name(structured: object) -> None:
    """What is planted anywhere in a right event never shows in the detail."""
    for reader in (READER, OPEN_READER):
        read = reader.read_structured(as_line(structured))
        if isinstance(read, Unreadable):
            assert MARK not in read.detail
            assert read.detail


@given(marked_events())
def test_what_is_read_survives_a_second_reading(structured: object) -> None:
    """An event written again is read as the same event."""
    read = READER.read_structured(as_line(structured))
    if isinstance(read, Event):
        assert expect_event(READER.read_structured(write_structured(read))) == read


@given(restated_events())
def test_data_are_written_as_pydantic_writes_them(structured: object) -> None:
    """Byte for byte: every character, every instant, and a null that was sent."""
    data = expect_event(READER.read_structured(as_line(structured))).data
    assert write_data(data) == data.model_dump_json(exclude_unset=True, by_alias=True).encode()
