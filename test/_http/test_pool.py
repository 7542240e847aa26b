"""A client for months: connections, TLS contexts, sockets and memory stay what they were."""

from __future__ import annotations

import gc
import gzip
import socket
import ssl
import sys
import threading

import pytest

from openapi_client import ApiClient, MessagesApi
from test._http.growth import MEASUREMENTS, measured
from test.support.authority import authority
from test.support.calls import api_for, client_for, configuration_for, get, send
from test.support.scripted import PATIENCE, Peer, ScriptedServer, always, message

GOOD = message("good")


class AllAtOnce:
    """Answers when as many requests are there at the same time as the barrier wants."""

    def __init__(self, count: int) -> None:
        self.barrier = threading.Barrier(count)

    def __call__(self, peer: Peer) -> None:
        while True:
            peer.request()
            self.barrier.wait(PATIENCE)
            peer.send(GOOD)


def test_threads_open_a_connection_each_at_most_and_keep_it(tls: bool) -> None:
    count, rounds = 64, 3
    with ScriptedServer(AllAtOnce(count), tls=tls) as server, api_for(server) as api:
        answers: list[str | None] = []

        def work() -> None:
            answers.extend(get(api) for _ in range(rounds))

        threads = [threading.Thread(target=work) for _ in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert answers == ["good"] * count * rounds
        assert server.connections == count


def test_one_thread_uses_one_connection(tls: bool) -> None:
    with ScriptedServer(always(GOOD), tls=tls) as server, api_for(server) as api:
        for _ in range(20):
            get(api)
            send(api)
        assert server.connections == 1


def test_all_spellings_of_an_origin_share_its_connections(
    tls: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve = socket.getaddrinfo
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda host, *rest, **named: resolve(host.removesuffix("."), *rest, **named),
    )
    scheme = "https" if tls else "http"
    with ScriptedServer(always(GOOD), tls=tls) as server, client_for(server) as client:
        for host in ("localhost", "LocalHost", "localhost.", "LOCALHOST."):
            url = f"{scheme}://{host}:{server.port}/"
            for _ in range(2):
                assert client.rest_client.request("GET", url).status == 200
        assert server.connections == 1
        assert {request.headers["Host"] for request in server.requests} == {
            f"localhost:{server.port}"
        }


def test_no_more_connections_are_kept_than_configured() -> None:
    server = ScriptedServer(AllAtOnce(4))
    with server, api_for(server, connection_pool_maxsize=2) as api:
        threads = [threading.Thread(target=get, args=(api,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        # Two were closed when they came back.
        assert server.connections_left(2) == 2


@pytest.mark.parametrize("coding", ["identity", "gzip", "chunked"])
def test_numbers_as_large_as_can_be_work(coding: str) -> None:
    settings = {"connection_pool_maxsize": sys.maxsize, "max_response_bytes": sys.maxsize}
    body = GOOD.partition(b"\r\n\r\n")[2]
    if coding == "gzip":
        packed = gzip.compress(body)
        head = b"Content-Encoding: gzip\r\nContent-Length: %d" % len(packed)
        answer = b"HTTP/1.1 200 OK\r\n" + head + b"\r\n\r\n" + packed
    elif coding == "chunked":
        head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        answer = head + b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    else:
        answer = GOOD
    with ScriptedServer(always(answer)) as server, api_for(server, **settings) as api:
        assert get(api) == send(api) == "good"


def test_the_authorities_are_read_once_for_all_connections(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", authority().ca_cert)
    read: list[object] = []
    load = ssl.SSLContext.load_default_certs

    def counted(context: ssl.SSLContext, *arguments: object) -> None:
        read.append(context)
        load(context)

    monkeypatch.setattr(ssl.SSLContext, "load_default_certs", counted)

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(GOOD)
        peer.end()

    with ScriptedServer(script, tls=True) as server, api_for(server, ssl_ca_cert=None) as api:
        for _ in range(5):
            get(api)
    assert server.connections == 5
    assert len(read) == 1


@pytest.mark.parametrize("way", ["with", "close"])
def test_closing_closes_every_connection(way: str, tls: bool) -> None:
    with ScriptedServer(AllAtOnce(4), tls=tls) as server, client_for(server) as client:
        threads = [threading.Thread(target=get, args=(MessagesApi(client),)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if way == "with":
            with client:
                pass
        else:
            client.close()
        server.join()
        assert server.open_connections == 0


def test_a_client_that_is_forgotten_closes_its_connections(tls: bool) -> None:
    with ScriptedServer(always(GOOD), tls=tls) as server:
        client = ApiClient(configuration_for(server.url))
        get(MessagesApi(client))
        assert server.open_connections == 1
        del client
        gc.collect()
        server.join()
        assert server.open_connections == 0


def test_no_socket_is_left_by_failures() -> None:
    _, _, short = MEASUREMENTS["failures"]
    after = measured("failures", short)
    assert after["failures"] >= short - 8
    assert after["sockets left"] == 0


def test_clients_that_were_closed_leave_less_than_four_mebibytes() -> None:
    assert measured("clients", 30)["KiB left"] < 4096


def test_a_bomb_costs_no_more_than_one_and_a_half_times_the_limit() -> None:
    assert measured("bomb", 64)["percent of the limit"] <= 150


def test_calls_leave_nothing() -> None:
    assert measured("calls", 4_000)["KiB left"] < 1024
