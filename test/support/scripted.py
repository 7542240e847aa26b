"""Servers that do exactly what a script says, byte by byte, so that they can break the protocol.

A script is a function that gets the accepted connection, a `Peer`. It runs in a thread of its own,
once for each connection. What it raises ends the test, apart from the client's going away.
"""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator

from typing_extensions import Self

from test.support.authority import authority
from test.support.recorder import Received, http_answer

MESSAGE = {"jti": "jti", "iss": "me", "body": "hello"}

# Nothing waits this long unless it hangs; then the test fails here and not by a timeout of CI.
PATIENCE = 30.0


class Gone(Exception):
    """The client has closed the connection."""


def message(text: str = "hello", status: int = 200, **headers: str) -> bytes:
    """An answer with a message of this text."""
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return http_answer(status, {**MESSAGE, "body": text}, fields)


class Peer:
    """A connection, as its server sees it.

    Attributes:
        number: which connection of the server this is, from 0.
        server: whose connection it is.
    """

    def __init__(self, accepted: socket.socket, number: int, server: ScriptedServer) -> None:
        self.number = number
        self.server = server
        self._socket = accepted
        self._buffer = b""

    def secure(self, context: ssl.SSLContext) -> None:
        """Become TLS."""
        self._socket = context.wrap_socket(self._socket, server_side=True)

    def certificate(self) -> object:
        """What the client's certificate says; empty if it showed none."""
        assert isinstance(self._socket, ssl.SSLSocket)
        return self._socket.getpeercert()

    def receive(self) -> bytes:
        """The next bytes that the client sends.

        Raises:
            Gone: it has closed the connection.
        """
        data, self._buffer = self._buffer, b""
        data = data or self._socket.recv(65536)
        if not data:
            raise Gone
        return data

    def request(self) -> Received:
        """The next request, whole; it is noted in `server.requests`.

        Raises:
            Gone: the client has closed the connection.
        """
        data = b""
        while (end := data.find(b"\r\n\r\n")) < 0:
            data += self.receive()
        line, *fields = data[:end].decode("latin-1").split("\r\n")
        named = tuple(
            (name, value) for name, _, value in (field.partition(": ") for field in fields)
        )
        length = int(next((v for n, v in named if n.lower() == "content-length"), "0"))
        body = data[end + 4 :]
        while len(body) < length:
            body += self.receive()
        self._buffer = body[length:]
        request = Received(line, named, body[:length])
        self.server.requests.append(request)
        return request

    def send(self, data: bytes) -> None:
        """Write all of `data`."""
        self._socket.sendall(data)

    def send_each(self, pieces: Iterator[bytes]) -> None:
        """Write pieces until there are no more or the client has had enough."""
        for piece in pieces:
            self.send(piece)

    def wait_for_more(self, *others: Waiting | socket.socket, timeout: float = PATIENCE) -> bool:
        """Wait for the client to send more, or for one of `others`; whether it was the client."""
        decrypted = isinstance(self._socket, ssl.SSLSocket) and self._socket.pending()
        if self._buffer or decrypted:
            return True
        mine = self._socket.fileno()
        ready, _, _ = select.select([mine, *(other.fileno() for other in others)], [], [], timeout)
        return mine in ready

    def wait_closed(self) -> None:
        """Take what comes until the client closes the connection."""
        with contextlib.suppress(Gone):
            while True:
                self.receive()

    def wait_end(self) -> None:
        """Wait, without reading, until the client has closed the connection."""
        waiting = select.poll()
        waiting.register(self._socket, select.POLLHUP | select.POLLRDHUP)
        waiting.poll(PATIENCE * 1000)

    def reset(self) -> None:
        """Close so that the client gets a TCP reset."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        # Closed below TLS, which would send its own end first.
        socket.socket.close(self._socket)

    def close(self) -> None:
        """Close; over TLS without the alert that says so (RFC 8446, 6.1)."""
        self._socket.close()

    def end(self) -> None:
        """Close as the protocols want it: over TLS with a closing alert."""
        if isinstance(self._socket, ssl.SSLSocket):
            with contextlib.suppress(OSError):
                self._socket.settimeout(0)
                self._socket.unwrap()
        self._socket.close()

    def interrupt(self) -> None:
        """End from another thread what the script waits for."""
        with contextlib.suppress(OSError):
            socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


Script = Callable[[Peer], None]
Step = bytes | Script


class Waiting:
    """An event that `select` can wait for."""

    def __init__(self) -> None:
        self._reader, self._writer = socket.socketpair()

    def fileno(self) -> int:
        """The descriptor that becomes readable."""
        return self._reader.fileno()

    def set(self) -> None:
        """Let those who wait, now or later, go on."""
        self._writer.send(b"x")

    def close(self) -> None:
        """Close its sockets."""
        self._reader.close()
        self._writer.close()


def in_turn(*steps: Step) -> Script:
    """Each request, on whatever connection it comes, gets the next step: bytes or a script."""
    remaining = iter(steps)
    lock = threading.Lock()

    def script(peer: Peer) -> None:
        while True:
            peer.request()
            with lock:
                step = next(remaining)
            if isinstance(step, bytes):
                peer.send(step)
            else:
                step(peer)

    return script


def always(answer: bytes) -> Script:
    """Each request gets the same answer."""

    def script(peer: Peer) -> None:
        while True:
            peer.request()
            peer.send(answer)

    return script


class ScriptedServer:
    """Accepts connections on loopback and runs a script on each.

    Args:
        script: what is done on each connection.
        tls: whether the connections are TLS, with a certificate of `authority()`.
        context: the TLS context, if not the common one.

    Attributes:
        port: the port it listens on.
        requests: the requests that the scripts have read.
        connections: how many connections were accepted.
    """

    def __init__(
        self, script: Script, *, tls: bool = False, context: ssl.SSLContext | None = None
    ) -> None:
        self.requests: list[Received] = []
        self.connections = 0
        self._script = script
        self._tls = tls
        self._context = context or (authority().server_context() if tls else None)
        self._failures: list[BaseException] = []
        self._peers: list[Peer] = []
        self._threads: list[threading.Thread] = []
        self._ended = 0
        self._ending = threading.Condition()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return f"{'https' if self._tls else 'http'}://localhost:{self.port}"

    @property
    def url(self) -> str:
        """What `Configuration(host=...)` takes."""
        return f"{self.origin}/v1"

    @property
    def open_connections(self) -> int:
        """How many scripts have not ended yet."""
        return self.connections - self._ended

    def connections_left(self, expected: int) -> int:
        """How many connections are open, once they are as few as expected or it takes too long."""
        with self._ending:
            self._ending.wait_for(lambda: self.open_connections <= expected, PATIENCE)
            return self.open_connections

    def __enter__(self) -> Self:
        self._threads.append(threading.Thread(target=self._accept, name="scripted accept"))
        self._threads[0].start()
        return self

    def __exit__(self, *exc: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._threads[0].join()
        for peer in self._peers:
            peer.interrupt()
        for thread in self._threads:
            thread.join()
        self._listener.close()
        if self._failures:
            raise self._failures[0]

    def join(self) -> None:
        """Wait until all scripts of the connections so far have ended."""
        for thread in self._threads[1:]:
            thread.join(PATIENCE)
            assert not thread.is_alive(), "a script does not end"

    def _accept(self) -> None:
        while True:
            try:
                accepted, _ = self._listener.accept()
            except OSError:
                return
            accepted.settimeout(PATIENCE)
            accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            peer = Peer(accepted, self.connections, self)
            self.connections += 1
            self._peers.append(peer)
            thread = threading.Thread(target=self._run, args=(peer,), name="scripted peer")
            self._threads.append(thread)
            thread.start()

    def _run(self, peer: Peer) -> None:
        try:
            if self._context is not None:
                peer.secure(self._context)
            self._script(peer)
        except TimeoutError as error:
            self._failures.append(error)
        except (Gone, OSError):
            pass
        except BaseException as error:  # noqa: BLE001 - raised again in the test's thread
            self._failures.append(error)
        finally:
            peer.close()
            with self._ending:
                self._ended += 1
                self._ending.notify_all()
