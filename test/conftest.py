"""What all tests share: the kit's fixtures, and the description that every exchange is held to.

Each request that an embedded server in this process answers, and its answer, is validated against
docs/openapi.yaml when the test ends. Exchanges of one shape (the same operation, status, names and
types) are equal to the description, so each shape is validated once. A request that the description
does not allow may be refused; one that is answered although it is not allowed fails the test,
unless it is marked `off_description`, because it shows how servers treat such requests.
"""

from __future__ import annotations

import _thread
import json
import os
import sys
import threading
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

import pytest
import yaml
from hypothesis import HealthCheck, settings

from openapi_client import ApiClient, Configuration, MessagesApi
from openapi_client.testing import pytest_plugin
from openapi_client.testing._go import Target
from openapi_client.testing._service import Service
from openapi_client.testing._wire import ReceivedRequest, Reply
from test.support.recorder import TOKEN, Recorder

DESCRIPTION = Path(__file__).resolve().parent.parent / "docs" / "openapi.yaml"
ORIGIN = "http://server.test"

Exchange = tuple[ReceivedRequest, Target, Reply]

# How long an example takes says more about the machine than about the code. (Hypothesis has a
# profile like this one for continuous integration, which it loads there by itself.)
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
if not os.environ.get("CI"):
    settings.load_profile("patient")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "off_description: its requests need not fit docs/openapi.yaml"
    )
    config.pluginmanager.import_plugin("pytester")
    # Where the project is not installed, its entry point does not load the plugin.
    if not config.pluginmanager.is_registered(pytest_plugin):
        config.pluginmanager.register(pytest_plugin, "openapi_client")


@pytest.fixture(autouse=True, scope="session")
def _low_level_threads_are_measured() -> Iterator[None]:  # pyright: ignore[reportUnusedFunction]
    """Let coverage see threads that are not started by `threading`, as it sees the others."""
    trace = threading.gettrace()
    if trace is None:
        yield
        return
    start = _thread.start_new_thread

    def start_traced(function: Callable[..., object], args: tuple[Any, ...]) -> int:
        def traced() -> None:
            sys.settrace(trace)
            function(*args)

        return start(traced, ())

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_thread, "start_new_thread", start_traced)
        yield


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    """A server on loopback that notes what is sent to it."""
    server = Recorder()
    yield server
    server.close()


@pytest.fixture
def client(recorder: Recorder) -> Iterator[ApiClient]:
    """A client of that server, with a key and without repeats."""
    configuration = Configuration(recorder.url, {"BearerAuth": TOKEN}, retries=0)
    with ApiClient(configuration) as client:
        yield client


@pytest.fixture
def api(client: ApiClient) -> MessagesApi:
    """The operations on that server."""
    return MessagesApi(client)


@pytest.fixture(scope="session")
def exchanges() -> Iterator[list[Exchange]]:
    """What the servers in this process answered since it was last emptied."""
    seen: list[Exchange] = []
    answer = Service.answer

    def answer_and_note(service: Service, request: ReceivedRequest, route: Target | None) -> Reply:
        response = answer(service, request, route)
        if route is not None:
            seen.append((request, route, response))
        return response

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Service, "answer", answer_and_note)
        yield seen


@pytest.fixture(autouse=True)
def _every_exchange_is_described(  # pyright: ignore[reportUnusedFunction]
    request: pytest.FixtureRequest, exchanges: list[Exchange]
) -> Iterator[None]:
    exchanges.clear()
    yield
    free = request.node.get_closest_marker("off_description") is not None
    for asked, route, answered in exchanges:
        if {"", ".", ".."} & {route.app_id, route.connection_id} or "/" in route.jti:
            continue  # servers take them, and the description has no path for them
        check_answer(asked, route, answered)
        if answered.status < 400 and not free:
            check_request(asked, route)


validated: set[object] = set()


def check_answer(asked: ReceivedRequest, route: Target, answered: Reply) -> None:
    from openapi_core.testing import MockResponse

    kind = (answered.content_type or "").partition(";")[0]
    key = (route.operation, answered.status, kind, shape(json.loads(answered.body)))
    if key not in validated:
        response = MockResponse(answered.body, answered.status, {}, kind)
        description().validate_response(described_request(asked), response)
        validated.add(key)


def check_request(asked: ReceivedRequest, route: Target) -> None:
    dots = {".", ".."} & {route.app_id, route.connection_id, route.jti}
    body = shape(json.loads(asked.body)) if asked.body else None
    key = (route.operation, asked.query, asked.header("content-type"), body, bool(dots))
    if key not in validated:
        description().validate_request(described_request(asked))
        validated.add(key)


def described_request(asked: ReceivedRequest) -> Any:
    from openapi_core.testing import MockRequest

    return MockRequest(
        ORIGIN,
        asked.method,
        asked.path,
        args=dict(pair.split("=", 1) for pair in asked.query.split("&") if pair),
        headers=dict(asked.fields),
        data=asked.body or None,
        content_type=asked.header("content-type") or "",
    )


@lru_cache(maxsize=1)
def description() -> Any:
    from openapi_core import OpenAPI

    document = yaml.safe_load(DESCRIPTION.read_text("utf-8"))
    return OpenAPI.from_dict({**document, "servers": [{"url": f"{ORIGIN}/v1"}]})


def shape(value: object) -> object:
    """A JSON value's names and types, without its texts and numbers."""
    if isinstance(value, dict):
        names = cast("dict[str, object]", value)
        return frozenset((name, shape(inner)) for name, inner in names.items())
    if isinstance(value, list):
        return ("list", frozenset(map(shape, cast("list[object]", value))))
    return type(value).__name__
