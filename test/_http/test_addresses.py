"""A host with several addresses: the first one that answers is used, in time."""

from __future__ import annotations

import socket
import time
from typing import Any

import pytest

from openapi_client.exceptions import ConnectException, ConnectTimeoutException
from test.support.addresses import full_backlog, resolve_to
from test.support.calls import api_for, failure_of, finishes, get, send
from test.support.scripted import ScriptedServer, always, message

GOOD = always(message("good"))


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


@pytest.mark.parametrize("dead", [1, 2])
def test_a_dead_address_costs_a_quarter_of_a_second(
    dead: int, tls: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        full_backlog() as port,
        ScriptedServer(GOOD, tls=tls) as server,
        api_for(server, timeout=(30, 30)) as api,
    ):
        resolve_to(monkeypatch, *[port] * dead, server.port)
        began = time.monotonic()
        assert send(api) == "good"
        # Much more would be a wait for the dead one, whose share of the limit is 10 s or more.
        assert time.monotonic() - began < 5
    assert len(server.requests) == 1


def test_a_dead_address_costs_no_more_than_its_share(monkeypatch: pytest.MonkeyPatch) -> None:
    with full_backlog() as port, ScriptedServer(GOOD) as server:
        resolve_to(monkeypatch, port, server.port)
        with api_for(server, timeout=(0.2, 30), retries=0) as api:
            assert get(api) == "good"


def test_an_address_that_refuses_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with ScriptedServer(GOOD) as server, api_for(server, retries=0) as api:
        resolve_to(monkeypatch, closed_port(), closed_port(), server.port)
        assert send(api) == "good"


def test_no_address_that_answers_is_an_error_of_the_client(monkeypatch: pytest.MonkeyPatch) -> None:
    with api_for("http://localhost", retries=0) as api:
        resolve_to(monkeypatch, closed_port(), closed_port())
        error = failure_of(send, api)
        assert type(error) is ConnectException
        resolve_to(monkeypatch)
        assert type(failure_of(send, api)) is ConnectException
    assert error.outcome == "not_sent"


def test_the_limit_counts_for_all_addresses_together(monkeypatch: pytest.MonkeyPatch) -> None:
    with full_backlog() as port, api_for("http://localhost", retries=0, timeout=(0.3, 5)) as api:
        resolve_to(monkeypatch, port, port, port)
        error = failure_of(finishes, lambda: send(api))
    assert isinstance(error, ConnectTimeoutException)
    assert error.attempts[0].duration < 2


def test_a_family_that_the_system_refuses_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    class NoIPv6(socket.socket):
        """As on a machine whose kernel has no IPv6."""

        def __init__(self, family: int = -1, *rest: Any, **named: Any) -> None:
            if family == socket.AF_INET6:
                raise OSError(97, "Address family not supported by protocol")
            super().__init__(family, *rest, **named)

    with ScriptedServer(GOOD) as server, api_for(server, retries=0) as api:
        stream = (socket.SOCK_STREAM, 6, "")
        addresses: list[Any] = [
            (socket.AF_INET6, *stream, ("::1", server.port, 0, 0)),
            (socket.AF_INET, *stream, ("127.0.0.1", server.port)),
        ]
        for order in (addresses, addresses[::-1]):
            monkeypatch.setattr(socket, "getaddrinfo", lambda *_, order=order, **__: order)
            monkeypatch.setattr(socket, "socket", NoIPv6)
            assert send(api) == "good"


def test_the_sockets_that_lose_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[socket.socket] = []

    class Noted(socket.socket):
        """Put into the place of the class, as programs do; looked up when a socket is made."""

        def __init__(self, *arguments: Any, **named: Any) -> None:
            super().__init__(*arguments, **named)
            made.append(self)

    with full_backlog() as port, ScriptedServer(GOOD) as server, api_for(server) as api:
        resolve_to(monkeypatch, port, server.port, port)
        monkeypatch.setattr(socket, "socket", Noted)
        assert get(api) == "good"
        mine = [sock for sock in made if sock.fileno() >= 0 and sock.gettimeout() == 0]
        assert len(mine) == 1


def test_a_class_that_connects_in_its_own_way_is_asked_one_address_after_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Socks(socket.socket):
        """Speaks with its proxy before it is connected, so it cannot do without waiting."""

        def connect(self, address: Any) -> None:
            assert self.gettimeout() != 0
            super().connect(address)

    with full_backlog() as port, ScriptedServer(GOOD) as server:
        resolve_to(monkeypatch, port, server.port)
        monkeypatch.setattr(socket, "socket", Socks)
        with api_for(server, retries=0, timeout=(0.4, 5)) as api:
            assert send(api) == "good"


def test_the_families_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """RFC 8305, section 4: a network without one of them costs one address, not all of them."""
    tried: list[int] = []

    class Noted(socket.socket):
        """Is refused everything."""

        def __init__(self, family: int = -1, *_: Any, **__: Any) -> None:
            tried.append(family)
            raise OSError(97, "Address family not supported by protocol")

    six, four = socket.AF_INET6, socket.AF_INET
    addresses = [(family, socket.SOCK_STREAM, 6, "", ()) for family in (six, six, six, four, four)]
    with api_for("http://localhost", retries=0) as api:
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: addresses)
        monkeypatch.setattr(socket, "socket", Noted)
        failure_of(send, api)
    assert tried == [six, four, six, four, six]
