"""What each call sends: the tables of the wire test.

What stands here is what a client made by openapi-generator (python, urllib3, pydantic 2) sends for the
same call. Where this package means to send something else, the row says so with `DEPARTS`, and the
page "Differences from the generated package" says why.

The lines of requests are written without the path of the base URL and the protocol version.
"""

from __future__ import annotations

import datetime
import enum
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from openapi_client import (
    ApiClient,
    MessageCreateMessageRequest,
    MessagesApi,
    MessageUpdateMessageRequest,
)

DEPARTS = True
TOKEN = "t0ken.of-the-test"
USUAL = {
    "Accept-Encoding": "identity",
    "Accept": "application/json",
    "User-Agent": "OpenAPI-Generator/1.0.0/python",
    "Authorization": f"Bearer {TOKEN}",
}
"""The headers of every call, `Host` left out; a generated client sends the token without `Bearer`."""

LIST = "apps_app_id_connections_connection_id_messages_get"
GET = "apps_app_id_connections_connection_id_messages_jti_get"
EDIT = "apps_app_id_connections_connection_id_messages_jti_put"
SEND = "apps_app_id_connections_connection_id_messages_post"


class Case(NamedTuple):
    """A call and what it sends."""

    name: str
    call: Callable[[MessagesApi], object]
    line: str
    headers: Mapping[str, str | None] = {}
    """What differs from the usual headers; None is a header that is not sent."""
    body: object = None
    """The JSON body; None for no body at all."""
    departs: bool = False
    client: Callable[[ApiClient], object] = lambda client: None
    """What is done to the client before."""


# -- paging: arguments -> query ---------------------------------------------------------------------

PAGES: list[tuple[dict[str, int | None], str]] = [
    ({}, ""),
    ({"messages_since": None, "page": None, "per_page": None}, ""),
    ({"messages_since": 56}, "?messages_since=56"),
    ({"page": 1}, "?page=1"),
    ({"per_page": 100}, "?per_page=100"),
    ({"messages_since": 1, "page": 2}, "?messages_since=1&page=2"),
    ({"messages_since": 1, "per_page": 3}, "?messages_since=1&per_page=3"),
    ({"page": 2, "per_page": 3}, "?page=2&per_page=3"),
    ({"per_page": 3, "page": 2, "messages_since": 1}, "?messages_since=1&page=2&per_page=3"),
    ({"messages_since": 0}, "?messages_since=0"),
    ({"page": 0}, "?page=0"),
    ({"per_page": 0}, "?per_page=0"),
    ({"messages_since": 0, "page": 0, "per_page": 0}, "?messages_since=0&page=0&per_page=0"),
    ({"messages_since": -1}, "?messages_since=-1"),
    ({"page": -7}, "?page=-7"),
    ({"per_page": -100}, "?per_page=-100"),
    ({"page": 2147483647}, "?page=2147483647"),
    ({"page": 2147483648}, "?page=2147483648"),
    ({"messages_since": 9007199254740993}, "?messages_since=9007199254740993"),
    ({"messages_since": 9223372036854775807}, "?messages_since=9223372036854775807"),
    ({"messages_since": -9223372036854775809}, "?messages_since=-9223372036854775809"),
    ({"per_page": 10**30}, "?per_page=1000000000000000000000000000000"),
]

# -- ids: a value -> how it stands in the path, and whether a generated client spells it otherwise ----

IDS: list[tuple[str, str, bool]] = [
    ("app", "app", False),
    ("APP", "APP", False),
    ("0", "0", False),
    ("None", "None", False),
    ("null", "null", False),
    ("a-b_c.d~e", "a-b_c.d~e", False),
    ("3f2504e0-4f89-11d3-9a0c-0305e82c3301", "3f2504e0-4f89-11d3-9a0c-0305e82c3301", False),
    ("x" * 300, "x" * 300, False),
    ("...", "...", False),
    (".hidden", ".hidden", False),
    ("..a", "..a", False),
    ("a..", "a..", False),
    ("-", "-", False),
    ("a b", "a%20b", False),
    (" a ", "%20a%20", False),
    ("a/b", "a%2Fb", False),
    ("/", "%2F", False),
    ("../a", "..%2Fa", False),
    ("a/../b", "a%2F..%2Fb", False),
    ("a\\b", "a%5Cb", False),
    ("a?b", "a%3Fb", False),
    ("a#b", "a%23b", False),
    ("50%", "50%25", False),
    ("%41", "%2541", False),
    ("a%2Fb", "a%252Fb", False),
    ("100%25", "100%2525", False),
    ('"', "%22", False),
    ("it's", "it%27s", False),
    ("(x)*!", "%28x%29%2A%21", False),
    ("<a>", "%3Ca%3E", False),
    ("[1]", "%5B1%5D", False),
    ("{jti}", "%7Bjti%7D", False),
    ("{app_id}", "%7Bapp_id%7D", False),
    ("%s", "%25s", False),
    ("a|b^c`d", "a%7Cb%5Ec%60d", False),
    ("é", "%C3%A9", False),
    ("e\u0301", "e%CC%81", False),
    ("Привет", "%D0%9F%D1%80%D0%B8%D0%B2%D0%B5%D1%82", False),
    ("日本語", "%E6%97%A5%E6%9C%AC%E8%AA%9E", False),
    ("😀", "%F0%9F%98%80", False),
    ("\u00a0", "%C2%A0", False),
    ("\u202e", "%E2%80%AE", False),
    ("\U0010ffff", "%F4%8F%BF%BF", False),
    ("user:7@example", "user:7@example", DEPARTS),
    ("a+b", "a+b", DEPARTS),
    ("a&b=c", "a&b=c", DEPARTS),
    ("$1,2;3", "$1,2;3", DEPARTS),
]

# -- bodies: what is given as `request` -> the JSON body ----------------------------------------------


class Tagged(MessageCreateMessageRequest):
    """What a program may make of a model."""

    tag: str = "blue"


class TaggedUpdate(MessageUpdateMessageRequest):
    """The same for an edit."""

    tag: str = "blue"


TEXTS = [
    "",
    "hello",
    " ",
    "two\nlines\r\n",
    '"quoted" \\ and /',
    "<b> & </b>",
    "\u0000\u0001\u001f\u007f",
    "é",
    "Привет, 日本語",
    "😀",
    "\u2028\u2029\ufeff",
    "null",
    "{}",
    "a" * 128,
    "a" * 129,
    "ü" * 5000,
]

REQUESTS: list[tuple[str, Callable[[type[Any]], Any], object]] = [
    ("model without a body", lambda model: model(), {}),
    ("model with None", lambda model: model(body=None), {}),
    ("model with a text", lambda model: model(body="hi"), {"body": "hi"}),
    ("model assigned to", lambda model: _assigned(model(), "later"), {"body": "later"}),
    ("model emptied", lambda model: _assigned(model(body="hi"), None), {}),
    ("model from a dict", lambda model: model.from_dict({"body": "hi"}), {"body": "hi"}),
    ("model from JSON", lambda model: model.from_json('{"body": "hi"}'), {"body": "hi"}),
    ("empty dict", lambda model: {}, {}),
    ("dict with None", lambda model: {"body": None}, {}),
    ("dict with a text", lambda model: {"body": "hi"}, {"body": "hi"}),
    ("dict with an unknown name", lambda model: {"body": "hi", "tag": 1}, {"body": "hi"}),
    (
        "subclass of the model",
        lambda model: (Tagged if model is MessageCreateMessageRequest else TaggedUpdate)(body="hi"),
        {"body": "hi", "tag": "blue"},
    ),
]


def _assigned(request: Any, body: str | None) -> Any:
    request.body = body
    return request


# -- by position, in the order of a generated signature -----------------------------------------------

_LIST = "GET /apps/a/connections/c/messages"
_GET = "GET /apps/a/connections/c/messages/j"
_EDIT = "PUT /apps/a/connections/c/messages/j"
_SEND = "POST /apps/a/connections/c/messages"
_HI = {"body": "hi"}
_KEY = {"type": "api_key", "in": "header", "key": "X-Key", "value": "k3y-for-one-call"}
_X_KEY = {"X-Key": "k3y-for-one-call", "Authorization": None}


def _positions(operation: str, line: str, *given: Any, body: object = None) -> list[Case]:
    """The operation with its own arguments, and with each of the options after them."""
    options: list[tuple[Any, Mapping[str, str | None]]] = [
        (2.5, {}),
        (_KEY, _X_KEY),
        ("application/json; v=2", {"Content-Type": "application/json; v=2"} if body else {}),
        ({"X-One": "1"}, {"X-One": "1"}),
        (0, {}),
    ]
    cases = [Case("own", lambda api: getattr(api, operation)(*given), line, body=body)]
    passed: tuple[Any, ...] = given
    sent: dict[str, str | None] = {}
    for number, (option, headers) in enumerate(options, len(given) + 1):
        passed = (*passed, option)
        sent = {**sent, **headers}
        arguments = passed
        cases.append(
            Case(
                f"{number} arguments",
                lambda api, arguments=arguments: getattr(api, operation)(*arguments),
                line,
                dict(sent),
                body,
            )
        )
    return cases


POSITIONS = [
    *_positions(LIST, f"{_LIST}?messages_since=5&page=1&per_page=100", "a", "c", 5, 1, 100),
    *_positions(LIST, _LIST, "a", "c", None, None, None),
    *_positions(GET, _GET, "a", "c", "j"),
    *_positions(EDIT, _EDIT, "a", "c", "j", _HI, body=_HI),
    *_positions(SEND, _SEND, "a", "c", MessageCreateMessageRequest(body="hi"), body=_HI),
]

# -- headers ------------------------------------------------------------------------------------------


class Colour(str, enum.Enum):
    """A value that is not quite a text."""

    BLUE = "blue"


def _header(
    name: str,
    given: dict[str, Any],
    sent: Mapping[str, str | None],
    departs: bool = False,
    client: Callable[[ApiClient], object] = lambda client: None,
) -> Case:
    return Case(
        f"header, {name}",
        lambda api: api.get("a", "c", "j", _headers=given),
        _GET,
        sent,
        departs=departs,
        client=client,
    )


HEADERS = [
    _header("none", {}, {}),
    _header("one", {"X-One": "1"}, {"X-One": "1"}),
    _header(
        "several",
        {"X-One": "1", "x-two": "2", "X-THREE": "3"},
        {"X-One": "1", "x-two": "2", "X-THREE": "3"},
    ),
    _header("empty", {"X-Empty": ""}, {"X-Empty": ""}),
    _header("int", {"X-Number": 7}, {"X-Number": "7"}),
    _header("bool", {"X-Flag": True}, {"X-Flag": "True"}),
    _header("bytes", {"X-Bytes": b"caf\xe9"}, {"X-Bytes": "caf\xe9"}),
    _header("Latin-1", {"X-Name": "café"}, {"X-Name": "caf\xe9"}),
    _header("enum", {"X-Colour": Colour.BLUE}, {"X-Colour": "blue"}),
    _header("date", {"X-Day": datetime.date(2024, 2, 29)}, {"X-Day": "2024-02-29"}),
    _header("punctuation", {"X-!#$%&'*+-.^_`|~9": 'a, "b"; c=d'}, {"X-!#$%&'*+-.^_`|~9": 'a, "b"; c=d'}),
    _header("tab", {"X-Tab": "a\tb"}, {"X-Tab": "a\tb"}),
    _header("long", {"X-Long": "y" * 8000}, {"X-Long": "y" * 8000}),
    _header("forty", {f"X-{n}": str(n) for n in range(40)}, {f"X-{n}": str(n) for n in range(40)}),
    _header("content type without content", {"Content-Type": "text/x"}, {"Content-Type": "text/x"}),
    _header("encoding", {"Accept-Encoding": "gzip"}, {"Accept-Encoding": "gzip"}),
    _header("cookie", {"Cookie": "a=1; b=2"}, {"Cookie": "a=1; b=2"}),
    _header("accept", {"Accept": "text/csv"}, {"Accept": "text/csv"}, DEPARTS),
    _header("accept, small", {"accept": "text/csv"}, {"accept": "text/csv", "Accept": None}, DEPARTS),
    _header("user agent", {"User-Agent": "mine/1"}, {"User-Agent": "mine/1"}, DEPARTS),
    _header("authorization", {"Authorization": "Mine 1"}, {"Authorization": "Mine 1"}, DEPARTS),
    _header(
        "authorization, small",
        {"authorization": "Mine 1"},
        {"authorization": "Mine 1", "Authorization": None},
        DEPARTS,
    ),
    _header(
        "before the client's",
        {"X-Tenant": "red"},
        {"X-Tenant": "red"},
        DEPARTS,
        lambda client: client.set_default_header("X-Tenant", "blue"),
    ),
    _header(
        "before the client's, whatever the case",
        {"x-tenant": "red"},
        {"x-tenant": "red"},
        DEPARTS,
        lambda client: client.set_default_header("X-Tenant", "blue"),
    ),
    _header(
        "before the client's cookie",
        {"Cookie": "mine=1"},
        {"Cookie": "mine=1"},
        DEPARTS,
        lambda client: setattr(client, "cookie", "session=abcdef"),
    ),
    _header(
        "beside the client's",
        {"X-One": "1"},
        {"X-One": "1", "X-Tenant": "blue"},
        client=lambda client: client.set_default_header("X-Tenant", "blue"),
    ),
]


def _default(
    name: str,
    client: Callable[[ApiClient], object],
    sent: Mapping[str, str | None],
    departs: bool = False,
) -> list[Case]:
    """What is set on the client, with a call that has a body and one that has none."""
    return [
        Case(
            f"client's {name}, get",
            lambda api: api.get("a", "c", "j"),
            _GET,
            sent,
            departs=departs,
            client=client,
        ),
        Case(
            f"client's {name}, send",
            lambda api: api.send("a", "c", _HI),
            _SEND,
            sent,
            _HI,
            departs,
            client,
        ),
    ]


DEFAULTS = [
    *_default("header", lambda c: c.set_default_header("X-Tenant", "blue"), {"X-Tenant": "blue"}),
    *_default("agent", lambda c: setattr(c, "user_agent", "mine/2 (x)"), {"User-Agent": "mine/2 (x)"}),
    *_default(
        "agent as a header",
        lambda c: c.set_default_header("User-Agent", "mine/3"),
        {"User-Agent": "mine/3"},
    ),
    *_default("cookie", lambda c: setattr(c, "cookie", "a=1; b=2"), {"Cookie": "a=1; b=2"}),
    *_default("empty cookie", lambda c: setattr(c, "cookie", ""), {}),
    *_default(
        "cookie as a header",
        lambda c: c.set_default_header("Cookie", "a=1"),
        {"Cookie": "a=1"},
    ),
    *_default("accept", lambda c: c.set_default_header("Accept", "text/csv"), {"Accept": "text/csv"}),
    *_default(
        "authorization, before no key",
        lambda c: (
            c.configuration.api_key.clear(),
            c.set_default_header("Authorization", "Mine 1"),
        ),
        {"Authorization": "Mine 1"},
    ),
    *_default(
        "authorization, after the key",
        lambda c: c.set_default_header("Authorization", "Mine 1"),
        {},
    ),
]

# -- the type of the request's content ----------------------------------------------------------------

CONTENT_TYPES = [
    "application/json",
    "application/json; charset=utf-8",
    "Application/JSON",
    "application/vnd.api+json",
    "application/merge-patch+json",
    "text/json",
]

# -- credentials --------------------------------------------------------------------------------------


def _credentials(
    name: str,
    sent: Mapping[str, str | None],
    departs: bool = False,
    *,
    query: str = "",
    auth: dict[str, Any] | None = None,
    **settings: Any,
) -> Case:
    """A call with these settings of the configuration; or with these credentials of its own."""

    def set_up(client: ApiClient) -> None:
        for setting, value in settings.items():
            setattr(client.configuration, setting, value)

    return Case(
        f"credentials, {name}",
        lambda api: api.list("a", "c", page=2, _request_auth=auth),
        f"{_LIST}?page=2{query}",
        sent,
        departs=departs,
        client=set_up,
    )


def _own(place: str, key: str = "X-Key", value: str = "k3y-for-one-call") -> dict[str, Any]:
    return {"type": "api_key", "in": place, "key": key, "value": value}


def _set_key(configuration: Any) -> None:
    configuration.api_key["BearerAuth"] = "fresh-token"


_NONE = {"Authorization": None}
_LONE = {"Authorization": TOKEN}

CREDENTIALS = [
    _credentials("none", _NONE, api_key={}),
    _credentials("a key", {"Authorization": f"Bearer {TOKEN}"}, DEPARTS),
    _credentials("a prefix", {}, api_key_prefix={"BearerAuth": "Bearer"}),
    _credentials("another prefix", {"Authorization": f"Token {TOKEN}"}, api_key_prefix={"BearerAuth": "Token"}),
    _credentials("no prefix", _LONE, api_key_prefix={"BearerAuth": ""}),
    _credentials("a prefix of another scheme", {}, DEPARTS, api_key_prefix={"Other": "Token"}),
    _credentials("a key with its scheme", {"Authorization": "Bearer abc.def"}, api_key={"BearerAuth": "Bearer abc.def"}),
    _credentials("a key with another scheme", {"Authorization": "Basic dTpw"}, api_key={"BearerAuth": "Basic dTpw"}),
    _credentials("a prefix given twice", {"Authorization": "Bearer Bearer abc"}, api_key={"BearerAuth": "Bearer abc"}, api_key_prefix={"BearerAuth": "Bearer"}),
    _credentials("punctuation", {"Authorization": "Bearer a+/=~_-.b"}, DEPARTS, api_key={"BearerAuth": "a+/=~_-.b"}),
    _credentials("a key beside another scheme's", {}, DEPARTS, api_key={"BearerAuth": TOKEN, "Other": "x"}),
    _credentials("user and password", _NONE, api_key={}, username="user", password="secret"),
    _credentials("a key, user and password", {}, DEPARTS, username="user", password="secret"),
    _credentials("access token", {"Authorization": "Bearer abc"}, DEPARTS, api_key={}, access_token="abc"),
    _credentials("access token with its scheme", {"Authorization": "Bearer abc"}, DEPARTS, api_key={}, access_token="Bearer abc"),
    _credentials("access token from a callable", {"Authorization": "Bearer abc"}, DEPARTS, api_key={}, access_token=lambda: "abc"),
    _credentials("access token beside a key", {}, DEPARTS, access_token="abc"),
    _credentials("refreshed", {"Authorization": "Bearer fresh-token"}, DEPARTS, refresh_api_key_hook=_set_key),
    _credentials("refreshed, prefix", {"Authorization": "JWT fresh-token"}, refresh_api_key_hook=_set_key, api_key_prefix={"BearerAuth": "JWT"}),
    _credentials("refreshed from nothing", {"Authorization": "Bearer fresh-token"}, DEPARTS, api_key={}, refresh_api_key_hook=_set_key),
    _credentials("of the call, header", _X_KEY, auth=_own("header")),
    _credentials("of the call, the same header", {"Authorization": "Mine 1"}, auth=_own("header", "Authorization", "Mine 1")),
    _credentials("of the call, taken as they are", {"Authorization": "mine"}, auth=_own("header", "Authorization", "mine")),
    _credentials("of the call, query", _NONE, query="&key=k3y-for-one-call", auth=_own("query", "key")),
    _credentials("of the call, query, encoded", _NONE, query="&key=a%20b%26c%3Dd/%2B%C3%A9", auth=_own("query", "key", "a b&c=d/+\u00e9")),
    _credentials("of the call, cookie", {"Cookie": "sid=k3y-for-one-call", **_NONE}, auth=_own("cookie", "sid", "sid=k3y-for-one-call")),
    _credentials("of the call, before no others", _X_KEY, api_key={}, auth=_own("header")),
    _credentials("of the call, before a hook", _X_KEY, refresh_api_key_hook=_set_key, auth=_own("header")),
    _credentials("of the call, none", {}, DEPARTS, auth={}),
]

OPTIONS = [
    Case(
        "credentials of the call in the cookie, before the client's cookie",
        lambda api: api.get("a", "c", "j", _request_auth=_own("cookie", "sid", "sid=k3y-for-one-call")),
        _GET,
        {"Cookie": "sid=k3y-for-one-call", "Authorization": None},
        client=lambda client: setattr(client, "cookie", "a=1"),
    ),
    Case(
        "credentials of the call, before the same header of the client",
        lambda api: api.get("a", "c", "j", _request_auth=_own("header")),
        _GET,
        _X_KEY,
        client=lambda client: client.set_default_header("X-Key", "the client's"),
    ),
    Case(
        "credentials of the call, before the same header of the call",
        lambda api: api.get("a", "c", "j", _request_auth=_own("header"), _headers={"X-Key": "other"}),
        _GET,
        _X_KEY,
    ),
    Case(
        "credentials of the call in the query, of a send",
        lambda api: api.send("a", "c", _HI, _request_auth=_own("query", "key")),
        f"{_SEND}?key=k3y-for-one-call",
        _NONE,
        _HI,
    ),
    Case(
        "content type and headers",
        lambda api: api.send(
            "a",
            "c",
            _HI,
            _content_type="application/json; v=2",
            _headers={"Content-Type": "application/json; v=1", "X-One": "1"},
        ),
        _SEND,
        {"Content-Type": "application/json; v=2", "X-One": "1"},
        _HI,
    ),
    Case(
        "content type in the headers",
        lambda api: api.send("a", "c", _HI, _headers={"Content-Type": "application/json; v=1"}),
        _SEND,
        {"Content-Type": "application/json; v=1"},
        _HI,
        DEPARTS,
    ),
    Case(
        "content type of a call that has none",
        lambda api: api.list("a", "c", _content_type="text/plain"),
        _LIST,
    ),
    Case("host index", lambda api: api.list("a", "c", _host_index=0), _LIST),
    Case("timeout", lambda api: api.list("a", "c", _request_timeout=7), _LIST),
    Case("timeouts", lambda api: api.list("a", "c", _request_timeout=(1, 2.5)), _LIST),
    Case(
        "everything at once",
        lambda api: api.edit(
            "user 7",
            "é",
            "50%",
            _HI,
            _request_timeout=(1.5, 20),
            _request_auth=_own("query", "key"),
            _content_type="application/vnd.api+json",
            _headers={"X-One": "1"},
            _host_index=0,
        ),
        "PUT /apps/user%207/connections/%C3%A9/messages/50%25?key=k3y-for-one-call",
        {
            "X-One": "1",
            "X-Tenant": "blue",
            "Cookie": "a=1",
            "Content-Type": "application/vnd.api+json",
            "Authorization": None,
        },
        _HI,
        client=lambda c: (c.set_default_header("X-Tenant", "blue"), setattr(c, "cookie", "a=1")),
    ),
]
