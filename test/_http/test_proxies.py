"""Through a proxy: which, when, and what it and the server get to know."""

from __future__ import annotations

import base64
import socket
import ssl
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
import trustme

from openapi_client import ApiException, MessagesApi
from openapi_client.exceptions import (
    ApiValueError,
    ConnectTimeoutException,
    IncompleteResponseException,
    ProxyException,
    ServiceException,
    TimeoutException,
    TLSException,
)
from test.support.authority import authority
from test.support.calls import (
    OPERATIONS,
    TOKEN,
    FakeTime,
    api_for,
    configuration_for,
    failure_of,
    finishes,
    get,
    send,
)
from test.support.fetchers import answer_to, ours, rightly
from test.support.proxies import answering, slow_tunnel, tunnel, tunnel_said_in_bytes
from test.support.scripted import Peer, ScriptedServer, always, message

GOOD = always(message("direct"))
PASSWORD = "canary-password"
BASIC = "Basic " + base64.b64encode(f"user:{PASSWORD}".encode()).decode()


@pytest.fixture(autouse=True)
def no_proxy_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture(params=[False, True], ids=["http proxy", "https proxy"])
def proxy(request: pytest.FixtureRequest) -> Iterator[ScriptedServer]:
    """A proxy that opens tunnels, reached without or with TLS."""
    with ScriptedServer(tunnel, tls=request.param) as server:
        yield server


def with_credentials(proxy: ScriptedServer) -> str:
    return proxy.origin.replace("://", f"://user:{PASSWORD}@")


def every_header(server: ScriptedServer) -> str:
    return repr([request.fields for request in server.requests])


# -- https: a tunnel ---------------------------------------------------------------------------


def test_https_goes_through_a_tunnel(proxy: ScriptedServer) -> None:
    with ScriptedServer(rightly, tls=True) as server, ours(server.url, proxy=proxy.origin) as fetch:
        assert [fetch("1"), fetch("2"), fetch("3")] == ["1", "2", "3"]
    assert {request.line for request in proxy.requests} == {
        f"CONNECT localhost:{server.port} HTTP/1.1"
    }
    assert server.requests[0].target == "/v1/apps/app/connections/connection/messages/1"


def test_credentials_of_the_proxy_go_to_the_proxy_alone_and_ours_to_the_server_alone(
    proxy: ScriptedServer,
) -> None:
    settings: dict[str, Any] = {
        "proxy": with_credentials(proxy),
        "proxy_headers": {"X-Proxy": "canary-proxy-header"},
    }
    with ScriptedServer(GOOD, tls=True) as server, api_for(server, **settings) as api:
        assert send(api) == "direct"
    connect = proxy.requests[0]
    assert connect.headers["proxy-authorization"] == BASIC
    assert connect.headers["X-Proxy"] == "canary-proxy-header"
    assert TOKEN not in every_header(proxy)
    assert server.requests[0].headers["Authorization"] == f"Bearer {TOKEN}"
    assert "roxy" not in every_header(server)
    assert BASIC not in every_header(server)


def test_credentials_with_escaped_characters_are_unescaped() -> None:
    with ScriptedServer(tunnel) as proxy, ScriptedServer(GOOD, tls=True) as server:
        url = proxy.origin.replace("://", "://us%40er:p%3Aw%2F@")
        with api_for(server, proxy=url) as api:
            get(api)
    sent = proxy.requests[0].headers["proxy-authorization"].removeprefix("Basic ")
    assert base64.b64decode(sent) == b"us@er:p:w/"


@pytest.mark.parametrize("password", ["pässword", "пароль", "密碼"])
@pytest.mark.parametrize("escaped", [False, True])
def test_a_password_beyond_ascii_goes_out_as_utf_8(password: str, escaped: bool) -> None:
    """RFC 7617, section 2.1."""
    told = quote(password) if escaped else password
    with ScriptedServer(tunnel) as proxy, ScriptedServer(GOOD, tls=True) as server:
        url = proxy.origin.replace("://", f"://user:{told}@")
        with api_for(server, proxy=url) as api:
            get(api)
    sent = proxy.requests[0].headers["proxy-authorization"].removeprefix("Basic ")
    assert base64.b64decode(sent).decode() == f"user:{password}"


def test_the_settings_for_the_server_do_not_count_for_the_proxy() -> None:
    """The proxy has another name and no business with the client's certificate."""
    seen: list[Any] = []

    def note(peer: Peer) -> None:
        seen.append(peer.certificate())
        tunnel(peer)

    proxy_context = authority().server_context()
    proxy_context.verify_mode = ssl.CERT_OPTIONAL
    proxy_context.load_verify_locations(authority().ca_cert)
    server_context = authority().server_context("elsewhere.test")
    settings: dict[str, Any] = {
        "tls_server_name": "elsewhere.test",
        "assert_hostname": "elsewhere.test",
        "cert_file": authority().issue("client.test"),
    }
    with (
        ScriptedServer(note, tls=True, context=proxy_context) as proxy,
        ScriptedServer(GOOD, tls=True, context=server_context) as server,
        api_for(server, proxy=proxy.origin, **settings) as api,
    ):
        assert get(api) == "direct"
    assert seen == [{}] or seen == [None]


def test_the_name_of_the_proxy_is_verified_even_if_any_is_good_for_the_server() -> None:
    context = authority().server_context("elsewhere.test")
    with (
        ScriptedServer(tunnel, tls=True, context=context) as proxy,
        ScriptedServer(GOOD, tls=True) as server,
        api_for(server, proxy=proxy.origin, assert_hostname=False) as api,
    ):
        error = failure_of(send, api)
    assert isinstance(error, TLSException)
    assert error.outcome == "not_sent"
    assert server.connections == 0


def test_proxy_ssl_context_is_for_the_proxy_alone() -> None:
    other = trustme.CA()
    proxy_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    other.issue_cert("localhost").configure_cert(proxy_side)
    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    other.configure_trust(trusting)
    with (
        ScriptedServer(tunnel, tls=True, context=proxy_side) as proxy,
        ScriptedServer(GOOD, tls=True) as server,
    ):
        with api_for(server, proxy=proxy.origin, retries=0) as api:
            assert isinstance(failure_of(get, api), TLSException)
        settings: dict[str, Any] = {"proxy_ssl_context": trusting, "retries": 0}
        with api_for(server, proxy=proxy.origin, **settings) as api:
            assert get(api) == "direct"
        # It is not that of servers.
        with api_for(proxy.origin, **settings) as api:
            assert isinstance(failure_of(get, api), TLSException)


def test_the_certificate_of_the_server_is_verified_behind_the_proxy(proxy: ScriptedServer) -> None:
    context = authority().server_context("elsewhere.test")
    server = ScriptedServer(GOOD, tls=True, context=context)
    with server, api_for(server, proxy=proxy.origin) as api:
        error = failure_of(send, api)
    assert isinstance(error, TLSException)
    assert error.outcome == "not_sent"
    assert server.requests == []


# -- plain http: the proxy forwards ------------------------------------------------------------


@pytest.mark.parametrize("secure", [False, True], ids=["http proxy", "https proxy"])
def test_plain_http_is_forwarded(secure: bool) -> None:
    forwarding = ScriptedServer(answering(message("forwarded")), tls=secure)
    with (
        forwarding,
        api_for(
            "http://service.test:8080/v1", proxy=with_credentials(forwarding), allow_insecure=True
        ) as api,
    ):
        assert [get(api), send(api)] == ["forwarded", "forwarded"]
    first, second = forwarding.requests
    path = "/v1/apps/app/connections/connection/messages"
    assert first.line == f"GET http://service.test:8080{path}/jti HTTP/1.1"
    assert second.line == f"POST http://service.test:8080{path} HTTP/1.1"
    assert first.headers["Host"] == "service.test:8080"
    assert first.headers["proxy-authorization"] == BASIC
    assert forwarding.connections == 1


def test_a_redirect_through_a_forwarding_proxy() -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 302 Found\r\nLocation: /elsewhere?page=2\r\nContent-Length: 0\r\n\r\n")
        peer.request()
        peer.send(message("redirected"))

    with (
        ScriptedServer(script) as proxy,
        api_for("http://service.test/v1", proxy=proxy.origin, allow_insecure=True) as api,
    ):
        assert get(api) == "redirected"
    assert proxy.requests[1].line == "GET http://service.test/elsewhere?page=2 HTTP/1.1"


# -- which proxy -------------------------------------------------------------------------------


def get_or_none(api: MessagesApi) -> str | None:
    try:
        return get(api)
    except ApiException:
        return None


def stand_for_another_machine(monkeypatch: pytest.MonkeyPatch) -> str:
    """A name that is no loopback name, and leads to loopback nevertheless."""
    resolve = socket.getaddrinfo
    name = "server.example.test"

    def answer(host: str, *rest: Any, **named: Any) -> Any:
        return resolve("127.0.0.1" if host == name else host, *rest, **named)

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    return name


def used(
    monkeypatch: pytest.MonkeyPatch,
    scheme: str,
    proxy: str | None = None,
    *,
    host: str | None = None,
    no_proxy: str | None = None,
    **names: str,
) -> str:
    """Whether a call to a server went "through" the proxy or "direct".

    Args:
        monkeypatch: for the environment.
        scheme: of the server.
        proxy: the setting.
        host: of the server; by default the name of another machine.
        no_proxy: the setting.
        **names: variables of the environment.
    """
    host = host or stand_for_another_machine(monkeypatch)
    with ScriptedServer(answering(b"HTTP/1.1 418 Through\r\nContent-Length: 0\r\n\r\n")) as through:
        for name, value in names.items():
            monkeypatch.setenv(name, value.format(proxy=through.origin))
        explicit = None if proxy is None else proxy.format(proxy=through.origin)
        context = authority().server_context(host) if scheme == "https" else None
        server = ScriptedServer(GOOD, tls=scheme == "https", context=context)
        settings: dict[str, Any] = {"retries": 0, "allow_insecure": True}
        with server:
            url = f"{scheme}://{host}:{server.port}"
            with api_for(url, proxy=explicit, no_proxy=no_proxy, **settings) as api:
                if get_or_none(api) == "direct":
                    assert through.requests == []
                    return "direct"
        assert through.requests
        return "through"


@pytest.mark.parametrize(
    ("scheme", "environment", "way"),
    [
        ("https", {}, "direct"),
        ("https", {"HTTPS_PROXY": "{proxy}"}, "through"),
        ("https", {"https_proxy": "{proxy}"}, "through"),
        ("https", {"HTTP_PROXY": "{proxy}"}, "direct"),
        ("https", {"ALL_PROXY": "{proxy}"}, "through"),
        ("https", {"ALL_PROXY": "{proxy}", "HTTPS_PROXY": ""}, "direct"),
        ("http", {"HTTP_PROXY": "{proxy}"}, "through"),
        ("http", {"http_proxy": "{proxy}"}, "through"),
        ("http", {"HTTPS_PROXY": "{proxy}"}, "direct"),
        ("http", {"HTTP_PROXY": "{proxy}", "REQUEST_METHOD": "GET"}, "direct"),
        ("https", {"HTTPS_PROXY": ""}, "direct"),
        ("https", {"HTTPS_PROXY": "{proxy}", "NO_PROXY": "example.test"}, "direct"),
        ("https", {"HTTPS_PROXY": "{proxy}", "no_proxy": "server.example.test"}, "direct"),
        ("https", {"HTTPS_PROXY": "{proxy}", "NO_PROXY": "*"}, "direct"),
        ("https", {"HTTPS_PROXY": "{proxy}", "NO_PROXY": "a.test, .example.test"}, "direct"),
        ("https", {"HTTPS_PROXY": "{proxy}", "NO_PROXY": "other.test"}, "through"),
        ("http", {"HTTP_PROXY": "{proxy}", "NO_PROXY": "example.test"}, "direct"),
    ],
)
def test_the_environments_proxy(
    scheme: str, environment: dict[str, str], way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert used(monkeypatch, scheme, **environment) == way


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_loopback_is_never_reached_through_a_proxy_of_the_environment(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert used(monkeypatch, "http", host=host, HTTP_PROXY="{proxy}") == "direct"
    assert used(monkeypatch, "http", "{proxy}", host=host) == "through"


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_an_empty_proxy_is_none_whatever_the_environment_says(
    scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = {"HTTP_PROXY": "http://127.0.0.1:1", "HTTPS_PROXY": "http://127.0.0.1:1"}
    assert used(monkeypatch, scheme, "", **closed) == "direct"


def test_a_proxy_that_is_assigned_none_is_none_whatever_the_environment_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example.test:3128")
    configuration = configuration_for("https://service.test")
    assert configuration.proxy == "http://proxy.example.test:3128"
    for none in (None, ""):
        configuration.proxy = none
        assert not configuration.proxy
        assert not configuration.proxy_for("https", "service.test", 443)


def test_the_setting_no_proxy_goes_round_every_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    assert used(monkeypatch, "https", "{proxy}", no_proxy="example.test") == "direct"
    assert used(monkeypatch, "https", no_proxy="example.test", HTTPS_PROXY="{proxy}") == "direct"
    # It is told instead of the environment's.
    names = {"HTTPS_PROXY": "{proxy}", "NO_PROXY": "*"}
    assert used(monkeypatch, "https", no_proxy="", **names) == "through"


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_an_explicit_proxy_wins_over_the_environment(
    scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = {"HTTP_PROXY": "http://127.0.0.1:1", "HTTPS_PROXY": "http://127.0.0.1:1"}
    assert used(monkeypatch, scheme, "{proxy}", **closed) == "through"
    assert used(monkeypatch, scheme, "{proxy}", NO_PROXY="*") == "through"


@pytest.mark.parametrize(
    "value", ["socks5://127.0.0.1:1080", "http://", "http://a b", "http://h:x"]
)
def test_a_proxy_of_the_environment_that_cannot_be_used_is_named(
    value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", value)
    with ScriptedServer(GOOD, tls=True) as server:
        host = stand_for_another_machine(monkeypatch)
        with api_for(f"https://{host}:{server.port}") as api:
            error = failure_of(send, api)
    assert isinstance(error, ProxyException)
    assert error.outcome == "not_sent"
    assert "HTTPS_PROXY" in str(error)
    assert server.connections == 0


@pytest.mark.parametrize("value", ["socks5://127.0.0.1:1080", "127.0.0.1:3128", "http://", 7])
def test_a_proxy_of_the_configuration_that_cannot_be_used_is_refused(value: Any) -> None:
    with pytest.raises(ApiValueError, match="proxy"):
        configuration_for("http://localhost", proxy=value)


@pytest.mark.parametrize("value", ["a\r\nX: b", "a\nb", "a\0b"])
def test_proxy_headers_are_checked(value: str) -> None:
    for headers in ({"X-A": value}, {value: "a"}):
        with pytest.raises(ApiValueError, match="proxy_headers"):
            configuration_for("http://localhost", proxy_headers=headers)


# -- proxies that misbehave --------------------------------------------------------------------


def proxied_failure(script: Any, **settings: Any) -> Any:
    """The error of a send through a proxy that does what `script` says."""
    with (
        ScriptedServer(script) as proxy,
        ScriptedServer(GOOD, tls=True) as server,
        api_for(server, proxy=with_credentials(proxy), **settings) as api,
    ):
        error = failure_of(finishes, lambda: send(api))
    assert error.outcome == "not_sent"
    assert server.connections == 0
    assert PASSWORD not in str(error)
    assert BASIC not in str(error)
    return error


@pytest.mark.parametrize("status", [301, 400, 403, 407, 502, 503])
def test_a_proxy_that_opens_no_tunnel(status: int) -> None:
    answer = b"HTTP/1.1 %d No\r\nContent-Length: 0\r\n\r\n" % status
    error = proxied_failure(answering(answer))
    assert isinstance(error, ProxyException)
    assert str(status) in str(error)


def test_a_proxy_that_tells_the_credentials_it_got() -> None:
    answer = f"HTTP/1.1 407 {BASIC} {PASSWORD}\r\n\r\n".encode()
    assert isinstance(proxied_failure(answering(answer)), ProxyException)


@pytest.mark.parametrize("answer", [b"", b"\0\0\0", b"SSH-2.0\r\n\r\n", b"HTTP/1.1 200"])
def test_a_proxy_that_is_none(answer: bytes) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(answer)

    assert isinstance(proxied_failure(script, retries=0), ProxyException)


def test_a_proxy_that_is_not_there() -> None:
    with socket.socket() as unused, ScriptedServer(GOOD, tls=True) as server:
        unused.bind(("127.0.0.1", 0))
        url = f"http://user:{PASSWORD}@127.0.0.1:{unused.getsockname()[1]}"
        with api_for(server, proxy=url) as api:
            error = failure_of(send, api)
    assert isinstance(error, ProxyException)
    assert error.outcome == "not_sent"
    assert len(error.attempts) == 3
    assert PASSWORD not in str(error)


def test_a_proxy_that_says_nothing() -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.wait_closed()

    error = proxied_failure(script, retries=0, timeout=(0.1, 5))
    assert isinstance(error, ConnectTimeoutException)


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 "])
def test_a_proxy_that_drips_its_answer(head: bytes) -> None:
    time = FakeTime(tick=0.05)

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(head)
        while True:
            peer.send(b"x")
            time.keep_pace()

    with (
        ScriptedServer(script) as proxy,
        ScriptedServer(GOOD, tls=True) as server,
        api_for(server, time, proxy=proxy.origin, retries=0) as api,
    ):
        error = failure_of(finishes, lambda: send(api))
    assert isinstance(error, ConnectTimeoutException)
    assert error.outcome == "not_sent"
    # The limit for the connection counts for all of it together.
    assert 5 <= time.passed <= 5.5


@pytest.mark.parametrize("secure", [False, True], ids=["http proxy", "https proxy"])
def test_a_proxy_whose_answer_has_no_end_is_read_in_large_pieces(
    secure: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        while True:
            peer.send(b"HTTP/1.1 200 OK\r\n" + b"x" * 50_000)

    received: list[int] = []
    kind = ssl.SSLSocket if secure else socket.socket
    recv = kind.recv

    def counted(sock: Any, size: int = 1024, flags: int = 0) -> bytes:
        data = recv(sock, size, flags)
        if threading.current_thread() is threading.main_thread():
            received.append(len(data))
        return data

    monkeypatch.setattr(kind, "recv", counted)
    with (
        ScriptedServer(script, tls=secure) as proxy,
        api_for("https://service.test", proxy=proxy.origin, retries=0) as api,
    ):
        error = failure_of(send, api)
    assert isinstance(error, ProxyException)
    assert error.outcome == "not_sent"
    assert len(received) < 100, received


@pytest.mark.parametrize("secure", [False, True], ids=["http proxy", "https proxy"])
def test_a_proxy_that_says_more_than_that_the_tunnel_is_open(secure: bool) -> None:
    """RFC 9110, section 9.3.6: what follows the head comes from the server, which is spoken to."""

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\n\r\n\x16\x03\x03")
        peer.wait_closed()

    with (
        ScriptedServer(script, tls=secure) as proxy,
        api_for("https://service.test", proxy=proxy.origin, retries=0) as api,
    ):
        error = failure_of(send, api)
    assert isinstance(error, ProxyException)
    assert error.outcome == "not_sent"


@pytest.mark.parametrize("secure", [False, True], ids=["http proxy", "https proxy"])
def test_a_proxy_whose_answer_comes_in_single_bytes_opens_the_tunnel(secure: bool) -> None:
    with (
        ScriptedServer(tunnel_said_in_bytes, tls=secure) as proxy,
        ScriptedServer(GOOD, tls=True) as server,
        api_for(server, proxy=proxy.origin, retries=0) as api,
    ):
        assert send(api) == "direct"


@pytest.mark.parametrize("secure", [False, True], ids=["http proxy", "https proxy"])
@pytest.mark.parametrize("operation", ["get", "send"])
def test_a_tunnel_that_lets_an_answer_through_byte_by_byte(operation: str, secure: bool) -> None:
    """One record of TLS takes minutes, so that the limit is reached within a single read."""
    slow = threading.Event()

    def script(peer: Peer) -> None:
        peer.request()
        slow.set()
        peer.send(message("x" * 10_000))
        peer.wait_closed()

    with (
        ScriptedServer(slow_tunnel(slow), tls=secure) as proxy,
        ScriptedServer(script, tls=True) as server,
        api_for(server, proxy=proxy.origin, deadline=0.5) as api,
    ):
        error = failure_of(finishes, lambda: OPERATIONS[operation](api))
    assert isinstance(error, TimeoutException)
    assert error.outcome == "unknown"


@pytest.mark.parametrize("secure", [False, True], ids=["http proxy", "https proxy"])
def test_a_tunnel_that_lets_a_handshake_through_byte_by_byte(secure: bool) -> None:
    slow = threading.Event()

    def script(peer: Peer) -> None:
        slow.set()
        peer.secure(authority().server_context())

    with (
        ScriptedServer(slow_tunnel(slow), tls=secure) as proxy,
        ScriptedServer(script) as server,
        api_for(
            server.url.replace("http:", "https:"), proxy=proxy.origin, timeout=(0.2, 5), retries=0
        ) as api,
    ):
        error = failure_of(finishes, lambda: send(api))
    assert isinstance(error, ConnectTimeoutException)
    assert error.outcome == "not_sent"


@pytest.mark.parametrize("said", [300_000, 300_001], ids=["whole", "cut off"])
def test_a_long_answer_comes_through_a_tunnel(said: int, proxy: ScriptedServer) -> None:
    text = "x" * 300_000
    whole = message(text)
    length = int(whole.partition(b"Content-Length: ")[2].partition(b"\r\n")[0])
    answer = whole.replace(b"%d" % length, b"%d" % (length + said - len(text)))

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(answer)
        peer.end()

    with (
        ScriptedServer(script, tls=True) as server,
        api_for(server, proxy=proxy.origin, retries=0) as api,
    ):
        if said == len(text):
            assert get(api) == text
        else:
            error = failure_of(get, api)
            assert isinstance(error, IncompleteResponseException)
            assert error.raw_data == whole.partition(b"\r\n\r\n")[2]


def test_tls_within_tls_never_gives_another_requests_answer() -> None:
    """What comes after the answer may already be decrypted, where nobody can see it."""

    def script(peer: Peer) -> None:
        peer.send(answer_to(peer.request().target) + message("unasked"))
        rightly(peer)

    with (
        ScriptedServer(tunnel, tls=True) as proxy,
        ScriptedServer(script, tls=True) as server,
        ours(server.url, proxy=proxy.origin) as fetch,
    ):
        assert [fetch("1"), fetch("2"), fetch("3")] == ["1", "2", "3"]


def test_a_forwarding_proxys_own_answer_is_an_answer() -> None:
    proxy = ScriptedServer(answering(b"HTTP/1.1 502 No\r\nContent-Length: 0\r\n\r\n"))
    settings = {"proxy": proxy.origin, "allow_insecure": True}
    with proxy, api_for("http://service.test", **settings) as api:
        error = failure_of(send, api)
    assert isinstance(error, ServiceException)
    assert error.outcome == "answered"
