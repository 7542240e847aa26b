"""Where, who and how: the settings of a client. A value; nothing in here does I/O."""

from __future__ import annotations

import base64
import copy
import logging
import ssl
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, cast

from openapi_client import _settings
from openapi_client._host_settings import HostSettings
from openapi_client._log_settings import LogSettings
from openapi_client._logging import DebugLog
from openapi_client._redaction import shown_target
from openapi_client._setting_types import (
    JSON_SCHEMA_VALIDATION_KEYWORDS,
    APIKeyAuthSetting,
    AuthSettings,
    BasicAuthSetting,
    BearerAuthSetting,
    BearerFormatAuthSetting,
    GenericAuthSetting,
    HostSetting,
    HostSettingVariable,
    HTTPSignatureAuthSetting,
    OAuth2AuthSetting,
    ServerVariablesT,
)
from openapi_client._settings import Limits
from openapi_client.credentials import RenewableToken, as_bearer, checked_credential
from openapi_client.exceptions import ApiValueError

if TYPE_CHECKING:
    from typing_extensions import Self
    from urllib3 import Retry

    from openapi_client.retries import RetryPolicy

__all__ = [
    "JSON_SCHEMA_VALIDATION_KEYWORDS",
    "APIKeyAuthSetting",
    "AuthSettings",
    "BasicAuthSetting",
    "BearerAuthSetting",
    "BearerFormatAuthSetting",
    "Configuration",
    "GenericAuthSetting",
    "HTTPSignatureAuthSetting",
    "HostSetting",
    "HostSettingVariable",
    "OAuth2AuthSetting",
    "ServerVariablesT",
]

_SCHEME = "BearerAuth"


class Configuration(HostSettings, LogSettings):
    """The settings of an `ApiClient`.

    Every setting can be given here or assigned later; both check it. Settings of the transport
    (TLS, proxy, pool) are read when a client opens its first connection, the others at each call.

    Args:
        host: the base URL, default `https://localhost:8080/v1`.
        api_key: credentials by the name of their scheme: `{"BearerAuth": token}`. A token that
            names no scheme is sent as `Bearer <token>`.
        api_key_prefix: a prefix by the name of the scheme, put before the key with one space;
            `""` sends the key as it is.
        username: user name of `get_basic_auth_token()`.
        password: password of `get_basic_auth_token()`.
        access_token: a token, or a callable that gives one. A callable's token is kept until the
            server answers 401; then the callable is asked once more and the call is repeated once.
            `api_key["BearerAuth"]` goes before it.
        server_index: which of `get_host_settings()` is the host, if `host` is not given.
        server_variables: values of the variables in that host's URL.
        server_operation_index: the same per operation (this API has none of its own).
        server_operation_variables: the same per operation (this API has none of its own).
        ignore_operation_servers: whether hosts that operations name themselves are passed over.
        ssl_ca_cert: file (PEM) or folder of the certificate authorities to trust, instead of the
            system's. Without it the system's store, `SSL_CERT_FILE` and `SSL_CERT_DIR` count.
        ca_cert_data: the same as `str` (PEM) or `bytes` (DER).
        retries: how many times a failed attempt is repeated; 0 for never, `None` for 2; or a
            `RetryPolicy`. A `urllib3.Retry` rules instead of the client's own policy.
        timeout: seconds for the connection and for each wait for the server: one number for both,
            or a pair (connect, read); default (5, 30). `None`, alone or in the pair, is no limit.
        deadline: seconds for a whole call with all its attempts and waits, default 60; `None` means
            no limit.
        verify_ssl: whether the server's certificate is verified.
        cert_file: file of the client's certificate (PEM).
        key_file: file of its key (PEM), if that is not in `cert_file`.
        key_password: password of the key, if it is encrypted.
        assert_hostname: the name that the server's certificate must have, if not the host's;
            `False` accepts any.
        tls_server_name: the name sent in the handshake (SNI, RFC 6066), if not the host's.
        ssl_context: the TLS settings of connections to servers, used as they are. Of the settings
            above only `assert_hostname` and `tls_server_name` count then.
        proxy: URL of a proxy, with its credentials if it wants some; `""` for none, whatever the
            environment says. Without it `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` of
            the environment count, but not for loopback addresses.
        no_proxy: hosts that are reached without a proxy, also without that of `proxy`: names,
            addresses, networks or `*`, separated by commas. Without it `NO_PROXY` counts, for the
            proxies of the environment.
        proxy_headers: more headers for the proxy.
        proxy_ssl_context: the TLS settings of connections to proxies, used as they are.
        connection_pool_maxsize: idle connections that are kept per host, default 64.
        max_response_bytes: the largest body of an answer, decompressed, in bytes; default 64 MiB.
        max_response_expansion: how many times its bytes the JSON of an answer may take in memory,
            default 32. What would take more is refused before it is decoded.
        allow_insecure: credentials over plain `http://` to another machine: `None` warns once a
            host, `True` is silent, `False` refuses.
        socket_options: options for each new socket, as of `socket.setsockopt`.
        safe_chars_for_path_param: characters of path parameters that are not percent-encoded;
            default `$&+,:;=@`.
        client_side_validation: for generated modules; the models here always check.
        datetime_format: for generated modules: how they write times in parameters.
        date_format: for generated modules: how they write dates in parameters.
        debug: whether each attempt is logged; see `debug`.

    Raises:
        ApiValueError: a setting makes no sense; the message names it.
    """

    _default: ClassVar[Configuration | None] = None

    timeout: float | tuple[float | None, float | None] | None
    deadline: float | None

    def __init__(
        self,
        host: str | None = None,
        api_key: dict[str, str] | None = None,
        api_key_prefix: dict[str, str] | None = None,
        username: str | None = None,
        password: str | None = None,
        access_token: str | Callable[[], str] | None = None,
        server_index: int | None = None,
        server_variables: dict[str, str] | None = None,
        server_operation_index: dict[int, int] | None = None,
        server_operation_variables: dict[int, dict[str, str]] | None = None,
        ssl_ca_cert: str | None = None,
        *,
        ignore_operation_servers: bool = False,
        ca_cert_data: str | bytes | None = None,
        retries: RetryPolicy | Retry | int | None = None,
        timeout: float | tuple[float | None, float | None] | None = (5.0, 30.0),
        deadline: float | None = 60.0,
        verify_ssl: bool = True,
        cert_file: str | None = None,
        key_file: str | None = None,
        key_password: str | bytes | None = None,
        assert_hostname: str | bool | None = None,
        tls_server_name: str | None = None,
        ssl_context: ssl.SSLContext | None = None,
        proxy: str | None = None,
        no_proxy: str | None = None,
        proxy_headers: Mapping[str, str] | None = None,
        proxy_ssl_context: ssl.SSLContext | None = None,
        connection_pool_maxsize: int | None = None,
        max_response_bytes: int = 64 * 2**20,
        max_response_expansion: int = 32,
        allow_insecure: bool | None = None,
        socket_options: Sequence[tuple[int, int, int | bytes]] | None = None,
        safe_chars_for_path_param: str = "",
        client_side_validation: bool = True,
        datetime_format: str = "%Y-%m-%dT%H:%M:%S.%f%z",
        date_format: str = "%Y-%m-%d",
        debug: bool | None = None,
    ) -> None:
        self.server_index = 0 if server_index is None and host is None else server_index
        self.server_variables = server_variables or {}
        self.server_operation_index = server_operation_index or {}
        self.server_operation_variables = server_operation_variables or {}
        self._base_path: str | None = None
        self.host = host
        self.api_key: dict[str, str] = copy.copy(api_key or {})
        self.api_key_prefix: dict[str, str] = copy.copy(api_key_prefix or {})
        self._known_key: tuple[str | None, str | None, str, str] = (None, None, "", "")
        self.refresh_api_key_hook: Callable[[Configuration], None] | None = None
        self.username = username
        self.password = password
        self.access_token = access_token
        self.logger: dict[str, logging.Logger] = {
            "package_logger": logging.getLogger("openapi_client"),
            "urllib3_logger": logging.getLogger("urllib3"),
        }
        self._debug_log = DebugLog(self.logger["package_logger"])
        self.verify_ssl = verify_ssl
        self.ssl_ca_cert = ssl_ca_cert
        self.ca_cert_data = ca_cert_data
        self.cert_file = cert_file
        self.key_file = key_file
        self.key_password = key_password
        self.assert_hostname = assert_hostname
        self.tls_server_name = tls_server_name
        self.ssl_context = ssl_context
        if proxy is not None:
            self.proxy = proxy
        self.no_proxy = no_proxy
        self.proxy_headers = proxy_headers
        self.proxy_ssl_context = proxy_ssl_context
        self.connection_pool_maxsize: int = cast("int", connection_pool_maxsize)
        self.safe_chars_for_path_param = safe_chars_for_path_param
        self.retries = retries
        self.timeout = timeout
        self.deadline = deadline
        self.max_response_bytes = max_response_bytes
        self.max_response_expansion = max_response_expansion
        self.allow_insecure = allow_insecure
        self.client_side_validation = client_side_validation
        self.socket_options = socket_options
        self.temp_folder_path: str | None = None
        self.datetime_format = datetime_format
        self.date_format = date_format
        self.ignore_operation_servers = ignore_operation_servers
        if debug is not None:
            self.debug = debug

    def __setattr__(self, name: str, value: Any) -> None:
        check = _settings.CHECKS.get(name)
        object.__setattr__(self, name, check(name, value) if check is not None else value)
        if name in ("timeout", "deadline"):
            self.__dict__.pop("_limits", None)
        elif name == "access_token":
            self._token = (
                RenewableToken(cast("Callable[[], str]", value)) if callable(value) else None
            )

    def __getstate__(self) -> dict[str, Any]:
        # The token's keeper has a lock, which can be neither copied nor pickled; it is made anew.
        return {name: value for name, value in self.__dict__.items() if name != "_token"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.access_token = self.access_token

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        twin = type(self).__new__(type(self))
        memo[id(self)] = twin
        # Loggers are the process's and cannot be copied, nor can contexts; the others are shared.
        shared = (
            "logger",
            "refresh_api_key_hook",
            "access_token",
            "retries",
            "ssl_context",
            "proxy_ssl_context",
        )
        state = self.__getstate__()
        copied = {k: v if k in shared else copy.deepcopy(v, memo) for k, v in state.items()}
        copied["logger"] = dict(self.logger)
        twin.__setstate__(copied)
        return twin

    def __copy__(self) -> Self:
        return copy.deepcopy(self)

    def __repr__(self) -> str:
        return f"<Configuration {shown_target(self.host)}>"

    # -- the default of the process ---------------------------------------------------------------

    @classmethod
    def set_default(cls, default: Configuration | None) -> None:
        """Make a copy of `default` the configuration of clients that are given none."""
        cls._default = copy.deepcopy(default)

    @classmethod
    def get_default_copy(cls) -> Configuration:
        """A copy of the default configuration."""
        return copy.deepcopy(cls.get_default())

    @classmethod
    def get_default(cls) -> Configuration:
        """The default configuration itself; a plain `Configuration()` is made the first time."""
        if cls._default is None:
            cls._default = cls()
        return cls._default

    # -- limits -----------------------------------------------------------------------------------

    @property
    def limits(self) -> Limits:
        """`timeout` and `deadline` as the transport takes them, in seconds."""
        limits = self.__dict__.get("_limits")
        if limits is None:
            limits = self.__dict__["_limits"] = Limits.of(self.timeout, self.deadline)
        return cast("Limits", limits)

    # -- credentials ------------------------------------------------------------------------------

    def get_api_key_with_prefix(self, identifier: str, alias: str | None = None) -> str | None:
        """The key of a scheme as it goes out.

        Args:
            identifier: name of the scheme.
            alias: another name under which the key, or its prefix, may be.

        Returns:
            The prefix, one space and the key; the key alone if the prefix is `""`. Without a prefix
            a key of `BearerAuth` that names no scheme gets `Bearer`. `None` if there is no key.

        Raises:
            ApiValueError: the key is not a `str`, is empty, or cannot stand in a header.
        """
        if self.refresh_api_key_hook is not None:
            self.refresh_api_key_hook(self)
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
        """`username` and `password` as the value of an `Authorization` header (RFC 7617)."""
        pair = f"{self.username or ''}:{self.password or ''}"
        return "Basic " + base64.b64encode(pair.encode()).decode()

    def auth_settings(self) -> dict[str, dict[str, Any]]:
        """The credentials by scheme: `type`, `in`, `key` (where they go) and `value`.

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
        """Get a token from a callable `access_token`, if one is needed; return its epoch.

        Args:
            seconds_left: gives the seconds to wait for it at most; `None` for no limit.

        Raises:
            ApiException: the callable raised an error or took too long; nothing was sent.
        """
        if self._token is None or _SCHEME in self.api_key:
            return None
        token = self._token.current(seconds_left())
        return None if token is None else token.epoch

    def _current_token(self) -> str | None:
        if self._token is not None:
            token = self._token.current(self.limits.deadline)
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
