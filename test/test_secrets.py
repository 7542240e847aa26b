"""One canary token, through every path of the package: it comes out only on the wire.

Each kind of credential meets servers that repeat whatever they were sent, in each place where an
answer has room for text. Then everything that a person or a program gets to see of the call is
searched for the canary.
"""

from __future__ import annotations

import base64
import copy
import logging
import pickle
import traceback
import warnings
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from openapi_client import ApiClient, ApiException, ApiValueError, Configuration, MessagesApi
from openapi_client.exceptions import (
    ClientClosedException,
    ConnectException,
    ConnectTimeoutException,
    InsecureTransportWarning,
    ProxyException,
    TLSException,
)
from openapi_client.hooks import Hook
from test.support.calls import TOKEN, client_for, failure_of
from test.support.echoes import FAILURES, SETTINGS, echo, resetting, said_by
from test.support.hooks import Told
from test.support.recorder import closed_port
from test.support.scripted import Peer, ScriptedServer, always, message
from test.support.telemetry import Telemetry

USER_AND_PASSWORD = base64.b64encode(f"user:{TOKEN}".encode()).decode()
# The end of the encoded pair would be enough for a search that is not aligned to its beginning.
FORMS = (TOKEN, USER_AND_PASSWORD, USER_AND_PASSWORD.rstrip("=")[-12:])

Settings = dict[str, Any]


@dataclass(frozen=True)
class Kind:
    """A way to give a credential.

    Attributes:
        settings: of the `Configuration`.
        client: of the `ApiClient`.
        options: of the call.
    """

    settings: Settings = field(default_factory=dict[str, Any])
    client: Settings = field(default_factory=dict[str, Any])
    options: Settings = field(default_factory=dict[str, Any])


def _auth(place: str, key: str, value: str = TOKEN) -> Settings:
    setting = {"type": "api_key", "in": place, "key": key, "value": value}
    return {"_request_auth": setting}


KINDS = {
    "api_key": Kind({"api_key": {"BearerAuth": TOKEN}}),
    "api_key with a prefix": Kind(
        {"api_key": {"BearerAuth": TOKEN}, "api_key_prefix": {"BearerAuth": "Token"}}
    ),
    "api_key alone": Kind({"api_key": {"BearerAuth": TOKEN}, "api_key_prefix": {"BearerAuth": ""}}),
    "access_token": Kind({"access_token": TOKEN}),
    "callable": Kind({"access_token": lambda: TOKEN}),
    "user and password": Kind({"api_key": {"BearerAuth": f"Basic {USER_AND_PASSWORD}"}}),
    "_request_auth in a header": Kind(options=_auth("header", "X-Key")),
    "_request_auth in the query": Kind(options=_auth("query", "key")),
    "_request_auth in a cookie": Kind(options=_auth("cookie", "", f"session={TOKEN}; theme=dark")),
    "_headers": Kind(options={"_headers": {"X-Key": TOKEN}}),
    "default header": Kind(client={"header_name": "X-Key", "header_value": TOKEN}),
    "cookie": Kind(client={"cookie": f"session={TOKEN}"}),
}


# -- what there is to see ------------------------------------------------------------------------


class Seen:
    """Everything that a call has shown."""

    def __init__(self, logs: pytest.LogCaptureFixture, file: Path) -> None:
        self._logs = logs
        self.file = file
        self.texts: dict[str, str] = {}
        self.told = Told()
        self.telemetry = Telemetry()

    @property
    def hooks(self) -> list[Hook]:
        """What is to watch the calls."""
        return [self.told, self.telemetry.hook]

    def configuration(self, configuration: Configuration) -> None:
        """What a configuration shows of itself."""
        self._object(configuration)
        self.texts["to_debug_report()"] = configuration.to_debug_report()

    def client(self, client: ApiClient) -> None:
        """What a client and what is made of it show of themselves."""
        api = MessagesApi(client)
        for value in (client, api, api.conversation("app", "connection"), client.rest_client):
            self._object(value)

    def error(self, error: BaseException) -> None:
        """What an exception shows of itself: as text, to a debugger, to another process."""
        self._object(error)
        self.texts["args and attributes"] = f"{error.args!r} {vars(error)!r}"
        self.texts["traceback"] = "".join(traceback.format_exception(error))
        self.texts["pickle"] = pickle.dumps(error).decode("latin-1")
        for twin in (copy.copy(error), copy.deepcopy(error), pickle.loads(pickle.dumps(error))):
            self._object(twin)
            self.texts[f"copy {len(self.texts)}"] = f"{twin.args!r} {vars(twin)!r}"

    def answer(self, answer: object) -> None:
        """What an answer shows of itself."""
        self._object(answer)

    def _object(self, value: object) -> None:
        name = f"{type(value).__name__} {len(self.texts)}"
        self.texts[name] = f"{value!s} {value!r} {value}"

    def search(self) -> None:
        """Look for the canary in all of it."""
        records = self._logs.records
        self.texts["log"] = self._logs.text + repr([vars(record) for record in records])
        self.texts["log file"] = self.file.read_text("utf-8") if self.file.exists() else ""
        self.texts["hooks"] = f"{self.told.events!r}"
        self.texts["spans"] = "".join(span.to_json() for span in self.telemetry.spans())
        self.texts["metrics"] = self.telemetry.metrics_as_json()
        found = {
            name: text for name, text in self.texts.items() if any(form in text for form in FORMS)
        }
        assert found == {}


@pytest.fixture
def seen(caplog: pytest.LogCaptureFixture, tmp_path: Path) -> Iterator[Seen]:
    """Watches, with all loggers at DEBUG; warnings of any kind are looked at too."""
    seen = Seen(caplog, tmp_path / "client.log")
    with caplog.at_level(logging.DEBUG), warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        yield seen
    seen.texts["warnings"] = " ".join(str(warning.message) for warning in told)
    seen.search()


def _client(stack: ExitStack, seen: Seen, url: str, kind: Kind, **settings: Any) -> ApiClient:
    given: Settings = {"api_key": None, "retries": 1, "hooks": seen.hooks}
    given |= {**kind.settings, **settings}
    client = stack.enter_context(client_for(url, **given))
    # `client_for` has made the client; its own arguments are set as the constructor sets them.
    if "header_name" in kind.client:
        client.set_default_header(kind.client["header_name"], kind.client["header_value"])
    client.cookie = kind.client.get("cookie")
    client.configuration.debug = True
    client.configuration.logger_file = str(seen.file)
    stack.callback(setattr, client.configuration, "logger_file", None)
    seen.configuration(client.configuration)
    seen.client(client)
    return client


def _came(server: ScriptedServer) -> bool:
    """Whether the credential has come to the server: otherwise a test would show nothing."""
    return any(form in said_by(request) for request in server.requests for form in FORMS)


# -- the promise ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("failure", FAILURES)
def test_a_call_that_fails_shows_no_credential(failure: str, kind: str, seen: Seen) -> None:
    script, error_class = FAILURES[failure]
    settings = {"max_response_bytes": 4096, **SETTINGS.get(failure, {})}
    with ExitStack() as stack:
        server = stack.enter_context(ScriptedServer(script))
        client = _client(stack, seen, server.url, KINDS[kind], **settings)
        api = MessagesApi(client)
        error = failure_of(api.get, "app", "connection", "jti", **KINDS[kind].options)
        seen.error(error)
        assert isinstance(error, error_class)
        assert _came(server)
        assert seen.told.ended
        assert seen.telemetry.spans()


@pytest.mark.parametrize("kind", KINDS)
def test_a_call_that_succeeds_shows_no_credential(kind: str, seen: Seen) -> None:
    def script(peer: Peer) -> None:
        while True:
            said = said_by(peer.request())
            peer.send(message(X_Said=said, Set_Cookie=said))

    options = KINDS[kind].options
    with ExitStack() as stack:
        server = stack.enter_context(ScriptedServer(script))
        api = MessagesApi(_client(stack, seen, server.url, KINDS[kind]))
        whole = api.get_with_http_info("app", "connection", "jti", **options)
        seen.answer(whole)
        seen.answer(whole.data)
        seen.answer(whole.attempts)
        unread = api.get_without_preload_content("app", "connection", "jti", **options)
        seen.answer(unread)
        unread.read()
        seen.answer(api.send("app", "connection", "hello", **options))
        assert _came(server)
    assert "POST /v1/apps/app/connections/connection/messages" in seen.file.read_text("utf-8")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("operation", ["get", "send"])
def test_a_call_that_reaches_nobody_shows_no_credential(
    operation: str, kind: str, seen: Seen
) -> None:
    with ExitStack() as stack:
        plain = stack.enter_context(ScriptedServer(lambda peer: peer.send(b"no TLS")))
        stranger = stack.enter_context(ScriptedServer(always(message()), tls=True))
        mute = stack.enter_context(ScriptedServer(Peer.wait_closed))
        for url, settings, error_class in (
            (f"http://127.0.0.1:{closed_port()}/v1", {}, ConnectException),
            (plain.url.replace("http:", "https:"), {}, TLSException),
            (stranger.url, {"ssl_ca_cert": None}, TLSException),
            (mute.url.replace("http:", "https:"), {"timeout": 0.05}, ConnectTimeoutException),
        ):
            client = _client(stack, seen, url, KINDS[kind], **settings)
            call = getattr(MessagesApi(client), operation)
            error = failure_of(call, "app", "connection", "jti", **KINDS[kind].options)
            seen.error(error)
            assert isinstance(error, error_class)
            assert error.outcome == "not_sent"


@pytest.mark.parametrize("kind", KINDS)
def test_a_closed_client_shows_no_credential(kind: str, seen: Seen) -> None:
    with ExitStack() as stack:
        client = _client(stack, seen, "https://localhost:1/v1", KINDS[kind])
        client.close()
        seen.client(client)
        call = MessagesApi(client).get
        error = failure_of(call, "app", "connection", "jti", **KINDS[kind].options)
        assert isinstance(error, ClientClosedException)
        seen.error(error)


@pytest.mark.parametrize("kind", KINDS)
def test_the_warning_about_plain_http_shows_no_credential(kind: str, seen: Seen) -> None:
    with ExitStack() as stack:
        proxy = stack.enter_context(ScriptedServer(echo(502)))
        client = _client(stack, seen, "http://service.test/v1", KINDS[kind], proxy=proxy.origin)
        call = MessagesApi(client).send
        with pytest.warns(InsecureTransportWarning) as told:
            error = failure_of(call, "app", "connection", "hello", **KINDS[kind].options)
        seen.error(error)
        seen.answer([str(warning.message) for warning in told])
        assert _came(proxy)
        client.configuration.allow_insecure = False
        with pytest.raises(ApiValueError) as refused:
            call("app", "connection", "hello", **KINDS[kind].options)
        seen.error(refused.value)


# -- proxies -------------------------------------------------------------------------------------


def _proxied(proxy: ScriptedServer) -> dict[str, Settings]:
    return {
        "password": {"proxy": proxy.origin.replace("://", f"://user:{TOKEN}@")},
        "token": {"proxy": proxy.origin.replace("://", f"://{TOKEN}@")},
        "headers": {"proxy": proxy.origin, "proxy_headers": {"Proxy-Authorization": TOKEN}},
    }


@pytest.mark.parametrize("given", ["password", "token", "headers"])
@pytest.mark.parametrize("tls", [False, True], ids=["forwarding", "tunnel"])
def test_a_proxy_that_repeats_what_it_gets_shows_no_credential(
    tls: bool, given: str, seen: Seen
) -> None:
    with ExitStack() as stack:
        proxy = stack.enter_context(ScriptedServer(echo(407)))
        url = f"http{'s' if tls else ''}://service.test/v1"
        client = _client(stack, seen, url, Kind(), **_proxied(proxy)[given], allow_insecure=True)
        error = failure_of(MessagesApi(client).get, "app", "connection", "jti")
        seen.error(error)
        assert isinstance(error, ProxyException) == tls
        secret = base64.b64encode(TOKEN.encode()).decode().rstrip("=")
        assert _came(proxy) or secret in said_by(proxy.requests[0])
        assert secret not in repr(seen.texts)


@pytest.mark.parametrize("given", ["password", "token", "headers"])
def test_a_proxy_that_is_not_there_shows_no_credential(given: str, seen: Seen) -> None:
    with ExitStack() as stack:
        proxy = stack.enter_context(ScriptedServer(resetting))
        for settings in (_proxied(proxy)[given], {"proxy": f"http://u:{TOKEN}@127.0.0.1:1"}):
            client = _client(stack, seen, "https://service.test/v1", Kind(), **settings)
            error = failure_of(MessagesApi(client).get, "app", "connection", "jti")
            assert isinstance(error, ProxyException)
            seen.error(error)


@pytest.mark.parametrize(
    "url",
    [
        f"user:{TOKEN}@proxy.test:3128",
        f"http:/user:{TOKEN}@proxy.test:3128",
        f"http:\\\\user:{TOKEN}@proxy.test:3128",
        f"ftp://user:{TOKEN}@proxy.test:3128",
        f"http://user:{TOKEN}@",
        f"http://user:{TOKEN} @proxy.test",
        f"http://user:{TOKEN}/x@proxy.test:3128",
        f"http://user:{TOKEN}?x@proxy.test:3128",
        f"http://user:{TOKEN}#x@proxy.test:3128",
        f"http://user:{TOKEN}@proxy.test:port",
    ],
)
def test_a_url_that_makes_no_sense_is_refused_without_its_password(url: str, seen: Seen) -> None:
    for name in ("proxy", "host"):
        with pytest.raises(ApiValueError, match=name) as refused:
            setattr(Configuration(), name, url)
        seen.error(refused.value)
    with pytest.MonkeyPatch.context() as patch:
        for name in ("NO_PROXY", "no_proxy", "https_proxy"):
            patch.delenv(name, raising=False)
        patch.setenv("HTTPS_PROXY", url)
        with ApiClient(Configuration("https://service.test/v1", retries=0)) as client:
            error = failure_of(MessagesApi(client).get, "app", "connection", "jti")
        assert isinstance(error, ConnectException)
        seen.error(error)


# -- what is not sent ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options",
    [
        {"_request_auth": TOKEN},
        {"_request_auth": {"in": "header", "key": "X-Key", "value": f"{TOKEN}\n"}},
        {"_request_auth": {"in": "body", "key": "X-Key", "value": TOKEN}},
        {"_request_auth": {"type": "api_key", "value": TOKEN}},
        {"_headers": TOKEN},
        {"_headers": {"X-Key": f"{TOKEN}\r\n"}},
        {"_headers": {"X-Key": [TOKEN]}},
        {"_headers": {f"Authorization: Bearer {TOKEN}": ""}},
    ],
    ids=str,
)
def test_an_argument_that_is_refused_is_not_shown(options: Settings, seen: Seen) -> None:
    with ApiClient(Configuration("http://127.0.0.1:1/v1")) as client:
        with pytest.raises((ApiValueError, ValueError, TypeError)) as refused:
            MessagesApi(client).get("app", "connection", "jti", **options)
        assert not isinstance(refused.value, ApiException)
        seen.error(refused.value)


# -- nothing else changes ------------------------------------------------------------------------


def test_debug_makes_no_other_client_and_no_other_logger_talk(
    caplog: pytest.LogCaptureFixture,
) -> None:
    names = ("", "openapi_client", "urllib3", "urllib3.connectionpool", "http.client")
    loggers = [logging.getLogger(name) for name in names]
    before = [(logger.level, list(logger.handlers), logger.disabled) for logger in loggers]
    with ScriptedServer(always(message())) as server, client_for(server) as watched:
        watched.configuration.debug = True
        with client_for(server) as other:
            MessagesApi(other).get("app", "connection", "other")
        assert caplog.records == []
        MessagesApi(watched).get("app", "connection", "watched")
    assert [record.name for record in caplog.records] == ["openapi_client"]
    assert "watched" in caplog.text
    after = [(logger.level, list(logger.handlers), logger.disabled) for logger in loggers]
    assert after == before
