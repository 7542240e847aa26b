"""The parts of a request: its path, its headers, its credentials."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, cast
from urllib.parse import quote, unquote

from openapi_client.credentials import checked_credential
from openapi_client.exceptions import ApiValueError

# The service decodes a path only if these stand in it as they are.
SAFE_IN_PATH = "$&+,:;=@"
_DOTS = frozenset({".", ".."})
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_LONE_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_VARIABLE = re.compile(r"\{([^{}]*)\}")

# RFC 6265, section 4.1.1, and `%`, so that what is encoded already stays as it is.
_SAFE_IN_COOKIES = "!#$%&'()*+-./:<=>?@[]^_`{|}~"
# Signatures are made by programs, from the whole request; they have no value to send.
_SIGNATURE = "http-signature"

OWN_HEADERS = frozenset({"Accept", "Content-Type"})
_CANONICAL_HEADERS = frozenset({*OWN_HEADERS, "User-Agent"})


def merged_headers(defaults: Mapping[str, str], given: Mapping[str, Any]) -> dict[str, str]:
    """Return both, what is given going before a default of the same name in any case."""
    if defaults.keys() <= _CANONICAL_HEADERS and given.keys() <= _CANONICAL_HEADERS:
        return {**defaults, **given}
    names = {name.lower() for name in given}
    merged = {name: value for name, value in defaults.items() if name.lower() not in names}
    merged.update(given)
    return merged


def has_header(headers: Mapping[str, Any], name: str) -> bool:
    """Return whether `name` is there, in any case."""
    lower = name.lower()
    return any(other.lower() == lower for other in headers)


def checked_auth(setting: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return credentials that a caller gives for one call.

    Raises:
        ApiValueError: a part of them is missing, or the value cannot be sent.
    """
    if setting.get("type") == _SIGNATURE:
        return setting
    place = setting.get("in")
    if place is None or "value" not in setting or (place != "cookie" and not setting.get("key")):
        raise ApiValueError(
            "credentials need 'type', 'in', 'key' and 'value', got "
            + (", ".join(map(repr, setting)) or "none of them")
        )
    where = "Cookie" if place == "cookie" else setting["key"]
    value = setting["value"]
    if place == "query" and isinstance(value, str):
        # It goes out percent-encoded, so it may be any text.
        value = quote(value)
    checked_credential(value, f"the credential in {where}")
    return setting


def add_credential(
    headers: dict[str, str],
    queries: list[tuple[str, Any]],
    resource_path: str,
    method: str,
    body: Any,
    auth_setting: Mapping[str, Any],
) -> None:
    """Put a credential where its setting says; `headers` or `queries` is changed.

    The rest of the request is for programs that put a function of their own here, to sign it.
    """
    setting, place = auth_setting, auth_setting.get("in")
    if setting.get("type") == _SIGNATURE:
        return
    if place in ("header", "cookie"):
        name = setting["key"] if place == "header" else "Cookie"
        value = setting["value"] if place == "header" else _cookie(setting)
        if not headers.keys() <= _CANONICAL_HEADERS:
            for other in [other for other in headers if other.lower() == name.lower()]:
                there = headers.pop(other)
                if place == "cookie" and there:
                    value = f"{there}; {value}"
        headers[name] = value
    elif place == "query":
        queries.append((setting["key"], setting["value"]))
    else:
        raise ApiValueError(f"credentials must be in header, query or cookie, not in {place!r}")


def _cookie(setting: Mapping[str, Any]) -> str:
    """Return `key=value`; a value that has its name already, as it is."""
    key, value = setting.get("key"), str(setting["value"])
    if not key or value.startswith(f"{key}="):
        return value
    return f"{key}={quote(value, safe=_SAFE_IN_COOKIES)}"


def pairs(params: Mapping[str, Any] | Iterable[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """Return names and values."""
    if isinstance(params, Mapping):
        return list(cast("Mapping[str, Any]", params).items())
    return list(params)


@lru_cache(maxsize=256)
def path_template(resource_path: str) -> tuple[str, tuple[str, ...]]:
    """Return a path as a `%` pattern, and the names of its variables in order."""
    parts = _VARIABLE.split(resource_path)
    literals = [part.replace("%", "%%") for part in parts[::2]]
    return "%s".join(literals), tuple(parts[1::2])


@lru_cache(maxsize=1024)
def path_segment(text: str, safe: str) -> str:
    """Return one path parameter as the service reads it (RFC 3986, section 3.3).

    An empty one, `.` and `..` would, after the normalisation that clients, proxies and servers do
    (section 5.2.4), name another resource.

    Raises:
        ValueError: it cannot be sent; the message goes on after the parameter's name.
    """
    meant = unquote(text)
    # A program that declares `/` safe means a value to be several segments.
    if not meant or not _DOTS.isdisjoint(meant.split("/") if "/" in safe else (meant,)):
        raise ValueError("must not be empty, '.' or '..', which would name another resource")
    if _CONTROL.search(text) or _CONTROL.search(meant):
        raise ValueError("must not contain a control character")
    try:
        # A blank cannot stand in a URL, whatever a program declares to be safe.
        segment = quote(text, safe=safe.replace(" ", ""))
    except UnicodeEncodeError:
        raise ValueError("is not valid Unicode") from None
    if "%" in safe and _LONE_PERCENT.search(segment):
        raise ValueError("must not contain a '%' that encodes nothing")
    return segment
