"""How the service, a program in Go, reads a request's path, query and body, and writes JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Literal, NamedTuple, NoReturn, cast
from urllib.parse import parse_qsl, quote, unquote_to_bytes

from openapi_client.testing._wire import MalformedRequestError, ReceivedRequest

BASE_PATH = "/v1"
APPS_PATH = f"{BASE_PATH}/apps"
LOGIN_PATH = f"{BASE_PATH}/login"
REFRESH_PATH = f"{BASE_PATH}/refresh"

# Paths, as net/url decodes them and the router, Echo, takes them apart.

# What net/url leaves as it is in a path; also the spelling in which it decodes one.
_SAFE = "/$&+,:;=@"
_PLAIN_PATH = re.compile(r"[0-9A-Za-z\-._~/$&+,:;=@]*")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
# The methods that the router knows, in its order; it refuses others whatever their path is.
ROUTER_METHODS = (
    *("OPTIONS", "CONNECT", "DELETE", "GET", "HEAD", "PATCH", "POST", "PROPFIND", "PUT"),
    *("TRACE", "REPORT"),
)

Operation = Literal["list", "get", "edit", "send"]
# By the method, and by whether the path names a message.
_ROUTES: dict[tuple[str, bool], Operation] = {
    ("GET", False): "list",
    ("POST", False): "send",
    ("GET", True): "get",
    ("PUT", True): "edit",
}


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
    match go_path(raw_path).split("/", 7 if id_with_slash else -1):
        case ["", "v1", "apps", app_id, "connections", connection_id, "messages", *rest]:
            # An app or a connection may be empty, a message's id may not.
            if len(rest) > 1 or rest == [""]:
                return None
            operation = _ROUTES.get((method, bool(rest)))
            return operation and Target(operation, app_id, connection_id, "".join(rest))
        case _:
            return None


def is_below(path: str, prefix: str) -> bool:
    """Tell whether a path is another one, or continues it."""
    return path == prefix or path.startswith(f"{prefix}/")


def methods_of(path: str) -> list[str]:
    """List the methods that a guarded path answers to, without OPTIONS."""
    return [m for m in ROUTER_METHODS if target_of(m, path)] or list(ROUTER_METHODS[1:])


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
    return (decoded if quote(decoded, safe=_SAFE) == raw else octets).decode(errors="replace")


# Queries and numbers.

_BAD_PAIR = re.compile(rf";|{_BAD_ESCAPE.pattern}")


def parse_query(query: str) -> dict[str, str]:
    """Decode a query; the first well-spelled value of each parameter counts."""
    given: dict[str, str] = {}
    well_spelled = "&".join(pair for pair in query.split("&") if not _BAD_PAIR.search(pair))
    for name, value in parse_qsl(well_spelled, keep_blank_values=True):
        given.setdefault(name, value)
    return given


_INTEGER = re.compile(r"([+-]?)0*([0-9]{1,19})")


def parse_integer(value: str | None, default: int) -> int:
    """Read a query parameter as a 64-bit integer; the default where it is none."""
    match = _INTEGER.fullmatch(value or "")
    number = int(match[1] + match[2]) if match else default
    return number if -(1 << 63) <= number < 1 << 63 else default


# Bodies. What encoding/json does, and Python's json does not:
# - it reads the first value, and does not look at what follows;
# - names of fields fit in any case; where one comes twice the last value counts, null changes none;
# - each byte that is no UTF-8 becomes one U+FFFD;
# - numbers may have any number of digits.

# A Go type: a text, a whole number, a struct's fields under lower-case names, a list of one type.
GoType = type[str] | type[int] | Mapping[str, "GoType"] | list["GoType"]
Fields = dict[str, object]


class _Object(list[tuple[str, object]]):
    """A JSON object as the pairs in which it was written: names may come twice."""


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _number(digits: str) -> float:
    # int refuses more than 4,300 digits; float reads any number of them in linear time.
    return int(digits) if len(digits) < 20 else float(digits)


_SPACE = re.compile(r"[ \t\r\n]*")
_SURROGATE = re.compile("[\ud800-\udfff]")
_DECODER = json.JSONDecoder(
    parse_constant=_no_constant, parse_int=_number, object_pairs_hook=_Object
)


def bind(
    request: ReceivedRequest, fields: Mapping[str, GoType], *, strict: bool = False
) -> Fields | None:
    """Read a request's body into the fields of a struct, as Echo does.

    Args:
        request: the request. Where it has no body its Content-Type does not matter.
        fields: names in lower case, and the type of each; others are passed over.
        strict: whether `null` and a form are refused; else they are objects without fields.

    Returns:
        The fields that were there, None where the body is not valid.
    """
    if not request.body and not request.chunked:
        return {}
    kind = request.header("content-type") or ""
    if kind.startswith(("application/x-www-form-urlencoded", "multipart/form-data")):
        return None if strict else {}
    if not kind.startswith("application/json"):
        return None
    text = request.body.decode(errors="surrogateescape")
    space = _SPACE.match(text)
    try:
        value: object = _DECODER.raw_decode(text, space.end() if space else 0)[0]
        if value is None and not strict:
            return {}
        return cast("Fields", _fit(value, fields))
    except (ValueError, RecursionError):
        return None


def _fit(value: object, kind: GoType) -> object:
    """Read a JSON value into a Go type.

    Raises:
        ValueError: it does not fit.
    """
    if isinstance(kind, Mapping) and isinstance(value, _Object):
        found: Fields = {}
        for name, inner in value:
            wanted = kind.get(name.lower())
            if wanted is not None and inner is not None:
                found[name.lower()] = _fit(inner, wanted)
        return found
    if isinstance(kind, list) and isinstance(value, list) and not isinstance(value, _Object):
        nothing: object = {}
        items = cast("list[object]", value)
        return [nothing if item is None else _fit(item, kind[0]) for item in items]
    if kind is str and isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if kind is int and isinstance(value, int) and not isinstance(value, bool):
        return value
    raise ValueError("another type of Go")


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
# They stand in texts alone, never in the structure around them.
_TO_ESCAPE = re.compile("[<>&\u2028\u2029]")
_ESCAPES = {ord(character): f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}


def to_json(value: object) -> bytes:
    """Write JSON compactly, with `<`, `>`, `&` escaped and a newline at the end."""
    text = _ENCODER.encode(value)
    if _TO_ESCAPE.search(text):
        text = text.translate(_ESCAPES)
    return text.encode() + b"\n"
