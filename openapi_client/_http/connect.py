"""From a route to a socket: addresses, proxy, TLS, all within the limits of the call."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from urllib3.connection import HTTPConnection
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NameResolutionError,
    NewConnectionError,
    ProtocolError,
    ProxyError,
    SSLError,
)
from urllib3.exceptions import TimeoutError as LimitReached

from openapi_client._http.call import Call
from openapi_client._http.head import MAX_HEAD_BYTES, parse_head
from openapi_client._http.stream import wait_until_ready

if TYPE_CHECKING:
    from openapi_client._http.tls_in_tls import AnySocket, NestedTLS


# Plain classes: to make one takes a twentieth of the time of a `NamedTuple` or a dataclass, and
# every program that imports the package waits for it.


class Security:
    """How a connection is secured.

    Args:
        context: the settings of TLS.
        server_name: the name sent in the handshake and, unless `certificate_name` is given,
            verified.
        certificate_name: another name that the certificate must have.
    """

    __slots__ = ("certificate_name", "context", "server_name")

    def __init__(
        self, context: ssl.SSLContext, server_name: str, certificate_name: str | None = None
    ) -> None:
        self.context = context
        self.server_name = server_name
        self.certificate_name = certificate_name


class Proxy:
    """A proxy on the way.

    Args:
        host: its name or address.
        port: its port.
        security: how the connection to it is secured; `None` for plain HTTP.
        headers: what it wants to be told; no other server gets this.
        tunnel: whether it opens a tunnel (CONNECT), or forwards requests that name the whole URL.
    """

    __slots__ = ("headers", "host", "port", "security", "tunnel")

    def __init__(
        self,
        host: str,
        port: int,
        security: Security | None,
        headers: Mapping[str, str],
        *,
        tunnel: bool,
    ) -> None:
        self.host = host
        self.port = port
        self.security = security
        self.headers = headers
        self.tunnel = tunnel


class Route:
    """How an origin is reached.

    Args:
        host: its name or address.
        port: its port.
        host_header: how a request names it.
        security: how the connection to it is secured; `None` for plain HTTP.
        proxy: the proxy on the way, if there is one.
        socket_options: options for each new socket.
    """

    __slots__ = ("host", "host_header", "port", "proxy", "security", "socket_options")

    def __init__(
        self,
        host: str,
        port: int,
        *,
        host_header: str,
        security: Security | None,
        proxy: Proxy | None,
        socket_options: Sequence[tuple[int, int, int | bytes]],
    ) -> None:
        self.host = host
        self.port = port
        self.host_header = host_header
        self.security = security
        self.proxy = proxy
        self.socket_options = socket_options


def dial(connection: HTTPConnection, route: Route, call: Call) -> AnySocket:
    """Open a socket to the end of `route`.

    Args:
        connection: whom urllib3's errors name.
        route: the way.
        call: the call whose limits count: `connect` for all of it together.

    Raises:
        ConnectTimeoutError, NameResolutionError, NewConnectionError: no connection.
        ProxyError: the proxy cannot be reached, or refused.
        SSLError: no TLS, or not with the one that was meant.
    """
    began = call.clock()
    connect = call.limits.connect

    def remaining() -> float | None:
        left = None if connect is None else began + connect - call.clock()
        if left is not None and left <= 0:
            raise LimitReached("No connection in time")
        return call.remaining(left)

    proxy = route.proxy
    host, port = (proxy.host, proxy.port) if proxy else (route.host, route.port)
    opened: list[AnySocket] = []
    try:
        opened.append(plain := _connected(connection, host, port, route, remaining))
        if proxy is not None:
            if proxy.security is not None:
                opened.append(plain := _secured(plain, proxy.security, remaining))
            if proxy.tunnel:
                _open_tunnel(plain, route, proxy, remaining)
            proxy = None
        if route.security is None:
            return plain
        if isinstance(plain, ssl.SSLSocket):
            return _secured_twice(plain, route.security, remaining)
        return _secured(plain, route.security, remaining)
    except BaseException as error:
        for sock in opened:
            sock.close()
        told = _told(error, connection, host, to_proxy=proxy is not None)
        if told is None:
            raise
        raise told from error


def _told(
    error: BaseException, connection: HTTPConnection, host: str, *, to_proxy: bool
) -> HTTPError | None:
    """What urllib3 calls this error of the system; `None` for what is none."""
    if isinstance(error, (LimitReached, TimeoutError)):
        return ConnectTimeoutError(connection, f"No connection to {host} in time")
    if isinstance(error, (ssl.SSLError, ssl.CertificateError)):
        return SSLError(error)
    if not isinstance(error, (OSError, UnicodeError, ProtocolError)):
        return None
    if to_proxy:
        return ProxyError(f"No way through the proxy {host}: {error}", error)
    if isinstance(error, (socket.gaierror, UnicodeError)):
        # UnicodeError: a label of the name is empty or too long for IDNA.
        failed = error if isinstance(error, socket.gaierror) else socket.gaierror(str(error))
        return NameResolutionError(host, connection, failed)
    return NewConnectionError(connection, f"No connection to {host}: {error}")


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
    raise failure or OSError(f"{host} has no address")


def _secured(
    sock: socket.socket, security: Security, remaining: Callable[[], float | None]
) -> ssl.SSLSocket:
    """TLS over `sock`, the certificate checked as `security` says."""
    sock.settimeout(remaining())
    # RFC 9112, section 9.8: an end that TLS did not announce may be anyone's doing, and is told.
    secured = security.context.wrap_socket(
        sock, server_hostname=security.server_name, suppress_ragged_eofs=False
    )
    try:
        _check_name(secured, security)
    except BaseException:
        secured.close()
        raise
    return secured


def _secured_twice(
    outer: ssl.SSLSocket, security: Security, remaining: Callable[[], float | None]
) -> NestedTLS:
    """TLS within the TLS of `outer`."""
    from openapi_client._http.tls_in_tls import NestedTLS

    nested = NestedTLS(outer, security.context, security.server_name)
    while (lack := nested.handshake_lacks()) is not None:
        if not wait_until_ready(nested, lack, remaining()):
            raise LimitReached("No connection in time")
    _check_name(nested, security)
    return nested


def _check_name(secured: ssl.SSLSocket | NestedTLS, security: Security) -> None:
    if security.certificate_name is None:
        return
    from urllib3.util.ssl_match_hostname import CertificateError, match_hostname

    try:
        match_hostname(cast("Any", secured.getpeercert()), security.certificate_name)
    except CertificateError as error:
        raise ssl.SSLCertVerificationError(str(error)) from error


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
        # Only the number: the words might repeat the credentials that the proxy was given.
        cause = ProtocolError(str(head.status))
        raise ProxyError(f"The proxy refused to open a tunnel: {head.status}", cause)
