"""From what urllib3 and the socket raise to the client's own exceptions."""

from __future__ import annotations

from http.client import HTTPException

from urllib3.exceptions import (
    ClosedPoolError,
    ConnectTimeoutError,
    DecodeError,
    HTTPError,
    IncompleteRead,
    NewConnectionError,
    ProtocolError,
    ProxyError,
    SSLError,
)
from urllib3.exceptions import (
    TimeoutError as LimitReached,
)

from openapi_client._http.call import Exchange
from openapi_client._http.head import Fields
from openapi_client._http.response import ResponseTooLarge
from openapi_client._redaction import KEPT_BYTES
from openapi_client.exceptions import (
    ApiException,
    ClientClosedException,
    ConnectException,
    ConnectTimeoutException,
    DeserializationException,
    IncompleteResponseException,
    ProtocolException,
    ProxyException,
    ResponseTooLargeException,
    TimeoutException,
    TLSException,
    exception_class,
)

# Everything that an attempt may raise, apart from errors in this package itself.
FAILURES = (HTTPError, HTTPException, OSError)


def error_of(error: Exception, exchange: Exchange) -> ApiException:
    """Return the exception that tells of a failed attempt."""
    if isinstance(error, ProtocolError) and isinstance(error.args[-1], IncompleteRead):
        # urllib3 wraps it, because it is an error of `http.client` too.
        error = error.args[-1]
    head = exchange.head
    if head is None:
        return _without_response(error, exchange.sent)
    failure = _within_response(error, head.status)
    if isinstance(failure, DeserializationException):
        partial = exchange.partial[:KEPT_BYTES]
        body = partial.decode("utf-8", "replace")
        if not 200 <= head.status <= 299:
            # That it failed is known, even if the server's words about it were cut off.
            failure = exception_class(head.status)(head.status, head.reason, body=body)
            failure.headers = Fields(head.fields)
        else:
            failure.body, failure.raw_data = body, partial
    return failure


def _without_response(error: Exception, sent: bool) -> ApiException:
    if isinstance(error, ClosedPoolError):
        return ClientClosedException(reason="The client is closed")
    if isinstance(error, ProxyError):
        return ProxyException(reason=str(error.args[0]))
    if isinstance(error, NewConnectionError):
        return ConnectException(reason=_told(error))
    if isinstance(error, ConnectTimeoutError):
        return ConnectTimeoutException(reason="No connection within the limit")
    if isinstance(error, LimitReached):
        if sent:
            return TimeoutException(reason="No answer within the limit")
        return ConnectTimeoutException(reason="The deadline was over before the request was sent")
    if isinstance(error, SSLError) and not sent:
        return TLSException(reason=f"No TLS connection: {_told(error)}")
    if not sent:
        return ConnectException(reason=_told(error))
    return ProtocolException(reason=_told(error))


def _within_response(error: Exception, status: int) -> ApiException:
    answer = f"a {status} answer"
    if isinstance(error, ResponseTooLarge):
        return ResponseTooLargeException(reason=str(error))
    if isinstance(error, LimitReached):
        return TimeoutException(reason=f"The body of {answer} did not come within the limit")
    if isinstance(error, IncompleteRead):
        return IncompleteResponseException(status, f"The body of {answer} was cut off")
    if isinstance(error, DecodeError):
        return DeserializationException(status, f"The body of {answer} cannot be decompressed")
    if isinstance(error, ProtocolError) and not _is_broken(error):
        return ProtocolException(reason=f"{_told(error)}, in {answer}")
    return IncompleteResponseException(status, f"The connection broke within {answer}")


def _is_broken(error: ProtocolError) -> bool:
    """Return whether urllib3 has wrapped a socket's error."""
    return any(isinstance(argument, OSError) for argument in error.args)


def innermost(error: Exception) -> Exception:
    """Return the error that urllib3 has wrapped: the socket's, of TLS, or of a reader."""
    while error.args and isinstance(error.args[-1], Exception):
        error = error.args[-1]
    return error


def _told(error: Exception) -> str:
    """Return the message of the innermost error."""
    error = innermost(error)
    text = str(error) or type(error).__name__
    # urllib3 puts the connection's class and address before the message.
    return text.rpartition("): ")[2] or text
