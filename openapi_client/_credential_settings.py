"""The settings of a `Configuration` that say who asks."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

from openapi_client.credentials import (
    RenewableToken,
    as_bearer,
    checked_credential,
    provider_failure,
)
from openapi_client.exceptions import ApiValueError

_SCHEME = "BearerAuth"


class CredentialSettings:
    """The credentials of a configuration."""

    api_key: dict[str, str]
    api_key_prefix: dict[str, str]
    username: str | None
    password: str | None
    access_token: str | Callable[[], str] | None
    refresh_api_key_hook: Callable[[Any], None] | None
    deadline: float | None
    _token: RenewableToken | None
    # The key and its prefix, by identity, the scheme, and the value they make.
    _known_key: tuple[str | None, str | None, str, str]

    def get_api_key_with_prefix(self, identifier: str, alias: str | None = None) -> str | None:
        """Return the key of a scheme as it goes out.

        Args:
            identifier: name of the scheme.
            alias: another name under which the key, or its prefix, may be.

        Returns:
            The prefix, one space and the key; the key alone if the prefix is `""`. Without a prefix
            a key of `BearerAuth` that names no scheme gets `Bearer`. `None` if there is no key.

        Raises:
            ApiValueError: the key is not a `str`, is empty, or cannot stand in a header.
            ApiException: `refresh_api_key_hook` raised an error, which is chained; its `outcome` is
                `"not_sent"`.
        """
        if self.refresh_api_key_hook is not None:
            try:
                self.refresh_api_key_hook(self)
            except Exception as error:
                raise provider_failure("refresh_api_key_hook", error) from error
        name = identifier
        if name not in self.api_key and alias is not None:
            name = alias
        if name not in self.api_key:
            return None
        key = self.api_key[name]
        prefix = self.api_key_prefix.get(identifier)
        if prefix is None and alias is not None:
            prefix = self.api_key_prefix.get(alias)
        known = self._known_key
        if known[0] is key and known[1] is prefix and known[2] == identifier:
            return known[3]
        checked_credential(key, f"api_key[{name!r}]")
        if prefix is None:
            value = as_bearer(key) if identifier == _SCHEME else key
        else:
            value = f"{prefix} {key}" if prefix else key
        self._known_key = (key, prefix, identifier, value)
        return value

    def get_basic_auth_token(self) -> str:
        """Return `username` and `password` as the value of an `Authorization` header (RFC 7617)."""
        pair = f"{self.username or ''}:{self.password or ''}"
        return "Basic " + base64.b64encode(pair.encode()).decode()

    def auth_settings(self) -> dict[str, dict[str, Any]]:
        """Return the credentials by scheme: `type`, `in`, `key` (where they go) and `value`.

        Raises:
            ApiValueError: a credential was given that cannot be sent.
        """
        value = self.get_api_key_with_prefix(_SCHEME)
        if value is None:
            token = self._current_token()
            if token is not None:
                value = as_bearer(token)
            elif self.api_key:
                given = ", ".join(map(repr, self.api_key))
                raise ApiValueError(f"api_key has {given}; the API's scheme is {_SCHEME!r}")
            else:
                return {}
        setting = {"type": "api_key", "in": "header", "key": "Authorization", "value": value}
        return {_SCHEME: setting}

    def prepare_token(self, seconds_left: Callable[[], float | None]) -> int | None:
        """Get a token from a callable `access_token`, if one is needed.

        Args:
            seconds_left: gives the seconds to wait for it at most; `None` for no limit.

        Returns:
            The epoch of the token, for `renewed_authorization`.

        Raises:
            ApiException: the callable raised an error, gave what cannot be sent, or took too long;
                nothing was sent.
        """
        if self._token is None or _SCHEME in self.api_key:
            return None
        token = self._token.current(seconds_left())
        return None if token is None else token.epoch

    def _current_token(self) -> str | None:
        if self._token is not None:
            token = self._token.current(self.deadline)
            return None if token is None else token.value
        value = self.access_token
        return None if value is None else checked_credential(value, "access_token")

    def renewed_authorization(
        self, refused: str | None, epoch: int | None = None, remaining: float | None = None
    ) -> str | None:
        """Return the `Authorization` value to try after a 401 instead of `refused`.

        `None` if there is no other: only a callable `access_token` can be asked again, and only if
        the refused value was made of one of its tokens.

        Args:
            refused: the value that the server refused.
            epoch: of the token that it was made of, if it is known.
            remaining: seconds to wait for another token at most; `None` for no limit.

        Raises:
            ApiException: the callable raised an error or took too long.
        """
        if self._token is None or refused is None:
            return None
        token = self._token.renewed(refused, epoch, remaining)
        return None if token is None else as_bearer(token.value)

    def after_fork(self) -> None:
        """In a forked child: drop locks that a thread of the parent may have held."""
        if self._token is not None:
            self._token.after_fork()
