"""What tools that watch urllib3 see of a call: each attempt, and no credential."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from opentelemetry.instrumentation.urllib3 import (  # pyright: ignore[reportMissingTypeStubs]
    URLLib3Instrumentor,
)
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from test.support.calls import TOKEN, FakeTime, api_for, failure_of, get, send
from test.support.recorder import http_answer
from test.support.scripted import Peer, ScriptedServer, always, in_turn, message

GOOD = message("good")


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    """The spans that the instrumentation makes."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    instrumentor = URLLib3Instrumentor()
    instrumentor.instrument(tracer_provider=provider)
    yield exporter
    instrumentor.uninstrument()
    provider.shutdown()


def reset(peer: Peer) -> None:
    peer.reset()


def told(span: ReadableSpan) -> tuple[object, object]:
    attributes = span.attributes or {}
    return attributes.get("http.method"), attributes.get("http.status_code")


def test_each_attempt_is_a_span(spans: InMemorySpanExporter, tls: bool) -> None:
    steps = in_turn(http_answer(503, {}), reset, GOOD)
    with ScriptedServer(steps, tls=tls) as server, api_for(server, FakeTime()) as api:
        assert get(api) == "good"
    finished = spans.get_finished_spans()
    assert [told(span) for span in finished] == [("GET", 503), ("GET", None), ("GET", 200)]
    path = "/v1/apps/app/connections/connection/messages/jti"
    urls = [(span.attributes or {})["http.url"] for span in finished]
    assert urls == [f"{server.origin}{path}"] * 3
    assert [len(span.events) for span in finished] == [0, 1, 0]


def test_each_attempt_carries_its_own_trace(spans: InMemorySpanExporter) -> None:
    steps = in_turn(http_answer(429, {}), GOOD)
    with ScriptedServer(steps) as server, api_for(server, FakeTime()) as api:
        assert send(api) == "good"
    sent = [request.headers["traceparent"].split("-")[2] for request in server.requests]
    made = [f"{span.context.span_id:016x}" for span in spans.get_finished_spans() if span.context]
    assert sent == made
    assert len(set(sent)) == 2


def test_a_redirect_is_a_span_of_its_own(spans: InMemorySpanExporter) -> None:
    leading = http_answer(302, "", {"Location": "/elsewhere"})
    with ScriptedServer(in_turn(leading, GOOD)) as server, api_for(server) as api:
        assert get(api) == "good"
    assert [told(span)[1] for span in spans.get_finished_spans()] == [302, 200]


def test_no_span_holds_a_credential(spans: InMemorySpanExporter) -> None:
    query = {"type": "api_key", "in": "query", "key": "key", "value": TOKEN}
    with ScriptedServer(always(http_answer(400, {}))) as server, api_for(server) as api:
        failure_of(get, api, _request_auth=query)
        failure_of(send, api)
    shown = "".join(span.to_json() for span in spans.get_finished_spans())
    assert "key=***" in shown
    assert TOKEN not in shown
    assert TOKEN in server.requests[0].target
