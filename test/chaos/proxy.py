"""A proxy between a client and the embedded server: it reads requests whole, and breaks some."""

from __future__ import annotations

import contextlib
import random
import selectors
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable, Collection, Mapping

from typing_extensions import Self

# Where a fault strikes: what the server has seen of the request is what the report checks.
FAULTS: dict[str, str] = {
    "refuse": "the connection ends and the port is closed for a moment",
    "reset_before": "the request is read, not passed on, and the connection reset",
    "reset_after": "the server's answer is thrown away and the connection reset",
    "stall_before": "the request is read, not passed on, and never answered",
    "stall_after": "the server's answer is never passed on",
    "truncate": "the answer ends in its middle",
    "garble": "the answer is no HTTP, or no JSON",
    "status_429": "429 in place of the server, with Retry-After",
    "status_503_retry": "503 in place of the server, with Retry-After",
    "status_502": "502; whether the server has got the request is drawn",
    "status_503": "503; whether the server has got the request is drawn",
    "status_504": "504; whether the server has got the request is drawn",
}
EVERYTHING: Mapping[str, float] = dict.fromkeys(FAULTS, 0.2 / len(FAULTS))
"""All faults alike, 20 % together."""

_OUTAGE_SECONDS = 0.03
_BACKLOG = 512
_HEAD_END = b"\r\n\r\n"


class Request:
    """A request as it came.

    Attributes:
        raw: all of its bytes.
        line: the request line.
    """

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.line = raw.partition(b"\r\n")[0].decode("latin-1")

    @property
    def operation(self) -> str:
        """The operation of the messages API: list, get, edit or send."""
        method, target, _ = self.line.split(" ")
        if method != "GET":
            return "send" if method == "POST" else "edit"
        return "list" if target.partition("?")[0].endswith("/messages") else "get"

    @property
    def identity(self) -> str:
        """The same for each attempt at the same call: line and body."""
        return f"{self.line}{self.raw.partition(_HEAD_END)[2]!r}"


class ChaosProxy:
    """Listens on loopback, passes requests on, and breaks some of them.

    What strikes a request is drawn from the seed, from what is asked for and from how often it was
    asked for before: a run can be repeated, whatever the order in which its threads come.

    Args:
        upstream: host and port of the embedded server, which must speak plain HTTP.
        faults: the share of requests that each of `FAULTS` strikes.
        seed: another number gives another run.
        operations: the operations that are struck.

    Attributes:
        counts: how many requests each fault has struck; `none` for those that were passed on.
    """

    def __init__(
        self,
        upstream: tuple[str, int],
        faults: Mapping[str, float] = EVERYTHING,
        *,
        seed: int = 0,
        operations: Collection[str] = ("list", "get", "edit", "send"),
    ) -> None:
        unknown = set(faults) - set(FAULTS)
        if unknown:
            raise ValueError(f"there is no fault {min(unknown)!r}: {', '.join(FAULTS)}")
        self.counts: Counter[str] = Counter()
        self._upstream = upstream
        self._faults = dict(faults)
        self._seed = seed
        self._operations = frozenset(operations)
        self._seen: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._closed = threading.Condition(self._lock)
        self._stopping = threading.Event()
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._gate = _Gate()

    @property
    def url(self) -> str:
        """What `Configuration(host=...)` takes."""
        return f"http://127.0.0.1:{self._gate.port}/v1"

    def connections_left(self, patience: float = 10.0) -> int:
        """How many connections the clients leave open, given some seconds to close them."""
        with self._lock:
            self._closed.wait_for(lambda: not self._open, patience)
            return len(self._open)

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(self, *exc: object) -> None:
        self._stopping.set()
        self._gate.wake()
        self._threads[0].join()
        with self._lock:
            for client in self._open:
                _interrupt(client)
        for thread in self._threads:
            thread.join()
        self._gate.close()

    def _start(self, target: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._stopping.is_set():
            client = self._gate.accept()
            if client is None:
                continue
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self._open.add(client)
            self._start(self._serve, client)

    def _serve(self, client: socket.socket) -> None:
        upstream = _Upstream(self._upstream)
        try:
            while (request := _read_request(client)) is not None:
                fault = self._draw(request)
                if not self._strike(fault, request, client, upstream):
                    break
        except OSError:
            pass  # the client, or the server behind, has gone
        finally:
            upstream.close()
            with self._lock:
                self._open.discard(client)
                self._closed.notify_all()
            client.close()

    def _draw(self, request: Request) -> str:
        identity = request.identity
        with self._lock:
            time = self._seen[identity] = self._seen[identity] + 1
        drawn = random.Random(f"{self._seed}/{identity}/{time}").random()
        fault = "none"
        if request.operation in self._operations:
            for name, share in self._faults.items():
                if drawn < share:
                    fault = name
                    break
                drawn -= share
        with self._lock:
            self.counts[fault] += 1
        return fault

    def _strike(
        self, fault: str, request: Request, client: socket.socket, upstream: _Upstream
    ) -> bool:
        """Do what `fault` says; whether the connection goes on."""
        chance = random.Random(f"{self._seed}/{fault}/{request.identity}")
        if fault.startswith("status_"):
            return self._answer_instead(fault, request, client, upstream, chance)
        if fault == "refuse":
            self._gate.refuse()
            return False
        if fault == "reset_before":
            return _reset(client)
        if fault == "stall_before":
            return _stall(client)
        answer = upstream.ask(request)
        if fault == "reset_after":
            return _reset(client)
        if fault == "stall_after":
            return _stall(client)
        if fault == "truncate":
            client.sendall(answer[: chance.randrange(1, len(answer))])
            return False
        if fault == "garble":
            client.sendall(_garbled(answer, chance))
            return False
        client.sendall(answer)
        return True

    def _answer_instead(
        self,
        fault: str,
        request: Request,
        client: socket.socket,
        upstream: _Upstream,
        chance: random.Random,
    ) -> bool:
        status = int(fault.split("_")[1])
        says_when = fault in ("status_429", "status_503_retry")
        # A server that says when to come back has not taken the request; others may have.
        if not says_when and chance.random() < 0.5:
            upstream.ask(request)
        body = f"<html><h1>{status}</h1></html>".encode()
        retry = "Retry-After: 0\r\n" if says_when else ""
        head = f"HTTP/1.1 {status} Chaos\r\n{retry}Content-Length: {len(body)}\r\n\r\n"
        client.sendall(head.encode() + body)
        return True


class _Gate:
    """The port: open, or closed for a moment, in which connections are really refused."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._wake_reader, self._wake_writer = socket.socketpair()
        self._selector.register(self._wake_reader, selectors.EVENT_READ)
        self._outage = threading.Event()
        self._bind(0)
        self._open()
        self.port: int = self._listener.getsockname()[1]

    def _bind(self, port: int) -> None:
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.setblocking(False)
        self._listener.bind(("127.0.0.1", port))

    def _open(self) -> None:
        self._listener.listen(_BACKLOG)
        self._selector.register(self._listener, selectors.EVENT_READ)

    def refuse(self) -> None:
        """Close the port for a moment."""
        self._outage.set()
        self.wake()

    def wake(self) -> None:
        """Let `accept` look around."""
        self._wake_writer.send(b"x")

    def accept(self) -> socket.socket | None:
        """The next connection; `None` if it was woken instead."""
        ready = [key.fileobj for key, _ in self._selector.select()]
        if self._wake_reader in ready:
            self._wake_reader.recv(4096)
            if self._outage.is_set():
                self._outage.clear()
                self._close_for_a_moment()
            return None
        try:
            client, _ = self._listener.accept()
        except OSError:
            return None
        client.setblocking(True)
        return client

    def _close_for_a_moment(self) -> None:
        self._selector.unregister(self._listener)
        self._listener.close()
        # Bound, so that nobody takes it, and not listening, so that it refuses.
        self._bind(self.port)
        threading.Event().wait(_OUTAGE_SECONDS)
        self._open()

    def close(self) -> None:
        """Close the port for good."""
        self._selector.close()
        for each in (self._listener, self._wake_reader, self._wake_writer):
            each.close()


class _Upstream:
    """A connection to the server behind, made when it is first needed."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._address = address
        self._socket: socket.socket | None = None

    def ask(self, request: Request) -> bytes:
        """The server's answer to a request, whole, as bytes."""
        if self._socket is None:
            self._socket = socket.create_connection(self._address)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(request.raw)
        return _read_answer(self._socket)

    def close(self) -> None:
        """Close it, if it is open."""
        if self._socket is not None:
            self._socket.close()


def _read_request(client: socket.socket) -> Request | None:
    data = b""
    while (end := data.find(_HEAD_END)) < 0:
        more = client.recv(65536)
        if not more:
            return None
        data += more
    length = _field(data[:end], b"content-length")
    return Request(_read_on(client, data, end + 4 + int(length or b"0")))


def _read_answer(server: socket.socket) -> bytes:
    data = b""
    while (end := data.find(_HEAD_END)) < 0:
        data += _more(server)
    length = _field(data[:end], b"content-length")
    if length is not None:
        return _read_on(server, data, end + 4 + int(length))
    # The embedded server writes a chunked answer as one chunk, so this is its end and no text.
    while not data.endswith(b"\r\n0\r\n\r\n"):
        data += _more(server)
    return data


def _read_on(sock: socket.socket, data: bytes, size: int) -> bytes:
    while len(data) < size:
        data += _more(sock)
    return data


def _more(sock: socket.socket) -> bytes:
    data = sock.recv(65536)
    if not data:
        raise ConnectionResetError("the connection ended too early")
    return data


def _field(head: bytes, name: bytes) -> bytes | None:
    for line in head.split(b"\r\n")[1:]:
        field, _, value = line.partition(b":")
        if field.lower() == name:
            return value.strip()
    return None


def _reset(client: socket.socket) -> bool:
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return False


def _stall(client: socket.socket) -> bool:
    while client.recv(65536):
        pass
    return False


def _garbled(answer: bytes, chance: random.Random) -> bytes:
    head, _, body = answer.partition(_HEAD_END)
    if chance.random() < 0.5:
        return b"\x00\xff" + answer
    return head + _HEAD_END + b"\xff" * len(body)


def _interrupt(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
