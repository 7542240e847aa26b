"""The sockets: one thread that accepts, one thread for each connection, TLS or plain."""

from __future__ import annotations

import contextlib
import errno
import selectors
import socket
import struct
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from openapi_client.testing._wire import (
    ConnectionEndedError,
    MalformedRequestError,
    Request,
    RequestReader,
    refusal,
    render,
)

if TYPE_CHECKING:
    import ssl

_BACKLOG = 1024
_HANDSHAKE_SECONDS = 30.0
# RFC 8446 section 5.1: the content type that the first record of a TLS connection has.
_TLS_HANDSHAKE = b"\x16"
_LINGER_SECONDS = 0.5
_PORT_ATTEMPTS = 20


class Connection:
    """One accepted connection: what an answer, or a fault in its place, is written to."""

    def __init__(self, accepted: socket.socket) -> None:
        self._socket = accepted
        self.is_idle = True
        self._interrupted = threading.Event()

    def handshake(self, context: ssl.SSLContext) -> None:
        """Turns the connection into a TLS connection.

        Raises:
            MalformedRequestError: the peer does not speak TLS.
            OSError: the peer does not agree.
        """
        accepted = self._socket
        accepted.settimeout(_HANDSHAKE_SECONDS)
        first = accepted.recv(1, socket.MSG_PEEK)
        if first not in (b"", _TLS_HANDSHAKE):
            raise MalformedRequestError(400, "plain HTTP to a port that speaks HTTPS")
        self._socket = context.wrap_socket(
            accepted, server_side=True, do_handshake_on_connect=False
        )
        self.wait(0)  # an interruption while the sockets changed hands reached neither
        self._socket.do_handshake()
        self._socket.settimeout(None)

    def receive(self, size: int) -> bytes:
        """The next bytes, b"" at the end of the stream."""
        return self._socket.recv(size)

    def send(self, data: bytes) -> None:
        """Writes all of the bytes."""
        self._socket.sendall(data)

    def wait(self, seconds: float) -> None:
        """Lets time pass.

        Raises:
            ConnectionEndedError: the connection was interrupted meanwhile.
        """
        if self._interrupted.wait(seconds):
            raise ConnectionEndedError

    def interrupt(self) -> None:
        """Ends the connection from another thread: what it waits for returns or raises."""
        self._interrupted.set()
        with contextlib.suppress(OSError):
            # Not SSLSocket.shutdown, which pulls the TLS state from under the other thread.
            socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def reset(self) -> None:
        """Closes with a TCP reset, whatever was or was not sent."""
        with contextlib.suppress(OSError):
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()

    def close(self, *, linger: bool = False) -> None:
        """Closes; with `linger` only after what the peer was still sending was read.

        Bytes unread at a close make the kernel send a reset, which can overtake the answer.
        """
        with contextlib.suppress(OSError, ValueError):
            self._socket.settimeout(_LINGER_SECONDS if linger else 0)
            unwrap = getattr(self._socket, "unwrap", None)
            if unwrap is not None:
                unwrap()  # tells the end of the TLS stream; without it the peer sees a cut
            elif linger:
                self._socket.shutdown(socket.SHUT_WR)
                while self._socket.recv(1 << 16):
                    pass
        self._socket.close()


Serve = Callable[[Request, Connection], bool]


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
        self._connections: dict[Connection, threading.Thread] = {}
        self._control = threading.Lock()
        self.paused = False
        self.accepted = 0
        self.stopping = threading.Event()
        self._wake_reader, self._wake_writer = socket.socketpair()
        self._accepting: threading.Thread | None = None
        try:
            self._sockets = _bind(host, port)
        except OSError:
            self._wake_reader.close()
            self._wake_writer.close()
            raise
        self.port: int = self._sockets[0].getsockname()[1]

    def start(self) -> None:
        """Begins to accept."""
        with self._control:
            self._begin_accepting()

    def stop(self) -> None:
        """Ends everything: no socket is open and no thread runs when it returns."""
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
        """Closes the port: connections are refused, idle ones end, busy ones after their answer.

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
        """Opens the port again."""
        with self._control:
            if self.paused and not self.stopping.is_set():
                self.paused = False
                for bound in self._sockets:
                    bound.listen(_BACKLOG)
                self._begin_accepting()

    def drop_connections(self) -> None:
        """Ends all connections and waits for their threads."""
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
            accepted, _ = listening.accept()
        except OSError:
            # The peer went away again, or the process is out of file descriptors: wait a
            # moment then, or this loop would spin.
            self.stopping.wait(0.01)
            return
        accepted.setblocking(True)
        with contextlib.suppress(OSError):
            accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = Connection(accepted)
        thread = threading.Thread(
            target=self._run,
            args=(connection,),
            name="openapi_client.testing connection",
            daemon=True,
        )
        with self._lock:
            self._connections[connection] = thread
            self.accepted += 1
        try:
            thread.start()
        except RuntimeError:  # no more threads to be had
            with self._lock:
                del self._connections[connection]
            connection.close()

    def _run(self, connection: Connection) -> None:
        try:
            self._requests(connection)
        except (OSError, ConnectionEndedError):
            connection.close()
        finally:
            with self._lock:
                self._connections.pop(connection, None)

    def _requests(self, connection: Connection) -> None:
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


def _bind(host: str, port: int) -> list[socket.socket]:
    """Return listening sockets on the addresses of the host that there are, all on one port.

    A machine may have a name for an address that it has not: `localhost` for `::1` in a container
    without IPv6. Such an address is left out.

    Raises:
        OSError: none can be bound, or the port is in use on one of them.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    addresses = list(dict.fromkeys((int(family), str(address[0])) for family, *_, address in found))
    failure: OSError | None = None
    for _ in range(_PORT_ATTEMPTS if port == 0 else 1):
        sockets, failure = _bind_all(addresses, port)
        # The port that was free on the first address can be taken on the second.
        if sockets:
            return sockets
        if failure is None or failure.errno != errno.EADDRINUSE:
            break
    raise failure or OSError(f"{host} has no address")


def _bind_all(
    addresses: list[tuple[int, str]], port: int
) -> tuple[list[socket.socket], OSError | None]:
    """Bind what can be bound; nothing, and the error, if the port is in use somewhere."""
    sockets: list[socket.socket] = []
    failure: OSError | None = None
    for family, address in addresses:
        made = _listen(family, address, port)
        if isinstance(made, socket.socket):
            sockets.append(made)
            port = sockets[0].getsockname()[1]
            continue
        failure = made
        if made.errno == errno.EADDRINUSE:
            for listening in sockets:
                listening.close()
            return [], made
    return sockets, failure


def _listen(family: int, address: str, port: int) -> socket.socket | OSError:
    listening: socket.socket | None = None
    try:
        listening = _bind_one(family, address, port)
        listening.listen(_BACKLOG)
    except OSError as error:
        if listening is not None:
            listening.close()
        return error
    return listening


def _bound_again(listening: socket.socket) -> socket.socket:
    """A socket bound to the address of one that listened, and not listening."""
    family, (address, port) = listening.family, listening.getsockname()[:2]
    listening.close()
    return _bind_one(family, address, port)


def _bind_one(family: int, address: str, port: int) -> socket.socket:
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        bound.setblocking(False)
        bound.bind((address, port))
    except OSError:
        bound.close()
        raise
    return bound
