"""The embedded server starts, and is reached, on machines and in programs of every kind."""

from __future__ import annotations

import errno
import json
import os
import socket
import threading
from pathlib import Path
from typing import Any

import pytest

from openapi_client import ApiClient, MessagesApi
from openapi_client.testing import MessagesServer
from test.support.forking import sockets
from test.support.raw import APP, CONNECTION, RawClient

RealSocket = socket.socket


class NoIPv6(RealSocket):
    """The socket of a machine on which IPv6 is switched off."""

    def bind(self, address: Any) -> None:
        if self.family == socket.AF_INET6:
            raise OSError(errno.EADDRNOTAVAIL, "Cannot assign requested address")
        super().bind(address)

    def connect(self, address: Any) -> None:
        if self.family == socket.AF_INET6:
            raise OSError(errno.EADDRNOTAVAIL, "Cannot assign requested address")
        super().connect(address)


def name_with(monkeypatch: pytest.MonkeyPatch, *families: socket.AddressFamily) -> None:
    """Let every name have an address of each of these families."""
    hosts = {socket.AF_INET: "127.0.0.1", socket.AF_INET6: "::1"}

    def resolve(_host: object, port: int, *_: object, **__: object) -> object:
        return [
            (
                family,
                socket.SOCK_STREAM,
                6,
                "",
                (hosts[family], port, 0, 0)[: 2 + 2 * (family != 2)],
            )
            for family in families
        ]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(socket, "socket", NoIPv6)


@pytest.mark.parametrize(
    "families", [(socket.AF_INET6, socket.AF_INET), (socket.AF_INET, socket.AF_INET6)]
)
def test_addresses_that_cannot_be_bound_are_left_out(
    monkeypatch: pytest.MonkeyPatch, families: tuple[socket.AddressFamily, ...]
) -> None:
    name_with(monkeypatch, *families)
    with MessagesServer(tls=False) as server, ApiClient(server.configuration()) as client:
        MessagesApi(client).send(APP, CONNECTION, "Hello")
        with server.faults.refuse():
            pass
        MessagesApi(client).send(APP, CONNECTION, "Hello again")


def test_server_fails_where_no_address_can_be_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    name_with(monkeypatch, socket.AF_INET6)
    with pytest.raises(OSError, match="Cannot assign"), MessagesServer(tls=False):
        raise AssertionError("it started")


@pytest.mark.parametrize("tls", [False, True])
def test_configuration_goes_direct_whatever_proxies_the_environment_names(
    monkeypatch: pytest.MonkeyPatch, tls: bool
) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
        monkeypatch.setenv(name.upper(), "http://127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with MessagesServer(tls=tls) as server, ApiClient(server.configuration()) as client:
        MessagesApi(client).send(APP, CONNECTION, "Hello")


# Forks.


class Child:
    """A forked process that waits until it is told to end, and tells what it saw."""

    def __init__(self, server: MessagesServer) -> None:
        before = sockets()
        told_reader, told = os.pipe()
        end, end_writer = os.pipe()
        self.number = os.fork()
        if self.number == 0:
            os.close(end_writer)
            held = len(before & sockets())
            try:
                server.close()
                closed = True
            except Exception:  # noqa: BLE001 - told to the test
                closed = False
            os.write(told, json.dumps([held, closed]).encode() + b"\n")
            os.read(end, 1)
            os._exit(0)
        os.close(told)
        os.close(end)
        self._end = end_writer
        with os.fdopen(told_reader) as reader:
            self.held, self.closed = json.loads(reader.readline())

    def end(self) -> None:
        os.close(self._end)
        os.waitpid(self.number, 0)


needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
forks = pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")


@needs_fork
@forks
@pytest.mark.parametrize("tls", [False, True])
def test_forked_process_holds_neither_port_nor_connections(tls: bool) -> None:
    with MessagesServer(tls=tls) as server:
        certificate = server.ca_cert
        with RawClient(server) as call:
            assert call("GET", "/nothing").status == 404
            child = Child(server)
            # The one that is shared is the socket of the raw client.
            assert (child.held, child.closed) == (1, True)
            assert call("GET", "/nothing").status == 404
        port = server.port
        if certificate is not None:
            assert Path(certificate).is_file()
        with server.faults.refuse(), RealSocket() as refused:
            assert refused.connect_ex(("127.0.0.1", port)) == errno.ECONNREFUSED
        with RawClient(server) as call:
            assert call("GET", "/nothing").status == 404
    with RealSocket() as refused:
        assert refused.connect_ex(("127.0.0.1", port)) == errno.ECONNREFUSED
    child.end()


@needs_fork
@forks
def test_database_is_whole_after_a_forked_process_closed_its_copy(tmp_path: Path) -> None:
    path = tmp_path / "messages.db"
    with MessagesServer(tls=False, database=path) as server:
        server.receive(APP, CONNECTION, "before")
        child = Child(server)
        child.end()
        server.receive(APP, CONNECTION, "after")
    with MessagesServer(tls=False, database=path) as server:
        assert [message.body for message in server.messages()] == ["before", "after"]


# Clocks.


@pytest.mark.parametrize("name", ["freezegun", "time_machine"])
def test_waits_end_while_the_clock_is_frozen(name: str) -> None:
    package = pytest.importorskip(name)
    freezer = (
        package.freeze_time("2024-05-01")
        if name == "freezegun"
        else package.travel("2024-05-01", tick=False)
    )
    with freezer, MessagesServer(tls=False) as server:
        stop = threading.Event()

        def ask() -> None:
            with RawClient(server) as call:
                while not stop.is_set():
                    call("GET", "/nothing")

        asking = threading.Thread(target=ask)
        asking.start()
        try:
            # Each request that arrives wakes the wait, which has to see that its time is over.
            with pytest.raises(AssertionError, match="expected at least 1"):
                server.requests.wait_for(1, timeout=0.2, operation="send")
            server.faults.latency(0.01)
            server.requests.wait_for(1, timeout=10, operation=None)
        finally:
            server.faults.clear()
            stop.set()
            asking.join()
