"""Tokens that are renewed: what stands behind a callable `access_token`."""

from __future__ import annotations

import copy
import re
import threading
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from urllib3.exceptions import TimeoutError as LimitReached

from openapi_client._encoding.header_fields import FORBIDDEN
from openapi_client._http.foreign import Pending
from openapi_client.exceptions import (
    ApiException,
    ApiValueError,
    TimeoutException,
    TokenException,
)

# RFC 9110, section 11.4: credentials are a scheme (a token), a space and what the scheme defines.
_WITH_SCHEME = re.compile(r"[A-Za-z][!#$%&'*+.^_`|~0-9A-Za-z-]* +\S")


class Token(NamedTuple):
    """A token, and how often its provider had been asked when it gave it."""

    value: str
    epoch: int


class _UnusableToken(ApiValueError):
    """What the provider returned, and did not raise, is wrong."""


def provider_failure(name: str, error: BaseException | None) -> ApiException:
    """Return what a call raises whose provider of credentials, called `name`, raised `error`."""
    if isinstance(error, ApiException):
        failure = copy.copy(error)
        failure.hint = failure.hint or "The token could not be had; the call itself was not sent."
    elif isinstance(error, _UnusableToken):
        failure = TokenException(0, str(error))
    else:
        failure = ApiException(0, f"{name} raised {type(error).__name__}")
    failure.outcome = "not_sent"
    return failure


class RenewableToken:
    """The token that a callable gives, kept until the server refuses it.

    Safe for any number of threads: one request to the callable serves all who want its answer,
    failure included. The callable runs in a thread of its own, so that no caller waits longer for
    it than its call may take, and no lock is held meanwhile.
    """

    def __init__(self, provider: Callable[[], str]) -> None:
        self._provider = provider
        self._token: Token | None = None
        self._asked = 0
        # Enough to know the token of a call that began several renewals ago as one of ours.
        self._given: deque[str] = deque(maxlen=16)
        # At most one request, under one key: `setdefault` tells in one step who made it.
        self._requests: dict[str, Pending[Token]] = {}

    def current(self, remaining: float | None = None) -> Token | None:
        """Return the token; the callable is asked for it the first time.

        Args:
            remaining: seconds to wait at most; `None` for no limit.

        Returns:
            `None` to the callable itself, which may make calls while it has no token yet.

        Raises:
            ApiException: the callable raised an error, which is chained, or took too long; its
                `outcome` is `"not_sent"`.
            TokenException: what it gave cannot be sent.
        """
        return self._token or self._request(0, remaining)

    def renewed(
        self, refused: str, epoch: int | None = None, remaining: float | None = None
    ) -> Token | None:
        """Return the token to try after the server refused one.

        Args:
            refused: the `Authorization` value that the server refused.
            epoch: of the token that the call was made with, if it is known.
            remaining: seconds to wait at most; `None` for no limit.

        Returns:
            A token fresh from the callable; or the one that another call has got meanwhile, so that
            the callable is asked once for all that were refused together. `None` if there is no
            other, or `refused` is not one of this object's tokens.

        Raises:
            ApiException: as `current`.
        """
        token = self._token
        if token is None or not any(as_bearer(given) == refused for given in tuple(self._given)):
            return None
        if as_bearer(token.value) != refused:
            return token
        if epoch is not None and token.epoch > epoch:
            return None  # asked since this call began, and it gave the refused one again
        return self._request(token.epoch, remaining)

    def _request(self, after: int, remaining: float | None) -> Token | None:
        """Ask the callable, or join those who wait for it already."""
        mine = Pending(partial(self._ask, after))
        request = self._requests.setdefault("token", mine)
        if request.thread == threading.get_ident():
            return None
        try:
            request.wait(remaining)
        except LimitReached:
            if request is mine and self._requests.get("token") is mine:
                # Later calls are not to wait for a callable that hangs; they ask anew.
                self._requests.pop("token", None)
            failure = TimeoutException(0, "The token did not come within the deadline of the call")
            failure.outcome = "not_sent"
            raise failure from None
        if request.error is not None:
            raise provider_failure("access_token()", request.error) from request.error
        return request.value()

    def _ask(self, after: int) -> Token:
        try:
            token = self._token
            if token is not None and token.epoch > after:
                return token  # it came between the look at it and this request
            value = _checked_token(self._provider())
            self._asked += 1
            token = self._token = Token(value, self._asked)
            self._given.append(value)
            return token
        finally:
            request = self._requests.get("token")
            if request is not None and request.thread == threading.get_ident():
                self._requests.pop("token", None)  # one who gave up waiting may have done it

    def after_fork(self) -> None:
        """In a forked child: forget a request that a thread of the parent waits for."""
        self._requests = {}


def _checked_token(value: object) -> str:
    try:
        return checked_credential(value, "what access_token() returned")
    except ApiValueError as error:
        raise _UnusableToken(str(error)) from None


def checked_credential(value: Any, name: str) -> str:
    """Return `value` if it can stand in a header; the error names it and does not show it.

    Raises:
        ApiValueError: it is not a `str`, is blank, or has a control character in it.
    """
    if not isinstance(value, str):
        raise ApiValueError(f"{name} must be a str, not {type(value).__name__}")
    if not value.strip():
        raise ApiValueError(f"{name} is empty")
    if FORBIDDEN.search(value):
        raise ApiValueError(f"{name} contains a control character (a line end at its end?)")
    if not value.isascii():
        raise ApiValueError(f"{name} contains a character that is not ASCII")
    return value


def as_bearer(key: str) -> str:
    """Return `key` as an `Authorization` value: `Bearer <key>`, unless it names a scheme."""
    return key if _WITH_SCHEME.match(key) else f"Bearer {key}"
