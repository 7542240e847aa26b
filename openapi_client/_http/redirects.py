"""Redirects: which of them is followed, and to what target (RFC 9110, section 15.4)."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

from openapi_client._hosts import origin_key
from openapi_client._http.call import Call
from openapi_client._redaction import redacted_target

STATUSES = frozenset({301, 302, 303, 307, 308})

_MAX_REDIRECTS = 5
_SAFE_METHODS = frozenset({"GET", "HEAD"})
_NO_URL = "Redirect to a target that is not a URL (RFC 3986)."


def redirected(call: Call, location: str) -> tuple[str | None, str | None]:
    """Return the request target to go on with, or `None` and a hint that says why not.

    Only safe methods are sent again, and only within the origin, so that no credential leaves it.
    """
    origin = call.origin
    try:
        url = urljoin(origin.base + call.target[len(origin.absolute) :], location)
        within = origin_key(url) == origin_key(origin.base)
    except ValueError:
        return None, _NO_URL
    if not within:
        return None, f"Redirect to {redacted_target(url)} not followed: it leads to another origin."
    if call.method not in _SAFE_METHODS:
        return (
            None,
            f"Redirect to {redacted_target(url)} not followed: only GET and HEAD follow one.",
        )
    if call.redirects >= _MAX_REDIRECTS:
        return None, f"More than {_MAX_REDIRECTS} redirects."
    parts = urlsplit(url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not path.isascii() or not path.isprintable() or " " in path:
        return None, _NO_URL
    return origin.absolute + path, None
