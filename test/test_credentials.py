"""Keys, tokens and prefixes: what goes out, and what is no credential."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from openapi_client import ApiClient, ApiException, ApiValueError, Configuration, MessagesApi
from openapi_client.exceptions import TokenException
from test.support.recorder import TOKEN, Recorder, http_answer
from test.support.threads import in_threads


@pytest.mark.parametrize(
    ("keys", "prefixes", "identifier", "alias", "expected"),
    [
        ({}, {}, "BearerAuth", None, None),
        ({"BearerAuth": "k"}, {}, "BearerAuth", None, "Bearer k"),
        ({"BearerAuth": "k"}, {"BearerAuth": "Token"}, "BearerAuth", None, "Token k"),
        ({"BearerAuth": "k"}, {"BearerAuth": ""}, "BearerAuth", None, "k"),
        ({"BearerAuth": "Bearer k"}, {}, "BearerAuth", None, "Bearer k"),
        ({"BearerAuth": "bearer k"}, {}, "BearerAuth", None, "bearer k"),
        ({"Other": "k"}, {}, "Other", None, "k"),
        ({"Other": "k"}, {"Other": "Token"}, "Other", None, "Token k"),
        ({"Other": "k"}, {}, "BearerAuth", "Other", "Bearer k"),
        ({"Other": "k"}, {"BearerAuth": "JWT"}, "BearerAuth", "Other", "JWT k"),
        ({"Other": "k", "BearerAuth": "b"}, {}, "BearerAuth", "Other", "Bearer b"),
        ({"BearerAuth": "k"}, {}, "Other", None, None),
        ({"BearerAuth": "k"}, {}, "Other", "Another", None),
    ],
)
def test_get_api_key_with_prefix(
    keys: dict[str, str],
    prefixes: dict[str, str],
    identifier: str,
    alias: str | None,
    expected: str | None,
) -> None:
    configuration = Configuration(api_key=keys, api_key_prefix=prefixes)
    for _ in range(2):
        assert configuration.get_api_key_with_prefix(identifier, alias) == expected


def test_key_is_read_anew_each_time() -> None:
    configuration = Configuration(api_key={"BearerAuth": "one"})
    values = [configuration.auth_settings()["BearerAuth"]["value"]]
    configuration.api_key["BearerAuth"] = "two"
    values.append(configuration.auth_settings()["BearerAuth"]["value"])
    configuration.api_key_prefix["BearerAuth"] = "Token"
    values.append(configuration.auth_settings()["BearerAuth"]["value"])
    configuration.api_key = {"BearerAuth": "three"}
    configuration.api_key_prefix = {}
    values.append(configuration.auth_settings()["BearerAuth"]["value"])
    assert values == ["Bearer one", "Bearer two", "Token two", "Bearer three"]


@pytest.mark.parametrize(
    ("settings", "value"),
    [
        ({}, None),
        ({"api_key": {"BearerAuth": "k"}}, "Bearer k"),
        ({"access_token": "t"}, "Bearer t"),
        ({"access_token": "Token t"}, "Token t"),
        ({"access_token": lambda: "t"}, "Bearer t"),
        ({"api_key": {"BearerAuth": "k"}, "access_token": "t"}, "Bearer k"),
        ({"api_key": {"Other": "k"}, "access_token": "t"}, "Bearer t"),
        ({"username": "u", "password": "p"}, None),
    ],
)
def test_auth_settings(settings: dict[str, Any], value: str | None) -> None:
    expected = {
        "BearerAuth": {
            "type": "api_key",
            "in": "header",
            "key": "Authorization",
            "value": value,
        }
    }
    assert Configuration(**settings).auth_settings() == (expected if value else {})


@pytest.mark.parametrize(
    ("user", "password", "token"),
    [
        ("user", "secret", "Basic dXNlcjpzZWNyZXQ="),
        (None, None, "Basic Og=="),
        ("user", None, "Basic dXNlcjo="),
        ("é", "€", "Basic w6k64oKs"),
    ],
)
def test_get_basic_auth_token(user: str | None, password: str | None, token: str) -> None:
    assert Configuration(username=user, password=password).get_basic_auth_token() == token


BAD_CREDENTIALS: list[tuple[dict[str, Any], str]] = [
    ({"api_key": {"BearerAuth": ""}}, r"api_key\['BearerAuth'\] is empty"),
    ({"api_key": {"BearerAuth": "  "}}, r"api_key\['BearerAuth'\] is empty"),
    ({"api_key": {"BearerAuth": None}}, r"api_key\['BearerAuth'\] must be a str, not NoneType"),
    ({"api_key": {"BearerAuth": TOKEN.encode()}}, "must be a str, not bytes"),
    ({"api_key": {"BearerAuth": f"{TOKEN}\n"}}, "contains a control character"),
    ({"api_key": {"BearerAuth": f"{TOKEN}\r\nX: y"}}, "contains a control character"),
    ({"api_key": {"BearerAuth": f"{TOKEN}é"}}, "contains a character that is not ASCII"),
    ({"api_key": {"Bearer": TOKEN}}, "api_key has 'Bearer'; the API's scheme is 'BearerAuth'"),
    ({"access_token": ""}, "access_token is empty"),
    ({"access_token": f"{TOKEN}\n"}, "access_token contains a control character"),
    ({"access_token": lambda: None}, r"what access_token\(\) returned must be a str"),
    ({"access_token": lambda: ""}, r"what access_token\(\) returned is empty"),
]


@pytest.mark.parametrize(("settings", "message"), BAD_CREDENTIALS)
def test_credentials_that_cannot_be_sent_stop_the_call(
    recorder: Recorder, settings: dict[str, Any], message: str
) -> None:
    client = ApiClient(Configuration(recorder.url, **settings))
    with client, pytest.raises(ApiValueError, match=message) as caught:
        MessagesApi(client).list("a", "c")
    assert TOKEN not in str(caught.value)
    assert recorder.received == []


@pytest.mark.parametrize("given", [None, 7, b"token", "", "a\nb", "\u20ac", ["token"]])
@pytest.mark.parametrize("renewed", [False, True])
def test_a_token_that_cannot_be_sent_is_an_error_of_the_call(
    recorder: Recorder, given: object, renewed: bool
) -> None:
    recorder.answer = http_answer(401, {"message": "invalid or expired jwt"})
    tokens: Iterator[Any] = iter([TOKEN, given] if renewed else [given])
    with ApiClient(Configuration(recorder.url, access_token=lambda: next(tokens))) as client:
        with pytest.raises(TokenException, match="what access_token") as caught:
            MessagesApi(client).list("a", "c")
        outcomes = list(MessagesApi(client).conversation("a", "c").send_many(["text"]))
    assert isinstance(caught.value, ApiValueError)
    assert caught.value.outcome == ("answered" if renewed else "not_sent")
    assert [attempt.status for attempt in caught.value.attempts] == ([401] if renewed else [])
    assert [type(outcome) for outcome in outcomes] == [ApiException]


@pytest.mark.parametrize("kind", [ApiValueError, StopIteration, KeyboardInterrupt, BaseException])
def test_whatever_a_callable_raises_is_the_cause_of_an_error_of_the_call(
    recorder: Recorder, kind: type[BaseException]
) -> None:
    def provide() -> str:
        raise kind("no")

    client = ApiClient(Configuration(recorder.url, access_token=provide))
    with client, pytest.raises(ApiException) as caught:
        MessagesApi(client).list("a", "c")
    assert type(caught.value.__cause__) is kind
    assert caught.value.outcome == "not_sent"
    assert recorder.received == []


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"api_key": TOKEN}, r"api_key must be a dict .*'BearerAuth'.*, not str"),
        ({"api_key_prefix": "Bearer"}, "api_key_prefix must be a dict .*, not str"),
        ({"access_token": TOKEN.encode()}, "access_token must be a str or a callable, not bytes"),
        ({"access_token": 7}, "access_token must be a str or a callable, not int"),
    ],
)
def test_credentials_of_the_wrong_type(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ApiValueError, match=message) as caught:
        Configuration(**settings)
    assert TOKEN not in str(caught.value)
    ((name, value),) = settings.items()
    with pytest.raises(ApiValueError, match=message):
        setattr(Configuration(), name, value)


def test_callable_token_is_kept_until_a_401(recorder: Recorder) -> None:
    asked: list[str] = []

    def provide() -> str:
        asked.append(f"token-{len(asked) + 1}")
        return asked[-1]

    recorder.answer = http_answer(200, {})
    with ApiClient(Configuration(recorder.url, access_token=provide)) as client:
        api = MessagesApi(client)
        for _ in range(3):
            api.get("a", "c", "j")
        assert asked == ["token-1"]
        recorder.answer = http_answer(401, {"message": "invalid or expired jwt"})
        with pytest.raises(ApiException, match="invalid or expired jwt"):
            api.get("a", "c", "j")
    assert asked == ["token-1", "token-2"]
    sent = [request.headers["Authorization"] for request in recorder.received]
    assert sent == ["Bearer token-1"] * 4 + ["Bearer token-2"]


def test_callable_token_is_asked_for_once_by_many_threads() -> None:
    asked: list[int] = []
    gate = threading.Barrier(8)

    def provide() -> str:
        asked.append(1)
        return "token"

    configuration = Configuration(access_token=provide)

    def use() -> None:
        gate.wait()
        configuration.auth_settings()

    in_threads([use] * 8)
    assert len(asked) == 1


def test_renewed_token_is_asked_for_once_by_all_who_were_refused() -> None:
    asked: list[str] = []

    def provide() -> str:
        asked.append(f"token-{len(asked) + 1}")
        return asked[-1]

    configuration = Configuration(access_token=provide)
    configuration.auth_settings()
    assert configuration.renewed_authorization("Bearer token-1") == "Bearer token-2"
    # Another call that began with the first token gets the one that is there meanwhile.
    assert configuration.renewed_authorization("Bearer token-1") == "Bearer token-2"
    assert configuration.renewed_authorization("Bearer token-2") == "Bearer token-3"
    assert len(asked) == 3


@pytest.mark.parametrize("refused", [None, "Bearer of-the-call", "Mine 1"])
def test_credentials_of_a_call_are_not_renewed(refused: str | None) -> None:
    configuration = Configuration(access_token=lambda: "token")
    configuration.auth_settings()
    assert configuration.renewed_authorization(refused) is None


def test_token_that_is_no_callable_is_not_renewed() -> None:
    assert Configuration(access_token="token").renewed_authorization("Bearer token") is None
