"""Events as records of Kafka, in CloudEvents' binary mode, and what travels beside them.

Three headers are ours. ``therapy-commit`` names the transaction that wrote a record, and its
place in it: settle finds by it what was decided and not shown. ``therapy-arrived`` is when the
session at the beginning of the chain came onto the bus, in ms since 1970. ``traceparent`` and
``tracestate`` (W3C Trace Context) go from a cause to what it led to.
"""

from collections.abc import Iterable

import msgspec

from runtime.engine.records import Message, Record
from schemas.envelope import CONTENT_TYPE, SPEC_VERSION, Event, write_data

COMMIT = "therapy-commit"
ARRIVED = "therapy-arrived"
TRACE = ("traceparent", "tracestate", "ce_traceparent", "ce_tracestate")

Headers = tuple[tuple[str, bytes], ...]
_MEDIA_TYPE = ("content-type", CONTENT_TYPE.encode())
_SPEC_VERSION = ("ce_specversion", SPEC_VERSION.encode())


def event_message(event: Event, travelling: Headers) -> Message:
    """Return the record of an event that we emit: attributes as headers, data as the value."""
    headers = [_MEDIA_TYPE, _SPEC_VERSION]
    # In the order of ``schemas.envelope.attributes``.
    for name, value in (
        ("ce_type", event.type),
        ("ce_source", event.source),
        ("ce_id", event.id),
        ("ce_subject", event.subject),
        ("ce_time", _text(event.time)),
        ("ce_partitionkey", event.partitionkey),
        ("ce_causationid", event.causationid),
        ("ce_correlationid", event.correlationid),
        ("ce_rulebook", event.rulebook),
    ):
        if value is not None:
            headers.append((name, value.encode()))
    for name, stated in event.extensions.items():
        text = stated if isinstance(stated, str) else _text(stated)
        headers.append((f"ce_{name}", text.encode()))
    headers += travelling
    return Message(event.partitionkey.encode(), write_data(event.data), tuple(headers))


def _text(value: object) -> str:
    """Return the text of an attribute that is no string (CloudEvents 1.0, type system)."""
    return msgspec.json.encode(value).decode().strip('"')


def passed_on(record: Record) -> Message:
    """Return a record that goes out as it came in, but for the transaction that wrote it."""
    headers = tuple(
        (name, value) for name, value in record.headers if name != COMMIT and value is not None
    )
    return Message(record.key, record.value, headers)


def arrived(record: Record) -> int:
    """Return when the chain of a record began on the bus, in ms since 1970."""
    for name, value in record.headers:
        if name == ARRIVED and value is not None and value.isdigit():
            return int(value)
    return record.timestamp


def trace_of(record: Record) -> Headers:
    """Return the trace context that a record came with; nothing where it has none."""
    return tuple(
        [(name, value) for name, value in record.headers if name in TRACE and value is not None]
    )


def travelling(trace: Headers, since: int) -> Headers:
    """Return the headers that what a record leads to takes along, of its trace and arrival."""
    return (*trace, (ARRIVED, b"%d" % since))


def signed(messages: Iterable[Message], commit: str) -> list[Message]:
    """Return the messages with the name of their transaction and their place in it."""
    return [
        Message(each.key, each.value, (*each.headers, (COMMIT, f"{commit}/{index}".encode())))
        for index, each in enumerate(messages)
    ]


def commit_of(record: Record) -> tuple[str, int] | None:
    """Return the transaction that wrote a record, and its place in it; None where none is said."""
    for name, value in reversed(record.headers):
        if name == COMMIT and value is not None:
            commit, _, index = value.decode().rpartition("/")
            return commit, int(index)
    return None
