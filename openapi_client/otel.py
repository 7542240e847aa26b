"""OpenTelemetry: a span for each call, and a histogram of how long calls take.

    Configuration(..., hooks=[OpenTelemetryHook()])

Needs the package `opentelemetry-api`, which the extra `otel` installs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from openapi_client import __version__
from openapi_client._installation import DISTRIBUTION

try:
    from opentelemetry import context, metrics, propagate, trace
except ImportError as _error:
    raise ImportError(
        f"openapi_client.otel needs opentelemetry-api: pip install '{DISTRIBUTION}[otel]'"
    ) from _error

if TYPE_CHECKING:
    from collections.abc import Mapping

    from openapi_client.hooks import AttemptEnded, AttemptStarted, CallEnded, CallStarted

# The semantic conventions of HTTP ("Metrics", http.client.request.duration), in seconds.
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)
# Instrumentations of HTTP libraries, such as that of urllib3, look for it.
_SUPPRESSED: str = getattr(
    context, "_SUPPRESS_HTTP_INSTRUMENTATION_KEY", "suppress_http_instrumentation"
)


class OpenTelemetryHook:
    """Tells OpenTelemetry of each call, by the stable semantic conventions of HTTP.

    A call is one client span, and each of its attempts an event on it. The span is sent to the
    server as the parent of what happens there (`traceparent`, or what the propagators say). What
    instruments urllib3 as well makes no spans of these calls.

    Args:
        tracer_provider: makes the spans; default the global one.
        meter_provider: keeps the histogram `http.client.request.duration`; default the global one.
    """

    def __init__(
        self,
        tracer_provider: trace.TracerProvider | None = None,
        meter_provider: metrics.MeterProvider | None = None,
    ) -> None:
        self._providers = (tracer_provider, meter_provider)
        self._tracer = trace.get_tracer("openapi_client", __version__, tracer_provider)
        self._duration = metrics.get_meter(
            "openapi_client", __version__, meter_provider
        ).create_histogram(
            "http.client.request.duration",
            unit="s",
            description="Duration of HTTP client requests.",
            explicit_bucket_boundaries_advisory=_BUCKETS,
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), self._providers

    def call_started(self, event: CallStarted) -> Mapping[str, str]:
        """Begin the span; return what tells the server of it."""
        attributes = _attributes(event)
        span = self._tracer.start_span(
            f"{event.method} {event.template}".rstrip(),
            kind=trace.SpanKind.CLIENT,
            attributes={**attributes, "openapi_client.operation": event.operation},
        )
        if event.caller is not None:
            span.set_attribute("openapi_client.caller", event.caller)
        within = trace.set_span_in_context(span)
        event.state[self] = [span, context.set_value(_SUPPRESSED, True, within), attributes]
        headers: dict[str, str] = {}
        propagate.inject(headers, within)
        return headers

    def attempt_started(self, event: AttemptStarted) -> None:
        """Make the span the current one."""
        state = event.call.state[self]
        state[0].set_attribute("url.full", event.url)
        state.append(context.attach(state[1]))

    def attempt_ended(self, event: AttemptEnded) -> None:
        """Note the attempt; the span is the current one no more."""
        state = event.call.state[self]
        context.detach(state.pop())
        told = {
            "http.request.resend_count": event.number - 1 or None,
            "http.response.status_code": event.status,
            "error.type": _error_type(event.status, event.error),
            "openapi_client.duration": event.duration,
            "openapi_client.wait": event.wait,
            "openapi_client.connection": event.connection,
        }
        state[0].add_event("attempt", {n: value for n, value in told.items() if value is not None})

    def call_ended(self, event: CallEnded) -> None:
        """End the span, and count how long the call took."""
        span, within, attributes = event.call.state[self]
        if event.status is not None:
            attributes["http.response.status_code"] = event.status
        error = _error_type(event.status, event.error)
        if error is not None:
            attributes["error.type"] = error
            span.set_status(trace.StatusCode.ERROR)
        if event.attempts > 1:
            span.set_attribute("http.request.resend_count", event.attempts - 1)
        span.set_attribute("openapi_client.outcome", event.outcome)
        span.set_attributes(attributes)
        self._duration.record(event.duration, attributes, context=within)
        span.end()


def _attributes(event: CallStarted) -> dict[str, Any]:
    attributes: dict[str, Any] = {
        "http.request.method": event.method,
        "server.address": event.host,
        "server.port": event.port,
        "url.scheme": event.scheme,
    }
    return {**attributes, "url.template": event.template} if event.template else attributes


def _error_type(status: int | None, error: str | None) -> str | None:
    """Return the status if that tells the error, else the class of the exception."""
    return str(status) if status is not None and status >= 400 else error
