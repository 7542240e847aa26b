"""What comes back: types, texts and what is not as promised."""

from __future__ import annotations

import re
from codecs import getincrementaldecoder
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import lru_cache, partial
from typing import Any, NoReturn

from pydantic import BaseModel, ValidationError

from openapi_client import models
from openapi_client._encoding.foreign_response import AnyResponse
from openapi_client._encoding.json_repair import read_json
from openapi_client._redaction import KEPT_BYTES
from openapi_client._scrubbing import scrub
from openapi_client.exceptions import DeserializationException, ResponseTooLargeException
from openapi_client.models.base import Model


def type_for(status: int, types: Mapping[str, Any], content: bytes) -> Any:
    """Return the type of an answer's body, or its name; `None` if the body is not to be read.

    It is that of the status ("200"), else that of its class ("2XX"), else that of `default`. A body
    that is empty is read only as what an empty one can be.
    """
    exact, of_class = str(status), _STATUS_CLASSES.get(status // 100, "")
    by_default = "default" in types and not {exact, of_class} & types.keys()
    response_type = types["default"] if by_default else types.get(exact) or types.get(of_class)
    if not content:
        return response_type if response_type in _CAN_BE_EMPTY else None
    if response_type is None and not by_default and 200 <= status <= 299:
        # Servers answer with a 2xx of their own choice what the description knows as another one.
        return next((types[key] for key in sorted(types) if key.startswith("2")), None)
    return response_type


_CAN_BE_EMPTY = ("str", "bytes", "bytearray", "file", str, bytes)
_STATUS_CLASSES = {number: f"{number}XX" for number in range(1, 6)}


@lru_cache(maxsize=256)
def model_decoder(response_type: Any) -> Callable[[bytes], Any] | None:
    """Return what decodes a model of this package from bytes; `None` for any other type."""
    if isinstance(response_type, str):
        response_type = getattr(models, response_type, None)
    if not isinstance(response_type, type) or not issubclass(response_type, BaseModel):
        return None
    if not issubclass(response_type, Model) and hasattr(response_type, "from_dict"):
        return None  # a model of a generated module, which knows best how it is read
    return partial(read_json, response_type.model_validate_json)


_USUAL_TYPES = (None, "application/json", "application/json; charset=UTF-8")


@lru_cache(maxsize=64)
def is_utf8_json(content_type: str | None) -> bool:
    """Return whether a body can be read as JSON from its bytes."""
    if content_type in _USUAL_TYPES:
        return True
    from openapi_client._encoding.media_types import charset_of, is_json

    charset = charset_of(content_type)
    return is_json(content_type) and charset in (None, "utf-8", "utf8", "us-ascii")


# Bytes of memory, at most, of a message that has nothing but a field that nobody knows (CPython
# 3.11, pydantic 2.14). All other values of JSON take at most 31 times their text.
_OBJECT_BYTES = 900
# As many messages as the largest page has.
_ALWAYS_TAKEN = 1000
SMALL = 2 * _ALWAYS_TAKEN
"""The most bytes that need not be checked: no more objects than that can be in them."""
_BRACES = re.compile(rb'\\.|"|\{+', re.DOTALL)


def check_expansion(response: AnyResponse, content: bytes, limit: int) -> None:
    """Refuse JSON that would take far more memory than its text does.

    Args:
        response: whose body it is.
        content: the JSON.
        limit: `Configuration.max_response_expansion`.

    Raises:
        ResponseTooLargeException: its objects would take more than `limit` times its bytes.
    """
    most = max(_ALWAYS_TAKEN, limit * len(content) // _OBJECT_BYTES)
    if content.count(b"{") > most and _has_more_objects(content, most):
        failure = ResponseTooLargeException(
            reason=f"The response's {len(content)} bytes have more than {most} objects in them, "
            f"which take more than {limit} times the memory (max_response_expansion)"
        )
        failure.outcome = "answered"
        failure.attempts = getattr(response, "attempts", ())
        failure.request = getattr(response, "request_line", None)
        raise failure


def _has_more_objects(content: bytes, most: int) -> bool:
    """Return whether there are more braces than `most` outside of the texts."""
    within_text = False
    for found in _BRACES.finditer(content):
        if found[0] == b'"':
            within_text = not within_text
        elif not within_text:
            most -= found[0].count(b"{")
            if most < 0:
                return True
    return False


def text_of(response: AnyResponse, content: bytes) -> str:
    """Return a body as text, whatever its charset."""
    from openapi_client._encoding.media_types import decode

    try:
        return decode(content, response.getheader("Content-Type"))
    except ValueError:
        return content.decode("utf-8", "replace")


def kept_of(response: AnyResponse, content: bytes) -> bytes:
    """Return what an error keeps of a body: its beginning, without credentials of its request."""
    from openapi_client._encoding.media_types import charset_of, codec_of

    secrets: frozenset[str] = getattr(response, "secrets", frozenset())
    whole = len(content) <= KEPT_BYTES
    content = content[:KEPT_BYTES]
    if not secrets:
        return content
    with suppress(ValueError):  # no charset that is known, or not a text in it
        codec = codec_of(charset_of(response.getheader("Content-Type")) or "utf-8")
        # A character that is cut off at the end is left out.
        text = getincrementaldecoder(codec)().decode(content, final=whole)
        shown = scrub(text, secrets)
        content = content if shown == text else shown.encode(codec)
    # What the server says of its charset need not be true.
    return scrub(content.decode("latin-1"), secrets).encode("latin-1")


def raise_not_as_promised(
    response: AnyResponse, response_type: Any, content: bytes, error: ValueError | OSError
) -> NoReturn:
    """Raise the exception for a 2xx whose body is not what the operation promises."""
    name = (
        response_type if isinstance(response_type, str) else getattr(response_type, "__name__", "")
    )
    shown = kept_of(response, content)
    # The cause quotes the body, and where it is long only pieces of it. If a server has put the
    # credentials of the request into that, the message and a traceback would show some of them.
    harmless = shown == content
    told = str(error) if harmless else _without_input(error)
    if harmless and isinstance(error, ValidationError):
        told = told.replace(error.title, name, 1)  # pydantic's is made of how the type is checked
    secrets: frozenset[str] = getattr(response, "secrets", frozenset())
    failure = DeserializationException(
        response.status,
        f"The answer is not a {name}" + (f": {scrub(told, secrets)}" if told else ""),
        http_resp=response,
        body=text_of(response, shown),
    )
    failure.detail = None
    failure.raw_data = shown
    raise failure from (error if harmless else None)


def _without_input(error: ValueError | OSError) -> str:
    """Return where the first thing is that pydantic does not accept, and why."""
    if not isinstance(error, ValidationError):
        return ""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    where = ".".join(map(str, first["loc"]))[:KEPT_BYTES]
    return f"{where}: {first['msg']}" if where else first["msg"]
