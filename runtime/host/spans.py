"""Spans for an OpenTelemetry collector: what each traced record led to. The extra ``traces``.

The context that came goes on unchanged, so that outputs stay the same bytes whoever watches: each
consumer's span is a child of the hospital's own. A span names places and kinds of events only.
"""

from collections.abc import Callable, Mapping

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from runtime.engine.observer import Led
from runtime.engine.records import Place

NANOSECONDS = 1_000_000_000
EXPORT_SECONDS = 2.0
"""For one request to the collector: an end waits no longer for one that is not there."""
CLOUD_EVENTS = "ce_"
"""Before a name where the context came as extension attributes (CloudEvents, Kafka binding)."""


class Spans:
    """The spans of one service; whether one is sampled is as its parent says."""

    def __init__(self, service: str, to: SpanProcessor, now: Callable[[], float]) -> None:
        """Give spans of ``service`` to a processor; ``now`` gives seconds since 1970."""
        resource = Resource.create({SERVICE_NAME: f"therapy-{service}"})
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(to)
        self._tracer = self._provider.get_tracer("therapy")
        self._parent = TraceContextTextMapPropagator()
        self._now = now

    def traced(self, place: Place, led: Led, seconds: float) -> None:
        """Tell of a record that was committed ``seconds`` after its batch was taken."""
        ended = self._now()
        span = self._tracer.start_span(
            f"process {place.topic}",
            context=self._parent.extract(_carrier(led)),
            kind=SpanKind.CONSUMER,
            attributes={
                "messaging.system": "kafka",
                "messaging.operation.type": "process",
                "messaging.destination.name": place.topic,
                "messaging.destination.partition.id": str(place.partition),
                "therapy.events": [str(event.type) for event in led.events],
            },
            start_time=int((ended - seconds) * NANOSECONDS),
        )
        if led.letter is not None:
            span.set_status(StatusCode.ERROR, led.letter)
        span.end(int(ended * NANOSECONDS))

    def close(self) -> None:
        """Send what is left."""
        self._provider.shutdown()


def export_to(endpoint: str) -> SpanProcessor:
    """Return what sends spans in the background to a collector's OTLP/HTTP address."""
    return BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint, timeout=EXPORT_SECONDS))


def _carrier(led: Led) -> Mapping[str, str]:
    return {
        name.removeprefix(CLOUD_EVENTS): value.decode("ascii", "replace")
        for name, value in led.trace
    }
