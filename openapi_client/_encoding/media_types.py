"""Media types and their parameters (RFC 9110, section 8.3)."""

from __future__ import annotations

import re

_PARAMETER = re.compile(
    r"""
    ;\s* ([^\s;="]+) \s*=\s*
    (?: "((?:[^"\\]|\\.)*)" | ([^;]*) )
    """,
    re.VERBOSE,
)
_ESCAPED = re.compile(r'\\(["\\])')
_JSON = re.compile(r"\s*[\w!#$&.+^-]+/(?:[\w!#$&.+^-]+\+)?json\s*(?:;|$)", re.IGNORECASE)


def header_parameters(value: str) -> dict[str, str]:
    """The parameters of a header's value: lower-case name -> value without its quotes.

    Of a parameter that comes twice, the first counts.
    """
    parameters: dict[str, str] = {}
    for name, quoted, plain in _PARAMETER.findall(value):
        text = _ESCAPED.sub(r"\1", quoted) if quoted else plain.strip()
        parameters.setdefault(name.lower(), text)
    return parameters


def is_json(content_type: str) -> bool:
    """Whether this is `application/json`, or a type with the suffix `+json` (RFC 6839)."""
    return _JSON.match(content_type) is not None


def charset_of(content_type: str | None) -> str | None:
    """The charset that a `Content-Type` names, in lower case; `None` if it names none."""
    if content_type is None:
        return None
    return header_parameters(content_type).get("charset", "").lower() or None


def decode(content: bytes, content_type: str | None) -> str:
    """The text of a body in the charset that its `Content-Type` names, else in UTF-8.

    Raises:
        ValueError: the charset is not known, or the body is not text in it.
    """
    charset = charset_of(content_type) or "utf-8"
    try:
        return content.decode(charset)
    except LookupError:
        raise ValueError(f"the charset {charset[:40]!r} of the answer is not known") from None
