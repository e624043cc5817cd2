"""Events as records: every attribute is a header, in the order of the structured mode."""

from datetime import UTC, datetime

from runtime.engine.messages import ARRIVED, arrived, event_message, travelling
from runtime.engine.records import Record
from schemas.envelope import SPEC_VERSION, Event, attributes

TRACE = (("traceparent", b"00-1"), ("tracestate", b"a=1"))
WHOLE = Event(
    type="a.type.v1",
    source="/a",
    id="1",
    subject="V-1",
    time=datetime(2026, 3, 2, 10, 0, 0, 250_000, tzinfo=UTC),
    partitionkey="P-1",
    causationid="0",
    correlationid="00",
    rulebook="2026.1",
    extensions={"priority": 3, "late": True, "site": "north"},
    data={},
)
LEAST = Event(type="a.type.v1", source="/a", id="1", time=WHOLE.time, partitionkey="P-1", data={})


def test_every_attribute_is_a_header() -> None:
    """What an event states is there under its name, in the same order, and nothing else is."""
    texts = {"time": "2026-03-02T10:00:00.250000Z", "priority": "3", "late": "true"}
    for event in (WHOLE, LEAST):
        stated = attributes(event)
        del stated["datacontenttype"]
        assert stated["specversion"] == SPEC_VERSION
        assert event_message(event, ()).headers == (
            ("content-type", b"application/json"),
            *((f"ce_{name}", texts.get(name, value).encode()) for name, value in stated.items()),
        )


def test_what_travels_comes_after_the_attributes() -> None:
    """The trace context and the arrival go along, and the arrival is read again as it was."""
    message = event_message(LEAST, travelling(TRACE, 1_767_225_600_123))
    assert message.headers[-3:] == (*TRACE, (ARRIVED, b"1767225600123"))
    record = Record(0, message.key, message.value, message.headers, timestamp=9)
    assert arrived(record) == 1_767_225_600_123
