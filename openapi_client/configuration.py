"""Where, who and how: the settings of a client. A value; nothing in here does I/O."""

from __future__ import annotations

import copy
import logging
import os
import ssl
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, cast

from openapi_client import _settings
from openapi_client._credential_settings import CredentialSettings
from openapi_client._host_settings import HostSettings
from openapi_client._limits import Limits
from openapi_client._log_settings import LogSettings
from openapi_client._logging import DebugLog
from openapi_client._redaction import redacted_target
from openapi_client.credentials import RenewableToken, checked_credential
from openapi_client.exceptions import ApiValueError

if TYPE_CHECKING:
    from typing_extensions import Self
    from urllib3 import Retry

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
    from openapi_client.hooks import Hook
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


_DICTS = frozenset(
    {
        "api_key",
        "api_key_prefix",
        "server_variables",
        "server_operation_index",
        "server_operation_variables",
    }
)


def _variable(name: str) -> str | None:
    """Return a variable of the environment; `None` if it is empty."""
    return os.environ.get(name) or None


# What is not given stays the environment's, or as it is.
_UNTOUCHED = frozenset({"proxy", "debug"})


class Configuration(HostSettings, CredentialSettings, LogSettings):
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
            `api_key["BearerAuth"]` takes precedence.
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
        proxy: URL of a proxy, with its credentials if it needs them; `""` for none, whatever the
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
        hooks: objects that are told of each call and each attempt: see `openapi_client.hooks`.
        hide_ids: whether hooks and the log get `***`, or the path's template, instead of ids.

    Raises:
        ApiValueError: a setting makes no sense; the message names it.
    """

    _default: ClassVar[Configuration | None] = None

    refresh_api_key_hook: Callable[[Configuration], None] | None
    server_operation_index: dict[int, int]
    server_operation_variables: dict[int, dict[str, str]]
    ignore_operation_servers: bool
    ssl_ca_cert: str | None
    ca_cert_data: str | bytes | None
    retries: RetryPolicy | Retry | int | None
    timeout: float | tuple[float | None, float | None] | None
    deadline: float | None
    verify_ssl: bool
    cert_file: str | None
    key_file: str | None
    key_password: str | bytes | None
    assert_hostname: str | bool | None
    tls_server_name: str | None
    ssl_context: ssl.SSLContext | None
    proxy_headers: Mapping[str, str] | None
    proxy_ssl_context: ssl.SSLContext | None
    connection_pool_maxsize: int
    max_response_bytes: int
    max_response_expansion: int
    allow_insecure: bool | None
    socket_options: Sequence[tuple[int, int, int | bytes]] | None
    safe_chars_for_path_param: str
    client_side_validation: bool
    datetime_format: str
    date_format: str
    temp_folder_path: str | None
    logger: dict[str, logging.Logger]
    hooks: Sequence[Hook]
    hide_ids: bool

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
        hooks: Sequence[Hook] = (),
        hide_ids: bool = False,
    ) -> None:
        self._assign(dict(locals()))

    def _assign(self, given: dict[str, Any]) -> None:
        """Set all settings; `given` has the parameters of the constructor by name."""
        del given["self"]
        self._base_path = None
        self._known_key = (None, None, "", "")
        self.refresh_api_key_hook = None
        self.logger = {
            "package_logger": logging.getLogger("openapi_client"),
            "urllib3_logger": logging.getLogger("urllib3"),
        }
        self._debug_log = DebugLog(self.logger["package_logger"])
        self.temp_folder_path = None
        host = given.pop("host")
        if host is None and given["server_index"] is None:
            given["server_index"] = 0
        for name, value in given.items():
            if name in _DICTS:
                setattr(self, name, copy.copy(value) if value else {})
            elif value is not None or name not in _UNTOUCHED:
                setattr(self, name, value)
        self.host = host  # the last one, because it goes before `server_index`

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
        self.access_token: str | Callable[[], str] | None = self.access_token

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        twin = type(self).__new__(type(self))
        memo[id(self)] = twin
        # Loggers are the process's and cannot be copied, nor can contexts; the others are shared.
        shared = (
            "logger",
            "refresh_api_key_hook",
            "access_token",
            "hooks",
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
        return f"<Configuration {redacted_target(self.host)}>"

    @classmethod
    def from_env(cls, **settings: Any) -> Self:
        """Make a configuration of the variables that `python -m openapi_client.testing` prints.

        `OPENAPI_CLIENT_HOST` is the host, `API_KEY` the token and `SSL_CERT_FILE`, if it is set,
        the certificate authorities to trust. A variable that is empty counts as none.

        Args:
            **settings: as of the constructor; they take precedence over the environment.

        Raises:
            ApiValueError: a setting makes no sense, or a variable, or it is missing; the message
                names it.
        """
        given = {name for name, value in settings.items() if value is not None}
        missing: list[str] = []
        host, key, file = map(_variable, ("OPENAPI_CLIENT_HOST", "API_KEY", "SSL_CERT_FILE"))
        if not given & {"host", "server_index", "server_variables"}:
            if host:
                settings["host"] = _settings.base_url("OPENAPI_CLIENT_HOST", host)
            else:
                missing.append("OPENAPI_CLIENT_HOST (or give host=)")
        if not given & {"api_key", "access_token"}:
            if key:
                settings["api_key"] = {"BearerAuth": checked_credential(key, "API_KEY")}
            else:
                missing.append("API_KEY (or give api_key= or access_token=)")
        if missing:
            raise ApiValueError(f"the environment has no {', and no '.join(missing)}")
        # Beside a folder of authorities the file is left to OpenSSL, which reads both.
        if not (
            given & {"ssl_ca_cert", "ca_cert_data", "ssl_context"} or _variable("SSL_CERT_DIR")
        ):
            settings["ssl_ca_cert"] = file
        return cls(**settings)

    # -- the default of the process ---------------------------------------------------------------

    @classmethod
    def set_default(cls, default: Configuration | None) -> None:
        """Make a copy of `default` the configuration of clients that are given none."""
        cls._default = copy.deepcopy(default)

    @classmethod
    def get_default_copy(cls) -> Configuration:
        """Return a copy of the default configuration."""
        return copy.deepcopy(cls.get_default())

    @classmethod
    def get_default(cls) -> Configuration:
        """Return the default configuration; the first time, make a plain `Configuration()`."""
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


def __getattr__(name: str) -> Any:
    # The types of settings are for annotations: most programs never ask for them at run time.
    if name in __all__:
        from openapi_client import _setting_types

        return getattr(_setting_types, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
