"""The checks of `Configuration`'s settings, and the values they become.

Each check takes the setting's name and what was given, and returns the value to keep or raises an
`ApiValueError` that names the setting and what is allowed. Of what was given it shows only numbers:
a text may be a secret in the wrong place.
"""

from __future__ import annotations

import math
import os
import ssl
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from urllib3.exceptions import LocationParseError
from urllib3.util import Retry, Url, parse_url

from openapi_client._encoding.header_fields import checked_headers
from openapi_client._hosts import canonical_host, with_ascii_host
from openapi_client._limits import as_float, is_int, pair_of_seconds, refusal, seconds
from openapi_client.exceptions import ApiValueError
from openapi_client.retries import RetryPolicy

DEFAULT_POOL_SIZE = 64
"""Idle connections that are kept per host."""

# Seconds, some 31 years: `time.sleep` takes little more.
_LONGEST_SLEEP = 1e9


def _timeout(name: str, value: object) -> object:
    if isinstance(value, (tuple, list)):
        return pair_of_seconds(name, cast("Sequence[object]", value))
    return _deadline(name, value)


def _deadline(name: str, value: object) -> object:
    return None if value is None else seconds(name, value)


def _retries(name: str, value: object) -> object:
    if value is None or isinstance(value, Retry):
        return value
    return 0 if value is False else checked_retries(name, value)


def checked_retries(name: str, value: object) -> RetryPolicy | int:
    """Return a number of repeats, or a policy whose numbers all make sense.

    Raises:
        ApiValueError: it is neither.
    """
    if not isinstance(value, RetryPolicy):
        if is_int(value, 0, sys.maxsize):
            return cast("int", value)
        others = ", a urllib3.Retry, or None for 2" if name == "retries" else ""
        raise refusal(name, value, f"a number of repeats from 0, a RetryPolicy{others}")
    if not is_int(value.repeats, 0, sys.maxsize):
        raise refusal(f"{name}: repeats", value.repeats, "a number of repeats from 0")
    for field in ("base", "cap", "longest_retry_after"):
        number: object = getattr(value, field)
        most = math.inf if field == "base" else _LONGEST_SLEEP
        if not 0 <= as_float(number) <= most or number == math.inf:
            raise refusal(f"{name}: {field}", number, "seconds from 0, at most 1e9 for a wait")
    statuses = cast("object", value.statuses)
    if not isinstance(statuses, (set, frozenset, list, tuple)) or not all(
        is_int(status, 300, 599) for status in cast("Sequence[object]", statuses)
    ):
        raise ApiValueError(f"{name}: statuses must be a set of statuses from 300 to 599")
    return value


def _positive(name: str, value: object) -> object:
    if is_int(value, 1, sys.maxsize):
        return value
    raise refusal(name, value, "a positive int")


def _pool_size(name: str, value: object) -> object:
    return DEFAULT_POOL_SIZE if value is None else _positive(name, value)


def _index(name: str, value: object) -> object:
    if value is None or is_int(value, -sys.maxsize, sys.maxsize):
        return value
    raise refusal(name, value, "an int")


def _path(name: str, value: object) -> object:
    if value is None:
        return None
    if not isinstance(value, (str, os.PathLike)):
        raise ApiValueError(f"{name} must be the name of a file, not {type(value).__name__}")
    path = os.fspath(cast("str | os.PathLike[str]", value))
    if not path or "-----BEGIN" in path or not path.isprintable():
        raise ApiValueError(f"{name} must be the name of a file, not what is in it")
    return path


def _context(name: str, value: object) -> object:
    if value is None or isinstance(value, ssl.SSLContext):
        return value
    raise ApiValueError(f"{name} must be an ssl.SSLContext, not {type(value).__name__}")


def _key_password(name: str, value: object) -> object:
    if value is not None and not isinstance(value, (str, bytes)):
        raise ApiValueError(f"{name} must be str or bytes, not {type(value).__name__}")
    if value is not None and len(value if isinstance(value, bytes) else value.encode()) > 1024:
        raise ApiValueError(f"{name} must have at most 1024 bytes, as OpenSSL takes them")
    return value


def _certificate_name(name: str, value: object) -> object:
    return value if isinstance(value, bool) else _server_name(name, value)


def _server_name(name: str, value: object) -> object:
    if value is None:
        return None
    if not isinstance(value, str):
        raise ApiValueError(f"{name} must be the name of a host, not {type(value).__name__}")
    try:
        known = canonical_host(value)
    except ValueError:
        known = ""
    if not known or known.startswith(".") or not known.isprintable() or " " in known:
        raise ApiValueError(f"{name} must be the name of a host")
    return value


def _no_proxy(name: str, value: object) -> object:
    if value is None or isinstance(value, str):
        return value
    raise ApiValueError(f"{name} must be a str with commas, not {type(value).__name__}")


def _optional_bool(name: str, value: object) -> object:
    if value is None or isinstance(value, bool):
        return value
    raise refusal(name, value, "True, False or None")


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


def _own_dict(name: str, value: object) -> object:
    if isinstance(value, Mapping):
        return dict(cast("Mapping[object, object]", value))
    raise ApiValueError(f"{name} must be a dict, not {type(value).__name__}")


def _flag(name: str, value: object) -> object:
    if isinstance(value, bool):
        return value
    raise refusal(name, value, "True or False")


def _proxy(name: str, value: object) -> object:
    return value if value is None or value == "" else proxy_url(name, value)


def proxy_url(name: str, value: object) -> str:
    """Return the URL of a proxy.

    Raises:
        ApiValueError: it has no http or https scheme, or no host.
    """
    if _parsed(name, value).scheme not in ("http", "https"):
        raise ApiValueError(f"{name} must be an http:// or https:// URL")
    return cast("str", value)


def _certificates(name: str, value: object) -> object:
    if value is None or isinstance(value, (str, bytes)):
        return value
    raise ApiValueError(f"{name} must be str (PEM) or bytes (DER), not {type(value).__name__}")


def _socket_options(name: str, value: object) -> object:
    if value is None:
        return None
    allowed = "a list of (level, name, value) as of socket.setsockopt"
    if not isinstance(value, (list, tuple)):
        raise refusal(name, value, allowed)
    options = cast("Sequence[object]", value)
    for option in options:
        items = cast("Sequence[object]", option) if isinstance(option, (list, tuple)) else ()
        if len(items) != 3 or not all(isinstance(item, bytes) or _is_c_int(item) for item in items):
            raise ApiValueError(f"{name} must be {allowed}")
    return options


def _is_c_int(value: object) -> bool:
    return isinstance(value, int) and -(2**31) <= value < 2**31


def _parsed(name: str, value: object) -> Url:
    """Return a URL with a host, or an error that does not show it: it may be a misplaced secret."""
    if not isinstance(value, str):
        raise ApiValueError(f"{name} must be a URL as str, not {type(value).__name__}")
    if any(c.isspace() or not c.isprintable() for c in value):
        raise ApiValueError(f"{name} contains a space or control character")
    if "\\" in value:
        # Browsers and some libraries take it for a slash: what comes before would be the host.
        raise ApiValueError(f"{name} contains a backslash")
    scheme, mark, _ = value.partition("://")
    if not mark or not scheme:
        raise ApiValueError(f"{name} must begin with https:// or http://")
    try:
        url = parse_url(with_ascii_host(value))
    except (LocationParseError, ValueError):
        raise ApiValueError(f"{name} is not a URL") from None
    if not url.host:
        raise ApiValueError(f"{name} names no host")
    return url


def base_url(name: str, value: object) -> str:
    """Return a base URL without a slash at its end.

    Raises:
        ApiValueError: it has no http or https scheme, no host, or has user info, a query, a
            fragment or a space.
    """
    url = _parsed(name, value)
    if url.scheme not in ("http", "https"):
        raise ApiValueError(f"{name} must begin with https:// or http://")
    for part, what in (
        (url.auth, "user info"),
        (url.query, "a query"),
        (url.fragment, "a fragment"),
    ):
        if part is not None:
            raise ApiValueError(f"{name} must not have {what}")
    return cast("str", value).rstrip("/")


def server_url(
    servers: Sequence[Mapping[str, Any]], index: int, variables: Mapping[str, str]
) -> str:
    """Return the URL of `servers[index]` with its variables filled in."""
    if not is_int(index, 0, len(servers) - 1):
        raise refusal("server_index", index, f"from 0 to {len(servers) - 1}")
    server = servers[index]
    url = cast("str", server["url"])
    for name, variable in server.get("variables", {}).items():
        value: Any = variables.get(name, variable["default_value"])
        allowed = variable.get("enum_values") or ()
        if allowed and value not in allowed:
            raise ApiValueError(f"server_variables[{name!r}] must be one of {list(allowed)}")
        if not isinstance(value, str):
            raise ApiValueError(f"server_variables[{name!r}] must be a str")
        url = url.replace("{" + name + "}", value)
    return url


def _hooks(name: str, value: object) -> object:
    if value is None or value == () or value == []:
        return ()
    if not isinstance(value, (list, tuple)):
        raise ApiValueError(f"{name} must be a list of hooks, not {type(value).__name__}")
    # Imported where there are hooks, because most programs have none.
    from openapi_client._http.watch import Hooks

    return Hooks(name, cast("Sequence[object]", value))


CHECKS: Mapping[str, Callable[[str, Any], Any]] = {
    "timeout": _timeout,
    "deadline": _deadline,
    "retries": _retries,
    "hooks": _hooks,
    "hide_ids": _flag,
    "connection_pool_maxsize": _pool_size,
    "max_response_bytes": _positive,
    "max_response_expansion": _positive,
    "allow_insecure": _optional_bool,
    "verify_ssl": _flag,
    "ignore_operation_servers": _flag,
    "client_side_validation": _flag,
    "ca_cert_data": _certificates,
    "socket_options": _socket_options,
    "proxy_headers": checked_headers,
    "access_token": _access_token,
    "api_key": _by_scheme,
    "api_key_prefix": _by_scheme,
    "proxy": _proxy,
    "no_proxy": _no_proxy,
    "ssl_ca_cert": _path,
    "cert_file": _path,
    "key_file": _path,
    "key_password": _key_password,
    "ssl_context": _context,
    "proxy_ssl_context": _context,
    "assert_hostname": _certificate_name,
    "tls_server_name": _server_name,
    "server_index": _index,
    "server_variables": _own_dict,
    "server_operation_index": _own_dict,
    "server_operation_variables": _own_dict,
}
