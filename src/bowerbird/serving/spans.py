"""Requests as traces of OpenTelemetry: a span of the server for each, and one in it for each stage."""

from collections.abc import Mapping
from time import perf_counter_ns, time_ns
from typing import TYPE_CHECKING

from bowerbird import __version__
from bowerbird.errors import ConfigError
from bowerbird.serving.handled import Handled

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

ASKS = ("OTEL_TRACES_EXPORTER", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
"""Any of these standard variables asks for traces."""

PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
PROTOCOL = "http/protobuf"


class Spans:
    """Tells a provider of spans what each request did. The trace of who asks goes on, where the request names it (W3C Trace Context).

    The spans are made when a request is over, with the times that were noted; nothing waits for where they go.
    """

    def __init__(self, provider: "TracerProvider") -> None:
        from opentelemetry.trace import SpanKind, Status, StatusCode, set_span_in_context  # noqa: PLC0415 the extra may be missing
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator  # noqa: PLC0415 likewise

        self._provider = provider
        self._tracer = provider.get_tracer("bowerbird", __version__)
        self._within = set_span_in_context
        self._context = TraceContextTextMapPropagator()
        self._server, self._failed = SpanKind.SERVER, Status(StatusCode.ERROR)

    def tell(self, handled: Handled) -> None:
        """Make the spans of a request that is over, and note in its trace by which id they are found."""
        trace, clock = handled.trace, time_ns() - perf_counter_ns()
        attributes: dict[str, str | int] = {
            "http.request.method": handled.method,
            "http.route": handled.route,
            "http.response.status_code": handled.status,
            "bowerbird.request_id": trace.id,
        }
        if handled.error is not None:
            attributes["error.type"] = handled.error
        span = self._tracer.start_span(
            f"{handled.method} {handled.route}",
            self._context.extract(handled.headers),
            self._server,
            attributes,
            start_time=clock + trace.begun,
        )
        if handled.status >= 500:
            span.set_status(self._failed)
        inside = self._within(span)
        for mark in trace.marks:
            self._tracer.start_span(mark.stage, inside, start_time=clock + mark.begin).end(clock + mark.end)
        span.end(clock + trace.begun + int(handled.seconds * 1e9))
        trace.trace_id = f"{span.get_span_context().trace_id:032x}"

    def close(self) -> None:
        """Send what is not sent yet, and stop."""
        self._provider.shutdown()


def spans_of(environment: Mapping[str, str]) -> Spans | None:
    """What the standard variables of OpenTelemetry ask for; None where they ask for no traces.

    OTEL_TRACES_EXPORTER is `otlp`, `console` or `none`; an OTLP endpoint asks for `otlp` by itself. Where it is, its headers, the sampler
    and the service's name are for the SDK to read, from the variables of this process.

    raises  ConfigError where they ask for what is not installed, or not known

    >>> spans_of({}) is spans_of({"OTEL_TRACES_EXPORTER": "none"}) is None
    True
    """
    asked = next((name for name in ASKS if environment.get(name)), None)
    if asked is None or environment.get("OTEL_SDK_DISABLED", "").casefold() == "true":
        return None
    exporter = environment.get(ASKS[0]) or "otlp"
    if exporter == "none":
        return None
    if exporter not in ("otlp", "console"):
        raise ConfigError(f"OTEL_TRACES_EXPORTER: must be otlp, console or none, got {exporter!r}")
    for name in PROTOCOLS:
        if environment.get(name, PROTOCOL) != PROTOCOL:
            raise ConfigError(f"{name}: must be {PROTOCOL}, got {environment[name]!r}")
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 the extra may be missing
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 likewise
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415 likewise
        from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter  # noqa: PLC0415 likewise
    except ModuleNotFoundError as missing:
        raise ConfigError(f"{asked}: {missing.name} is not installed; pip install 'bowerbird[otel]'") from None
    named = {} if environment.get("OTEL_SERVICE_NAME") else {"service.name": "bowerbird"}
    provider = TracerProvider(resource=Resource.create(named), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(ConsoleSpanExporter() if exporter == "console" else OTLPSpanExporter()))
    return Spans(provider)
