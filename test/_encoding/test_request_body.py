"""Whatever the values are, the server reads what the caller gave, or nothing is sent.

What stands in the request is read as the real servers read it. A path counts only if it is spelled
as their language (Go) spells it: everything but letters, digits and `-_.~$&+,:;=@` as the hex of
its UTF-8, in capitals. Spelled otherwise, an id is another one. A query is read as a form (WHATWG
URL, 5.1).
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, unquote_to_bytes

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from openapi_client import ApiClient, ApiValueError, Configuration, MessagesApi
from test.support.recorder import Recorder

AS_THEY_ARE = string.ascii_letters + string.digits + "-_.~$&+,:;=@"
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
HOST = "https://service.example/v1"

texts = st.text(st.characters(codec="utf-8"))
any_texts = st.one_of(st.text(), st.text(alphabet="./%2Ee \x00\ud800/@:;", max_size=8))
numbers = st.one_of(st.none(), st.integers())


def spelled(value: str) -> str:
    """A segment of a path as Go spells it."""
    return "".join(
        chr(byte) if chr(byte) in AS_THEY_ARE else f"%{byte:02X}" for byte in value.encode()
    )


def read_segment(segment: str) -> str | None:
    """What the servers make of a segment; `None` if they do not know it."""
    value = unquote_to_bytes(segment).decode()
    return value if spelled(value) == segment else None


def is_addressable(value: str) -> bool:
    """Whether a value can be a segment at all, and the one that was meant."""
    try:
        decoded = unquote_to_bytes(value.encode())
    except UnicodeEncodeError:
        return False
    if decoded in (b"", b".", b".."):
        return False
    return not CONTROL.search(value) and not CONTROL.search(decoded.decode("latin-1"))


@pytest.fixture(scope="module")
def recorder() -> Iterator[Recorder]:
    server = Recorder()
    yield server
    server.close()


@pytest.fixture(scope="module")
def client(recorder: Recorder) -> Iterator[ApiClient]:
    with ApiClient(Configuration(recorder.url, api_key={"BearerAuth": "t0ken"})) as client:
        yield client


def url_of(client: ApiClient, path: str, **parameters: Any) -> str:
    return client.param_serialize("GET", path, _host=HOST, **parameters)[1]


# -- paths -----------------------------------------------------------------------------------------


@given(value=any_texts)
@example(value="user:7@example")
@example(value="a/b?c#d")
@example(value="..")
@example(value="%2e%2E")
@example(value=" ")
@example(value="\x85")
def test_path(client: ApiClient, value: str) -> None:
    if is_addressable(value):
        url = url_of(client, "/x/{id}/y", path_params={"id": value})
        start, end = f"{HOST}/x/", "/y"
        assert url.startswith(start)
        assert url.endswith(end)
        assert read_segment(url[len(start) : -len(end)]) == value
    else:
        with pytest.raises(ApiValueError, match=r"^id must not|^id is not valid Unicode"):
            url_of(client, "/x/{id}/y", path_params={"id": value})


@given(
    value=st.one_of(texts, st.text("./%2eE a", max_size=6)).filter(is_addressable),
    safe=st.text(alphabet="!*'()/$&+,:;=@", max_size=6),
)
@example(value="a/../b", safe="/")
@example(value="a/%2e%2E/b", safe="/")
@example(value="a//b/", safe="/")
def test_path_with_other_safe_characters(client: ApiClient, value: str, safe: str) -> None:
    client.configuration.safe_chars_for_path_param = safe
    try:
        url = url_of(client, "/x/{id}", path_params={"id": value})
    except ApiValueError:
        # With `/` among them a value is several segments, each of which may be one to refuse.
        assert "/" in safe
        assert {b".", b".."} & set(unquote_to_bytes(value).split(b"/"))
    else:
        segment = url.removeprefix(f"{HOST}/x/")
        assert not {".", ".."} & set(segment.split("/"))
        assert unquote_to_bytes(segment).decode() == value
        left = set(re.sub("%[0-9A-F]{2}", "", segment))
        assert left <= set(string.ascii_letters + string.digits + "-_.~" + (safe or AS_THEY_ARE))
    finally:
        client.configuration.safe_chars_for_path_param = ""


@pytest.mark.parametrize(
    ("safe", "value", "sent"),
    [(" ", "a b/c", "a%20b%2Fc"), ("/ ", "a b/c", "a%20b/c"), ("%", "a%20b c", "a%20b%20c")],
)
def test_path_with_a_blank_or_a_percent_sign_among_the_safe_characters(
    client: ApiClient, monkeypatch: pytest.MonkeyPatch, safe: str, value: str, sent: str
) -> None:
    monkeypatch.setattr(client.configuration, "safe_chars_for_path_param", safe)
    assert url_of(client, "/x/{id}", path_params={"id": value}) == f"{HOST}/x/{sent}"


@pytest.mark.parametrize("value", ["100%", "%zz", "%2"])
def test_path_with_a_percent_sign_that_encodes_nothing(
    client: ApiClient, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setattr(client.configuration, "safe_chars_for_path_param", "%")
    with pytest.raises(ApiValueError, match="id must not contain a '%' that encodes nothing"):
        url_of(client, "/x/{id}", path_params={"id": value})


# -- queries ---------------------------------------------------------------------------------------


@given(pairs=st.lists(st.tuples(texts.filter(bool), st.one_of(texts, st.integers())), max_size=5))
@example(pairs=[("a b&c=d", "a+b&c=d;e#f")])
def test_query(client: ApiClient, pairs: list[tuple[str, Any]]) -> None:
    query = url_of(client, "/x", query_params=pairs).partition("?")[2]
    assert query.isascii()
    assert not set(query) & set(" #+;")
    assert parse_qsl(query, keep_blank_values=True) == [(name, str(value)) for name, value in pairs]


@given(
    items=st.lists(texts, min_size=1, max_size=4),
    collection=st.sampled_from([("csv", ","), ("ssv", "%20"), ("tsv", "%09"), ("pipes", "%7C")]),
)
def test_joined_collections(
    client: ApiClient, items: list[str], collection: tuple[str, str]
) -> None:
    name, delimiter = collection
    plain = [item for item in items if not set(item) & set(" \t|")]
    query = url_of(client, "/x", query_params=[("p", plain)], collection_formats={"p": name})
    joined = query.partition("?p=")[2]
    if plain:
        assert [unquote_to_bytes(item).decode() for item in joined.split(delimiter)] == plain


@given(items=st.lists(texts, max_size=4))
def test_repeated_collections(client: ApiClient, items: list[str]) -> None:
    query = url_of(client, "/x", query_params=[("p", items)], collection_formats={"p": "multi"})
    pairs = parse_qsl(query.partition("?")[2], keep_blank_values=True)
    assert pairs == [("p", item) for item in items]


# -- headers, over the wire ------------------------------------------------------------------------

TOKEN = string.ascii_letters + string.digits + "!#$%&'*+-.^_`|~"
names = st.text(TOKEN, min_size=1, max_size=20).map(lambda name: f"X-{name}")
any_values = st.one_of(
    st.text(st.characters(max_codepoint=0xFF)), st.text(max_size=5), st.text("a\r\n\t\0 :")
)


@settings(max_examples=200, deadline=None)
@given(name=names, value=any_values)
@example(name="X-One", value="a\r\nX-Two: b")
@example(name="X-One", value="a\x00b")
@example(name="X-One", value="€")
@example(name="X-One", value="a\x85b")
def test_header(recorder: Recorder, client: ApiClient, name: str, value: str) -> None:
    recorder.received.clear()
    if re.search(r"[\x00-\x08\x0a-\x1f\x7f]|[^\x00-\xff]", value):
        with pytest.raises(ApiValueError, match=re.escape(name)):
            MessagesApi(client).get("a", "c", "j", _headers={name: value})
        assert recorder.received == []
    else:
        MessagesApi(client).get("a", "c", "j", _headers={name: value})
        assert recorder.only.headers[name].strip(" \t") == value.strip(" \t")


@settings(max_examples=100, deadline=None)
@given(name=st.text(max_size=8).filter(lambda name: not name or set(name) - set(TOKEN)))
@example(name="X-One: a\r\nX-Two")
@example(name="")
@example(name="X One")
@example(name="X-Ö")
def test_name_of_a_header(recorder: Recorder, client: ApiClient, name: str) -> None:
    recorder.received.clear()
    with pytest.raises((ApiValueError, ValidationError)):
        MessagesApi(client).get("a", "c", "j", _headers={name: "value"})
    assert recorder.received == []


# -- whole requests, over the wire -----------------------------------------------------------------


@settings(max_examples=100, deadline=None)
@given(
    app_id=texts.filter(is_addressable),
    connection_id=texts.filter(is_addressable),
    messages_since=numbers,
    page=numbers,
    per_page=numbers,
)
def test_list(
    recorder: Recorder,
    client: ApiClient,
    app_id: str,
    connection_id: str,
    messages_since: int | None,
    page: int | None,
    per_page: int | None,
) -> None:
    recorder.received.clear()
    MessagesApi(client).list(
        app_id, connection_id, messages_since=messages_since, page=page, per_page=per_page
    )
    method, target, version = recorder.only.line.split(" ")
    assert (method, version) == ("GET", "HTTP/1.1")
    path, _, query = target.partition("?")
    assert [read_segment(segment) for segment in path.split("/")] == [
        "",
        "v1",
        "apps",
        app_id,
        "connections",
        connection_id,
        "messages",
    ]
    paging = {"messages_since": messages_since, "page": page, "per_page": per_page}
    assert dict(parse_qsl(query)) == {
        name: str(value) for name, value in paging.items() if value is not None
    }


@settings(max_examples=100, deadline=None)
@given(jti=texts.filter(is_addressable), body=texts)
def test_edit(recorder: Recorder, client: ApiClient, jti: str, body: str) -> None:
    recorder.received.clear()
    MessagesApi(client).edit("a", "c", jti, body)
    target = recorder.only.target
    assert read_segment(target.rpartition("/")[2]) == jti
    assert recorder.only.json == {"body": body}
