"""Everything that the client raises on purpose.

    OpenApiException
    ├── ApiTypeError (TypeError)
    ├── ApiValueError (ValueError)              an argument or setting that makes no sense
    ├── ApiAttributeError (AttributeError)
    ├── ApiKeyError (KeyError)
    └── ApiException                            a call that failed
        ├── BadRequestException                 400
        ├── UnauthorizedException               401
        ├── ForbiddenException                  403
        ├── NotFoundException                   404
        ├── ConflictException                   409
        ├── UnprocessableEntityException        422
        ├── TooManyRequestsException            429
        ├── ServiceException                    500 to 599
        ├── TokenException                      also an ApiValueError: a token that cannot be sent
        ├── DeserializationException (ValueError)       a 2xx that is not what was promised
        │   └── IncompleteResponseException (HTTPError) a 2xx whose body was cut off
        ├── LedgerException                     the ledger of `send_once` cannot be used
        └── TransportException (HTTPError)      status 0: no usable answer
            ├── ConnectException                no connection, so nothing was sent
            │   ├── ConnectTimeoutException     also a TimeoutException
            │   ├── TLSException                the handshake failed, or the certificate is not good
            │   ├── ProxyException              the proxy did not open the way
            │   └── ClientClosedException       the client was closed before
            ├── TimeoutException                a limit of `timeout` or `deadline` was reached
            ├── ProtocolException               reset, cut off, or not HTTP/1.1
            └── ResponseTooLargeException       more than `max_response_bytes`

`HTTPError` is `urllib3.exceptions.HTTPError`: programs that caught urllib3's errors still do.

Every `ApiException` has an `outcome`:

* `"not_sent"`: no byte of any attempt can have reached the server. It is safe to send it again.
* `"answered"`: the last attempt was answered; `status` is what the server said.
* `"unknown"`: an attempt, or part of it, was sent, and the last one was not answered.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal, cast

from typing_extensions import Never, Self
from urllib3 import HTTPHeaderDict
from urllib3.exceptions import HTTPError

from openapi_client._encoding.foreign_response import headers_of, told
from openapi_client._redaction import redacted_headers
from openapi_client._scrubbing import scrub

if TYPE_CHECKING:
    from openapi_client.retries import Attempt

Outcome = Literal["not_sent", "answered", "unknown"]

# What would break a line, or hide what stands before it on a terminal.
_BLANKS = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")
_MESSAGE_LIMIT = 2048
_DETAIL_LIMIT = 1200


class OpenApiException(Exception):
    """The base of everything that this package raises on purpose."""


class InsecureTransportWarning(UserWarning):
    """Credentials go over plain HTTP to another machine; anyone on the way can read them."""


def render_path(path_to_item: Iterable[Any]) -> str:
    """Show a path into nested data: `['items'][0]`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f"['{step}']" for step in path_to_item)


def _at(msg: str, path_to_item: Iterable[Any] | None) -> str:
    return f"{msg} at {render_path(path_to_item)}" if path_to_item else msg


class ApiTypeError(OpenApiException, TypeError):
    """A value of the wrong type."""

    def __init__(
        self,
        msg: str,
        path_to_item: list[Any] | None = None,
        valid_classes: tuple[type, ...] | None = None,
        key_type: bool | None = None,
    ) -> None:
        self.path_to_item = path_to_item
        self.valid_classes = valid_classes
        self.key_type = key_type
        super().__init__(_at(msg, path_to_item))


class _LocatedError(OpenApiException):
    def __init__(self, msg: str, path_to_item: list[Any] | None = None) -> None:
        self.path_to_item = path_to_item
        super().__init__(_at(msg, path_to_item))


class ApiValueError(_LocatedError, ValueError):
    """An argument or setting whose value makes no sense; nothing was sent."""


class ApiAttributeError(_LocatedError, AttributeError):
    """An attribute that does not exist."""


class ApiKeyError(_LocatedError, KeyError):
    """A key that does not exist."""


class ApiException(OpenApiException):
    """A call that failed.

    Attributes:
        status: the HTTP status; 0 if there was no usable answer.
        reason: the reason phrase of the answer, or what went wrong.
        body: the answer's body as text, with this call's credentials taken out.
        headers: the answer's headers.
        data: the body decoded, if the operation documents a type for this status.
        detail: what the server says about the error, in words, whatever the shape of its body.
        outcome: `"not_sent"`, `"answered"` or `"unknown"` (see the module's text).
        attempts: the attempts that were made, in order.
        retry_after: the seconds after which the server wants to be asked again, if it said so.
    """

    _without_answer: ClassVar[Outcome] = "unknown"

    def __init__(
        self,
        status: int | None = None,
        reason: str | None = None,
        http_resp: Any = None,
        *,
        body: str | None = None,
        data: Any = None,
    ) -> None:
        self.status: int | None = status
        self.reason: str | None = reason
        self.body = body
        self.data = data
        self.headers: Mapping[str, str] | None = None
        self.outcome: Outcome = "answered" if status else self._without_answer
        self.attempts: tuple[Attempt, ...] = ()
        self.retry_after: float | None = None
        self.request: str | None = None
        """The method and target of the request, without secrets."""
        self.hint: str | None = None
        """What the caller can do about it."""
        self.detail: str | None = None
        if http_resp is not None:
            self._take(http_resp)
        self.detail = _detail(self.body)
        # Only plain values: with the instance's `__dict__` they are what a pickle is made of.
        self.args = (self.status, self.reason)

    def _take(self, http_resp: Any) -> None:
        if self.status is None:
            self.status = http_resp.status
        if self.reason is None:
            self.reason = None if http_resp.reason is None else str(http_resp.reason)
        self.headers = headers_of(http_resp)
        self.outcome = "answered"
        if self.body is None and http_resp.data is not None:
            raw = http_resp.data
            self.body = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else str(raw)
        self.attempts = told(http_resp, "attempts", ())
        self.retry_after = told(http_resp, "retry_after", None)
        self.request = told(http_resp, "request_line", None)
        self.hint = told(http_resp, "hint", None)
        self.scrub(told(http_resp, "secrets", ()))

    def scrub(self, secrets: Iterable[str]) -> None:
        """Take secrets out of what the server said, in case it repeats what it was sent."""
        self.reason = scrub(self.reason or "", secrets) or self.reason
        self.args: tuple[Any, ...] = (self.status, self.reason)
        if self.body:
            self.body = scrub(self.body, secrets)
            if self.detail:
                self.detail = _detail(self.body)
        if self.hint:
            # It names the target of a redirect, which the server has made up.
            self.hint = scrub(self.hint, secrets)
        if self.headers:
            given = dict(self.headers)
            shown = {scrub(name, secrets): scrub(given[name], secrets) for name in given}
            self.headers = HTTPHeaderDict(shown) if shown != given else self.headers

    @classmethod
    def from_response(cls, *, http_resp: Any, body: str | None = None, data: Any = None) -> Never:
        """Raise the exception for an answer whose status is not 2xx, of the class for it."""
        raise exception_class(http_resp.status)(http_resp=http_resp, body=body, data=data)

    def __str__(self) -> str:
        status = "" if not self.status else str(self.status)
        parts = [_BLANKS.sub(" ", f"{status} {self.reason or ''}").strip() or type(self).__name__]
        if self.detail and self.detail != self.reason:
            parts.append(f": {self.detail}")
        parts.append(f" [{self._circumstances()}]")
        if self.hint:
            parts.append(f" {self.hint}")
        return _one_paragraph("".join(parts), _MESSAGE_LIMIT)

    def _circumstances(self) -> str:
        count = len(self.attempts)
        told = [self.request] if self.request else []
        told.append(f"outcome: {self.outcome}")
        if count > 1:
            told.append(f"{count} attempts")
        if self.retry_after is not None:
            told.append(f"retry after {self.retry_after:g} s")
        return ", ".join(told)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self}>"

    def __reduce__(self) -> tuple[Any, ...]:
        state = dict(self.__dict__)
        if self.headers is not None:
            state["headers"] = HTTPHeaderDict(redacted_headers(self.headers))
        return type(self), (self.status, self.reason), state

    def __copy__(self) -> Self:
        twin = type(self)(self.status, self.reason)
        twin.__dict__.update(self.__dict__)
        return twin

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        twin = self.__copy__()
        twin.__dict__.update(copy.deepcopy(self.__dict__, memo))
        return twin


class BadRequestException(ApiException):
    """400: the server does not accept the request."""


class UnauthorizedException(ApiException):
    """401: no token, or one that is wrong or over."""


class ForbiddenException(ApiException):
    """403."""


class NotFoundException(ApiException):
    """404: it does not exist, or the token may not see it."""


class ConflictException(ApiException):
    """409."""


class UnprocessableEntityException(ApiException):
    """422."""


class TooManyRequestsException(ApiException):
    """429: asked too often; `retry_after` says when to come back, if the server did."""


class ServiceException(ApiException):
    """5xx: the server, or a proxy in front of it, failed."""


_BY_STATUS: dict[int, type[ApiException]] = {
    400: BadRequestException,
    401: UnauthorizedException,
    403: ForbiddenException,
    404: NotFoundException,
    409: ConflictException,
    422: UnprocessableEntityException,
    429: TooManyRequestsException,
}


def exception_class(status: int) -> type[ApiException]:
    """Return the class for a status that is not 2xx."""
    return _BY_STATUS.get(status, ServiceException if 500 <= status <= 599 else ApiException)


class TokenException(ApiException, ApiValueError):
    """What a callable `access_token` gave cannot be sent; `status` is 0."""

    path_to_item = None


class DeserializationException(ApiException, ValueError):
    """A 2xx answer that is not what the operation promises.

    The server has answered, so a send that ends with this error *was* taken.

    Attributes:
        raw_data: the body as it came, bytes.
    """

    raw_data: bytes = b""

    def scrub(self, secrets: Iterable[str]) -> None:
        """Take secrets out of the raw body, too."""
        secrets = frozenset(secrets)
        super().scrub(secrets)
        self.raw_data = scrub(self.raw_data.decode("latin-1"), secrets).encode("latin-1")


class IncompleteResponseException(DeserializationException, HTTPError):
    """A 2xx answer whose body was cut off; `raw_data` is the part that came."""


class LedgerException(ApiException):
    """The ledger of `send_once` cannot be opened, read or written; `status` is 0.

    If `outcome` is `"not_sent"`, nothing was sent; otherwise the same key finds what may be stored.
    """


class TransportException(ApiException, HTTPError):
    """No usable answer came; `status` is 0 and the cause is chained."""

    def __init__(
        self,
        status: int | None = 0,
        reason: str | None = None,
        http_resp: Any = None,
        *,
        body: str | None = None,
        data: Any = None,
    ) -> None:
        super().__init__(status, reason, http_resp, body=body, data=data)


class ConnectException(TransportException):
    """There was no connection to send the request on; `outcome` is `"not_sent"`."""

    _without_answer = "not_sent"


class TimeoutException(TransportException):
    """One of the limits of `timeout` or `deadline` was reached."""


class ConnectTimeoutException(ConnectException, TimeoutException):
    """No connection within the limit; nothing was sent."""


class TLSException(ConnectException):
    """The TLS handshake failed, or the certificate is not one to trust; nothing was sent."""


class ProxyException(ConnectException):
    """The proxy cannot be reached or refused to open a tunnel; nothing was sent."""


class ClientClosedException(ConnectException):
    """The client was closed before this call; nothing was sent."""


class ProtocolException(TransportException):
    """The connection broke, or what came is not HTTP/1.1 (RFC 9112)."""


class ResponseTooLargeException(TransportException):
    """The answer is larger than `max_response_bytes` or `max_response_expansion` allows."""


def _detail(body: str | None) -> str | None:
    """Return what a server says about an error, in words.

    Servers answer with a JSON string, with `{"message"}` or with `{"status", "error", "details"}`;
    a proxy in front of them with plain text or HTML.
    """
    if not body or not body.strip():
        return None
    try:
        content: object = json.loads(body)
    except (ValueError, RecursionError):
        return None if body.lstrip().startswith("<") else _one_paragraph(body, _DETAIL_LIMIT)
    if isinstance(content, str):
        text = content
    elif isinstance(content, dict):
        fields = cast("dict[str, object]", content)
        said = [fields.get(key) for key in ("message", "error", "details", "title", "detail")]
        text = ": ".join(part for part in said if isinstance(part, str) and part)
    else:
        text = ""
    return _one_paragraph(text, _DETAIL_LIMIT) or None


def _one_paragraph(text: str, limit: int) -> str:
    text = _BLANKS.sub(" ", text[: 4 * limit]).strip()
    encoded = text.encode("utf-8", "replace")
    if len(encoded) <= limit:
        return encoded.decode()
    return encoded[: limit - 4].decode("utf-8", "ignore") + " ..."
