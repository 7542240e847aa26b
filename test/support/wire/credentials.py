"""Credentials, and the other options of a call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from test.support.recorder import TOKEN
from test.support.wire.case import DEPARTS, GET_LINE, HI, LIST_LINE, SEND_LINE, Case

_X_KEY = {"X-Key": "k3y-for-one-call", "Authorization": None}


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

    return Case(
        f"credentials, {name}",
        lambda api: api.list("a", "c", page=2, _request_auth=auth),
        f"{LIST_LINE}?page=2{query}",
        sent,
        departs=departs,
        client=settings,
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
    _credentials(
        "another prefix",
        {"Authorization": f"Token {TOKEN}"},
        api_key_prefix={"BearerAuth": "Token"},
    ),
    _credentials("no prefix", _LONE, api_key_prefix={"BearerAuth": ""}),
    _credentials("a prefix of another scheme", {}, DEPARTS, api_key_prefix={"Other": "Token"}),
    _credentials(
        "a key with its scheme",
        {"Authorization": "Bearer abc.def"},
        api_key={"BearerAuth": "Bearer abc.def"},
    ),
    _credentials(
        "a key with another scheme",
        {"Authorization": "Basic dTpw"},
        api_key={"BearerAuth": "Basic dTpw"},
    ),
    _credentials(
        "a prefix given twice",
        {"Authorization": "Bearer Bearer abc"},
        api_key={"BearerAuth": "Bearer abc"},
        api_key_prefix={"BearerAuth": "Bearer"},
    ),
    _credentials(
        "punctuation",
        {"Authorization": "Bearer a+/=~_-.b"},
        DEPARTS,
        api_key={"BearerAuth": "a+/=~_-.b"},
    ),
    _credentials(
        "a key beside another scheme's", {}, DEPARTS, api_key={"BearerAuth": TOKEN, "Other": "x"}
    ),
    _credentials("user and password", _NONE, api_key={}, username="user", password="secret"),
    _credentials("a key, user and password", {}, DEPARTS, username="user", password="secret"),
    _credentials(
        "access token", {"Authorization": "Bearer abc"}, DEPARTS, api_key={}, access_token="abc"
    ),
    _credentials(
        "access token with its scheme",
        {"Authorization": "Bearer abc"},
        DEPARTS,
        api_key={},
        access_token="Bearer abc",
    ),
    _credentials(
        "access token from a callable",
        {"Authorization": "Bearer abc"},
        DEPARTS,
        api_key={},
        access_token=lambda: "abc",
    ),
    _credentials("access token beside a key", {}, DEPARTS, access_token="abc"),
    _credentials(
        "refreshed", {"Authorization": "Bearer fresh-token"}, DEPARTS, refresh_api_key_hook=_set_key
    ),
    _credentials(
        "refreshed, prefix",
        {"Authorization": "JWT fresh-token"},
        refresh_api_key_hook=_set_key,
        api_key_prefix={"BearerAuth": "JWT"},
    ),
    _credentials(
        "refreshed from nothing",
        {"Authorization": "Bearer fresh-token"},
        DEPARTS,
        api_key={},
        refresh_api_key_hook=_set_key,
    ),
    _credentials("of the call, header", _X_KEY, auth=_own("header")),
    _credentials(
        "of the call, the same header",
        {"Authorization": "Mine 1"},
        auth=_own("header", "Authorization", "Mine 1"),
    ),
    _credentials(
        "of the call, taken as they are",
        {"Authorization": "mine"},
        auth=_own("header", "Authorization", "mine"),
    ),
    _credentials(
        "of the call, query", _NONE, query="&key=k3y-for-one-call", auth=_own("query", "key")
    ),
    _credentials(
        "of the call, query, encoded",
        _NONE,
        query="&key=a%20b%26c%3Dd/%2B%C3%A9",
        auth=_own("query", "key", "a b&c=d/+\u00e9"),
    ),
    _credentials(
        "of the call, cookie",
        {"Cookie": "sid=k3y-for-one-call", **_NONE},
        auth=_own("cookie", "sid", "sid=k3y-for-one-call"),
    ),
    _credentials("of the call, before no others", _X_KEY, api_key={}, auth=_own("header")),
    _credentials(
        "of the call, before a hook", _X_KEY, refresh_api_key_hook=_set_key, auth=_own("header")
    ),
    _credentials("of the call, none", {}, DEPARTS, auth={}),
]

OPTIONS = [
    Case(
        "credentials of the call in the cookie, after the client's cookie",
        lambda api: api.get(
            "a", "c", "j", _request_auth=_own("cookie", "sid", "sid=k3y-for-one-call")
        ),
        GET_LINE,
        {"Cookie": "a=1; sid=k3y-for-one-call", "Authorization": None},
        client={"cookie": "a=1"},
    ),
    Case(
        "credentials of the call, before the same header of the client",
        lambda api: api.get("a", "c", "j", _request_auth=_own("header")),
        GET_LINE,
        _X_KEY,
        client={"default_headers": {"X-Key": "the client's"}},
    ),
    Case(
        "credentials of the call, before the same header of the call",
        lambda api: api.get(
            "a", "c", "j", _request_auth=_own("header"), _headers={"X-Key": "other"}
        ),
        GET_LINE,
        _X_KEY,
    ),
    Case(
        "credentials of the call in the query, of a send",
        lambda api: api.send("a", "c", HI, _request_auth=_own("query", "key")),
        f"{SEND_LINE}?key=k3y-for-one-call",
        _NONE,
        HI,
    ),
    Case(
        "content type and headers",
        lambda api: api.send(
            "a",
            "c",
            HI,
            _content_type="application/json; v=2",
            _headers={"Content-Type": "application/json; v=1", "X-One": "1"},
        ),
        SEND_LINE,
        {"Content-Type": "application/json; v=2", "X-One": "1"},
        HI,
    ),
    Case(
        "content type in the headers",
        lambda api: api.send("a", "c", HI, _headers={"Content-Type": "application/json; v=1"}),
        SEND_LINE,
        {"Content-Type": "application/json; v=1"},
        HI,
        DEPARTS,
    ),
    Case(
        "content type of a call that has none",
        lambda api: api.list("a", "c", _content_type="text/plain"),
        LIST_LINE,
    ),
    Case("host index", lambda api: api.list("a", "c", _host_index=0), LIST_LINE),
    Case("timeout", lambda api: api.list("a", "c", _request_timeout=7), LIST_LINE),
    Case("timeouts", lambda api: api.list("a", "c", _request_timeout=(1, 2.5)), LIST_LINE),
    Case(
        "everything at once",
        lambda api: api.edit(
            "user 7",
            "é",
            "50%",
            HI,
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
        HI,
        client={"default_headers": {"X-Tenant": "blue"}, "cookie": "a=1"},
    ),
]
