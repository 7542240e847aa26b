"""Starting, stopping and reaching the embedded server; what it holds, seen from the other side."""

from __future__ import annotations

import socket
import sqlite3
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import nullcontext, suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from openapi_client import ApiClient, MessagesApi
from openapi_client.exceptions import UnauthorizedException
from openapi_client.testing import GENERATIONS, Clock, GenerationName, MessagesServer
from test.support.raw import APP, CONNECTION, MESSAGES, RawClient

MAY_FIRST = datetime(2024, 5, 1, tzinfo=timezone.utc)


def threads() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name.startswith("openapi_client.testing")]


def conversation_of(server: MessagesServer) -> list[str]:
    return [message.body for message in server.messages(APP, CONNECTION)]


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize("generation", GENERATIONS)
def test_the_client_speaks_to_every_generation(generation: GenerationName, tls: bool) -> None:
    with MessagesServer(generation=generation, tls=tls) as server:
        server.add_connection(APP, CONNECTION)
        with ApiClient(server.configuration()) as client:
            api = MessagesApi(client)
            sent = api.send(APP, CONNECTION, "Hello")
            assert sent.jti is not None
            assert sent.iss == "me"
            api.edit(APP, CONNECTION, sent.jti, "Hello, world")
            assert api.get(APP, CONNECTION, sent.jti).body == "Hello, world"
            listed = api.list(APP, CONNECTION).items or []
            assert [message.jti for message in listed] == [sent.jti]


def test_configuration_takes_overrides(messages_server: MessagesServer) -> None:
    configuration = messages_server.configuration(retries=0, api_key={"BearerAuth": "another"})
    assert configuration.host == messages_server.url
    with ApiClient(configuration) as client, pytest.raises(UnauthorizedException):
        MessagesApi(client).list(APP, CONNECTION)


def test_token_can_be_given_and_changed() -> None:
    with MessagesServer(tls=False, token="first") as server, RawClient(server) as call:
        assert server.token == "first"
        server.token = "second"
        assert call("GET", "/nothing", authorization="Bearer first").status == 401
        assert call("GET", "/nothing", authorization="Bearer second").status == 404


def test_two_servers_have_different_tokens_and_ports() -> None:
    with MessagesServer(tls=False) as one, MessagesServer(tls=False) as other:
        assert one.token != other.token
        assert one.url != other.url


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"generation": "2022"}, "generation must be one of 'documented', '2023', '2024'"),
        ({"token": ""}, "token must be"),
        ({"token": "two words"}, "token must be"),
        ({"token": "ü"}, "token must be"),
        ({"port": -1}, "port must be from 0 to 65535, not -1"),
        ({"port": 65536}, "port must be from 0 to 65535"),
        ({"keep_requests": -1}, "keep_requests must be 0 or more"),
    ],
)
def test_arguments_are_checked(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        MessagesServer(**arguments)


def test_nothing_is_left_behind() -> None:
    before = threads()
    with MessagesServer() as server:
        certificate = Path(server.ca_cert or "")
        assert certificate.is_file()
        clients = [RawClient(server) for _ in range(5)]
        for client in clients:
            assert client("GET", "/nothing").status == 404
        assert len(threads()) == len(before) + 6
        port = server.port
    assert threads() == before
    assert not certificate.exists()
    for client in clients:
        client.connection.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("localhost", port), 10)


@pytest.mark.parametrize("tls", [False, True])
def test_connections_are_counted(tls: bool) -> None:
    with MessagesServer(tls=tls) as server:
        assert (server.open_connections, server.accepted_connections) == (0, 0)
        with RawClient(server) as one, RawClient(server) as other:
            for client in (one, other, one):
                client("GET", "/nothing")
            assert (server.open_connections, server.accepted_connections) == (2, 2)
        while server.open_connections:
            pass
        assert server.accepted_connections == 2


def test_connection_that_says_nothing_does_not_keep_the_server_from_stopping() -> None:
    for tls in (False, True):
        with MessagesServer(tls=tls) as server:
            silent = socket.create_connection(("localhost", server.port), 10)
            with RawClient(server) as call:
                assert call("GET", "/nothing").status == 404
        assert silent.recv(1) == b""
        silent.close()


def test_stopped_server_keeps_its_messages_and_can_start_again() -> None:
    server = MessagesServer(tls=False)
    server.start()
    server.receive(APP, CONNECTION, "Hello")
    server.stop()
    server.stop()
    for name in ("url", "port"):
        with pytest.raises(RuntimeError, match="not running"):
            getattr(server, name)
    assert repr(server) == "<MessagesServer documented stopped>"
    with server:
        with pytest.raises(RuntimeError, match="runs already"):
            server.start()
        assert conversation_of(server) == ["Hello"]
        assert server.url in repr(server)
        assert server.token not in repr(server)


def test_port_in_use_is_an_error() -> None:
    with MessagesServer(tls=False) as server:
        second = MessagesServer(tls=False, port=server.port)
        with pytest.raises(OSError, match="in use"), second:
            raise AssertionError("it started")


def hosts() -> Iterator[tuple[str, str]]:
    """What there is to listen on, and how it stands in a URL; IPv6 where the computer has it."""
    yield "127.0.0.1", "127.0.0.1"
    yield "0.0.0.0", "localhost"
    with suppress(OSError), socket.create_server(("::1", 0), family=socket.AF_INET6):
        yield "::1", "[::1]"


@pytest.mark.parametrize(("host", "name"), list(hosts()))
def test_host_to_listen_on(host: str, name: str) -> None:
    with MessagesServer(host=host) as server:
        assert server.url == f"https://{name}:{server.port}/v1"
        with ApiClient(server.configuration()) as client:
            MessagesApi(client).send(APP, CONNECTION, "Hello")


@pytest.fixture
def two_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host that has two addresses, as `localhost` has with IPv6."""
    addresses = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0))
        for address in ("127.0.0.1", "127.0.0.2", "127.0.0.1")
    ]

    def resolve(*_: object, **__: object) -> object:
        return addresses

    monkeypatch.setattr(socket, "getaddrinfo", resolve)


@pytest.mark.usefixtures("two_addresses")
def test_every_address_of_the_host_is_listened_on() -> None:
    with MessagesServer(tls=False) as server:
        for refused in (False, True, False):
            with server.faults.refuse() if refused else nullcontext():
                for address in ("127.0.0.1", "127.0.0.2"):
                    assert can_connect(address, server.port) != refused


def can_connect(address: str, port: int) -> bool:
    with socket.socket() as connection:
        return connection.connect_ex((address, port)) == 0


@pytest.mark.usefixtures("two_addresses")
def test_port_in_use_on_one_of_the_addresses_is_an_error() -> None:
    with socket.create_server(("127.0.0.2", 0)) as taken:
        server = MessagesServer(tls=False, port=taken.getsockname()[1])
        with pytest.raises(OSError, match="in use"), server:
            raise AssertionError("it started")


def test_connection_that_cannot_be_served_ends_and_the_next_is_served(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def no_more_threads(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with MessagesServer(tls=False) as server:
        with monkeypatch.context() as patch:
            patch.setattr(threading.Thread, "start", no_more_threads)
            with socket.create_connection(("localhost", server.port), 10) as connection:
                assert connection.recv(1) == b""
        with RawClient(server) as call:
            assert call("GET", "/nothing").status == 404


def test_accepting_goes_on_after_it_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    accept = socket.socket.accept
    failures = iter([OSError(24, "Too many open files")] * 3)

    def fail_at_first(listening: socket.socket) -> tuple[socket.socket, Any]:
        for failure in failures:
            raise failure
        return accept(listening)

    monkeypatch.setattr(socket.socket, "accept", fail_at_first)
    with MessagesServer(tls=False) as server, RawClient(server) as call:
        assert call("GET", "/nothing").status == 404
    assert list(failures) == []


def test_ca_certificate_is_written_where_it_is_asked_for_and_stays(tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    with MessagesServer(ca_cert=path) as server:
        assert server.ca_cert == str(path)
        ssl.create_default_context(cafile=path)
    assert path.is_file()
    assert server.ca_cert is None


def test_without_trustme_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "trustme", None)
    server = MessagesServer()
    with pytest.raises(ImportError, match=r"openapi-messages-client\[testing\]"), server:
        raise AssertionError("it started")
    with MessagesServer(tls=False) as plain:
        assert plain.ca_cert is None


def test_import_needs_neither_pytest_nor_trustme() -> None:
    program = (
        "import sys, openapi_client.testing\n"
        "print([name for name in ('pytest', 'trustme', 'ssl', 'pydantic', 'urllib3')"
        " if name in sys.modules])"
    )
    assert subprocess.check_output([sys.executable, "-c", program], text=True) == "[]\n"


# Logging in.


def test_login_gives_the_token_and_a_new_one_once_it_has_expired() -> None:
    with MessagesServer(tls=False, users={"me": "s3cret-word"}) as server:
        with RawClient(server) as call:

            def log_in(**given: object) -> Any:
                return call("POST", "/login", given, authorization=None)

            for wrong in ({}, {"username": "me"}, {"username": "me", "password": "no"}):
                assert log_in(**wrong).status == 401
            assert log_in(username="you", password="s3cret-word").status == 401
            first = log_in(username="me", password="s3cret-word").json["token"]
            assert first == server.token
            server.faults.expire_token()
            assert call("GET", "/nothing").status == 401
            second = log_in(username="me", password="s3cret-word").json["token"]
            assert second == server.token != first
            assert call("GET", "/nothing").status == 404
            server.users["you"] = "another"
            assert log_in(username="you", password="another").json["token"] == second
        shown = [f"{asked!r} {asked.body!r} {asked.json}" for asked in server.requests]
        assert "s3cret-word" not in "".join(shown)
        server.reset()
        assert server.users == {"me": "s3cret-word"}


def test_without_users_nobody_can_log_in(messages_server: MessagesServer) -> None:
    with RawClient(messages_server) as call:
        assert call("POST", "/login", {"username": "me"}, authorization=None).status == 401
        assert call("POST", "/login", {"username": "me"}).status == 404


# Storage.


def test_messages_in_a_file_survive_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "messages.db"
    with MessagesServer(tls=False, database=path, example=True) as server:
        with RawClient(server) as call:
            sent = call("POST", MESSAGES, {"body": "Hello"}).json
        before = server.messages()
    with MessagesServer(tls=False, database=path, example=True, generation="2024") as server:
        assert server.messages() == before
        with RawClient(server) as call:
            assert call("GET", f"{MESSAGES}/{sent['jti']}").json["body"] == "Hello"


def test_database_is_in_wal_mode_and_synchronous(tmp_path: Path) -> None:
    path = tmp_path / "messages.db"
    with MessagesServer(tls=False, database=path) as server:
        server.receive(APP, CONNECTION, "Hello")
        database = sqlite3.connect(path)
        assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        # Committed: another program sees it while the server runs.
        assert database.execute("SELECT body FROM message").fetchall() == [("Hello",)]
        database.close()


def test_two_servers_may_share_a_file(tmp_path: Path) -> None:
    path = tmp_path / "messages.db"
    with (
        MessagesServer(tls=False, database=path) as one,
        MessagesServer(tls=False, database=path) as other,
    ):
        for server in (one, other):
            with RawClient(server) as call:
                assert call("POST", MESSAGES, {"body": "Hello"}).status == 200
        assert one.messages() == other.messages()
        assert len({message.cid for message in one.messages()}) == 1


def no_database(path: Path) -> None:
    path.write_bytes(b"not a database, but a text that is long enough to be mistaken for one" * 20)


def database_of_another_program(path: Path) -> None:
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE accounts (name)")
    database.commit()
    database.close()


@pytest.mark.parametrize("make", [Path.mkdir, no_database, database_of_another_program])
def test_database_that_cannot_be_used_is_an_error(
    tmp_path: Path, make: Callable[[Path], None]
) -> None:
    path = tmp_path / "messages.db"
    make(path)
    with pytest.raises(sqlite3.Error):
        MessagesServer(database=path)


def test_message_that_cannot_be_stored_is_answered_with_500(tmp_path: Path) -> None:
    path = tmp_path / "messages.db"
    with MessagesServer(tls=False, database=path) as server, RawClient(server) as call:
        assert call("POST", MESSAGES, {"body": "stored"}).status == 200
        database = sqlite3.connect(path)
        database.execute("DROP VIEW stored_message")
        database.execute("DROP TABLE message")
        database.commit()
        database.close()
        assert call("POST", MESSAGES, {"body": "not stored"}).status == 500
        assert call("GET", "/nothing").status == 404


# What it holds.


@pytest.mark.messages_server(generation="2024")
def test_received_message_is_answered_as_what_it_was_made(messages_server: MessagesServer) -> None:
    stored = messages_server.receive(
        *(APP, CONNECTION, "Hello"),
        at=MAY_FIRST,
        jti="j",
        rid="r",
        cid="c",
        read=True,
        received=True,
    )
    assert (stored.app_id, stored.connection_id, stored.iss) == (APP, CONNECTION, CONNECTION)
    assert stored.iat == stored.created_at == stored.updated_at == MAY_FIRST
    assert not stored.is_own
    with RawClient(messages_server) as call:
        message = call("GET", f"{MESSAGES}/j").json
    assert [message[name] for name in ("id", "rid", "cid", "body")] == ["j", "r", "c", "Hello"]
    assert (message["read"], message["received"]) == (True, True)


def test_message_of_the_app_itself_can_be_put_in(messages_server: MessagesServer) -> None:
    assert messages_server.receive(APP, CONNECTION, "mine", own=True).is_own
    with RawClient(messages_server) as call:
        (message,) = call("GET").json["items"]
    assert (message["iss"], message["rid"]) == ("me", "")


def test_a_jti_is_there_once_in_a_conversation(messages_server: MessagesServer) -> None:
    messages_server.receive(APP, CONNECTION, "one", jti="j")
    messages_server.receive(APP, "another", "one", jti="j")
    with pytest.raises(ValueError, match="'j' already"):
        messages_server.receive(APP, CONNECTION, "two", jti="j")


def test_time_without_a_zone_is_refused(messages_server: MessagesServer) -> None:
    naive = MAY_FIRST.replace(tzinfo=None)
    with pytest.raises(ValueError, match="time zone"):
        messages_server.receive(APP, CONNECTION, "x", at=naive)
    with pytest.raises(ValueError, match="time zone"):
        messages_server.clock.set(naive)


def test_messages_are_told_oldest_first_by_conversation_app_and_server(
    messages_server: MessagesServer,
) -> None:
    for app, connection in ((APP, "one"), (APP, "two"), ("other", "one")):
        messages_server.receive(app, connection, f"{app} {connection}")
    messages_server.receive(APP, "one", "earlier", at=MAY_FIRST)

    def bodies(*which: str) -> list[str]:
        return [message.body for message in messages_server.messages(*which)]

    assert bodies(APP, "one") == ["earlier", f"{APP} one"]
    assert bodies(APP) == ["earlier", f"{APP} one", f"{APP} two"]
    assert bodies() == ["earlier", f"{APP} one", f"{APP} two", "other one"]
    assert bodies("nobody") == []


def test_delete_takes_what_fits_and_leaves_the_connection(messages_server: MessagesServer) -> None:
    for jti in "abc":
        messages_server.receive(APP, CONNECTION, jti, jti=jti)
    messages_server.receive(APP, "another", "a", jti="a")
    assert messages_server.delete(APP, CONNECTION, "a") == 1
    assert messages_server.delete(APP, CONNECTION, "a") == 0
    assert conversation_of(messages_server) == ["b", "c"]
    assert messages_server.delete(APP, CONNECTION) == 2
    assert messages_server.delete() == 1
    with RawClient(messages_server) as call:
        assert call("GET").json["items"] == []


def test_edit_from_the_other_side(messages_server: MessagesServer) -> None:
    messages_server.receive(APP, CONNECTION, "Hello", jti="j", at=MAY_FIRST)
    edited = messages_server.edit(APP, CONNECTION, "j", "Hello, world")
    assert edited.body == "Hello, world"
    assert edited.created_at == MAY_FIRST < edited.updated_at
    for unknown in ((APP, CONNECTION, "no"), (APP, "nobody", "j")):
        with pytest.raises(LookupError, match="no message"):
            messages_server.edit(*unknown, "x")


def test_clear_forgets_connections_too_and_numbers_begin_again(
    messages_server: MessagesServer,
) -> None:
    messages_server.receive(APP, CONNECTION, "Hello")
    messages_server.clear()
    with RawClient(messages_server) as call:
        assert call("GET").status == 404
    assert messages_server.receive(APP, CONNECTION, "Hello").number == 1


def test_load_puts_in_many_messages_in_order(messages_server: MessagesServer) -> None:
    assert messages_server.load(APP, CONNECTION, 3, until=MAY_FIRST, interval=60) == 3
    loaded = messages_server.messages(APP, CONNECTION)
    assert [message.body for message in loaded] == ["message 1", "message 2", "message 3"]
    assert [message.created_at for message in loaded] == [
        MAY_FIRST - timedelta(minutes=minutes) for minutes in (2, 1, 0)
    ]
    assert messages_server.load(APP, "another", iter(("a", "b")), own=True) == 2
    assert [m.is_own for m in messages_server.messages(APP, "another")] == [True, True]
    assert messages_server.load(APP, "empty", 0) == 0
    with pytest.raises(ValueError, match="interval"):
        messages_server.load(APP, CONNECTION, 1, interval=-1)


def test_what_is_loaded_is_newer_than_what_is_there(messages_server: MessagesServer) -> None:
    messages_server.clock.set(MAY_FIRST)
    messages_server.load(APP, CONNECTION, ["a", "b"])
    messages_server.clock.advance(10)
    messages_server.load(APP, CONNECTION, ["c", "d", "e"])  # there is time for a second each
    messages_server.clock.advance(1)
    messages_server.load(APP, CONNECTION, ["f", "g", "h", "i"])
    messages_server.load(APP, CONNECTION, ["j", "k"])  # the clock has not moved on
    loaded = messages_server.messages(APP, CONNECTION)
    assert [message.body for message in loaded] == list("abcdefghijk")
    seconds = [(message.created_at - MAY_FIRST).total_seconds() for message in loaded]
    assert seconds == [-1, 0, 8, 9, 10, 10.25, 10.5, 10.75, 11, 11, 11]
    messages_server.load(APP, CONNECTION, 2, interval=60)
    assert messages_server.messages(APP, CONNECTION)[0].body == "message 1"


def test_load_that_fails_stores_nothing(messages_server: MessagesServer) -> None:
    bodies: list[Any] = ["a", "b", object()]
    with pytest.raises(sqlite3.Error):
        messages_server.load(APP, CONNECTION, bodies)
    assert conversation_of(messages_server) == []
    assert messages_server.load(APP, CONNECTION, 1) == 1


def test_example_conversation_is_put_in_once() -> None:
    with MessagesServer(tls=False, example=True) as server:
        server.seed_example()
        (example,) = server.messages("app_id_example", "connection_id_example")
        assert example.jti == "jti_example"
        server.reset()
        assert [message.jti for message in server.messages()] == ["jti_example"]


# The clock.


def test_clock_can_be_set_and_moved(messages_server: MessagesServer) -> None:
    clock = messages_server.clock
    clock.set(MAY_FIRST)
    with RawClient(messages_server) as call:
        first = call("POST", MESSAGES, {"body": "x"}).json
        clock.advance(0.25)
        second = call("POST", MESSAGES, {"body": "x"}).json
    stored = {message.jti: message.created_at for message in messages_server.messages()}
    assert stored[first["jti"]] == MAY_FIRST
    assert stored[second["jti"]] == MAY_FIRST + timedelta(seconds=0.25)
    assert clock.now() == MAY_FIRST + timedelta(seconds=0.25)


def test_clock_runs_until_it_is_set() -> None:
    ticks = iter(range(0, 10**12, 10**9))
    clock = Clock(lambda: next(ticks))
    clock.advance(-0.5)
    assert [clock.nanoseconds() for _ in range(3)] == [-(10**9) // 2, 10**9 // 2, 3 * 10**9 // 2]
    clock.set(MAY_FIRST)
    assert clock.now() == clock.now() == MAY_FIRST
    clock.reset()
    assert clock.nanoseconds() == 3 * 10**9


# Starting afresh.


def test_reset_is_as_if_just_started() -> None:
    with MessagesServer(tls=False, token="first", generation="2023") as server:
        server.receive(APP, CONNECTION, "Hello")
        server.token = "second"
        server.generation = "2024"
        server.clock.set(MAY_FIRST)
        server.faults.status(503)
        server.faults.expire_token()
        with RawClient(server) as call:
            assert call("GET").status == 503
            server.reset()
            assert server.messages() == []
            assert (server.token, server.generation) == ("first", "2023")
            assert server.clock.now() > MAY_FIRST + timedelta(days=365)
            assert len(server.requests) == 0
            call.connection.close()
            assert call("GET").status == 404
            server.reset(generation="2024")
            assert server.generation == "2024"


def test_reset_ends_the_connections_of_the_test_before() -> None:
    with MessagesServer(tls=False) as server, RawClient(server) as call:
        assert call("GET", "/nothing").status == 404
        server.reset()
        assert call.connection.sock.recv(1) == b""
