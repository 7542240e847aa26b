"""Where a client's requests go, and which way: scheme, host, port and proxy."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, cast

from urllib3.connection import HTTPConnection
from urllib3.util import parse_url

from openapi_client._hosts import PORTS, is_loopback, origin_key, with_ascii_host
from openapi_client._http.connect import Proxy, Route
from openapi_client._http.pool import Pool, SecurePool
from openapi_client._http.tls import TLSContexts
from openapi_client._settings import base_url, proxy_url
from openapi_client.exceptions import ApiValueError, ProxyException

if TYPE_CHECKING:
    from openapi_client.configuration import Configuration


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


def make_origin(
    url: str, configuration: Configuration, contexts: TLSContexts, seconds: float | None
) -> Origin:
    """Return the origin at `url` (scheme and authority, no path), with its pool.

    Args:
        url: where it is.
        configuration: the settings of its connections.
        contexts: those of TLS, made of files.
        seconds: to wait for these at most.

    Raises:
        ApiValueError: the URL is not one to use.
        ProxyException: the proxy that the environment names is not one to use.
        TLSException: a setting cannot be used; it is named.
    """
    base_url("url", url)
    scheme, host, port = origin_key(url)
    host_header = host if port == PORTS[scheme] else f"{host}:{port}"
    proxy = _proxy((scheme, host, port), configuration, contexts, seconds)
    options = configuration.socket_options
    usual = cast("Sequence[tuple[int, int, int | bytes]]", HTTPConnection.default_socket_options)
    # A dot at its end says that a name is complete; only the resolver is to know that.
    resolved = str(parse_url(with_ascii_host(url)).host)
    route = Route(
        resolved,
        port,
        host_header=host_header,
        security=contexts.for_server(host, seconds) if scheme == "https" else None,
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
        and not (is_loopback(host) and (proxy is None or is_loopback(proxy.host))),
    )


def _proxy(
    origin: tuple[str, str, int],
    configuration: Configuration,
    contexts: TLSContexts,
    seconds: float | None,
) -> Proxy | None:
    scheme = origin[0]
    url = configuration.proxy_for(*origin)
    if not url:
        return None
    try:
        proxy_url(f"{scheme.upper()}_PROXY (or ALL_PROXY)", url)
    except ApiValueError as error:
        raise ProxyException(reason=str(error)) from None
    parts = parse_url(with_ascii_host(url))
    headers = dict(configuration.proxy_headers or {})
    if parts.auth and not any(name.lower() == "proxy-authorization" for name in headers):
        # RFC 7617, section 2.1: UTF-8, which alone can carry every password.
        credentials = b64encode(_unquoted(parts.auth)).decode()
        headers["proxy-authorization"] = f"Basic {credentials}"
    proxy_scheme, proxy_host = str(parts.scheme), str(parts.host)
    security = contexts.for_proxy(proxy_host, seconds) if proxy_scheme == "https" else None
    proxy_port = parts.port or PORTS[proxy_scheme]
    return Proxy(proxy_host, proxy_port, security, headers, tunnel=scheme == "https")


def _unquoted(auth: str) -> bytes:
    from urllib.parse import unquote_to_bytes

    return unquote_to_bytes(auth)
