"""Media types and their parameters (RFC 9110, section 8.3)."""

from __future__ import annotations

import re
from encodings import normalize_encoding
from encodings.aliases import aliases

# No repeat stands next to another that takes the same characters, and a quoted value needs no
# quote at its end: the pattern never tries another way through what it has read.
_PARAMETER = re.compile(
    r"""
    ;\s* ([^\s;="]+) \s*=\s*
    (?: "((?:[^"\\]|\\.)*)"? | ([^\s;"][^;]*) )?
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPED = re.compile(r'\\(["\\])')

# The character encodings of the web (https://encoding.spec.whatwg.org) by Python's names. Python
# knows more, and takes more than linear time for some of them (punycode, idna, unpacking).
_CODECS = frozenset(
    {
        *("ascii", "utf_8", "utf_8_sig"),
        *("utf_16", "utf_16_le", "utf_16_be", "utf_32", "utf_32_le", "utf_32_be"),
        "latin_1",
        *(f"iso8859_{part}" for part in range(1, 17) if part != 12),
        *("cp437", "cp850", "cp852", "cp866", "cp874", "mac_roman", "mac_cyrillic"),
        *(f"cp{page}" for page in range(1250, 1259)),
        *("koi8_r", "koi8_u", "tis_620"),
        *("big5", "big5hkscs", "cp950", "gb2312", "gbk", "gb18030"),
        *("cp932", "euc_jp", "iso2022_jp", "shift_jis", "cp949", "euc_kr"),
    }
)
_LONGEST_NAME = 40


def header_parameters(value: str) -> dict[str, str]:
    """Return the parameters of a header's value: lower-case name -> value without its quotes.

    Of a parameter that comes twice, the first counts.
    """
    parameters: dict[str, str] = {}
    for name, quoted, plain in _PARAMETER.findall(value):
        text = _ESCAPED.sub(r"\1", quoted) if quoted else plain.strip()
        parameters.setdefault(name.lower(), text)
    return parameters


def is_json(content_type: str) -> bool:
    """Return whether this is `application/json`, or a type with the suffix `+json` (RFC 6839)."""
    kind, slash, subtype = content_type.partition(";")[0].strip().lower().partition("/")
    return bool(kind and slash) and (subtype == "json" or subtype.endswith("+json"))


def charset_of(content_type: str | None) -> str | None:
    """Return the charset that a `Content-Type` names, in lower case; `None` if it names none."""
    if content_type is None:
        return None
    return header_parameters(content_type).get("charset", "").lower() or None


def codec_of(charset: str) -> str:
    """Return Python's name of a charset that a server names.

    Raises:
        ValueError: it is none of those that are decoded in linear time.
    """
    # Looked up here and not by Python, which would import a module of the name, and remember it.
    if len(charset) <= _LONGEST_NAME and charset.isascii():
        name = normalize_encoding(charset).lower()
        name = aliases.get(name, name)
        if name in _CODECS:
            return name
    raise ValueError(f"the charset {charset[:_LONGEST_NAME]!r} of the answer is not known")


def decode(content: bytes, content_type: str | None) -> str:
    """Return the text of a body in the charset that its `Content-Type` names, else in UTF-8.

    A byte order mark at its beginning is no part of it.

    Raises:
        ValueError: the charset is not known, or the body is not text in it.
    """
    text = content.decode(codec_of(charset_of(content_type) or "utf-8"))
    return text.removeprefix("\ufeff")
