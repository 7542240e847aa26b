"""The proxy of the chaos run does what its faults say."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from openapi_client import ApiClient, ApiException, MessagesApi
from openapi_client.exceptions import (
    ConnectException,
    DeserializationException,
    ProtocolException,
    ServiceException,
    TimeoutException,
    TooManyRequestsException,
    TransportException,
)
from openapi_client.testing import MessagesServer
from test.chaos.proxy import FAULTS, ChaosProxy
from test.support.scripted import PATIENCE


@pytest.fixture(scope="module")
def server() -> Iterator[MessagesServer]:
    with MessagesServer(tls=False) as server:
        yield server


def sent(server: MessagesServer, fault: str, text: str, seed: int = 0) -> ApiException | None:
    """What becomes of a send that `fault` strikes."""
    server.add_connection("app", fault)
    upstream = ("127.0.0.1", server.port)
    with ChaosProxy(upstream, {fault: 1.0}, seed=seed, operations={"send"}) as proxy:
        configuration = server.configuration(host=proxy.url, retries=0, timeout=(5, 0.1))
        with ApiClient(configuration) as client:
            api = MessagesApi(client)
            failure = error_of(lambda: api.send("app", fault, text))
            assert proxy.counts == {fault: 1}
            # Other operations are passed on, and a port that was closed opens again. What came in
            # just before it was closed is reset then.
            give_up = time.monotonic() + PATIENCE
            while isinstance(error_of(lambda: api.list("app", fault)), TransportException):
                assert time.monotonic() < give_up
            assert proxy.counts["none"] >= 1
        assert proxy.connections_left() == 0
    return failure


def error_of(call: Callable[[], object]) -> ApiException | None:
    try:
        call()
    except ApiException as error:
        return error
    return None


def stored(server: MessagesServer, fault: str) -> int:
    return len(server.messages("app", fault))


@pytest.mark.parametrize(
    ("fault", "expected", "count"),
    [
        ("refuse", ProtocolException, 0),
        ("reset_before", ProtocolException, 0),
        ("reset_after", ProtocolException, 1),
        ("stall_before", TimeoutException, 0),
        ("stall_after", TimeoutException, 1),
        ("garble", (ProtocolException, DeserializationException), 1),
        ("truncate", (ProtocolException, DeserializationException), 1),
        ("status_429", TooManyRequestsException, 0),
        ("status_503_retry", ServiceException, 0),
    ],
)
def test_a_fault_strikes_before_or_after_the_request_has_arrived(
    fault: str,
    expected: type[ApiException] | tuple[type[ApiException], ...],
    count: int,
    server: MessagesServer,
) -> None:
    assert isinstance(sent(server, fault, "hello"), expected)
    assert stored(server, fault) == count


@pytest.mark.parametrize("fault", ["status_502", "status_503", "status_504"])
def test_behind_a_gateways_error_the_request_may_have_arrived(
    fault: str, server: MessagesServer
) -> None:
    for number in range(20):
        assert isinstance(sent(server, fault, f"{number}"), ServiceException)
    assert 0 < stored(server, fault) < 20


def test_a_closed_port_refuses(server: MessagesServer) -> None:
    with ChaosProxy(("127.0.0.1", server.port), {"refuse": 1.0}) as proxy:
        configuration = server.configuration(host=proxy.url, retries=0)
        with ApiClient(configuration) as client:
            api = MessagesApi(client)
            error = error_of(lambda: api.list("app", "connection"))
            while not isinstance(error, ConnectException):
                error = error_of(lambda: api.list("app", "connection"))
    assert "refused" in str(error)


def test_the_same_seed_strikes_the_same_requests(server: MessagesServer) -> None:
    def struck(seed: int) -> list[bool]:
        proxy = ChaosProxy(("127.0.0.1", server.port), {"status_429": 0.5}, seed=seed)
        with proxy, ApiClient(server.configuration(host=proxy.url, retries=0)) as client:
            api = MessagesApi(client)
            return [failed(api, str(number)) for number in range(30)]

    assert struck(1) == struck(1)
    assert struck(1) != struck(2)
    assert 5 < sum(struck(1)) < 25


def failed(api: MessagesApi, text: str) -> bool:
    return isinstance(error_of(lambda: api.send("app", "seeds", text)), TooManyRequestsException)


def test_without_faults_everything_is_passed_on(server: MessagesServer) -> None:
    with ChaosProxy(("127.0.0.1", server.port), {}) as proxy:
        with ApiClient(server.configuration(host=proxy.url)) as client:
            api = MessagesApi(client)
            jti = api.send("app", "plain", "x" * 5000).jti or ""
            assert api.get("app", "plain", jti).body == "x" * 5000
            assert api.edit("app", "plain", jti, "y").body == "y"
            assert [message.body for message in api.list("app", "plain").items or []] == ["y"]
        assert proxy.counts == {"none": 4}


def test_a_fault_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="there is no fault 'rset'") as raised:
        ChaosProxy(("127.0.0.1", 1), {"rset": 1.0})
    assert all(name in str(raised.value) for name in FAULTS)
