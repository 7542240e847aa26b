"""The checks of `Configuration`'s settings, and the values they become.

Each check takes the setting's name and what was given, and returns the value to keep or raises an
`ApiValueError` that names the setting, what was given and what is allowed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, cast

from urllib3.exceptions import LocationParseError
from urllib3.util import Retry, Url, parse_url

from openapi_client._encoding.header_fields import checked_field
from openapi_client._hosts import with_ascii_host
from openapi_client._redaction import shown_setting
from openapi_client.exceptions import ApiValueError
from openapi_client.retries import RetryPolicy


class Limits(NamedTuple):
    """How long a call may take, in seconds; `None` is no limit."""

    connect: float | None
    read: float | None
    deadline: float | None

    @classmethod
    def of(
        cls, timeout: float | tuple[float | None, float | None] | None, deadline: float | None
    ) -> Limits:
        """The limits that the settings `timeout` and `deadline` mean."""
        connect, read = timeout if isinstance(timeout, tuple) else (timeout, timeout)
        return cls(connect, read, deadline)

    def for_call(self, request_timeout: object) -> Limits:
        """These limits with a call's `_request_timeout`.

        A number is the deadline of the call, and how long to wait for each piece of the answer; a
        pair is (connect, read). `None` changes nothing.

        Raises:
            ApiValueError: it is neither, or not a positive number of seconds.
        """
        if request_timeout is None:
            return self
        if isinstance(request_timeout, (tuple, list)):
            items = cast("Sequence[object]", request_timeout)
            connect, read = pair_of_seconds("_request_timeout", items)
            return self._replace(connect=connect, read=read)
        deadline = seconds("_request_timeout", request_timeout)
        return Limits(self.connect, deadline, deadline)


def _refuse(name: str, value: object, allowed: str) -> ApiValueError:
    return ApiValueError(f"{name} must be {allowed}, not {value!r}")


def seconds(name: str, value: object) -> float:
    """A positive, finite number of seconds."""
    number = value if isinstance(value, (int, float)) and not isinstance(value, bool) else 0
    if math.isfinite(number) and number > 0:
        return number
    raise _refuse(name, value, "a positive, finite number of seconds")


def pair_of_seconds(name: str, items: Sequence[object]) -> tuple[float | None, float | None]:
    """A pair (connect, read); either may be `None`."""
    if len(items) != 2:
        raise _refuse(name, items, "a pair (connect, read)")
    connect, read = (None if item is None else seconds(name, item) for item in items)
    return connect, read


def _timeout(name: str, value: object) -> object:
    if isinstance(value, (tuple, list)):
        return pair_of_seconds(name, cast("Sequence[object]", value))
    return _deadline(name, value)


def _deadline(name: str, value: object) -> object:
    return None if value is None else seconds(name, value)


def _retries(name: str, value: object) -> object:
    if value is None or isinstance(value, (Retry, RetryPolicy)):
        return value
    if value is False:
        return 0
    if isinstance(value, int) and value is not True and value >= 0:
        return value
    raise _refuse(
        name, value, "a number of repeats from 0, a RetryPolicy, a urllib3.Retry, or None for 2"
    )


def _positive(name: str, value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    raise _refuse(name, value, "a positive int")


def _optional_bool(name: str, value: object) -> object:
    if value is None or isinstance(value, bool):
        return value
    raise _refuse(name, value, "True, False or None")


def _access_token(name: str, value: object) -> object:
    if value is None or isinstance(value, str) or callable(value):
        return value
    # The value is a secret, or meant to be one: it is not shown.
    raise ApiValueError(f"{name} must be a str or a callable, not {type(value).__name__}")


def _by_scheme(name: str, value: object) -> object:
    if isinstance(value, dict):
        return cast("dict[object, object]", value)
    # A token, most likely.
    raise ApiValueError(
        f"{name} must be a dict with the scheme 'BearerAuth' in it, not {type(value).__name__}"
    )


def _flag(name: str, value: object) -> object:
    if isinstance(value, bool):
        return value
    raise _refuse(name, value, "True or False")


def _proxy(name: str, value: object) -> object:
    return value if value is None or value == "" else proxy_url(name, value)


def proxy_url(name: str, value: object) -> str:
    """The URL of a proxy.

    Raises:
        ApiValueError: it has no http or https scheme, or no host.
    """
    url = _parsed(name, value)
    text = cast("str", value)
    if url.scheme not in ("http", "https"):
        raise ApiValueError(
            f"{name} must be an http:// or https:// URL, not {shown_setting(text)!r}"
        )
    return text


def _proxy_headers(name: str, value: object) -> object:
    if value is None:
        return None
    if not isinstance(value, Mapping):
        raise ApiValueError(f"{name} must be a dict of headers, not {type(value).__name__}")
    fields = cast("Mapping[object, object]", value)
    try:
        return {str(field): checked_field(field, fields[field]) for field in fields}
    except ApiValueError as error:
        raise ApiValueError(f"{name}: {error}") from None


def _certificates(name: str, value: object) -> object:
    if value is None or isinstance(value, (str, bytes)):
        return value
    raise ApiValueError(f"{name} must be str (PEM) or bytes (DER), not {type(value).__name__}")


def _socket_options(name: str, value: object) -> object:
    if value is None:
        return None
    allowed = "a list of (level, name, value) as of socket.setsockopt"
    if not isinstance(value, (list, tuple)):
        raise _refuse(name, value, allowed)
    options = cast("Sequence[object]", value)
    for option in options:
        items = cast("Sequence[object]", option) if isinstance(option, (list, tuple)) else ()
        if len(items) != 3 or not all(isinstance(item, (int, bytes)) for item in items):
            raise _refuse(name, options, allowed)
    return options


def _parsed(name: str, value: object) -> Url:
    """A URL with a host, or an error that does not show its user info."""
    if not isinstance(value, str):
        raise ApiValueError(f"{name} must be a URL as str, not {type(value).__name__}")
    shown = shown_setting(value)
    if any(c.isspace() or not c.isprintable() for c in value):
        raise ApiValueError(f"{name} contains a space or control character: {shown!r}")
    if "\\" in value:
        # Browsers and some libraries take it for a slash: what comes before would be the host.
        raise ApiValueError(f"{name} contains a backslash: {shown!r}")
    scheme, mark, _ = value.partition("://")
    if not mark or not scheme:
        raise ApiValueError(f"{name} must begin with https:// or http://, not {shown!r}")
    try:
        url = parse_url(with_ascii_host(value))
    except (LocationParseError, ValueError):
        raise ApiValueError(f"{name} is not a URL: {shown!r}") from None
    if not url.host:
        raise ApiValueError(f"{name} names no host: {shown!r}")
    return url


def base_url(name: str, value: object) -> str:
    """A base URL without a slash at its end.

    Raises:
        ApiValueError: it has no http or https scheme, no host, or has user info, a query, a
            fragment or a space.
    """
    url = _parsed(name, value)
    shown = shown_setting(cast("str", value))
    if url.scheme not in ("http", "https"):
        raise ApiValueError(f"{name} must begin with https:// or http://, not {shown!r}")
    for part, what in (
        (url.auth, "user info"),
        (url.query, "a query"),
        (url.fragment, "a fragment"),
    ):
        if part is not None:
            raise ApiValueError(f"{name} must not have {what}: {shown!r}")
    return cast("str", value).rstrip("/")


def server_url(
    servers: Sequence[Mapping[str, Any]], index: int, variables: Mapping[str, str]
) -> str:
    """The URL of `servers[index]` with its variables filled in."""
    if not 0 <= index < len(servers):
        raise ApiValueError(f"server_index must be from 0 to {len(servers) - 1}, not {index!r}")
    server = servers[index]
    url = cast("str", server["url"])
    for name, variable in server.get("variables", {}).items():
        value = variables.get(name, variable["default_value"])
        allowed = variable.get("enum_values") or ()
        if allowed and value not in allowed:
            raise ApiValueError(
                f"server_variables[{name!r}] must be one of {list(allowed)}, not {value!r}"
            )
        url = url.replace("{" + name + "}", value)
    return url


CHECKS: Mapping[str, Callable[[str, Any], Any]] = {
    "timeout": _timeout,
    "deadline": _deadline,
    "retries": _retries,
    "connection_pool_maxsize": _positive,
    "max_response_bytes": _positive,
    "allow_insecure": _optional_bool,
    "verify_ssl": _flag,
    "ca_cert_data": _certificates,
    "socket_options": _socket_options,
    "proxy_headers": _proxy_headers,
    "access_token": _access_token,
    "api_key": _by_scheme,
    "api_key_prefix": _by_scheme,
    "proxy": _proxy,
}
