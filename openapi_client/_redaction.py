"""What may be shown of a call: the one allow-list for logs, `repr`, `str` and pickles of errors.

A header or query parameter that is not named here is shown as `***`, because credentials hide in
custom headers and parameters as well as in `Authorization`.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping
from contextlib import suppress
from urllib.parse import unquote, urlsplit

from openapi_client._scrubbing import HIDDEN, SCHEMES, SHORTEST_SECRET

ALLOWED_HEADERS = frozenset(
    {
        "accept",
        "accept-encoding",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "date",
        "host",
        "retry-after",
        "transfer-encoding",
        "user-agent",
    }
)
ALLOWED_PARAMETERS = frozenset({"messages_since", "page", "per_page"})

KEPT_BYTES = 4 * 2**20
"""How much of a body the error of its call keeps: what is kept is searched for secrets, and the
deadline may be over by then."""


def redacted_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Return a copy of `headers` in which every value that is not on the allow-list is `***`."""
    return {
        name: value if name.lower() in ALLOWED_HEADERS else HIDDEN
        for name, value in headers.items()
    }


def redacted_target(target: str) -> str:
    """Return a request target or URL with its user info, fragment and query values hidden."""
    path, question, query = target.partition("?")
    if "//" in path or "#" in target:
        try:
            parts = urlsplit(target)
        except ValueError:
            # Half an IPv6 address, for example: there is no saying which part is what.
            return HIDDEN
        netloc = parts.netloc.rpartition("@")[2]
        path = f"{parts.scheme}://{netloc}{parts.path}" if netloc else parts.path
        question, query = ("?", parts.query) if parts.query else ("", "")
    if not question:
        return path
    return path + "?" + "&".join(map(_redacted_pair, query.split("&")))


def redacted_setting(url: str) -> str:
    """Return a URL as somebody has given it, without what may be meant as user info.

    A password with a slash in it, or a URL without a scheme, is read as something else by the rules
    (RFC 3986, section 3.2), so whatever stands before the last `@` is taken for user info.
    """
    before, at, rest = url.rpartition("@")
    scheme, mark, _ = before.partition("://")
    return redacted_target(f"{scheme}://{rest}" if at and mark else rest)


def _redacted_pair(pair: str) -> str:
    name, equals, _ = pair.partition("=")
    if name in ALLOWED_PARAMETERS:
        return pair
    return f"{name}={HIDDEN}" if equals else HIDDEN


def secrets_of(headers: Mapping[str, str], url: str) -> frozenset[str]:
    """Return the values of a request that must not come back in the text of an error."""
    values: set[str] = set()
    for name, value in headers.items():
        if name.lower() not in ALLOWED_HEADERS:
            values.add(value)
            values.update(_parts(value))
    for pair in url.partition("?")[2].split("&"):
        name, _, value = pair.partition("=")
        if name not in ALLOWED_PARAMETERS:
            values.update((value, unquote(value)))
    return frozenset(value for value in values if len(value) >= SHORTEST_SECRET)


def _parts(value: str) -> list[str]:
    """Return what is secret by itself in a header's value.

    The token alone is as secret as `Bearer <token>`, a password as `Basic <user and password>`, a
    cookie's value as `name=<value>`; the name of a scheme (RFC 9110, section 11.1) is not.
    """
    words = value.replace(";", " ").split()
    if words and words[0].lower() in SCHEMES:
        scheme, *words = words
        if scheme.lower() == "basic" and words:
            with suppress(ValueError):  # it is not what the scheme says
                pair = b64decode(words[0]).decode()
                user, _, password = pair.partition(":")
                return [words[0], words[0].rstrip("="), pair, user, password]
    parts: list[str] = []
    for word in words:
        given = word.partition("=")[2]
        parts += [word, word.rstrip("="), given, given.strip('",')]
    return parts


def traceback_text(error: BaseException) -> str:
    """Return what a traceback shows of an error and of those that led to it."""
    texts: list[str] = []
    following: BaseException | None = error
    while following is not None:
        texts.append(f"{following!r} {following}")
        following = following.__cause__ or following.__context__
    return " ".join(texts)
