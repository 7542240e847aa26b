"""`LoginToken`: a token by user name and password, from the embedded server and from odd ones."""

from __future__ import annotations

import copy
import json
import logging
import pickle
import traceback
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest

from openapi_client import ApiClient, ApiException, ApiValueError, Configuration, MessagesApi
from openapi_client.exceptions import (
    ConnectException,
    DeserializationException,
    IncompleteResponseException,
    InsecureTransportWarning,
    ResponseTooLargeException,
    ServiceException,
    TLSException,
    TooManyRequestsException,
    UnauthorizedException,
)
from openapi_client.login import LoginToken
from openapi_client.testing import MessagesServer
from test.support.recorder import Recorder, closed_port, http_answer
from test.support.scripted import Peer, ScriptedServer, in_turn

PASSWORD = 'pass"wörd-of-the-test'
TOKEN = http_answer(200, {"token": "t0ken-by-login"})


@pytest.fixture
def server() -> Iterator[MessagesServer]:
    with MessagesServer(tls=False, example=True, users={"me": PASSWORD}) as server:
        yield server


def login_at(url: str, password: str = PASSWORD, **settings: Any) -> LoginToken:
    return LoginToken(Configuration(url, **settings), username="me", password=password)


def configured(server: MessagesServer, **settings: Any) -> Configuration:
    """A configuration that logs in and has no other credentials."""
    configuration = server.configuration(**{"api_key": {}, **settings})
    configuration.access_token = LoginToken(configuration, username="me", password=PASSWORD)
    return configuration


def read(api: MessagesApi) -> str | None:
    return api.get("app_id_example", "connection_id_example", "jti_example").jti


def asked(server: MessagesServer) -> list[tuple[str, int | None]]:
    return [(r.operation or r.path, r.status) for r in server.requests]


# -- the way it is meant ---------------------------------------------------------------------------


def test_logs_in_once_and_again_when_the_token_has_expired(server: MessagesServer) -> None:
    with ApiClient(configured(server, retries=0)) as client:
        api = MessagesApi(client)
        read(api)
        read(api)
        assert asked(server) == [("/v1/login", 200), ("get", 200), ("get", 200)]
        server.requests.clear()
        server.faults.expire_token()
        assert read(api) == "jti_example"
    assert asked(server) == [("get", 401), ("/v1/login", 200), ("get", 200)]


def test_works_over_tls_with_the_settings_of_the_configuration() -> None:
    with MessagesServer(example=True, users={"me": PASSWORD}) as server:
        with ApiClient(configured(server)) as client:
            assert read(MessagesApi(client)) == "jti_example"
        with pytest.raises(TLSException):
            LoginToken(
                Configuration(server.url, retries=0, ca_cert_data=None),
                username="me",
                password=PASSWORD,
            )()


def test_first_call_may_be_one_that_leaves_its_answer_unread(server: MessagesServer) -> None:
    with ApiClient(configured(server)) as client:
        answer = MessagesApi(client).get_without_preload_content(
            "app_id_example", "connection_id_example", "jti_example"
        )
        whole = int(answer.headers["Content-Length"])
        assert answer.read(1) == b"{"
        assert len(answer.read()) == whole - 1


def test_what_goes_out_is_the_login_and_no_other_credential(recorder: Recorder) -> None:
    recorder.answer = TOKEN
    configuration = Configuration(
        recorder.url,
        api_key={"BearerAuth": "a-key"},
        api_key_prefix={"BearerAuth": "Token"},
        username="other",
        password="other-password",
        access_token="a-token",
    )
    configuration.refresh_api_key_hook = refuse_to_be_asked
    token = LoginToken(configuration, username="me", password=PASSWORD)
    assert token() == "t0ken-by-login"
    assert recorder.only.line == "POST /v1/login HTTP/1.1"
    assert recorder.only.json == {"username": "me", "password": PASSWORD}
    assert recorder.only.headers["Content-Type"] == "application/json"
    assert recorder.only.headers["Cache-Control"] == "no-store"
    assert "Authorization" not in recorder.only.headers
    configuration.refresh_api_key_hook = None
    for secret in (b"a-key", b"other-password", b"a-token"):
        assert secret not in repr(recorder.only).encode()
        assert secret in pickle.dumps(configuration)
        assert secret not in pickle.dumps(token)


def refuse_to_be_asked(configuration: Configuration) -> None:
    raise AssertionError(f"{configuration!r} asked for its key")


def test_a_login_of_a_configuration_that_logs_in_does_not_ask_itself(
    server: MessagesServer,
) -> None:
    again = LoginToken(configured(server), username="me", password=PASSWORD)
    assert again() == server.token
    assert asked(server) == [("/v1/login", 200)]


def test_settings_are_those_of_the_moment_and_the_configuration_is_not_changed(
    server: MessagesServer,
) -> None:
    configuration = server.configuration()
    token = LoginToken(configuration, username="me", password=PASSWORD)
    assert configuration.api_key == {"BearerAuth": server.token}
    configuration.host = f"http://127.0.0.1:{closed_port()}/v1"
    assert token() == server.token


def test_leaves_no_connection_behind(recorder: Recorder) -> None:
    def once(peer: Peer) -> None:
        peer.request()
        peer.send(TOKEN)
        peer.wait_closed()

    with ScriptedServer(once) as server:
        login_at(server.url)()
        server.join()  # each script ends when the client has closed its connection
        assert server.connections == 1


# -- settings of the configuration rule the login --------------------------------------------------


def test_is_repeated_as_the_configuration_says() -> None:
    busy = http_answer(503, "", {"Retry-After": "0"})
    with ScriptedServer(in_turn(busy, busy, TOKEN)) as server:
        assert login_at(server.url)() == "t0ken-by-login"
    assert len(server.requests) == 3
    with ScriptedServer(in_turn(busy)) as server:
        failed(login_at(server.url, retries=0), ServiceException)
    assert len(server.requests) == 1


def test_keeps_to_the_limits(recorder: Recorder) -> None:
    recorder.answer = TOKEN
    failed(login_at(recorder.url, max_response_bytes=10), ResponseTooLargeException)


def test_goes_through_the_proxy(recorder: Recorder) -> None:
    recorder.answer = TOKEN
    token = login_at("http://localhost:1/v1", proxy=recorder.url.removesuffix("/v1"))
    assert token() == "t0ken-by-login"
    assert recorder.only.line == "POST http://localhost:1/v1/login HTTP/1.1"


def test_a_password_over_plain_http_is_ruled_by_allow_insecure(recorder: Recorder) -> None:
    recorder.answer = TOKEN
    settings: dict[str, Any] = {"proxy": recorder.url.removesuffix("/v1")}
    host = "http://service.test/v1"
    with pytest.raises(ApiValueError, match="allow_insecure"):
        login_at(host, allow_insecure=False, **settings)()
    assert recorder.received == []
    with pytest.warns(InsecureTransportWarning, match=r"service\.test"):
        login_at(host, **settings)()
    assert login_at(host, allow_insecure=True, **settings)() == "t0ken-by-login"


# -- what goes wrong -------------------------------------------------------------------------------


def failed(token: Callable[[], str], kind: type[ApiException]) -> ApiException:
    with pytest.raises(kind) as caught:
        token()
    assert type(caught.value) is kind
    shown = "".join(traceback.format_exception(caught.value))
    told = [shown, repr(vars(caught.value)), repr(pickle.loads(pickle.dumps(caught.value)).args)]
    for spelling in (PASSWORD, json.dumps(PASSWORD)[1:-1], "secret-in-the-answer"):
        assert spelling not in "".join(told)
    return caught.value


def test_wrong_password(server: MessagesServer) -> None:
    server.users["me"] = "another-password"
    with ApiClient(configured(server)) as client:
        api = MessagesApi(client)
        error = failed(lambda: read(api) or "", UnauthorizedException)
    assert error.detail == "Unauthorized"
    assert str(error).endswith("The login was refused: check username and password.")
    assert error.request == f"POST {server.url}/login"
    assert asked(server) == [("/v1/login", 401)]


def test_password_that_has_become_wrong_ends_a_call_whose_token_expired(
    server: MessagesServer,
) -> None:
    with ApiClient(configured(server)) as client:
        api = MessagesApi(client)
        read(api)
        server.users["me"] = "another-password"
        server.faults.expire_token()
        failed(lambda: read(api) or "", UnauthorizedException)
        # Once it is right again, the same client goes on.
        server.users["me"] = PASSWORD
        assert read(api) == "jti_example"


WITHOUT_TOKEN = [
    (http_answer(200, {}), "token must be a str, not NoneType"),
    (http_answer(200, {"Token": "secret-in-the-answer"}), "token must be a str, not NoneType"),
    (http_answer(200, {"token": None}), "token must be a str, not NoneType"),
    (http_answer(200, {"token": ["secret-in-the-answer"]}), "token must be a str, not list"),
    (http_answer(200, {"token": ""}), "token is empty"),
    (http_answer(200, {"token": "secret-in-the-answer\n"}), "token contains a control character"),
    (http_answer(200, {"token": "secret-in-the-answeré"}), "that is not ASCII"),
    (http_answer(200, '"secret-in-the-answer"'), "token must be a str, not NoneType"),
    (http_answer(200, '{"token": "secret-in-the-answer'), "EOF while parsing"),
    (http_answer(200, "secret-in-the-answer", {"Content-Type": "text/plain"}), "expected value"),
    (http_answer(200), "EOF while parsing"),
    (http_answer(204), "EOF while parsing"),
    (http_answer(200, "[" * 100_000), "recursion limit"),
    (http_answer(200, {"message": PASSWORD}), "token must be a str, not NoneType"),
]


@pytest.mark.parametrize(("answer", "message"), WITHOUT_TOKEN, ids=range(len(WITHOUT_TOKEN)))
def test_answer_without_a_token(recorder: Recorder, answer: bytes, message: str) -> None:
    recorder.answer = answer
    error = failed(login_at(recorder.url), DeserializationException)
    assert error.outcome == "answered"
    assert error.body is None
    if PASSWORD.encode() not in answer and json.dumps(PASSWORD).encode() not in answer:
        assert message in str(error)


def test_answer_that_is_cut_off_is_not_shown() -> None:
    def cut(peer: Peer) -> None:
        peer.request()
        peer.send(http_answer(200, {"token": "secret-in-the-answer"})[:-2])

    with ScriptedServer(cut) as server:
        error = failed(login_at(server.url), IncompleteResponseException)
    assert isinstance(error, IncompleteResponseException)
    assert error.raw_data == b""


@pytest.mark.parametrize(
    "answer",
    [
        http_answer(429, {"message": f"no: {PASSWORD}"}),
        http_answer(429, {"given": {"password": PASSWORD}}),
        http_answer(429, json.dumps({"password": PASSWORD}, ensure_ascii=False)),
        http_answer(429, f"<p>{PASSWORD}</p>", {"Content-Type": "text/html"}),
        http_answer(429, {}, {"X-Given": PASSWORD}),
        http_answer(429, {}, reason=f"No {PASSWORD}"),
    ],
    ids=["message", "request", "request, not ASCII", "HTML", "header", "reason"],
)
def test_error_that_repeats_the_password_does_not_show_it(
    recorder: Recorder, answer: bytes
) -> None:
    recorder.answer = answer
    error = failed(login_at(recorder.url, retries=0), TooManyRequestsException)
    assert error.status == 429
    assert str(error) == f"429 *** [POST {recorder.url}/login, outcome: answered]"


@pytest.mark.parametrize("written", [PASSWORD, PASSWORD[:-1], quote(PASSWORD)])
def test_reason_of_an_error_that_is_cut_off_does_not_show_the_password(written: str) -> None:
    def cut(peer: Peer) -> None:
        peer.request()
        peer.send(http_answer(500, {"message": "no"}, reason=f"No {written}")[:-2])

    with ScriptedServer(cut) as server:
        error = failed(login_at(server.url, retries=0), ServiceException)
    assert error.reason == "***"
    assert "No " not in f"{error} {vars(error)}"


def test_short_password_is_not_shown_either(recorder: Recorder) -> None:
    recorder.answer = http_answer(401, {"message": "wrong password xyz"}, reason="Unauthorized")
    with pytest.raises(UnauthorizedException) as caught:
        login_at(recorder.url, "xyz")()
    assert "xyz" not in f"{caught.value} {vars(caught.value)}"


def test_other_words_of_the_server_are_told(recorder: Recorder) -> None:
    recorder.answer = http_answer(429, {"message": "The account is locked"})
    error = failed(login_at(recorder.url, retries=0), TooManyRequestsException)
    assert error.detail == "The account is locked"
    assert error.body == '{"message": "The account is locked"}'


def test_no_server() -> None:
    token = login_at(f"http://localhost:{closed_port()}/v1", "refused", retries=0)
    with pytest.raises(ConnectException) as caught:
        token()
    assert caught.value.outcome == "not_sent"
    # A password that is a common word does not make the client hide its own words.
    assert "refused" in str(caught.value)


def test_error_of_a_login_within_a_send_does_not_leave_a_message(server: MessagesServer) -> None:
    server.users.clear()
    with ApiClient(configured(server)) as client:
        failed(lambda: MessagesApi(client).send("a", "c", "x").jti or "", UnauthorizedException)
    assert server.messages("a", "c") == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"username": ""}, "username must be .*, not an empty one"),
        ({"username": None}, "username must be a str .*, not NoneType"),
        ({"password": ""}, "password must be .*, not an empty one"),
        ({"password": b"s3cret-bytes"}, "password must be a str .*, not bytes"),
        ({"configuration": "https://localhost/v1"}, "must be a Configuration, not str"),
    ],
)
def test_arguments_that_make_no_sense(arguments: dict[str, Any], message: str) -> None:
    given: dict[str, Any] = {
        "configuration": Configuration(),
        "username": "me",
        "password": "p",
        **arguments,
    }
    with pytest.raises(ApiValueError, match=message) as caught:
        LoginToken(**given)
    assert "s3cret" not in str(caught.value)


# -- secrets, copies, pickles ----------------------------------------------------------------------


def test_nothing_shows_the_password(
    server: MessagesServer, caplog: pytest.LogCaptureFixture
) -> None:
    configuration = configured(server, proxy=None)
    token = configuration.access_token
    with caplog.at_level(logging.DEBUG), ApiClient(configuration) as client:
        read(MessagesApi(client))
        shown = f"{token!r} {token} {configuration!r} {client!r} {configuration.to_debug_report()}"
    assert "POST /v1/login: 200" in caplog.text
    assert repr(token) == f"<LoginToken of {server.url}>"
    for secret in (PASSWORD, json.dumps(PASSWORD)[1:-1], server.token):
        assert secret not in shown + caplog.text


def pickled_and_back(value: Any) -> Any:
    return pickle.loads(pickle.dumps(value))


COPIES: list[Callable[[Any], Any]] = [copy.copy, copy.deepcopy, pickled_and_back]


@pytest.mark.parametrize("copied", COPIES)
def test_copies_and_pickles_log_in_themselves(
    server: MessagesServer, copied: Callable[[Any], Any]
) -> None:
    configuration = configured(server)
    assert copied(configuration.access_token)() == server.token
    with ApiClient(copied(configuration)) as client:
        assert read(MessagesApi(client)) == "jti_example"
    assert asked(server) == [("/v1/login", 200), ("/v1/login", 200), ("get", 200)]


def test_client_that_was_used_can_be_pickled(server: MessagesServer) -> None:
    with ApiClient(configured(server)) as client:
        read(MessagesApi(client))
        pickled = pickle.dumps(MessagesApi(client))
    # As documented: the pickle holds the password; but not the token, which each process gets.
    assert PASSWORD.encode() in pickled
    assert server.token.encode() not in pickled
    twin = pickle.loads(pickled)
    with twin.api_client:
        assert read(twin) == "jti_example"
