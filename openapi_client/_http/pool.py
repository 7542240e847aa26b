"""urllib3's pools, with this package's connections in them, and how each origin is reached."""

from __future__ import annotations

import os
import ssl
import warnings
from collections import deque
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path
from queue import Empty, Full
from typing import TYPE_CHECKING, Any, cast

from urllib3 import HTTPConnectionPool, Timeout
from urllib3.connection import HTTPConnection
from urllib3.exceptions import InsecureRequestWarning
from urllib3.util import Url, make_headers, parse_url
from urllib3.util.ssl_ import create_urllib3_context

from openapi_client._http.connect import Proxy, Route, Security
from openapi_client._http.connection import Connection
from openapi_client._settings import base_url, proxy_url
from openapi_client.exceptions import ApiValueError, ProxyException, TLSException

if TYPE_CHECKING:
    from openapi_client.configuration import Configuration

_PORTS = {"http": 80, "https": 443}


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


class Origin:
    """A scheme, host and port (RFC 6454) that a client speaks to.

    Args:
        base: its URL, as a program spells it.
        pool: the connections to it.
        absolute: what goes before the path in a request target: itself, for a forwarding proxy.
        proxy_headers: what a forwarding proxy wants to be told.
        exposed: whether what is sent can be read on the way: plain HTTP to another machine.
    """

    __slots__ = ("absolute", "base", "exposed", "pool", "proxy_headers")

    def __init__(
        self,
        base: str,
        pool: Pool,
        *,
        absolute: str,
        proxy_headers: Mapping[str, str],
        exposed: bool,
    ) -> None:
        self.base = base
        self.pool = pool
        self.absolute = absolute
        self.proxy_headers = proxy_headers
        self.exposed = exposed


class TLSContexts:
    """The TLS settings of one client; each context is made once, when it is first needed."""

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration
        self._for_servers: ssl.SSLContext | None = None
        self._for_proxies: ssl.SSLContext | None = None

    def for_server(self, host: str) -> Security:
        """How a connection to the server `host` is secured.

        Raises:
            TLSException: a setting cannot be used; it is named.
        """
        configuration = self._configuration
        name = configuration.assert_hostname
        if self._for_servers is None:
            context = _context(configuration)
            if name is not None:
                # Another name is compared after the handshake; `False` accepts any name.
                context.check_hostname = False
            _show_certificate(context, configuration)
            self._for_servers = context
        if not configuration.verify_ssl:
            _warn_unverified(host)
        return Security(
            self._for_servers,
            # A certificate, as well as RFC 6066, knows no dot at the end of a name.
            configuration.tls_server_name or host.strip("[]").rstrip("."),
            name if isinstance(name, str) and configuration.verify_ssl else None,
        )

    def for_proxy(self, host: str) -> Security:
        """How a connection to the proxy `host` is secured: under its own name, without our own.

        Raises:
            TLSException: a setting cannot be used; it is named.
        """
        if self._for_proxies is None:
            self._for_proxies = _context(self._configuration)
        if not self._configuration.verify_ssl:
            _warn_unverified(host)
        return Security(self._for_proxies, host.strip("[]"))


def _warn_unverified(host: str) -> None:
    message = f"The certificate of {host} is not verified (verify_ssl=False)"
    warnings.warn(message, InsecureRequestWarning, stacklevel=3)


def _context(configuration: Configuration) -> ssl.SSLContext:
    verified = configuration.verify_ssl
    context = create_urllib3_context(cert_reqs=ssl.CERT_REQUIRED if verified else ssl.CERT_NONE)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    authorities, data = configuration.ssl_ca_cert, configuration.ca_cert_data
    if authorities is not None:
        with _naming(f"ssl_ca_cert ({authorities})"):
            folder = Path(authorities).is_dir()
            context.load_verify_locations(
                cafile=None if folder else authorities, capath=authorities if folder else None
            )
    if data is not None:
        with _naming("ca_cert_data"):
            context.load_verify_locations(cadata=data)
    if verified and authorities is None and data is None:
        context.load_default_certs()
        # It says nothing if it cannot read them, for want of descriptors for example; a context
        # without them would refuse every server for the rest of the client's life.
        file: str | None = ssl.get_default_verify_paths().cafile
        if file and not context.cert_store_stats()["x509"]:
            raise TLSException(reason=f"The certificate authorities in {file} cannot be read")
    return context


def _show_certificate(context: ssl.SSLContext, configuration: Configuration) -> None:
    """Give `context` the client's own certificate."""
    certificate, key = configuration.cert_file, configuration.key_file
    if certificate is None:
        return
    with _naming(f"cert_file ({certificate})" + ("" if key is None else f" or key_file ({key})")):
        # Without a password OpenSSL would ask for one at the terminal, and wait.
        context.load_cert_chain(certificate, key, password=b"")


@contextmanager
def _naming(setting: str) -> Generator[None, None, None]:
    """Within this context, what cannot be loaded is told by the name of the setting."""
    try:
        yield
    except (OSError, ValueError, TypeError) as error:
        raise TLSException(reason=f"{setting} cannot be used: {error}") from error


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
        exposed=scheme == "http"
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
