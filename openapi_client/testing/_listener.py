"""Where the server listens: one thread that accepts, one for each connection, TLS or plain."""

from __future__ import annotations

import contextlib
import errno
import os
import selectors
import socket
import ssl
import tempfile
import threading
import weakref
from collections.abc import Callable
from pathlib import Path

from openapi_client._installation import DISTRIBUTION
from openapi_client.testing._wire import (
    AcceptedConnection,
    ConnectionEndedError,
    MalformedRequestError,
    ReceivedRequest,
    RequestReader,
    changing_sockets,
    refusal,
    render,
)

_BACKLOG = 1024
_PORT_ATTEMPTS = 20


class Certificates:
    """A new authority, the server's TLS context, and the authority's certificate as a file.

    Args:
        host: the name or address that the server's certificate is for; `localhost` and the
            loopback addresses are always in it.
        path: where the authority's certificate (PEM) is written; None for a temporary file,
            which `remove` deletes. A file that was asked for by name stays.

    Raises:
        ImportError: `trustme` is not installed.
        OSError: the file cannot be written.
    """

    def __init__(self, host: str, path: str | None = None) -> None:
        try:
            import trustme
        except ImportError as error:
            raise ImportError(
                "TLS needs certificates, and they are made by the package 'trustme', which is "
                f"not installed: pip install '{DISTRIBUTION}[testing]', or use tls=False "
                "(--no-tls)"
            ) from error
        authority = trustme.CA(organization_name="openapi_client.testing")
        names = dict.fromkeys((host, "localhost", "127.0.0.1", "::1"))
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        self.context.set_alpn_protocols(["http/1.1"])
        chain = authority.issue_cert(*names).private_key_and_cert_chain_pem
        with chain.tempfile() as chain_path:
            self.context.load_cert_chain(chain_path)
        pem = authority.cert_pem.bytes()
        self._temporary = path is None
        self._process = os.getpid()
        if path is None:
            descriptor, path = tempfile.mkstemp(prefix="openapi-client-ca-", suffix=".pem")
            os.close(descriptor)
        file = Path(path).absolute()
        file.write_bytes(pem)
        self.path = str(file)

    def remove(self) -> None:
        """Delete the file if it is the temporary one, and not that of the process before a fork."""
        if self._temporary and self._process == os.getpid():
            with contextlib.suppress(OSError):
                Path(self.path).unlink()


def bind(host: str, port: int) -> list[socket.socket]:
    """Listen on every address of the host that this machine has, all on the same port.

    A name such as `localhost` may have an IPv6 address where IPv6 is switched off, as in many
    containers. An address that another program uses is an error all the same: a client could
    reach that program in place of this server.

    Raises:
        OSError: none of the addresses can be bound, or the port is in use on one of them.
    """
    found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    addresses = list(dict.fromkeys((family, address[0]) for family, _, _, _, address in found))
    attempts_left = _PORT_ATTEMPTS if port == 0 else 1
    while True:
        attempts_left -= 1
        try:
            return _bind_all([(family, str(address)) for family, address in addresses], port)
        except OSError as error:
            # The port that was free on the first address can be taken on the second.
            if error.errno != errno.EADDRINUSE or not attempts_left:
                raise


def _bind_all(addresses: list[tuple[int, str]], port: int) -> list[socket.socket]:
    sockets: list[socket.socket] = []
    failure = OSError("the host has no address")
    for family, address in addresses:
        chosen = sockets[0].getsockname()[1] if sockets else port
        try:
            sockets.append(_listen(family, address, chosen))
        except OSError as error:
            failure = error
            if error.errno == errno.EADDRINUSE:
                _close_all(sockets)
                raise
    if not sockets:
        raise failure
    return sockets


def _close_all(sockets: list[socket.socket]) -> None:
    for listening in sockets:
        listening.close()


def _listen(family: int, address: str, port: int) -> socket.socket:
    listening = _bind_one(family, address, port)
    try:
        listening.listen(_BACKLOG)
    except OSError:
        listening.close()
        raise
    return listening


def _bound_again(listening: socket.socket) -> socket.socket:
    """Return a socket bound to the address of one that listened, and not listening."""
    family, (address, port) = listening.family, listening.getsockname()[:2]
    listening.close()
    return _bind_one(family, address, port)


def _bind_one(family: int, address: str, port: int) -> socket.socket:
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        # On Windows SO_REUSEADDR lets two programs share a port, and SO_EXCLUSIVEADDRUSE forbids
        # that; elsewhere it lets a server start again while old connections are in TIME_WAIT.
        exclusive: int | None = getattr(socket, "SO_EXCLUSIVEADDRUSE", None)
        bound.setsockopt(
            socket.SOL_SOCKET, socket.SO_REUSEADDR if exclusive is None else exclusive, 1
        )
        if family == socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        bound.setblocking(False)
        bound.bind((address, port))
    except OSError:
        bound.close()
        raise
    return bound


# A fork copies descriptors: a child that kept them would hold the port, and the connections, after
# this process closed them. So a child lets go of all listeners.
_listeners: weakref.WeakSet[Listener] = weakref.WeakSet()


def _release_all() -> None:
    for listener in list(_listeners):
        listener.release()
    _listeners.clear()
    changing_sockets.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=changing_sockets.acquire,
        after_in_parent=changing_sockets.release,
        after_in_child=_release_all,
    )

Serve = Callable[[ReceivedRequest, AcceptedConnection], bool]


class Listener:
    """Listens on every address of a host; each request of each connection goes to `serve`.

    Args:
        host: the name or address to listen on.
        port: the port; 0 takes a free one.
        serve: answers one request; tells whether the connection goes on. Called in the
            connection's own thread.
        context: the TLS context; None for plain HTTP.

    Raises:
        OSError: the host has no address here, or the port is in use.
    """

    def __init__(
        self, host: str, port: int, serve: Serve, context: ssl.SSLContext | None = None
    ) -> None:
        self._serve = serve
        self._context = context
        self._lock = threading.Lock()
        self._connections: dict[AcceptedConnection, threading.Thread] = {}
        self._control = threading.Lock()
        self.paused = False
        self.accepted = 0
        self.stopping = threading.Event()
        self._wake_reader, self._wake_writer = socket.socketpair()
        self._accepting: threading.Thread | None = None
        try:
            self._sockets = bind(host, port)
        except OSError:
            self._wake_reader.close()
            self._wake_writer.close()
            raise
        self.port: int = self._sockets[0].getsockname()[1]
        _listeners.add(self)

    def start(self) -> None:
        """Begin to accept."""
        with self._control:
            self._begin_accepting()

    def stop(self) -> None:
        """End everything: no socket is open and no thread runs when it returns."""
        self.stopping.set()
        with self._control:
            self._end_accepting()
            for listening in self._sockets:
                listening.close()
            self._sockets = []
            self._wake_reader.close()
            self._wake_writer.close()
        self.drop_connections()

    def pause(self) -> None:
        """Close the port: connections are refused, idle ones end, busy ones after their answer.

        The port stays bound, so that no other program can take it.
        """
        with self._control:
            if self.paused or self.stopping.is_set():
                return
            self.paused = True
            self._end_accepting()
            self._sockets = [_bound_again(listening) for listening in self._sockets]
        with self._lock:
            for connection in self._connections:
                if connection.is_idle:
                    connection.interrupt()

    def resume(self) -> None:
        """Open the port again."""
        with self._control:
            if self.paused and not self.stopping.is_set():
                self.paused = False
                for bound in self._sockets:
                    bound.listen(_BACKLOG)
                self._begin_accepting()

    def release(self) -> None:
        """Let go of everything in a forked process, where none of the threads runs.

        The parent serves on: nothing is shut down, and the locks, which a thread of the parent may
        have held, are made anew.
        """
        self.stopping = threading.Event()
        self.stopping.set()
        self._lock = threading.Lock()
        self._control = threading.Lock()
        self._accepting = None
        for connection in self._connections:
            connection.release()
        self._connections = {}
        for held in (*self._sockets, self._wake_reader, self._wake_writer):
            held.close()
        self._sockets = []

    def drop_connections(self) -> None:
        """End all connections and wait for their threads."""
        with self._lock:
            threads = dict(self._connections)
        for connection in threads:
            connection.interrupt()
        for thread in threads.values():
            if thread is not threading.current_thread():
                thread.join()

    @property
    def open_connections(self) -> int:
        """How many connections are open."""
        with self._lock:
            return len(self._connections)

    def _begin_accepting(self) -> None:
        self._accepting = threading.Thread(
            target=self._accept_loop, name="openapi_client.testing accept", daemon=True
        )
        self._accepting.start()

    def _end_accepting(self) -> None:
        if self._accepting is not None:
            self._wake_writer.send(b"x")
            self._accepting.join()
            self._accepting = None

    def _accept_loop(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._wake_reader, selectors.EVENT_READ)
            for listening in self._sockets:
                selector.register(listening, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select():
                    if key.fileobj is self._wake_reader:
                        self._wake_reader.recv(1)
                        return
                    if isinstance(key.fileobj, socket.socket):
                        self._accept(key.fileobj)

    def _accept(self, listening: socket.socket) -> None:
        try:
            with changing_sockets:
                connection, thread = self._register(listening.accept()[0])
        except OSError:
            # The peer went away again, or the process is out of file descriptors: wait a
            # moment then, or this loop would spin.
            self.stopping.wait(0.01)
            return
        try:
            thread.start()
        except RuntimeError:  # no more threads to be had
            with self._lock:
                del self._connections[connection]
            connection.close()

    def _register(self, accepted: socket.socket) -> tuple[AcceptedConnection, threading.Thread]:
        accepted.setblocking(True)
        with contextlib.suppress(OSError):
            accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = AcceptedConnection(accepted)
        thread = threading.Thread(
            target=self._run,
            args=(connection,),
            name="openapi_client.testing connection",
            daemon=True,
        )
        with self._lock:
            self._connections[connection] = thread
            self.accepted += 1
        return connection, thread

    def _run(self, connection: AcceptedConnection) -> None:
        try:
            self._requests(connection)
        except (OSError, ConnectionEndedError):
            connection.close()
        finally:
            with self._lock:
                self._connections.pop(connection, None)

    def _requests(self, connection: AcceptedConnection) -> None:
        reader = RequestReader(connection.receive, connection.send)
        try:
            if self._context is not None:
                connection.handshake(self._context)
            while (request := reader.next()) is not None:
                connection.is_idle = False
                if not self._serve(request, connection):
                    break
                connection.is_idle = True
                # `pause` tells first that it does and looks for idle connections then: one that
                # became idle between the two is either found by it, or finds it here.
                if self.paused:
                    break
            connection.close()
        except MalformedRequestError as error:
            connection.send(render(refusal(error), close=True))
            connection.close(linger=True)
