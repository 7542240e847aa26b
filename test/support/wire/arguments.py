"""Paging, ids, bodies and contents, and all arguments by position."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from typing import Any

from openapi_client import (
    MessageCreateMessageRequest,
    MessagesApi,
    MessageUpdateMessageRequest,
)
from test.support.wire.case import (
    DEPARTS,
    EDIT,
    EDIT_LINE,
    GET,
    GET_LINE,
    HI,
    LIST,
    LIST_LINE,
    SEND,
    SEND_LINE,
    Case,
    sent,
)


class Named(str, enum.Enum):
    """An id that a program has a name for."""

    BLUE = "blue"


class Number(enum.IntEnum):
    """A number that a program has a name for."""

    TWO = 2


# -- paging: arguments -> query --------------------------------------------------------------------

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
    ({"page": Number.TWO}, "?page=2"),
    ({"per_page": 10**30}, "?per_page=1000000000000000000000000000000"),
]

# -- ids: a value -> how it stands in the path, and whether a generated client spells it otherwise -

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
    (Named.BLUE, "blue", False),
    ("user:7@example", "user:7@example", DEPARTS),
    ("a+b", "a+b", DEPARTS),
    ("a&b=c", "a&b=c", DEPARTS),
    ("$1,2;3", "$1,2;3", DEPARTS),
]

# -- bodies: what is given as `request` -> the JSON body -------------------------------------------


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


# -- the type of the request's content -------------------------------------------------------------

CONTENT_TYPES = [
    "application/json",
    "application/json; charset=utf-8",
    "Application/JSON",
    "application/vnd.api+json",
    "application/merge-patch+json",
    "text/json",
]


# -- by position, in the order of a generated signature --------------------------------------------

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
    cases = [Case("own", _called(operation, given), line, body=body)]
    headers: dict[str, str | None] = {}
    for number, (_, added) in enumerate(options, 1):
        headers = {**headers, **added}
        arguments = (*given, *[option for option, _ in options[:number]])
        name = f"{len(arguments)} arguments"
        cases.append(Case(name, _called(operation, arguments), line, headers, body))
    return cases


def _called(operation: str, arguments: tuple[Any, ...]) -> Callable[[MessagesApi], object]:
    def call(api: MessagesApi) -> object:
        return getattr(api, operation)(*arguments)

    return call


POSITIONS = [
    *_positions(LIST, f"{LIST_LINE}?messages_since=5&page=1&per_page=100", "a", "c", 5, 1, 100),
    *_positions(LIST, LIST_LINE, "a", "c", None, None, None),
    *_positions(GET, GET_LINE, "a", "c", "j"),
    *_positions(EDIT, EDIT_LINE, "a", "c", "j", HI, body=HI),
    *_positions(SEND, SEND_LINE, "a", "c", MessageCreateMessageRequest(body="hi"), body=HI),
]

# -- one call of each operation, by both names -----------------------------------------------------

VARIANTS = ["", "_with_http_info", "_without_preload_content"]
CALLS: list[tuple[str, tuple[Any, ...], Case]] = [
    (operation, arguments, sent(line, body))
    for operations, arguments, line, body in (
        (("list", LIST), ("a", "c"), LIST_LINE, None),
        (("get", GET), ("a", "c", "j"), GET_LINE, None),
        (("edit", EDIT), ("a", "c", "j", HI), EDIT_LINE, HI),
        (("send", SEND), ("a", "c", HI), SEND_LINE, HI),
    )
    for operation in operations
]
