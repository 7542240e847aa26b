"""Paths, queries and JSON as the service's language, Go, reads and writes them."""

from __future__ import annotations

import json
import re
from typing import NoReturn, cast
from urllib.parse import parse_qsl, quote, unquote_to_bytes

from openapi_client.testing._wire import MalformedRequestError, ReceivedRequest

# What Go's net/url leaves as it is in a path; also the spelling in which it decodes one.
_GO_SAFE = "/$&+,:;=@"
_PLAIN_PATH = re.compile(r"[0-9A-Za-z\-._~/$&+,:;=@]*")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_INTEGER = re.compile(r"[+-]?[0-9]{1,19}")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def to_json(value: object) -> bytes:
    """Write JSON compactly, with `<`, `>`, `&` escaped and a newline at the end."""
    text = _ENCODER.encode(value)
    if _TO_ESCAPE.search(text):
        text = text.translate(_ESCAPES)
    return text.encode() + b"\n"


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
# They stand in texts alone, never in the structure around them.
_TO_ESCAPE = re.compile("[<>&\u2028\u2029]")
_ESCAPES = {ord(character): f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}


def go_path(raw: str) -> str:
    """The path as the service reads it: decoded only if it is spelled as Go spells it.

    Any other spelling of the same path stands for itself, so that `user%3A7` is not `user:7`.
    """
    if _PLAIN_PATH.fullmatch(raw):
        return raw
    if _BAD_ESCAPE.search(raw):
        raise MalformedRequestError(400, "bad escape in the path")
    octets = raw.encode("latin-1")
    decoded = unquote_to_bytes(octets)
    return (decoded if quote(decoded, safe=_GO_SAFE) == raw else octets).decode(errors="replace")


def parse_query(query: str) -> dict[str, str]:
    """The first value of each query parameter."""
    given: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        given.setdefault(name, value)
    return given


def parse_integer(value: str | None, default: int) -> int:
    if value is None or not _INTEGER.fullmatch(value):
        return default
    number = int(value)
    return number if -(1 << 63) <= number < 1 << 63 else default


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(parse_constant=_no_constant)


def decode_text(request: ReceivedRequest, *, null_is_blank: bool) -> str | None:
    """The `body` of a JSON object ("" where there is none), None where it is not valid."""
    if null_is_blank and request.body.strip() == b"null" and _is_json(request):
        return ""
    value = decode_object(request)
    if value is None:
        return None
    text = value.get("body")
    if text is None:
        return ""
    return _LONE_SURROGATE.sub("\ufffd", text) if isinstance(text, str) else None


def decode_object(request: ReceivedRequest) -> dict[str, object] | None:
    """The JSON object that is a request's body, None where it is none."""
    if not _is_json(request):
        return None
    try:
        # As Go reads JSON: UTF-8 alone, and what is no UTF-8 is replaced.
        value = _DECODER.decode(request.body.decode(errors="replace"))
    except (ValueError, RecursionError):
        return None
    return cast("dict[str, object]", value) if isinstance(value, dict) else None


def _is_json(request: ReceivedRequest) -> bool:
    media_type = (request.header("content-type") or "").partition(";")[0].strip().lower()
    return media_type == "application/json"
