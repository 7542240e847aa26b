"""The settings of a `Configuration` that say where requests go, and which way."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from openapi_client import _settings
from openapi_client._hosts import origin_key

if TYPE_CHECKING:
    from openapi_client._setting_types import HostSetting


class HostSettings:
    """The base URL and the proxy of a configuration."""

    server_index: int | None
    server_variables: dict[str, str]
    _no_proxy: str | None
    _base_path: str | None
    # Only there once it has been set.
    _proxy: str | None

    def get_host_settings(self) -> list[HostSetting]:
        """Return the hosts that the API's description names."""
        return [{"url": "https://localhost:8080/v1", "description": "No description provided"}]

    def get_host_from_settings(
        self,
        index: int | None,
        variables: Mapping[str, str] | None = None,
        servers: Sequence[HostSetting] | None = None,
    ) -> str:
        """Return the URL of one of the hosts, its variables filled in.

        Args:
            index: which of `servers`; `None` gives the base URL set with `host`, or else the first.
            variables: values of the URL's variables; others have their defaults.
            servers: the hosts, default `get_host_settings()`.

        Raises:
            ApiValueError: there is no such host, or a variable has a value that is not allowed.
        """
        if index is None and self._base_path is not None:
            return self._base_path
        return _settings.server_url(
            self.get_host_settings() if servers is None else servers, index or 0, variables or {}
        )

    @property
    def host(self) -> str:
        """The base URL, without a slash at its end."""
        if self.server_index is None and self._base_path is not None:
            return self._base_path
        return self.get_host_from_settings(self.server_index, self.server_variables)

    @host.setter
    def host(self, value: str | None) -> None:
        self._base_path = None if value is None else _settings.base_url("host", value)
        if value is not None:
            self.server_index = None

    # -- the proxy --------------------------------------------------------------------------------

    @property
    def proxy(self) -> str | None:
        """The URL of the proxy: the one that was set, or that of the environment for `host`.

        Assigning `None` or `""` means no proxy, whatever the environment says.
        """
        if "_proxy" in self.__dict__:
            return self._proxy
        return self.proxy_for(*origin_key(self.host))

    @proxy.setter
    def proxy(self, value: str | None) -> None:
        self._proxy = value

    @property
    def no_proxy(self) -> str | None:
        """The hosts that are reached without a proxy: those set, or those of the environment.

        Those of the environment do not count for a `proxy` that was set.
        """
        if self._no_proxy is not None:
            return self._no_proxy
        return os.environ.get("no_proxy", os.environ.get("NO_PROXY"))

    @no_proxy.setter
    def no_proxy(self, value: str | None) -> None:
        self._no_proxy = value

    def proxy_for(self, scheme: str, host: str, port: int) -> str | None:
        """Return the URL of the proxy for an origin; `None` or `""` for none."""
        from openapi_client._http.no_proxy import is_excluded, proxy_of_environment

        if "_proxy" not in self.__dict__:
            return proxy_of_environment(scheme, host, port, self._no_proxy)
        if self._proxy and self._no_proxy and is_excluded(host, port, self._no_proxy):
            return None
        return self._proxy
