"""Spans say what each traced record led to, beside the hospital's own, and name no patient."""

import sys
from uuid import UUID

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from commands.hosting import tracing_to
from runtime.engine.observer import Led
from runtime.engine.records import Place
from runtime.host.settings import SettingsError, read_settings
from runtime.host.spans import Spans, export_to
from tests.runtime.host.collector import collecting

PLACE = Place("therapy.sessions", 3)
TRACE_ID = UUID(int=7).hex
PARENT_ID = f"{9:016x}"
NOW = 1_800_000_000.0


def led(header: str = "traceparent", flags: str = "01", letter: str | None = None) -> Led:
    """Return what a record with a trace context led to."""
    return Led((), 0, letter, ((header, f"00-{TRACE_ID}-{PARENT_ID}-{flags}".encode()),))


def told(*records: Led) -> list[ReadableSpan]:
    """Return the spans of these records."""
    exporter = InMemorySpanExporter()
    spans = Spans("units", SimpleSpanProcessor(exporter), lambda: NOW)
    for record in records:
        spans.traced(PLACE, record, 0.5)
    spans.close()
    return list(exporter.get_finished_spans())


@pytest.mark.parametrize("header", ["traceparent", "ce_traceparent"])
def test_a_span_is_a_child_of_the_context_that_came(header: str) -> None:
    """Whether it came as Kafka's header or as an attribute of the CloudEvent."""
    (span,) = told(led(header))
    assert span.context is not None
    assert span.parent is not None
    assert f"{span.context.trace_id:032x}" == TRACE_ID
    assert f"{span.parent.span_id:016x}" == PARENT_ID


def test_a_span_lasts_as_long_as_its_batch_and_names_places_alone() -> None:
    """Half a second up to now; topic, partition and kinds of events, and nothing else."""
    (span,) = told(led())
    assert span.name == "process therapy.sessions"
    assert (span.start_time, span.end_time) == (1_799_999_999_500_000_000, 1_800_000_000 * 10**9)
    assert dict(span.attributes or {}) == {
        "messaging.system": "kafka",
        "messaging.operation.type": "process",
        "messaging.destination.name": "therapy.sessions",
        "messaging.destination.partition.id": "3",
        "therapy.events": (),
    }
    assert span.resource.attributes["service.name"] == "therapy-units"


def test_what_its_parent_does_not_sample_is_not_told() -> None:
    """The hospital decides what is traced."""
    assert told(led(flags="00")) == []


def test_a_dead_letter_is_an_error_with_its_reason() -> None:
    """The reason is a word of a closed list."""
    (span,) = told(led(letter="not_json"))
    assert (span.status.status_code, span.status.description) == (StatusCode.ERROR, "not_json")


def test_spans_reach_a_collector() -> None:
    """Closing sends what is left, over OTLP/HTTP."""
    with collecting() as collector:
        spans = Spans("units", export_to(collector.endpoint), lambda: NOW)
        spans.traced(PLACE, led(), 0.5)
        spans.close()
        (span,) = collector.spans()
    assert span.trace_id.hex() == TRACE_ID


def test_the_address_of_the_collector_is_checked() -> None:
    """Only OTLP over HTTP is spoken."""
    with pytest.raises(SettingsError, match=r"THERAPY_TRACES_ENDPOINT: wanted: http://"):
        read_settings({"THERAPY_TRACES_ENDPOINT": "collector:4317"})


def test_tracing_without_the_extra_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """It says what to install."""
    monkeypatch.setitem(sys.modules, "runtime.host.spans", None)
    with pytest.raises(SettingsError, match=r"therapy-billing\[traces\]"):
        tracing_to("http://collector/v1/traces")
