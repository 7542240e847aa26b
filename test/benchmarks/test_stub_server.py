"""The stub server answers as the service does, and nobody can be quick by asking for less."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import urlsplit

import pytest

from test.benchmarks.answers import (
    APP_ID,
    CONNECTION_ID,
    JTI,
    PAGE_SIZES,
    TEXT,
    TOKEN,
    conversation_id,
)
from test.benchmarks.server_process import StubServer

PATH = f"/v1/apps/{APP_ID}/connections/{CONNECTION_ID}/messages"
HEADERS = {"Accept": "application/json", "Authorization": f"Bearer {TOKEN}"}
FIELDS = {"body", "cid", "created_at", "iat", "iss", "jti", "rid", "updated_at"}


@pytest.fixture(scope="module")
def server() -> Iterator[StubServer]:
    with StubServer() as server:
        yield server


def _connection(server: StubServer) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(urlsplit(server.plain_url).netloc)


def _get(
    server: StubServer, path: str, headers: dict[str, str] = HEADERS
) -> tuple[http.client.HTTPResponse, bytes]:
    connection = _connection(server)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer, body


def test_a_message_has_the_documented_fields_and_a_content_length(server: StubServer) -> None:
    answer, body = _get(server, f"{PATH}/{JTI}")
    assert answer.status == 200
    assert answer.getheader("Content-Type") == "application/json; charset=UTF-8"
    assert answer.getheader("Content-Length") == str(len(body))
    assert answer.getheader("Date")
    assert body.endswith(b"\n")
    assert json.loads(body).keys() == FIELDS


@pytest.mark.parametrize("size", PAGE_SIZES)
def test_a_page_holds_as_many_messages_as_asked_for_newest_first(
    server: StubServer, size: int
) -> None:
    answer, body = _get(server, f"{PATH}?per_page={size}")
    page = json.loads(body)
    created = [message["created_at"] for message in page["items"]]
    assert len(created) == page["per_page"] == size
    assert created == sorted(created, reverse=True)
    assert answer.getheader("Transfer-Encoding") == "chunked"


def test_pages_are_sent_with_their_length_if_that_is_asked_for() -> None:
    with StubServer("length") as server:
        answer, body = _get(server, f"{PATH}?per_page=1000")
    assert answer.getheader("Content-Length") == str(len(body))
    assert answer.getheader("Transfer-Encoding") is None


def test_pages_that_follow_each_other_differ(server: StubServer) -> None:
    first, second = (_get(server, f"{PATH}?per_page=100")[1] for _ in range(2))
    assert first != second


@pytest.mark.parametrize(
    ("page", "per_page", "numbers"),
    [(1, 4, [10, 9, 8, 7]), (3, 4, [2, 1]), (9, 4, [2, 1]), (1, 100, list(range(10, 0, -1)))],
)
def test_a_conversation_of_any_size_is_cut_into_any_pages(
    server: StubServer, page: int, per_page: int, numbers: list[int]
) -> None:
    path = f"/v1/apps/{APP_ID}/connections/{conversation_id(10)}/messages"
    told = json.loads(_get(server, f"{path}?page={page}&per_page={per_page}")[1])
    assert [int(message["jti"][:8], 16) for message in told["items"]] == numbers
    assert told["total_count"] == 10


def test_late_answers_all_come_in_order() -> None:
    with StubServer(latency=0.001) as server:
        connections = [_connection(server) for _ in range(3)]
        for connection in connections:
            connection.request("GET", f"{PATH}/{JTI}", headers=HEADERS)
        assert [each.getresponse().status for each in connections] == [200, 200, 200]
        for connection in connections:
            connection.close()


def test_a_send_is_accepted_in_pieces(server: StubServer) -> None:
    connection = _connection(server)
    connection.connect()
    body = json.dumps({"body": TEXT}).encode()
    connection.putrequest("POST", PATH)
    fields = {**HEADERS, "Content-Type": "application/json", "Content-Length": str(len(body))}
    for name, value in fields.items():
        connection.putheader(name, value)
    connection.endheaders()
    before = server.served()
    connection.send(body)
    answer = connection.getresponse()
    assert answer.status == 202
    assert json.loads(answer.read())["body"] == TEXT
    assert server.served() == before + 1
    connection.close()


@pytest.mark.parametrize(("left_out", "status"), [("Authorization", 401), ("Accept", 401)])
def test_a_request_without_its_headers_is_refused(
    server: StubServer, left_out: str, status: int
) -> None:
    headers = {name: value for name, value in HEADERS.items() if name != left_out}
    answer, _ = _get(server, f"{PATH}/{JTI}", headers)
    assert answer.status == status


@pytest.mark.parametrize("path", [f"{PATH}/another", f"{PATH}?per_page=7", "/"])
def test_another_request_is_refused(server: StubServer, path: str) -> None:
    assert _get(server, path)[0].status == 400


def test_connections_are_counted_once_each(server: StubServer) -> None:
    before = server.accepted()
    connection = _connection(server)
    for _ in range(3):
        connection.request("GET", f"{PATH}/{JTI}", headers=HEADERS)
        connection.getresponse().read()
    assert server.accepted() == before + 1
    connection.close()


def test_it_speaks_tls_with_a_certificate_of_its_own_authority(server: StubServer) -> None:
    parts = urlsplit(server.tls_url)
    assert parts.hostname is not None
    context = ssl.create_default_context(cafile=server.ca_cert)
    connection = http.client.HTTPSConnection(parts.hostname, parts.port, context=context)
    connection.request("GET", f"{PATH}?per_page=1000", headers=HEADERS)
    assert len(json.loads(connection.getresponse().read())["items"]) == 1000
    connection.close()


def test_a_client_that_is_no_tls_client_stops_nothing(server: StubServer) -> None:
    port = urlsplit(server.tls_url).port
    assert port is not None
    with socket.create_connection(("127.0.0.1", port)) as plain:
        plain.sendall(b"GET / HTTP/1.1\r\n\r\n")
        with suppress(ConnectionResetError):
            plain.recv(100)  # waits until the server has given up
    assert _get(server, f"{PATH}/{JTI}")[0].status == 200
