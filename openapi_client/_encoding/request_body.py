"""The body of a request: JSON, a form, several parts, or bytes as they are."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from openapi_client._encoding.header_fields import truth_in_lower_case
from openapi_client.exceptions import ApiException, ApiTypeError, ApiValueError

METHODS = frozenset({"GET", "HEAD", "DELETE", "POST", "PUT", "PATCH", "OPTIONS"})
WITH_BODY = frozenset({"POST", "PUT", "PATCH", "OPTIONS", "DELETE"})

# RFC 9512, sections 2.1 and 2.2, and names from before it.
_YAML = ("application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml", "+yaml")


def encode_payload(
    headers: Mapping[str, str],
    body: Any,
    post_params: Sequence[tuple[str, Any]] | None,
) -> tuple[bytes | None, Mapping[str, str]]:
    """Encode a request's body as its content type says; return the bytes and their headers.

    Args:
        headers: the request's headers; they are not changed.
        body: for a JSON type, or none, any JSON value; so for YAML, of which JSON is a part (YAML
            1.2, section 1.3), unless it is `str`; else `str` or `bytes`, sent as they are.
        post_params: names and values of a form, or parts.

    Raises:
        ApiValueError: both `body` and `post_params` are given, or the latter for no form.
        ApiTypeError: the body is not a JSON value.
        ApiException: no content type that can be written fits the body.
    """
    if body is not None and post_params:
        raise ApiValueError("body and post_params cannot be given together")
    content_type = _content_type(headers) or "application/json"
    if _takes_json(content_type, body):
        if post_params:
            raise ApiValueError(
                "post_params need a Content-Type of application/x-www-form-urlencoded or "
                f"multipart/form-data, not {content_type}"
            )
        if body is None:
            return None, headers
        try:
            return json.dumps(body).encode(), headers
        except (TypeError, ValueError) as error:
            raise ApiTypeError(f"body is not a JSON value: {error}") from error
    if content_type.startswith("application/x-www-form-urlencoded") and not isinstance(
        body, (str, bytes)
    ):
        from urllib.parse import urlencode

        fields = [(name, truth_in_lower_case(value)) for name, value in post_params or ()]
        return urlencode(fields).encode(), headers
    if content_type.startswith("multipart/form-data") and not isinstance(body, (str, bytes)):
        from urllib3 import encode_multipart_formdata

        parts = [(name, _part(value)) for name, value in post_params or ()]
        payload, content_type = encode_multipart_formdata(parts)
        # The boundary is chosen with the body, so the header has to be the one made here.
        kept = {name: headers[name] for name in headers if name.lower() != "content-type"}
        return payload, {**kept, "Content-Type": content_type}
    return _as_it_is(content_type, body, post_params), headers


def _as_it_is(content_type: str, body: object, post_params: object) -> bytes | None:
    if isinstance(body, bool) and content_type.startswith("text/"):
        return b"true" if body else b"false"
    if isinstance(body, str):
        try:
            return body.encode()
        except UnicodeEncodeError:
            raise ApiValueError("body is not valid Unicode") from None
    if isinstance(body, bytes):
        return body
    if body is None and not post_params:
        return None
    failure = ApiException(
        status=0,
        reason=f"A body of type {type(body).__name__} cannot be sent as {content_type}: "
        "give str or bytes, or a JSON, form or multipart content type",
    )
    failure.outcome = "not_sent"
    raise failure


def _takes_json(content_type: str, body: object) -> bool:
    if content_type == "application/json":
        return True
    from openapi_client._encoding.media_types import is_json

    if is_json(content_type):
        return True
    kind = content_type.partition(";")[0].strip()
    return kind.endswith(_YAML) and body is not None and not isinstance(body, (str, bytes))


def _part(value: object) -> Any:
    """Return a field as it is, a file's (name, bytes, media type), or a JSON object as text."""
    if isinstance(value, dict):
        return json.dumps(value)
    return value if type(value) in (str, bytes, tuple) else str(truth_in_lower_case(value))


def _content_type(headers: Mapping[str, str]) -> str | None:
    value = headers.get("Content-Type")
    if value is None:
        value = next((v for name, v in headers.items() if name.lower() == "content-type"), None)
    return None if value is None else value.lower()
