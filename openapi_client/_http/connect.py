"""From a route to a socket: addresses, proxy, TLS, all within the limits of the call."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, TypeVar

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

from openapi_client._hosts import address_of
from openapi_client._http.addresses import Race
from openapi_client._http.call import Call
from openapi_client._http.foreign import in_time
from openapi_client._http.head import MAX_HEAD_BYTES, Head, parse_head
from openapi_client._http.tls import Security, secured, secured_twice, wait_for_connection

if TYPE_CHECKING:
    from openapi_client._http.tls_in_tls import AnySocket

T = TypeVar("T")
U = TypeVar("U")

_RECEIVE_BYTES = 16384
_WOULD_BLOCK = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)

# Plain classes: to make one takes a twentieth of the time of a `NamedTuple` or a dataclass, and
# every program that imports the package waits for it.


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


def connect(connection: HTTPConnection, route: Route, call: Call) -> AnySocket:
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
    limit = call.limits.connect

    def remaining() -> float | None:
        left = None if limit is None else began + limit - call.clock()
        if left is not None and left <= 0:
            raise LimitReached("No connection in time")
        return call.remaining(left)

    proxy = route.proxy
    host, port = (proxy.host, proxy.port) if proxy else (route.host, route.port)
    opened: list[AnySocket] = []
    try:
        opened.append(plain := _connected(host, port, route, remaining))
        if proxy is not None:
            if proxy.security is not None:
                opened.append(plain := secured(plain, proxy.security, remaining))
            if proxy.tunnel:
                _open_tunnel(plain, route, proxy, remaining)
            proxy = None
        if route.security is None:
            return plain
        if isinstance(plain, ssl.SSLSocket):
            return secured_twice(plain, route.security, remaining)
        return secured(plain, route.security, remaining)
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
    """Return what urllib3 calls this error of the system; `None` for what is none."""
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
    host: str, port: int, route: Route, remaining: Callable[[], float | None]
) -> socket.socket:
    """Return a TCP connection to the first address of `host` that answers."""
    # The zone of an address is percent-encoded in a URL (RFC 6874).
    name = host.strip("[]").replace("%25", "%")
    resolve = partial(socket.getaddrinfo, name, port, type=socket.SOCK_STREAM)
    # An address needs no resolver, and so no thread.
    addresses = resolve() if address_of(name) else in_time(resolve, remaining())
    return Race(addresses, route.socket_options, remaining).winner()


def _open_tunnel(
    sock: AnySocket, route: Route, proxy: Proxy, remaining: Callable[[], float | None]
) -> None:
    """Ask a proxy for a tunnel (RFC 9110, section 9.3.6)."""
    target = f"{route.host}:{route.port}"
    lines = [f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n"]
    lines += [f"{name}: {value}\r\n" for name, value in proxy.headers.items()]
    request = ("".join(lines) + "\r\n").encode("latin-1")
    sock.settimeout(0)
    while request:
        request = request[_in_time(sock, remaining, sock.send, request) :]
    head = _read_head(sock, remaining)
    if not 200 <= head.status <= 299:
        # Only the number: the words might repeat the credentials that the proxy was given.
        cause = ProtocolError(str(head.status))
        raise ProxyError(f"The proxy refused to open a tunnel: {head.status}", cause)


def _read_head(sock: AnySocket, remaining: Callable[[], float | None]) -> Head:
    """Return the head of a proxy's response to CONNECT."""
    data = bytearray()
    while len(data) <= MAX_HEAD_BYTES:
        more = _in_time(sock, remaining, sock.recv, _RECEIVE_BYTES)
        if not more:
            raise ProxyError("The proxy closed the connection", ProtocolError("no answer"))
        # Only what is new is searched, so that single bytes cost no more than one piece.
        searched = max(0, len(data) - 3)
        data += more
        end = data.find(b"\r\n\r\n", searched)
        if end < 0:
            continue
        head = parse_head(bytes(data[: end + 2]))
        if end + 4 < len(data) and 200 <= head.status <= 299:
            # In a tunnel the client speaks first: these bytes cannot be the server's.
            cause = ProtocolError("bytes after the head")
            raise ProxyError("The proxy sent more than the head of its response", cause)
        return head
    raise ProxyError("The head of the proxy's response does not end", ProtocolError("endless head"))


def _in_time(
    sock: AnySocket,
    remaining: Callable[[], float | None],
    action: Callable[[U], T],
    argument: U,
) -> T:
    """Do what may have to wait for the socket."""
    while True:
        remaining()  # also where something is ready each time
        try:
            return action(argument)
        except _WOULD_BLOCK as error:
            wait_for_connection(sock, error, remaining)
