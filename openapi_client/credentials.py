"""Tokens that are renewed: what stands behind a callable `access_token`."""

from __future__ import annotations

import re
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

from openapi_client._encoding.header_fields import FORBIDDEN
from openapi_client.exceptions import ApiValueError

# RFC 9110, section 11.4: credentials are a scheme (a token), a space and what the scheme defines.
_WITH_SCHEME = re.compile(r"[A-Za-z][!#$%&'*+.^_`|~0-9A-Za-z-]* +\S")


class RenewableToken:
    """The token that a callable gives, kept until the server refuses it.

    Safe for any number of threads: one asks the callable, the others wait for what it gives.
    """

    def __init__(self, provider: Callable[[], str]) -> None:
        self._provider = provider
        self._token: str | None = None
        # Enough to know the token of a call that began several renewals ago as one of ours.
        self._given: deque[str] = deque(maxlen=16)
        self._lock = threading.Lock()

    def current(self) -> str:
        """The token; the callable is asked for it the first time."""
        token = self._token
        if token is None:
            with self._lock:
                token = self._token
                if token is None:
                    token = self._ask()
        return token

    def renewed(self, refused: str) -> str | None:
        """The token to try after the server refused one.

        Args:
            refused: the `Authorization` value that the server refused.

        Returns:
            A token fresh from the callable; or the one that another thread has got meanwhile, so
            that the callable is asked once for all threads. `None` if `refused` is not one of this
            object's tokens.
        """
        with self._lock:
            if not any(as_bearer(token) == refused for token in self._given):
                return None
            if self._token is None or as_bearer(self._token) == refused:
                return self._ask()
            return self._token

    def _ask(self) -> str:
        token = checked_credential(self._provider(), "what access_token() returned")
        self._token = token
        self._given.append(token)
        return token

    def after_fork(self) -> None:
        """In a forked child: forget a lock that a thread of the parent may hold for ever."""
        self._lock = threading.Lock()


def checked_credential(value: Any, name: str) -> str:
    """`value` if it can stand in a header; otherwise an error that names it and does not show it.

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
    """`key` as the value of an `Authorization` header: `Bearer <key>`, unless it names a scheme."""
    return key if _WITH_SCHEME.match(key) else f"Bearer {key}"
