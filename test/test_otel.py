"""Spans and metrics of calls, as the real SDK of OpenTelemetry keeps them."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry import context, trace
from opentelemetry.instrumentation.urllib3 import (  # pyright: ignore[reportMissingTypeStubs]
    URLLib3Instrumentor,
)
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import SpanKind, StatusCode

from openapi_client import MessagesApi
from openapi_client.otel import OpenTelemetryHook
from test.support.calls import FakeTime, api_for, client_for, failure_of, get, send
from test.support.recorder import http_answer
from test.support.scripted import Peer, ScriptedServer, always, in_turn, message
from test.support.telemetry import Telemetry

GOOD = message("good")
TEMPLATE = "/apps/{app_id}/connections/{connection_id}/messages/{jti}"
DURATION = "http.client.request.duration"


@pytest.fixture
def telemetry() -> Telemetry:
    return Telemetry()


def _attributes(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


def _reset(peer: Peer) -> None:
    peer.reset()


def test_a_call_is_one_client_span(telemetry: Telemetry) -> None:
    with ScriptedServer(always(GOOD)) as server, api_for(server, hooks=[telemetry.hook]) as api:
        get(api)
    (span,) = telemetry.spans()
    assert (span.name, span.kind, span.parent) == (f"GET {TEMPLATE}", SpanKind.CLIENT, None)
    assert span.status.status_code is StatusCode.UNSET
    assert _attributes(span) == {
        "http.request.method": "GET",
        "http.response.status_code": 200,
        "openapi_client.operation": "get",
        "openapi_client.outcome": "answered",
        "server.address": "localhost",
        "server.port": server.port,
        "url.full": f"{server.url}/apps/app/connections/connection/messages/jti",
        "url.scheme": "http",
        "url.template": TEMPLATE,
    }


def test_attempts_are_events_and_repeats_are_counted(telemetry: Telemetry) -> None:
    steps = in_turn(http_answer(503, {}), _reset, GOOD)
    with (
        ScriptedServer(steps) as server,
        api_for(server, FakeTime(), hooks=[telemetry.hook]) as api,
    ):
        get(api)
    (span,) = telemetry.spans()
    told = [dict(event.attributes or {}) for event in span.events]
    assert [event.name for event in span.events] == ["attempt"] * 3
    assert [one.get("http.response.status_code") for one in told] == [503, None, 200]
    assert [one.get("error.type") for one in told] == ["503", "ProtocolException", None]
    assert [one.get("http.request.resend_count") for one in told] == [None, 1, 2]
    assert [one.get("openapi_client.connection") for one in told] == ["new", "kept", "new"]
    assert _attributes(span)["http.request.resend_count"] == 2
    assert span.status.status_code is StatusCode.UNSET


@pytest.mark.parametrize(
    ("answer", "error", "status"),
    [
        (http_answer(404, {}), "404", 404),
        (http_answer(500, {}), "500", 500),
        (http_answer(200, []), "DeserializationException", 200),
        (_reset, "ProtocolException", None),
    ],
    ids=["404", "500", "not as promised", "reset"],
)
def test_a_failure_has_its_type(
    answer: Any, error: str, status: int | None, telemetry: Telemetry
) -> None:
    with (
        ScriptedServer(in_turn(answer)) as server,
        api_for(server, hooks=[telemetry.hook], retries=0) as api,
    ):
        failure_of(get, api)
    (span,) = telemetry.spans()
    assert _attributes(span)["error.type"] == error
    assert _attributes(span).get("http.response.status_code") == status
    assert span.status.status_code is StatusCode.ERROR
    (point,) = telemetry.points(DURATION)
    assert point.attributes["error.type"] == error


def test_the_duration_is_a_histogram_in_the_buckets_of_the_conventions(
    telemetry: Telemetry,
) -> None:
    with (
        ScriptedServer(always(GOOD)) as server,
        api_for(server, FakeTime(tick=0.001), hooks=[telemetry.hook]) as api,
    ):
        get(api)
        get(api)
        send(api)
    points = telemetry.points(DURATION)
    assert sorted(point.count for point in points) == [1, 2]
    assert points[0].explicit_bounds == (
        *(0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0),
    )
    assert 0 < points[0].sum < 1
    assert dict(points[0].attributes) == {
        "http.request.method": "GET",
        "http.response.status_code": 200,
        "server.address": "localhost",
        "server.port": server.port,
        "url.scheme": "http",
        "url.template": TEMPLATE,
    }


def test_the_span_is_within_the_one_of_the_program_and_goes_to_the_server(
    telemetry: Telemetry,
) -> None:
    tracer = telemetry.tracer_provider.get_tracer("test")
    steps = in_turn(http_answer(503, {}), GOOD)
    with ScriptedServer(steps) as server, api_for(server, hooks=[telemetry.hook]) as api:
        with tracer.start_as_current_span("program"):
            get(api)
            assert trace.get_current_span().is_recording()
        before = context.get_current()
        sent = [request.headers["traceparent"].split("-")[1:3] for request in server.requests]
    call, program = telemetry.spans()
    assert call.parent is not None
    assert program.context is not None
    assert call.context is not None
    assert call.parent.span_id == program.context.span_id
    assert sent == [[f"{call.context.trace_id:032x}", f"{call.context.span_id:016x}"]] * 2
    assert context.get_current() == before


@pytest.fixture
def instrumented(telemetry: Telemetry) -> Iterator[None]:
    """urllib3, watched by its own instrumentation as well."""
    instrumentor = URLLib3Instrumentor()
    instrumentor.instrument(
        tracer_provider=telemetry.tracer_provider, meter_provider=telemetry.meter_provider
    )
    yield
    instrumentor.uninstrument()


@pytest.mark.usefixtures("instrumented")
def test_nothing_is_told_twice_beside_the_instrumentation_of_urllib3(telemetry: Telemetry) -> None:
    with ScriptedServer(always(GOOD)) as server, client_for(server) as client:
        get(MessagesApi(client))
        get(MessagesApi(client.with_options(hooks=[telemetry.hook])))
        get(MessagesApi(client))
        assert len({request.headers["traceparent"] for request in server.requests}) == 3
    names = [span.name for span in telemetry.spans()]
    assert names == ["GET", f"GET {TEMPLATE}", "GET"]
    assert sum(point.count for point in telemetry.points(DURATION)) == 1


def test_the_method_of_a_conversation_is_told(telemetry: Telemetry) -> None:
    page = http_answer(200, {"items": [], "page": 1, "page_count": 0, "total_count": 0})
    with ScriptedServer(always(page)) as server, api_for(server, hooks=[telemetry.hook]) as api:
        list(api.conversation("app", "connection"))
    assert _attributes(telemetry.spans()[0])["openapi_client.caller"] == "messages"


def test_an_unread_response_ends_its_span_when_it_is_read(telemetry: Telemetry) -> None:
    with ScriptedServer(always(GOOD)) as server, api_for(server, hooks=[telemetry.hook]) as api:
        response = api.get_without_preload_content("app", "connection", "jti")
        assert telemetry.spans() == ()
        assert not trace.get_current_span().is_recording()
        response.read()
    assert len(telemetry.spans()) == 1


def test_the_hook_of_the_global_providers_can_be_copied_and_pickled() -> None:
    hook = OpenTelemetryHook()
    for twin in (pickle.loads(pickle.dumps(hook)), copy.deepcopy(hook)):
        with ScriptedServer(always(GOOD)) as server, api_for(server, hooks=[twin]) as api:
            get(api)


def test_without_opentelemetry_the_import_says_what_to_install() -> None:
    program = "import sys; sys.modules['opentelemetry'] = None; import openapi_client.otel"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert "pip install 'openapi-messages-client[otel]'" in done.stderr
