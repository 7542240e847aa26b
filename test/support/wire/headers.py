"""Headers of a call, and those that are set on the client."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from test.support.wire.arguments import Named
from test.support.wire.case import DEPARTS, GET_LINE, HI, SEND_LINE, Case

NOTHING: dict[str, Any] = {}
BLUE = {"default_headers": {"X-Tenant": "blue"}}


def _header(
    name: str,
    given: dict[str, Any],
    sent: Mapping[str, str | None],
    departs: bool = False,
    client: Mapping[str, Any] = NOTHING,
) -> Case:
    return Case(
        f"header, {name}",
        lambda api: api.get("a", "c", "j", _headers=given),
        GET_LINE,
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
    _header("bool", {"X-Flag": True}, {"X-Flag": "true"}),
    _header("bytes", {"X-Bytes": b"caf\xe9"}, {"X-Bytes": "caf\xe9"}),
    _header("Latin-1", {"X-Name": "café"}, {"X-Name": "caf\xe9"}),
    _header("enum", {"X-Colour": Named.BLUE}, {"X-Colour": "blue"}),
    _header("date", {"X-Day": datetime.date(2024, 2, 29)}, {"X-Day": "2024-02-29"}),
    _header(
        "punctuation", {"X-!#$%&'*+-.^_`|~9": 'a, "b"; c=d'}, {"X-!#$%&'*+-.^_`|~9": 'a, "b"; c=d'}
    ),
    _header("tab", {"X-Tab": "a\tb"}, {"X-Tab": "a\tb"}),
    _header("long", {"X-Long": "y" * 8000}, {"X-Long": "y" * 8000}),
    _header("forty", {f"X-{n}": str(n) for n in range(40)}, {f"X-{n}": str(n) for n in range(40)}),
    _header("content type without content", {"Content-Type": "text/x"}, {"Content-Type": "text/x"}),
    _header("encoding", {"Accept-Encoding": "gzip"}, {"Accept-Encoding": "gzip"}),
    _header("cookie", {"Cookie": "a=1; b=2"}, {"Cookie": "a=1; b=2"}),
    _header("accept", {"Accept": "text/csv"}, {"Accept": "text/csv"}, DEPARTS),
    _header(
        "accept, small", {"accept": "text/csv"}, {"accept": "text/csv", "Accept": None}, DEPARTS
    ),
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
        BLUE,
    ),
    _header(
        "before the client's, whatever the case",
        {"x-tenant": "red"},
        {"x-tenant": "red"},
        DEPARTS,
        BLUE,
    ),
    _header(
        "before the client's cookie",
        {"Cookie": "mine=1"},
        {"Cookie": "mine=1"},
        DEPARTS,
        {"cookie": "session=abcdef"},
    ),
    _header(
        "beside the client's",
        {"X-One": "1"},
        {"X-One": "1", "X-Tenant": "blue"},
        client=BLUE,
    ),
]


def _defaults(name: str, client: Mapping[str, Any], sent: Mapping[str, str | None]) -> list[Case]:
    """What is set on the client, with a call that has a body and one that has none."""
    return [
        Case(
            f"client's {name}, get",
            lambda api: api.get("a", "c", "j"),
            GET_LINE,
            sent,
            client=client,
        ),
        Case(
            f"client's {name}, send",
            lambda api: api.send("a", "c", HI),
            SEND_LINE,
            sent,
            HI,
            client=client,
        ),
    ]


DEFAULTS = [
    *_defaults("header", BLUE, {"X-Tenant": "blue"}),
    *_defaults("agent", {"user_agent": "mine/2 (x)"}, {"User-Agent": "mine/2 (x)"}),
    *_defaults(
        "agent as a header",
        {"default_headers": {"User-Agent": "mine/3"}},
        {"User-Agent": "mine/3"},
    ),
    *_defaults("cookie", {"cookie": "a=1; b=2"}, {"Cookie": "a=1; b=2"}),
    *_defaults("empty cookie", {"cookie": ""}, {}),
    *_defaults("cookie as a header", {"default_headers": {"Cookie": "a=1"}}, {"Cookie": "a=1"}),
    *_defaults("accept", {"default_headers": {"Accept": "text/csv"}}, {"Accept": "text/csv"}),
    *_defaults(
        "authorization, before no key",
        {"api_key": {}, "default_headers": {"Authorization": "Mine 1"}},
        {"Authorization": "Mine 1"},
    ),
    *_defaults(
        "authorization, after the key", {"default_headers": {"Authorization": "Mine 1"}}, {}
    ),
]
