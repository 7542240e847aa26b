"""Tokens by logging in: a ready-made callable for `Configuration.access_token`."""

from __future__ import annotations

import copy
from typing import cast

from pydantic_core import from_json

from openapi_client._encoding.json_repair import read_json
from openapi_client._encoding.response_body import raise_not_as_promised
from openapi_client._frames import without_locals
from openapi_client._redaction import redacted_target
from openapi_client._scrubbing import HIDDEN, scrub
from openapi_client.api_client import ApiClient
from openapi_client.configuration import Configuration
from openapi_client.credentials import checked_credential
from openapi_client.exceptions import ApiException, ApiValueError, UnauthorizedException

_HEADERS = {
    "Accept": "application/json",
    # No cache on the way may keep the answer, which is a secret (RFC 9111, section 5.2.1.5). To the
    # transport a field that it does not know is a credential: `allow_insecure` rules the login.
    "Cache-Control": "no-store",
    "Content-Type": "application/json",
}


class LoginToken:
    """Logs in with a user name and a password each time it is called, and returns the token.

        configuration = Configuration(host="https://localhost:8080/v1")
        configuration.access_token = LoginToken(configuration, username="me", password=password)

    The configuration calls it for its first token and after a 401, and keeps the token meanwhile.
    A login is `POST {host}/login` with the JSON `{"username", "password"}`, answered by `{"token"}`
    (the service's behaviour). A client of its own makes it, which is closed at once.

    Safe for any number of threads. It can be copied and pickled; the pickle holds the password.

    Args:
        configuration: the settings of the login (host, TLS, proxy, limits, retries), as they are
            now; its credentials are not used. It is not changed.
        username: the name of the user.
        password: the password.

    Raises:
        ApiValueError: an argument is not of its type, or empty.
    """

    def __init__(self, configuration: Configuration, *, username: str, password: str) -> None:
        if not isinstance(cast("object", configuration), Configuration):
            raise ApiValueError(
                f"configuration must be a Configuration, not {type(configuration).__name__}"
            )
        self._username = _checked_text("username", username)
        self._password = _checked_text("password", password)
        twin = copy.deepcopy(configuration)
        # No credentials go with a login; and they may be another login, even this one.
        twin.api_key, twin.api_key_prefix = {}, {}
        twin.username = twin.password = twin.access_token = twin.refresh_api_key_hook = None
        self._configuration = twin

    def __repr__(self) -> str:
        return f"<LoginToken of {redacted_target(self._configuration.host)}>"

    @without_locals
    def __call__(self) -> str:
        """Log in; the token that the server gives.

        Errors tell of the login: whatever their `outcome`, the call that wanted the token has had
        no effect. They never hold the password, nor the body of an answer that may hold a token.

        Raises:
            UnauthorizedException: the server does not accept the user name and password.
            DeserializationException: the answer holds no token that can be sent.
            ApiException: the login failed in another way; of the class that any call would raise.
        """
        return self._log_in()

    def _log_in(self) -> str:
        body = {"username": self._username, "password": self._password}
        with ApiClient(self._configuration) as client:
            request = client.param_serialize("POST", "/login", header_params=_HEADERS, body=body)
            try:
                response = client.call_api(*request)
                # Decoded here, because the client's errors quote what they cannot decode.
                content = client.response_deserialize(response).raw_data
                try:
                    answer: object = read_json(from_json, content)
                    fields = cast("dict[str, object]", answer) if isinstance(answer, dict) else {}
                    return checked_credential(fields.get("token"), "token")
                except ValueError as error:
                    raise_not_as_promised(response, "token", content, error)
            except ApiException as error:
                self._clean(error)
                raise

    def _clean(self, error: ApiException) -> None:
        """Take out of an error what may be secret; what the transport says by itself is not."""
        if not error.status:
            return
        said = [error.reason, error.detail, error.hint, error.body, *(error.headers or {}).values()]
        said += [attempt.cause for attempt in error.attempts]
        secret = frozenset({self._password})
        repeated = any(scrub(text, secret) != text for text in said if text)
        if repeated:
            error.attempts = tuple(attempt._replace(cause=HIDDEN) for attempt in error.attempts)
            error.reason = HIDDEN
            error.args = (error.status, HIDDEN)
            error.headers = error.hint = None
        if repeated or 200 <= error.status <= 299:
            error.body = error.data = error.detail = None
            error.__cause__ = error.__context__ = None
            vars(error).pop("raw_data", None)
        if isinstance(error, UnauthorizedException):
            error.hint = "The login was refused: check username and password."


def _checked_text(name: str, value: object) -> str:
    if isinstance(value, str) and value:
        return value
    given = "an empty one" if isinstance(value, str) else type(value).__name__
    raise ApiValueError(f"{name} must be a str with a character in it, not {given}")
