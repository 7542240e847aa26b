"""JSON as the service's language, Go, reads and writes it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import NoReturn, cast

_SURROGATE = re.compile("[\ud800-\udfff]")
_JSON_SPACE = re.compile(r"[ \t\r\n]*")


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


# What Go's encoding/json does, and Python's json does not:
# - it reads the first value, and does not look at what follows;
# - names of fields fit in any case; where one comes twice the last value counts, null changes none;
# - each byte that is no UTF-8 becomes one U+FFFD;
# - numbers may have any number of digits.

FieldCheck = Callable[[object], bool]


def is_text(value: object) -> bool:
    """Tell whether a value fits a field of Go's type `string`."""
    return isinstance(value, str)


def is_object(value: object) -> bool:
    """Tell whether a value fits a field of a Go struct type."""
    return isinstance(value, _Object)


def is_list_of_filled_objects(value: object) -> bool:
    """Tell whether a value is a list of objects none of which is empty."""
    if not isinstance(value, list) or isinstance(value, _Object):
        return False
    return all(is_object(item) and item for item in cast("list[object]", value))


class _Object(list[tuple[str, object]]):
    """A JSON object as the pairs in which it was written: names may come twice."""


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


# float reads any number of digits in linear time; int refuses more than 4,300 of them.
_DECODER = json.JSONDecoder(parse_constant=_no_constant, parse_int=float, object_pairs_hook=_Object)


def decode_fields(
    body: bytes, fields: Mapping[str, FieldCheck], *, null_is_empty: bool = True
) -> dict[str, object] | None:
    """Read a JSON object into the fields of a struct.

    Args:
        body: the JSON.
        fields: names in lower case, and what a value of each has to be; others are passed over.
        null_is_empty: whether `null` in place of the object counts as one without fields.

    Returns:
        The fields that were there, None where the body is not valid.
    """
    text = body.decode(errors="surrogateescape")
    try:
        value: object = _DECODER.raw_decode(text, _space(text))[0]
    except (ValueError, RecursionError):
        return None
    if value is None and null_is_empty:
        return {}
    if not isinstance(value, _Object):
        return None
    found: dict[str, object] = {}
    for name, inner in value:
        check = fields.get(name.lower())
        if check is None or inner is None:
            continue
        if not check(inner):
            return None
        found[name.lower()] = _SURROGATE.sub("\ufffd", inner) if isinstance(inner, str) else inner
    return found


def _space(text: str) -> int:
    match = _JSON_SPACE.match(text)
    return match.end() if match else 0


def is_json(content_type: str | None) -> bool:
    """Tell whether a Content-Type is taken for JSON: by its beginning, in lower case alone."""
    return (content_type or "").startswith("application/json")


def is_form(content_type: str | None) -> bool:
    """Tell whether a Content-Type is taken for a form."""
    return (content_type or "").startswith(
        ("application/x-www-form-urlencoded", "multipart/form-data")
    )
