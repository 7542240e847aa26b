"""Fixtures for programs that use the client; pytest loads them where the package is installed.

- `messages_server`: a `MessagesServer`, fresh for each test, started once for the test run
- `messages_configuration`: a `Configuration` for it
- `messages_api`: a `MessagesApi` on it
- `conversation`: a `Conversation` on it, whose connection is known
- `messages_server_host`: the name or address that it listens on, to be overridden

The generation, TLS and the address are chosen by the marker `messages_server(generation=...,
tls=..., host=...)` or by the ini options `messages_server_generation`, `messages_server_tls` and
`messages_server_host`. A generation `"all"`, or a list of them in the marker, runs the test once
for each.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, cast

import pytest

if TYPE_CHECKING:
    from openapi_client import Configuration, MessagesApi
    from openapi_client.conversations import Conversation
    from openapi_client.testing import GenerationName, MessagesServer

_MARKER = "messages_server"
_GENERATION_OPTION = "messages_server_generation"
_TLS_OPTION = "messages_server_tls"
_HOST_OPTION = "messages_server_host"

APP_ID = "test-app"
CONNECTION_ID = "test-connection"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the ini options."""
    parser.addini(
        _GENERATION_OPTION,
        "generation of the messages server: documented, 2023, 2024, or all for each in turn",
        default="documented",
    )
    parser.addini(_TLS_OPTION, "messages server over HTTPS", type="bool", default=False)
    parser.addini(
        _HOST_OPTION, "name or address that the messages server listens on", default="127.0.0.1"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line(
        "markers",
        f"{_MARKER}(generation=..., tls=..., host=...): which generation of the messages server "
        "the test meets ('all' or a list: once for each), whether over HTTPS, and where",
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test once for each generation where it is to meet several."""
    if _MARKER not in metafunc.fixturenames:
        return
    generations = _generations(metafunc.definition)
    if len(generations) > 1:
        metafunc.parametrize(_MARKER, generations, indirect=True)


@pytest.fixture(scope="session")
def _messages_servers() -> Iterator[_Servers]:
    with _Servers() as servers:
        yield servers


@pytest.fixture
def messages_server_host(request: pytest.FixtureRequest) -> str:
    """Return what the server listens on: the marker's host, else that of the ini option."""
    given = _argument(request.node, "host")
    return str(request.config.getini(_HOST_OPTION) if given is None else given).strip()


@pytest.fixture
def messages_server(
    request: pytest.FixtureRequest, _messages_servers: _Servers, messages_server_host: str
) -> Iterator[MessagesServer]:
    """Return a server without messages, faults or recorded requests, its clock running."""
    generations = _generations(request.node)
    generation = getattr(request, "param", None) or generations[0]
    if len(generations) > 1 and not hasattr(request, "param"):
        # Such as the methods of a unittest.TestCase, which pytest does not parametrize.
        raise pytest.UsageError(
            f"{request.node.nodeid}: pytest runs this test only once, so it can meet only one of "
            f"the generations {', '.join(generations)}; choose it by "
            f"@pytest.mark.{_MARKER}(generation=...)"
        )
    server = _messages_servers.get(tls=_tls(request.node), host=messages_server_host)
    server.reset(generation=generation)
    yield server
    server.reset()


@pytest.fixture
def messages_configuration(messages_server: MessagesServer) -> Configuration:
    """Return a configuration for the server: its URL, its token, its CA certificate."""
    return messages_server.configuration()


@pytest.fixture
def messages_api(messages_configuration: Configuration) -> Iterator[MessagesApi]:
    """Return the API on that server."""
    from openapi_client import ApiClient, MessagesApi

    with ApiClient(messages_configuration) as client:
        yield MessagesApi(client)


@pytest.fixture
def conversation(messages_server: MessagesServer, messages_api: MessagesApi) -> Conversation:
    """Return a conversation on that server, empty, between `test-app` and `test-connection`."""
    messages_server.add_connection(APP_ID, CONNECTION_ID)
    return messages_api.conversation(APP_ID, CONNECTION_ID)


class _Servers(ExitStack):
    """The servers of a test run: one for each address and scheme, started when first used."""

    def __init__(self) -> None:
        super().__init__()
        self._started: dict[tuple[bool, str], MessagesServer] = {}

    def get(self, *, tls: bool, host: str) -> MessagesServer:
        if (tls, host) not in self._started:
            from openapi_client.testing import MessagesServer

            self._started[tls, host] = self.enter_context(MessagesServer(tls=tls, host=host))
        return self._started[tls, host]


def _argument(node: pytest.Item | pytest.Function, name: str) -> object:
    """Return what the nearest marker says, None where none says it."""
    for marker in node.iter_markers(_MARKER):
        unknown = marker.kwargs.keys() - {"generation", "tls", "host"}
        if marker.args or unknown:
            raise pytest.UsageError(
                f"{node.nodeid}: the marker {_MARKER} takes generation=..., tls=... and "
                "host=..., nothing else"
            )
        if name in marker.kwargs:
            return cast("object", marker.kwargs[name])
    return None


def _tls(node: pytest.Item) -> bool:
    given = _argument(node, "tls")
    return bool(node.config.getini(_TLS_OPTION) if given is None else given)


def _generations(node: pytest.Item) -> list[GenerationName]:
    from openapi_client.testing import GENERATIONS

    given = _argument(node, "generation")
    if given is None:
        given = str(node.config.getini(_GENERATION_OPTION)).strip()
    if given == "all":
        return list(GENERATIONS)
    names: list[GenerationName] = []
    for name in cast("Sequence[object]", given if isinstance(given, (list, tuple)) else [given]):
        if name in GENERATIONS:
            names.append(name)
        else:
            raise pytest.UsageError(
                f"{node.nodeid}: the generation of the messages server must be one of "
                f"{', '.join(GENERATIONS)} or all, not {name!r}"
            )
    return names
