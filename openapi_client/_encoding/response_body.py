"""What comes back: types, texts and what is not as promised."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import lru_cache, partial
from typing import Any, NoReturn

from pydantic import BaseModel

from openapi_client import models
from openapi_client._encoding.foreign_response import AnyResponse
from openapi_client._encoding.json_repair import read_json
from openapi_client._redaction import scrub
from openapi_client.exceptions import DeserializationException
from openapi_client.models.base import Model


def type_for(status: int, types: Mapping[str, Any], content: bytes) -> Any:
    """The type of an answer's body, or its name; `None` if the body is not to be read.

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
    """What decodes a model of this package straight from bytes; `None` for any other type."""
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
    """Whether a body can be read as JSON from its bytes."""
    if content_type in _USUAL_TYPES:
        return True
    from openapi_client._encoding.media_types import charset_of, is_json

    charset = charset_of(content_type)
    return is_json(content_type) and charset in (None, "utf-8", "utf8", "us-ascii")


def text_of(response: AnyResponse, content: bytes) -> str:
    """A body as text, whatever its charset."""
    from openapi_client._encoding.media_types import decode

    try:
        return decode(content, response.getheader("Content-Type"))
    except ValueError:
        return content.decode("utf-8", "replace")


def without_secrets(response: AnyResponse, content: bytes) -> bytes:
    """A body that repeats no credential of its request."""
    from openapi_client._encoding.media_types import charset_of, codec_of

    secrets: frozenset[str] = getattr(response, "secrets", frozenset())
    if not secrets:
        return content
    with suppress(ValueError):  # no charset that is known, or not a text in it
        codec = codec_of(charset_of(response.getheader("Content-Type")) or "utf-8")
        text = content.decode(codec)
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
    shown = without_secrets(response, content)
    # The cause quotes the body, and where it is long only pieces of it. If a server has put the
    # credentials of the request into that, the message and a traceback would show some of them.
    harmless = shown == content
    told = f"The answer is not a {name}" + (f": {error}" if harmless else "")
    failure = DeserializationException(
        response.status, told, http_resp=response, body=text_of(response, content)
    )
    failure.detail = None
    failure.raw_data = shown
    raise failure from (error if harmless else None)
