"""From a route to a socket: addresses, proxy, TLS, all within the limits of the call."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, cast

from urllib3.connection import HTTPConnection
from urllib3.exceptions import (
    ConnectTimeoutError,
    NameResolutionError,
    NewConnectionError,
    ProtocolError,
    ProxyError,
    SSLError,
)
from urllib3.exceptions import TimeoutError as LimitReached
from urllib3.util.ssl_ import ssl_wrap_socket

from openapi_client._transport.exchange import Exchange
from openapi_client._transport.head import MAX_HEAD_BYTES, parse_head


class Security(NamedTuple):
    """How a connection is secured."""

    context: ssl.SSLContext
    server_name: str
    """The name sent in the handshake and, unless `certificate_name` is given, verified."""
    certificate_name: str | None = None
    """Another name that the certificate must have."""


class Proxy(NamedTuple):
    """A proxy on the way."""

    host: str
    port: int
    security: Security | None
    headers: Mapping[str, str]
    """What it wants to be told; no other server gets this."""
    tunnel: bool
    """Whether it opens a tunnel (CONNECT), or forwards requests that name the whole URL."""


class Route(NamedTuple):
    """How an origin is reached."""

    host: str
    port: int
    host_header: str
    security: Security | None
    proxy: Proxy | None
    socket_options: Sequence[tuple[int, int, int | bytes]]


def dial(connection: HTTPConnection, route: Route, exchange: Exchange) -> socket.socket:
    """Open a socket to the end of `route`.

    Args:
        connection: whom urllib3's errors name.
        route: the way.
        exchange: the call whose limits count: `connect` for all of it together.

    Raises:
        ConnectTimeoutError, NameResolutionError, NewConnectionError: no connection.
        ProxyError: the proxy refused.
        SSLError: no TLS, or not with the one that was meant.
    """
    began = exchange.clock()
    connect = exchange.limits.connect

    def remaining() -> float | None:
        left = None if connect is None else began + connect - exchange.clock()
        if left is not None and left <= 0:
            raise LimitReached("No connection in time")
        return exchange.remaining(left)

    proxy = route.proxy
    host, port = (proxy.host, proxy.port) if proxy else (route.host, route.port)
    sock: socket.socket | None = None
    try:
        sock = _connected(connection, host, port, route, remaining)
        if proxy is not None and proxy.security is not None:
            sock.settimeout(remaining())
            sock = _secured(sock, proxy.security)
        if proxy is not None and proxy.tunnel:
            _open_tunnel(sock, route, proxy, remaining)
        if route.security is not None:
            sock.settimeout(remaining())
            sock = _secured(sock, route.security)
        return sock
    except (LimitReached, TimeoutError) as error:
        _close(sock)
        raise ConnectTimeoutError(connection, f"No connection to {host} in time") from error
    except (ssl.SSLError, ssl.CertificateError) as error:
        _close(sock)
        raise SSLError(error) from error
    except (socket.gaierror, UnicodeError) as error:
        # UnicodeError: a label of the name is empty or too long for IDNA.
        failed = error if isinstance(error, socket.gaierror) else socket.gaierror(str(error))
        raise NameResolutionError(host, connection, failed) from error
    except OSError as error:
        _close(sock)
        raise NewConnectionError(connection, f"No connection to {host}: {error}") from error
    except BaseException:
        _close(sock)
        raise


def _close(sock: socket.socket | None) -> None:
    if sock is not None:
        sock.close()


def _connected(
    connection: HTTPConnection,
    host: str,
    port: int,
    route: Route,
    remaining: Callable[[], float | None],
) -> socket.socket:
    """A TCP connection to the first address of `host` that answers."""
    addresses = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    failure: OSError | None = None
    for tried, (family, kind, protocol, _, address) in enumerate(addresses):
        sock = socket.socket(family, kind, protocol)
        try:
            for option in route.socket_options:
                sock.setsockopt(*option)
            left = remaining()
            # An address that swallows packets leaves the ones after it their share of the time.
            sock.settimeout(None if left is None else left / (len(addresses) - tried))
            sock.connect(address)
            return sock
        except OSError as error:
            sock.close()
            failure = error
        except BaseException:
            sock.close()
            raise
    raise failure or NewConnectionError(connection, f"{host} has no address")


def _secured(sock: socket.socket, security: Security) -> socket.socket:
    """TLS over `sock`, the certificate checked as `security` says."""
    secured = cast(
        "ssl.SSLSocket",
        ssl_wrap_socket(
            sock,
            ssl_context=security.context,
            server_hostname=security.server_name,
            tls_in_tls=isinstance(sock, ssl.SSLSocket),
        ),
    )
    if security.certificate_name is not None:
        from urllib3.util.ssl_match_hostname import CertificateError, match_hostname

        try:
            match_hostname(cast("Any", secured.getpeercert()), security.certificate_name)
        except CertificateError as error:
            secured.close()
            raise ssl.SSLCertVerificationError(str(error)) from error
    return secured


def _open_tunnel(
    sock: socket.socket, route: Route, proxy: Proxy, remaining: Callable[[], float | None]
) -> None:
    """Ask a proxy for a tunnel (RFC 9110, section 9.3.6)."""
    target = f"{route.host}:{route.port}"
    lines = [f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n"]
    lines += [f"{name}: {value}\r\n" for name, value in proxy.headers.items()]
    sock.settimeout(remaining())
    sock.sendall(("".join(lines) + "\r\n").encode("latin-1"))
    data = b""
    while not data.endswith(b"\r\n\r\n"):
        if len(data) > MAX_HEAD_BYTES:
            raise ProxyError("The proxy's answer does not end", ProtocolError("endless head"))
        sock.settimeout(remaining())
        # A byte at a time: what follows the head belongs to the tunnel.
        more = sock.recv(1)
        if not more:
            raise ProxyError("The proxy closed the connection", ProtocolError("no answer"))
        data += more
    head = parse_head(data[:-2])
    if not 200 <= head.status <= 299:
        cause = ProtocolError(f"{head.status} {head.reason}")
        raise ProxyError(f"The proxy refused to open a tunnel: {head.status} {head.reason}", cause)
