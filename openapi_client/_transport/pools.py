"""urllib3's pools, with this package's connections in them, and how each origin is reached."""

from __future__ import annotations

import os
import ssl
import warnings
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from queue import Empty, Full
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from urllib3 import HTTPConnectionPool, Timeout
from urllib3.connection import HTTPConnection
from urllib3.exceptions import InsecureRequestWarning
from urllib3.util import Url, make_headers, parse_url
from urllib3.util.ssl_ import create_urllib3_context

from openapi_client._settings import base_url
from openapi_client._transport.connection import Connection
from openapi_client._transport.dial import Proxy, Route, Security

if TYPE_CHECKING:
    from openapi_client.configuration import Configuration

_PORTS = {"http": 80, "https": 443}
_LOOPBACK = ("localhost", "[::1]")


class Stack:
    """The idle connections of a pool: last in, first out, and never a wait.

    A `deque` takes and gives in one step, so it needs no lock and no condition, which in
    `queue.LifoQueue` cost more than all else that a pool does.
    """

    def __init__(self, maxsize: int = 0) -> None:
        self._items: deque[Any] = deque()
        self._maxsize = maxsize

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        """The item put last; `queue.Empty` if there is none."""
        try:
            return self._items.pop()
        except IndexError:
            raise Empty from None

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        """Keep an item; `queue.Full` if there are `maxsize` already."""
        if item is None:
            # urllib3 puts a place-holder for a connection that is to be made. An empty stack says
            # the same: a connection is made when there is none.
            return
        if len(self._items) >= self._maxsize:
            raise Full
        self._items.append(item)

    def qsize(self) -> int:
        """The number of idle connections."""
        return len(self._items)


class Pool(HTTPConnectionPool):
    """The connections to one origin over plain HTTP."""

    # Both do what urllib3's pools ask of them; its types ask for more.
    ConnectionCls = cast("Any", Connection)
    QueueCls = cast("Any", Stack)


class SecurePool(Pool):
    """The connections to one origin over TLS, which the route makes."""

    scheme = "https"


class NoTimeout(Timeout):
    """No limits of urllib3's own: the connection keeps all of the call's."""

    def clone(self) -> Timeout:
        """Itself: it does not change."""
        return self

    def start_connect(self) -> float:
        """Start no clock."""
        return 0.0


class Origin(NamedTuple):
    """A scheme, host and port (RFC 6454) that a client speaks to."""

    pool: Pool
    absolute: str
    """What goes before the path in a request target: the origin, for a forwarding proxy."""
    proxy_headers: Mapping[str, str]
    """What a forwarding proxy wants to be told."""
    exposed: bool
    """Whether what is sent can be read on the way: plain HTTP to another machine."""


class TLSContexts:
    """The TLS settings of one client; each context is made once, when it is first needed."""

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration
        self._context: ssl.SSLContext | None = None

    def security(self, host: str) -> Security:
        """How a connection to `host` is secured.

        Raises:
            OSError: a certificate or key file cannot be read.
            ssl.SSLError: it does not hold what it should.
        """
        configuration = self._configuration
        if self._context is None:
            self._context = _context(configuration)
        if not configuration.verify_ssl:
            warnings.warn(
                f"The certificate of {host} is not verified (verify_ssl=False)",
                InsecureRequestWarning,
                stacklevel=2,
            )
        name = configuration.assert_hostname
        return Security(
            self._context,
            configuration.tls_server_name or host.strip("[]"),
            name if isinstance(name, str) else None,
        )


def _context(configuration: Configuration) -> ssl.SSLContext:
    verified = configuration.verify_ssl
    context = create_urllib3_context(cert_reqs=ssl.CERT_REQUIRED if verified else ssl.CERT_NONE)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if configuration.assert_hostname is not None:
        # Another name is compared after the handshake; `False` accepts any name.
        context.check_hostname = False
    authorities = configuration.ssl_ca_cert
    if authorities is not None or configuration.ca_cert_data is not None:
        folder = authorities is not None and Path(authorities).is_dir()
        context.load_verify_locations(
            cafile=None if folder else authorities,
            capath=authorities if folder else None,
            cadata=configuration.ca_cert_data,
        )
    elif verified:
        context.load_default_certs()
    if configuration.cert_file:
        # Without a password callback OpenSSL would ask for one at the terminal, and wait.
        context.load_cert_chain(configuration.cert_file, configuration.key_file, password=b"")
    return context


def make_origin(url: str, configuration: Configuration, contexts: TLSContexts) -> Origin:
    """The origin at `url` (scheme and authority, no path), with its pool.

    Raises:
        ApiValueError: the URL or a proxy's is not one to use.
        OSError: a file of certificates cannot be read.
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
        host=host,
        port=port,
        host_header=host_header,
        security=contexts.security(host) if scheme == "https" else None,
        proxy=proxy,
        socket_options=usual if options is None else options,
    )
    pool_class = SecurePool if scheme == "https" else Pool
    pool = pool_class(host, port, maxsize=configuration.connection_pool_maxsize, route=route)
    forwarded = proxy is not None and not proxy.tunnel
    return Origin(
        pool,
        f"{scheme}://{host_header}" if forwarded else "",
        proxy.headers if proxy is not None and forwarded else {},
        scheme == "http" and not _is_loopback(host),
    )


def _is_loopback(host: str) -> bool:
    return host in _LOOPBACK or host.endswith(".localhost") or host.startswith("127.")


def _proxy(
    url: str | None, configuration: Configuration, contexts: TLSContexts, *, tunnel: bool
) -> Proxy | None:
    if url is None:
        return None
    parts = parse_url(url if "://" in url else f"http://{url}")
    headers = dict(configuration.proxy_headers or {})
    if parts.auth:
        headers.update(make_headers(proxy_basic_auth=_unquoted(parts)))
    scheme, host = parts.scheme or "http", str(parts.host)
    security = contexts.security(host) if scheme == "https" else None
    return Proxy(host, parts.port or _PORTS[scheme], security, headers, tunnel)


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
    return url
