"""The tree of exceptions, and what they say in words."""

from __future__ import annotations

import builtins
import copy
import json
import pickle
import re
from collections.abc import Callable
from typing import Any, cast

import pytest
import urllib3
from hypothesis import given
from hypothesis import strategies as st

from openapi_client import ApiException, OpenApiException, exceptions
from openapi_client.exceptions import (
    ApiKeyError,
    ApiTypeError,
    ApiValueError,
    ConnectTimeoutException,
    TimeoutException,
    exception_class,
    render_path,
)
from openapi_client.rest import RESTResponse
from openapi_client.retries import Attempt
from test.support.calls import TOKEN, api_for, failure_of, get, send
from test.support.recorder import http_answer
from test.support.scripted import ScriptedServer, always

# -- the tree --------------------------------------------------------------------------------------

_BRANCH = re.compile(
    r"(?P<indent>[│├└─ ]*)(?P<name>[A-Z]\w+)(?: \((?P<also>\w+)\))?(?: +(?P<rest>.*))?"
)


def drawn() -> dict[str, tuple[str | None, str | None, str]]:
    """Each class of the drawing: the class above it, what else it is, the words beside it."""
    text = (exceptions.__doc__ or "").split("\n\n")[1]
    tree: dict[str, tuple[str | None, str | None, str]] = {}
    above: list[str] = []
    for line in text.splitlines():
        branch = _BRANCH.fullmatch(line.removeprefix("    "))
        assert branch is not None, line
        depth = len(branch["indent"]) // 4
        above[depth:] = [branch["name"]]
        parent = above[depth - 1] if depth else None
        tree[branch["name"]] = (parent, branch["also"], branch["rest"] or "")
    return tree


TREE = drawn()


def test_the_drawing_has_every_exception() -> None:
    public = {
        name
        for name, value in vars(exceptions).items()
        if isinstance(value, type)
        and issubclass(value, OpenApiException)
        and not name.startswith("_")
    }
    assert set(TREE) == public


@pytest.mark.parametrize("name", TREE)
def test_each_exception_stands_where_it_is_drawn(name: str) -> None:
    parent, also, _ = TREE[name]
    kind = getattr(exceptions, name)
    expected = getattr(exceptions, parent) if parent else Exception
    assert expected in kind.__mro__[1:]
    # Nothing that is drawn lies between the two.
    between = set(kind.__mro__[1 : kind.__mro__.index(expected)])
    drawn_between = {one.__name__ for one in between} & set(TREE)
    assert drawn_between <= ({"TimeoutException"} if kind is ConnectTimeoutException else set())
    if also:
        other = urllib3.exceptions.HTTPError if also == "HTTPError" else getattr(builtins, also)
        assert issubclass(kind, other)


def test_a_timeout_before_the_connection_is_both() -> None:
    assert issubclass(ConnectTimeoutException, TimeoutException)
    assert ConnectTimeoutException().outcome == "not_sent"


def test_each_status_has_the_class_that_is_drawn() -> None:
    expected = dict.fromkeys(range(100, 600), "ApiException")
    for name, (_, _, words) in TREE.items():
        if limits := re.fullmatch(r"(\d{3})(?: to (\d{3}))?", words):
            statuses = range(int(limits[1]), int(limits[2] or limits[1]) + 1)
            expected.update(dict.fromkeys(statuses, name))
    assert {status: exception_class(status).__name__ for status in expected} == expected
    assert len(set(expected.values())) == 9


@pytest.mark.parametrize("name", TREE)
def test_what_an_exception_says_without_an_answer_is_true(name: str) -> None:
    kind = getattr(exceptions, name)
    if not issubclass(kind, ApiException):
        assert kind("wrong").args == ("wrong",)
        return
    error = kind()
    never_sent = issubclass(kind, exceptions.ConnectException)
    assert error.outcome == ("not_sent" if never_sent else "unknown")
    assert error.status == (0 if issubclass(kind, exceptions.TransportException) else None)
    assert (error.attempts, error.retry_after, error.detail, error.headers) == (
        (),
        None,
        None,
        None,
    )


def test_a_path_into_data_is_shown() -> None:
    assert render_path(["items", 0, "body"]) == "['items'][0]['body']"
    assert str(ApiValueError("wrong", ["items", 0])) == "wrong at ['items'][0]"
    assert str(ApiTypeError("wrong")) == "wrong"
    assert "wrong at ['a']" in str(ApiKeyError("wrong", ["a"]))


# -- what the server says, in words ----------------------------------------------------------------

LONG = "word " * 100_000

DETAILS: list[tuple[str, bytes | str | object, str | None]] = [
    ("nothing", b"", None),
    ("white space", b" \r\n ", None),
    ("a JSON string", '"message not found"', "message not found"),
    ("an empty JSON string", '""', None),
    ("a message", {"message": "message not found"}, "message not found"),
    ("a message and more", {"code": 7, "message": "no", "trace": ["a", "b"]}, "no"),
    (
        "status, error and details",
        {"status": 404, "error": "Not Found", "details": "no such message"},
        "Not Found: no such message",
    ),
    ("an error alone", {"status": 500, "error": "Internal"}, "Internal"),
    ("empty details", {"status": 400, "error": "Bad Request", "details": ""}, "Bad Request"),
    ("details that are no text", {"error": "Bad", "details": {"body": ["long"]}}, "Bad"),
    ("problem details (RFC 9457)", {"title": "No", "detail": "Not you"}, "No: Not you"),
    ("an object without words", {"status": 404}, None),
    ("an empty object", {}, None),
    ("a list", ["no", "no"], None),
    ("a number", b"7", None),
    ("null", b"null", None),
    ("plain text", b"upstream connect error\r\n", "upstream connect error"),
    ("several lines", b"one\n\n  two\tthree\x00", "one two three"),
    ("HTML", b"<html><body>502</body></html>", None),
    ("HTML after a line end", b"\n <!doctype html>", None),
    ("half of a JSON object", b'{"message": "n', '{"message": "n'),
    ("very deep JSON", b"[" * 100_000, None),
    ("not UTF-8", b"\xff\xfe no", "\ufffd\ufffd no"),
]


@pytest.mark.parametrize(
    ("body", "detail"), [row[1:] for row in DETAILS], ids=[r[0] for r in DETAILS]
)
def test_what_the_server_says_is_told_in_words(body: Any, detail: str | None) -> None:
    with ScriptedServer(always(http_answer(404, body))) as server, api_for(server) as api:
        error = failure_of(get, api)
    if body == b"[" * 100_000:
        # Too deep to be read as JSON, so it is text.
        assert error.detail is not None
        assert set(error.detail) == {"[", " ", "."}
    else:
        assert error.detail == detail
    assert (detail or "404") in str(error)


@pytest.mark.parametrize(
    "body", [LONG, {"message": LONG}, {"error": LONG, "details": LONG}, json.dumps(LONG)]
)
def test_a_huge_answer_is_kept_whole_and_told_in_short(body: Any) -> None:
    with ScriptedServer(always(http_answer(500, body))) as server, api_for(server) as api:
        error = failure_of(get, api)
    assert error.detail is not None
    assert error.detail.startswith("word word word")
    assert len(error.detail.encode()) <= 1200
    assert len(error.body or "") >= len(LONG)
    assert len(str(error)) < 2048


@pytest.mark.parametrize("status", [200, 500])
def test_of_an_enormous_answer_the_beginning_is_kept(status: int) -> None:
    body = b"<p>" + b"a" * 6_000_000
    with ScriptedServer(always(http_answer(status, body))) as server, api_for(server) as api:
        error = failure_of(get, api)
    assert len(error.body or "") == 4 * 2**20
    assert body.startswith(getattr(error, "raw_data", b""))
    assert len(getattr(error, "raw_data", b"")) <= 4 * 2**20


# -- the text --------------------------------------------------------------------------------------


def test_the_text_tells_what_happened_to_which_request_and_what_can_be_done() -> None:
    answer = http_answer(503, {"message": "later"}, {"Retry-After": "120"}, reason="Unavailable")
    with ScriptedServer(always(answer)) as server, api_for(server) as api:
        error = failure_of(send, api)
        url = f"{server.url}/apps/app/connections/connection/messages"
    assert str(error) == (
        f"503 Unavailable: later [POST {url}, outcome: answered, retry after 120 s]"
    )
    assert repr(error) == f"<ServiceException: {error}>"


def test_the_text_tells_the_number_of_attempts() -> None:
    with ScriptedServer(always(http_answer(429, ""))) as server, api_for(server) as api:
        error = failure_of(get, api)
    assert ", outcome: answered, 3 attempts]" in str(error)


def test_a_401_says_what_is_missing() -> None:
    answer = always(http_answer(401, {"message": "no token"}))
    with ScriptedServer(answer) as server, api_for(server, api_key=None) as api:
        assert "configuration.api_key['BearerAuth']" in str(failure_of(get, api))
    with (
        ScriptedServer(answer) as server,
        api_for(server, api_key_prefix={"BearerAuth": ""}) as api,
    ):
        assert "api_key_prefix" in str(failure_of(get, api))


texts = st.one_of(st.none(), st.text(max_size=200), st.text(min_size=1).map(lambda t: t * 3000))


@given(
    st.one_of(st.none(), st.integers(0, 599)),
    texts,
    st.one_of(texts, texts.map(json.dumps), texts.map(lambda t: json.dumps({"message": t}))),
    texts,
)
def test_the_text_is_one_paragraph_of_two_kilobytes_at_most(
    status: int | None, reason: str | None, body: str | None, hint: str | None
) -> None:
    error = ApiException(status, reason, body=body)
    error.hint = hint
    for text in (str(error), error.detail or "x"):
        assert 0 < len(text.encode("utf-8", "replace")) <= 2048
        assert re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", text) is None
        text.encode()  # and can be written anywhere


@given(st.text(min_size=1), st.lists(st.sampled_from(["Bearer", TOKEN, "-", "\n", "{", '"'])))
def test_no_secret_is_left_wherever_it_stands(text: str, parts: list[str]) -> None:
    said = text + TOKEN + "".join(parts)
    error = exceptions.DeserializationException(200, said, body=said)
    error.raw_data, error.hint, error.headers = said.encode("utf-8", "replace"), said, {"X": said}
    error.scrub({TOKEN})
    assert TOKEN not in f"{error} {error!r} {error.args} {vars(error)} {error.body}"
    assert TOKEN.encode() not in error.raw_data + pickle.dumps(error)


# -- copies ----------------------------------------------------------------------------------------


def pickled(error: ApiException) -> ApiException:
    return cast("ApiException", pickle.loads(pickle.dumps(error)))


def copied_twice(error: ApiException) -> ApiException:
    return pickled(copy.deepcopy(error))


COPIES: list[Callable[[ApiException], ApiException]] = [
    copy.copy,
    copy.deepcopy,
    pickled,
    copied_twice,
]
CALLS = [name for name in TREE if issubclass(getattr(exceptions, name), ApiException)]


@pytest.mark.parametrize("how", COPIES)
@pytest.mark.parametrize(
    "name", [n for n in TREE if issubclass(getattr(exceptions, n), ApiException)]
)
def test_a_copy_has_all_that_the_error_has(
    name: str, how: Callable[[ApiException], ApiException]
) -> None:
    error: ApiException = getattr(exceptions, name)(
        503, "Later", body='{"message": "no"}', data={"a": [1]}
    )
    error.headers = urllib3.HTTPHeaderDict({"Retry-After": "7", "Content-Type": "text/plain"})
    error.outcome, error.retry_after = "answered", 7.0
    error.attempts = (Attempt(503, None, 0.5, 7.0), Attempt(None, "reset", 0.1, 0.0))
    twin = how(error)
    assert type(twin) is type(error)
    assert vars(twin) == vars(error)
    assert (twin.args, str(twin)) == (error.args, str(error))
    assert (twin.headers or {})["retry-after"] == "7"


def test_a_copy_shares_nothing_that_changes() -> None:
    error = ApiException(400, "No", data={"a": [1]})
    copy.deepcopy(error).data["a"].append(2)
    assert error.data == {"a": [1]}


def test_a_program_may_make_an_error_of_an_answer() -> None:
    answer = urllib3.HTTPResponse(b'{"message": "no"}', {"X-Id": "7"}, 404, reason="Not Found")
    response = RESTResponse(answer)
    response.read()
    with pytest.raises(ApiException) as caught:
        ApiException.from_response(http_resp=response)
    error = caught.value
    assert isinstance(error, exceptions.NotFoundException)
    assert (error.status, error.reason, error.detail) == (404, "Not Found", "no")
    assert (error.headers or {})["x-id"] == "7"


def test_neither_names_nor_values_of_headers_show_a_secret() -> None:
    error = ApiException(500, "reason")
    error.headers = urllib3.HTTPHeaderDict(
        {"X-Canary-Token": "1", "X-Said": "canary-token", "Date": "now"}
    )
    error.scrub({"Canary-Token", "canary-token"})
    assert dict(error.headers) == {"X-***": "1", "X-Said": "***", "Date": "now"}
