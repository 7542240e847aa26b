"""What may be shown of a call: the one allow-list for logs, `repr`, `str` and pickles of errors.

A header or query parameter that is not named here is shown as `***`, because credentials hide in
custom headers and parameters as well as in `Authorization`.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import lru_cache
from urllib.parse import unquote, urlsplit

HIDDEN = "***"

SHOWN_HEADERS = frozenset(
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
SHOWN_PARAMETERS = frozenset({"messages_since", "page", "per_page"})

_SCHEMES = frozenset({"basic", "bearer", "digest", "negotiate", "token"})

# Shorter values ("1", "de") stand in texts by chance; replacing them would garble every message.
_SHORTEST_SECRET = 6


def shown_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """A copy of `headers` in which every value that is not on the allow-list is `***`."""
    return {
        name: value if name.lower() in SHOWN_HEADERS else HIDDEN for name, value in headers.items()
    }


def shown_target(target: str) -> str:
    """A request target (`/path?query`) or URL with hidden user info, fragment and query values."""
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
    return path + "?" + "&".join(map(_shown_pair, query.split("&")))


def shown_setting(url: str) -> str:
    """A URL as somebody has given it, without what may be meant as user info.

    A password with a slash in it, or a URL without a scheme, is read as something else by the rules
    (RFC 3986, section 3.2), so whatever stands before the last `@` is taken for user info.
    """
    before, at, rest = url.rpartition("@")
    scheme, mark, _ = before.partition("://")
    return shown_target(f"{scheme}://{rest}" if at and mark else rest)


def _shown_pair(pair: str) -> str:
    name, equals, _ = pair.partition("=")
    if name in SHOWN_PARAMETERS:
        return pair
    return f"{name}={HIDDEN}" if equals else HIDDEN


def secrets_of(headers: Mapping[str, str], url: str) -> frozenset[str]:
    """The values of a request that must not come back in the text of an error."""
    values: set[str] = set()
    for name, value in headers.items():
        if name.lower() not in SHOWN_HEADERS:
            values.add(value)
            values.update(_parts(value))
    for pair in url.partition("?")[2].split("&"):
        name, _, value = pair.partition("=")
        if name not in SHOWN_PARAMETERS:
            values.update((value, unquote(value)))
    return frozenset(value for value in values if len(value) >= _SHORTEST_SECRET)


def _parts(value: str) -> list[str]:
    """What is secret by itself in a header's value.

    The token alone is as secret as `Bearer <token>`, a password as `Basic <user and password>`, a
    cookie's value as `name=<value>`; the name of a scheme (RFC 9110, section 11.1) is not.
    """
    words = value.replace(";", " ").split()
    if words and words[0].lower() in _SCHEMES:
        scheme, *words = words
        if scheme.lower() == "basic" and words:
            with suppress(ValueError):  # it is not what the scheme says
                words += b64decode(words[0]).decode().split(":")
    return [part for word in words for part in (word, word.rstrip("="), word.partition("=")[2])]


def scrub(text: str, secrets: Iterable[str]) -> str:
    """`text` with every one of `secrets` replaced by `***`, the longest first."""
    ordered = sorted(secrets, key=len, reverse=True)
    for secret in ordered:
        text = text.replace(secret, HIDDEN)
    # Only then it can be spelled otherwise, and the pattern for that is long.
    if ordered and not _ESCAPES.isdisjoint(text):
        for secret in ordered:
            text = _spelled(secret).sub(HIDDEN, text)
    return text


# What begins the spelling of a character in JSON, a URL or HTML.
_ESCAPES = frozenset("\\%&")


@lru_cache(maxsize=64)
def _spelled(secret: str) -> re.Pattern[str]:
    """Return what matches a secret, each of its characters spelled in any way.

    As it is, after a backslash, as four hex digits (RFC 8259, section 7), percent-encoded once or
    twice (RFC 3986, section 2.1), or as a reference of HTML. Nothing in the pattern repeats, so it
    cannot backtrack over itself.
    """
    return re.compile("".join(map(_spelled_character, secret)))


def _spelled_character(character: str) -> str:
    code = ord(character)
    encoded = character.encode("utf-8", "surrogatepass")
    percent = "".join(f"%{byte:02x}" for byte in encoded)
    twice = percent.replace("%", "%25")
    literal = re.escape(character)
    return rf"(?:\\?{literal}|(?i:\\u{code:04x}|{percent}|{twice}|&\#{code};|&\#x{code:x};))"


def told_by(error: BaseException) -> str:
    """What a traceback shows of an error and of those that led to it."""
    texts: list[str] = []
    following: BaseException | None = error
    while following is not None:
        texts.append(f"{following!r} {following}")
        following = following.__cause__ or following.__context__
    return " ".join(texts)
