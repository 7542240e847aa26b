"""Where a client's requests go, and which way: scheme, host, port and proxy."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from typing import TYPE_CHECKING, cast

from urllib3.connection import HTTPConnection
from urllib3.util import Url, make_headers, parse_url

from openapi_client._http.connect import Proxy, Route
from openapi_client._http.pool import Pool, SecurePool
from openapi_client._http.tls import TLSContexts
from openapi_client._settings import base_url, proxy_url
from openapi_client.exceptions import ApiValueError, ProxyException

if TYPE_CHECKING:
    from openapi_client.configuration import Configuration

_PORTS = {"http": 80, "https": 443}


class Origin:
    """A scheme, host and port (RFC 6454) that a client speaks to.

    Args:
        base: its URL, as a program spells it.
        pool: the connections to it.
        absolute: what goes before the path in a request target: itself, for a forwarding proxy.
        proxy_headers: what a forwarding proxy wants to be told.
        cleartext: whether what is sent can be read on the way: plain HTTP to another machine.
    """

    __slots__ = ("absolute", "base", "cleartext", "pool", "proxy_headers")

    def __init__(
        self,
        base: str,
        pool: Pool,
        *,
        absolute: str,
        proxy_headers: Mapping[str, str],
        cleartext: bool,
    ) -> None:
        self.base = base
        self.pool = pool
        self.absolute = absolute
        self.proxy_headers = proxy_headers
        self.cleartext = cleartext


def make_origin(url: str, configuration: Configuration, contexts: TLSContexts) -> Origin:
    """The origin at `url` (scheme and authority, no path), with its pool.

    Raises:
        ApiValueError: the URL is not one to use.
        ProxyException: the proxy that the environment names is not one to use.
        TLSException: a setting cannot be used; it is named.
    """
    base_url("url", url)
    parts = parse_url(url)
    scheme, host = str(parts.scheme), str(parts.host)
    port = parts.port or _PORTS[scheme]
    host_header = host if port == _PORTS[scheme] else f"{host}:{port}"
    proxy_url = configuration.proxy or _proxy_of_environment(scheme, host, port)
    proxy = _proxy(proxy_url, configuration, contexts, tunnel=scheme == "https")
    options = configuration.socket_options
    usual = cast("Sequence[tuple[int, int, int | bytes]]", HTTPConnection.default_socket_options)
    route = Route(
        host,
        port,
        host_header=host_header,
        security=contexts.for_server(host) if scheme == "https" else None,
        proxy=proxy,
        socket_options=usual if options is None else options,
    )
    pool_class = SecurePool if scheme == "https" else Pool
    pool = pool_class(host, port, maxsize=configuration.connection_pool_maxsize, route=route)
    forwarded = proxy is not None and not proxy.tunnel
    return Origin(
        url,
        pool,
        absolute=f"{scheme}://{host_header}" if forwarded else "",
        proxy_headers=proxy.headers if proxy is not None and forwarded else {},
        # A forwarding proxy reads what it forwards, wherever that goes.
        cleartext=scheme == "http"
        and not (_is_loopback(host) and (proxy is None or _is_loopback(proxy.host))),
    )


def _is_loopback(host: str) -> bool:
    # RFC 6761, section 6.3: these names never lead to another machine.
    if f".{host}".endswith(".localhost"):
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _proxy(
    url: str | None, configuration: Configuration, contexts: TLSContexts, *, tunnel: bool
) -> Proxy | None:
    if url is None:
        return None
    parts = parse_url(url)
    headers = dict(configuration.proxy_headers or {})
    if parts.auth:
        headers.update(make_headers(proxy_basic_auth=_unquoted(parts)))
    scheme, host = str(parts.scheme), str(parts.host)
    security = contexts.for_proxy(host) if scheme == "https" else None
    return Proxy(host, parts.port or _PORTS[scheme], security, headers, tunnel=tunnel)


def _unquoted(parts: Url) -> str:
    from urllib.parse import unquote

    return unquote(parts.auth or "")


def _proxy_of_environment(scheme: str, host: str, port: int) -> str | None:
    """What `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` say, in either case."""
    if not any(name.lower().endswith("_proxy") for name in os.environ):
        return None
    # Imported for the few that need it: it is one of the slowest modules to import.
    from urllib.request import getproxies, proxy_bypass

    url = getproxies().get(scheme)
    if url is None or proxy_bypass(f"{host}:{port}"):
        return None
    try:
        return proxy_url(f"{scheme.upper()}_PROXY", url if "://" in url else f"http://{url}")
    except ApiValueError as error:
        raise ProxyException(reason=str(error)) from None
