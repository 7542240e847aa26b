"""From a method and a path to an operation, as the service's router reads them."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple
from urllib.parse import parse_qsl, quote, unquote_to_bytes

from openapi_client.testing._wire import MalformedRequestError

BASE_PATH = "/v1"
APPS_PATH = f"{BASE_PATH}/apps"
LOGIN_PATH = f"{BASE_PATH}/login"
REFRESH_PATH = f"{BASE_PATH}/refresh"

# What Go's net/url leaves as it is in a path; also the spelling in which it decodes one.
_GO_SAFE = "/$&+,:;=@"
_PLAIN_PATH = re.compile(r"[0-9A-Za-z\-._~/$&+,:;=@]*")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_INTEGER = re.compile(r"[+-]?[0-9]{1,19}")
# What the service's router (Echo) knows: any other method is refused before its path is looked at.
ROUTER_METHODS = frozenset(
    [
        "CONNECT",
        "DELETE",
        "GET",
        "HEAD",
        "OPTIONS",
        "PATCH",
        "POST",
        "PROPFIND",
        "PUT",
        "REPORT",
        "TRACE",
    ]
)

Operation = Literal["list", "get", "edit", "send"]


class Target(NamedTuple):
    """Where a request goes: one of the four operations and its path parameters."""

    operation: Operation
    app_id: str
    connection_id: str
    jti: str  # "" for list and send


def target_of(method: str, raw_path: str, *, id_with_slash: bool = False) -> Target | None:
    """Find where a request goes, None where the router knows no such path.

    Args:
        method: the method.
        raw_path: the path as it was spelled.
        id_with_slash: whether a message's id is all of the rest of the path.

    Raises:
        MalformedRequestError: the path has a `%` that begins no escape.
    """
    parts = go_path(raw_path).split("/", 7 if id_with_slash else -1)
    match parts:
        case ["", "v1", "apps", app_id, "connections", connection_id, "messages"]:
            operation, jti = _OF_MESSAGES.get(method), ""
        case ["", "v1", "apps", app_id, "connections", connection_id, "messages", jti]:
            operation = _OF_ONE_MESSAGE.get(method)
        case _:
            return None
    if operation is None or not all(parts[1:]) or jti.endswith("/"):
        return None
    return Target(operation, app_id, connection_id, jti)


_OF_MESSAGES: dict[str, Operation] = {"GET": "list", "POST": "send"}
_OF_ONE_MESSAGE: dict[str, Operation] = {"GET": "get", "PUT": "edit"}


def is_guarded(path: str) -> bool:
    """Tell whether a path is one of the apps', known or not."""
    return path == APPS_PATH or path.startswith(f"{APPS_PATH}/")


def methods_of(path: str) -> list[str]:
    """List the methods that a path of the apps' answers to, without OPTIONS."""
    known = [method for method in ("GET", "POST", "PUT") if target_of(method, path)]
    return known or sorted(ROUTER_METHODS - {"OPTIONS"})


def go_path(raw: str) -> str:
    """Decode a path as the service does: only if it is spelled as Go spells it.

    Any other spelling of the same path stands for itself, so that `user%3A7` is not `user:7`.

    Raises:
        MalformedRequestError: the path has a `%` that begins no escape.
    """
    if _PLAIN_PATH.fullmatch(raw):
        return raw
    if _BAD_ESCAPE.search(raw):
        raise MalformedRequestError(400, "bad escape in the path")
    octets = raw.encode("latin-1")
    decoded = unquote_to_bytes(octets)
    return (decoded if quote(decoded, safe=_GO_SAFE) == raw else octets).decode(errors="replace")


def parse_query(query: str) -> dict[str, str]:
    """Decode a query; the first value of each parameter counts."""
    given: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        given.setdefault(name, value)
    return given


def parse_integer(value: str | None, default: int) -> int:
    """Read a query parameter as a 64-bit integer; the default where it is none."""
    if value is None or not _INTEGER.fullmatch(value):
        return default
    number = int(value)
    return number if -(1 << 63) <= number < 1 << 63 else default
