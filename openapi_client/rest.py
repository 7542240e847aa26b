"""The transport as generated programs know it; with `_http` the only room that knows urllib3."""

from __future__ import annotations

import io
import random
import re
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote

from typing_extensions import Never
from urllib3 import BaseHTTPResponse, HTTPHeaderDict, HTTPResponse

from openapi_client._encoding.foreign_response import AnyResponse
from openapi_client._encoding.header_fields import checked_field
from openapi_client._encoding.request_body import METHODS, WITH_BODY, encode_payload
from openapi_client._encoding.request_parts import merged_headers
from openapi_client._forks import renew_after_fork
from openapi_client._frames import without_locals
from openapi_client._hosts import origin_key
from openapi_client._http.call import Call, call_of
from openapi_client._http.head import Fields
from openapi_client._http.origin import Origin, make_origin
from openapi_client._http.proxy_rules import (
    SUPPORTED_SOCKS_PROXIES,
    is_socks_proxy_url,
    should_bypass_proxies,
)
from openapi_client._http.response import PreloadedResponse
from openapi_client._http.retrying import RetryLoop
from openapi_client._http.tls import TLSContexts
from openapi_client._redaction import ALLOWED_HEADERS, redacted_target
from openapi_client._settings import base_url
from openapi_client.exceptions import (
    ApiAttributeError,
    ApiException,
    ApiValueError,
    ClientClosedException,
    InsecureTransportWarning,
)
from openapi_client.retries import Attempt, RetryBudget, Times

if TYPE_CHECKING:
    from openapi_client._http.watch import Hooks
    from openapi_client.configuration import Configuration

__all__ = [
    "SUPPORTED_SOCKS_PROXIES",
    "AnyResponse",
    "ApiException",
    "ApiValueError",
    "RESTClientObject",
    "RESTResponse",
    "RESTResponseType",
    "contenttype_matches",
    "is_socks_proxy_url",
    "should_bypass_proxies",
]

# What may stand in a request target as it is (RFC 9112, section 3.2).
_TARGET = re.compile(r"[!-\"$-~]+")
_TEXT = frozenset({str})


RESTResponseType = HTTPResponse
"""What generated modules call the responses of urllib3."""


def contenttype_matches(contenttype: str, maintype: str, subtype: str) -> bool:
    """Return whether a content type is `maintype/subtype`, or has it as its suffix (RFC 6839)."""
    pattern = rf"{re.escape(maintype)}/(?:[^+;]+\+)*{re.escape(subtype)}[ \t]*(?:;.*)?"
    return re.fullmatch(pattern, contenttype, re.IGNORECASE) is not None


class RESTResponse(io.IOBase):
    """The response to a call.

    Attributes:
        status: the status.
        reason: the reason phrase.
        data: the body as bytes; `None` until it has been read.
    """

    _call: Call | None = None
    _was_read = False

    def __init__(self, resp: BaseHTTPResponse | PreloadedResponse) -> None:
        self._raw = resp
        self.status: int = resp.status
        self.reason: str | None = resp.reason
        self.data: bytes | None = resp.data if isinstance(resp, PreloadedResponse) else None

    @classmethod
    def of(cls, resp: BaseHTTPResponse | PreloadedResponse, call: Call) -> RESTResponse:
        """Make the response of a call, which tells of its attempts."""
        response = cls(resp)
        response._call = call
        return response

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """The attempts of the call, in order; the last one brought this response."""
        return () if self._call is None else self._call.attempts

    @property
    def retry_after(self) -> float | None:
        """The seconds that `Retry-After` asks for."""
        return None if self._call is None else self._call.retry_after

    @property
    def hint(self) -> str | None:
        """What the caller can do about this response, if it is an error."""
        return None if self._call is None else self._call.hint

    @property
    def request_line(self) -> str | None:
        """The method and URL of the request, without secrets."""
        return None if self._call is None else self._call.request_line

    @property
    def secrets(self) -> frozenset[str]:
        """The credentials that the call has used, to be kept out of messages."""
        return frozenset() if self._call is None else self._call.secrets()

    @property
    def response(self) -> BaseHTTPResponse:
        """urllib3's response: unread from an operation `..._without_preload_content`."""
        if isinstance(self._raw, PreloadedResponse):
            self._raw = self._raw.unread()
            if self._was_read:
                _ = self._raw.data  # it keeps what has been read, and is closed
        return self._raw

    @response.setter
    def response(self, value: BaseHTTPResponse) -> None:
        self._raw = value

    def read(self) -> bytes:
        """Return the body, read to its end."""
        self._was_read = True
        if self.data is None:
            self.data = self._raw.data or b""
        return self.data

    @property
    def headers(self) -> HTTPHeaderDict:
        """The headers; names without regard to case."""
        headers = self._raw.headers
        return HTTPHeaderDict(headers.pairs) if isinstance(headers, Fields) else headers

    def getheaders(self) -> HTTPHeaderDict:
        """Return the headers; names without regard to case."""
        return self.headers

    def getheader(self, name: str, default: str | None = None) -> str | None:
        """Return one header, or `default`."""
        return self._raw.headers.get(name, default)

    def plain_headers(self) -> dict[str, str]:
        """Return the headers as a `dict`."""
        headers = self._raw.headers
        if isinstance(headers, Fields):
            plain = dict(headers.pairs)
            if len(plain) == len(headers.pairs):
                return plain
        return dict(headers)

    def __repr__(self) -> str:
        return f"<RESTResponse {self.status}>"


class RESTClientObject:
    """Makes requests: a pool of connections per origin, limits, repeats.

    Safe for any number of threads, and across forks: a child opens connections of its own.

    Args:
        configuration: the settings; TLS, proxy and pool are read when a connection is first made.
        clock: a monotonic clock in seconds.
        wall_clock: seconds since the epoch, for `Retry-After` as a date.
        sleep: waits for some seconds.
        draw: an even random number in [0, 1), for the backoff.
    """

    def __init__(
        self,
        configuration: Configuration,
        *,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
        draw: Callable[[], float] = random.random,
    ) -> None:
        self.configuration = configuration
        self._times = Times(clock, wall_clock, sleep, draw)
        self._clock = clock
        self._closed = False
        self._checked: tuple[Mapping[str, str], dict[str, str]] = ({}, {})
        self._warned: set[str] = set()
        self._start_empty()
        renew_after_fork(self)

    def _start_empty(self) -> None:
        self._origins: dict[str, Origin] = {}
        self._contexts = TLSContexts(self.configuration)
        self._loop = RetryLoop(self.configuration, RetryBudget(), self._times)

    @property
    def clock(self) -> Callable[[], float]:
        """The monotonic clock that calls are timed with, seconds."""
        return self._clock

    @property
    def pool_manager(self) -> Never:
        """There is none, and none can be assigned: what stands in its place would never be asked.

        Raises:
            ApiAttributeError: always.
        """
        raise ApiAttributeError(
            "there is no pool_manager: settings go into the Configuration, "
            "and a double into the place of rest_client"
        )

    @pool_manager.setter
    def pool_manager(self, value: object) -> None:
        _ = self.pool_manager

    def after_fork(self) -> None:
        """In a forked child: leave the sockets and locks to the parent."""
        self._start_empty()
        self.configuration.after_fork()

    def close(self) -> None:
        """Close all idle connections; those in use are closed when their response has been read."""
        self._closed = True
        origins, self._origins = self._origins, {}
        for origin in origins.values():
            origin.pool.close()

    @without_locals
    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None = None,
        body: Any = None,
        post_params: Sequence[tuple[str, Any]] | None = None,
        _request_timeout: float | tuple[float | None, float | None] | None = None,
    ) -> RESTResponse:
        """Make a request, and repeat it as the configuration says.

        Args:
            method: GET, HEAD, DELETE, POST, PUT, PATCH or OPTIONS.
            url: absolute URL, with its query.
            headers: request headers; they are not changed.
            body: what the content type in `headers` takes: a JSON value, `str` or `bytes`.
            post_params: fields of a form, or parts.
            _request_timeout: seconds for the whole call, or a pair (connect, read).

        Returns:
            The answer, whatever its status, with its body read.

        Raises:
            ApiValueError: an argument makes no sense; nothing was sent.
            ApiException: there is no answer.
        """
        call = self._call_of(method, _request_timeout)
        if call.watch is None and call.configuration.hooks:
            ids = {name: str(value) for name, value in getattr(method, "ids", {}).items()}
            again = partial(self.request, call.handle(), url, headers, body, post_params)
            return cast("Hooks", call.configuration.hooks).watched(call, url, ids, again)
        if call.method in WITH_BODY:
            call.body, headers = encode_payload(headers or {}, body, post_params)
        call.headers = self._checked_headers(headers or {})
        call.max_bytes = self.configuration.max_response_bytes
        call.url = url
        self._direct(call)
        if call.watch is not None and call.watch.headers:
            call.headers = merged_headers(call.watch.headers, call.headers)
        return RESTResponse.of(self._loop.run(call), call)

    def _direct(self, call: Call) -> None:
        """Tell a call where it goes: its origin and the request target."""
        url = call.url
        slash = url.find("/", 8)
        base, target = (url, "/") if slash < 0 else (url[:slash], url[slash:])
        if _TARGET.fullmatch(target) is None:
            target = _encoded_target(target)
        call.origin = origin = self._origins.get(base) or self._make_origin(base, call)
        if origin.cleartext:
            self._check_cleartext(base, call.headers, target)
        if origin.absolute:
            target = origin.absolute + target
            call.headers = {**call.headers, **origin.proxy_headers}
        call.target = target

    def _call_of(self, method: str, request_timeout: object) -> Call:
        """Return the call that an operation has begun, or begin one."""
        call = call_of(method)
        if call is not None and not call.attempts and request_timeout == call.request_timeout:
            return call
        plain = method.upper()
        if plain not in METHODS:
            raise ApiValueError(
                f"method must be one of {', '.join(sorted(METHODS))}, not {method!r}"
            )
        configuration = getattr(method, "configuration", self.configuration)
        configuration = configuration if call is None else call.configuration
        limits = configuration.limits
        if request_timeout is not None:
            limits = limits.for_call(request_timeout)
        if call is None:
            call = Call(plain, configuration, limits, self._clock, request_timeout=request_timeout)
            call.template = getattr(method, "template", "")
            return call
        call = call.again() if call.attempts else call
        call.limit(limits)
        return call

    def _make_origin(self, base: str, call: Call) -> Origin:
        if self._closed:
            raise ClientClosedException(reason="The client is closed")
        # Made without a lock, because TLS settings are read from files meanwhile: of two threads
        # that make the same origin, or a signal handler and its thread, the first one's is kept.
        origins, spelled = self._origins, base
        base = "{}://{}:{}".format(*origin_key(base_url("url", base)))
        origin = origins.get(base)
        if origin is None:
            limits = [call.limits.connect, call.seconds_left()]
            seconds = min((limit for limit in limits if limit is not None), default=None)
            made = make_origin(spelled, self.configuration, self._contexts, seconds)
            origin = origins.setdefault(base, made)
        if spelled != base:
            origins[spelled] = origin  # each spelling of an origin leads to its one pool
        if origins is not self._origins:
            origin.pool.close()  # the client was closed meanwhile
        return origin

    def _checked_headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Return a copy of `headers` in which nothing can end a field and begin another.

        Raises:
            ApiValueError: a name is not a token, or a value has a control character or one that
                HTTP cannot carry (RFC 9110, section 5.5).
        """
        known, checked = self._checked
        # Only texts are remembered: `True` and `1` are equal, and go out as different values.
        if headers != known or not _TEXT.issuperset(map(type, headers.values())):
            # By the names: what comes twice in urllib3's headers is joined (RFC 9110, 5.3).
            checked = {name: checked_field(name, headers[name]) for name in headers}
            self._checked = (dict(headers), checked)
        return checked

    def _check_cleartext(self, base: str, headers: Mapping[str, str], target: str) -> None:
        """Warn of credentials that anyone on the way could read, or refuse to send them."""
        allowed = self.configuration.allow_insecure
        if allowed or (base in self._warned and allowed is None):
            return
        harmless = all(name.lower() in ALLOWED_HEADERS for name in headers)
        if harmless and redacted_target(target) == target:
            return
        message = f"Credentials over plain HTTP to {redacted_target(base)}"
        if allowed is False:
            raise ApiValueError(f"{message} are forbidden by allow_insecure=False; use https://")
        self._warned.add(base)
        warnings.warn(f"{message}; use https://", InsecureTransportWarning, stacklevel=3)


def _encoded_target(target: str) -> str:
    """Return a request target without a fragment, what is not ASCII percent-encoded."""
    target = target.partition("#")[0]
    if any(not character.isprintable() or character == " " for character in target):
        raise ApiValueError("url contains a space or control character")
    return quote(target, safe="!\"$%&'()*+,-./:;<=>?@[\\]^_`{|}~")
