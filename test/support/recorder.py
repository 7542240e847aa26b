"""A server on loopback that notes what a client sends, byte for byte, and answers what it is told.

It knows nothing of the API: what goes over the wire is what a test compares or has written itself.
"""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Mapping
from typing import Any, BinaryIO, NamedTuple

TOKEN = "t0ken.of-the-test"
HELLO = {"jti": "j1", "body": "hello"}


class Received(NamedTuple):
    """A request as it came."""

    line: str
    fields: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def target(self) -> str:
        return self.line.split(" ")[1]

    @property
    def headers(self) -> dict[str, str]:
        """The fields by name; a name that comes twice, in any case, is an error."""
        assert len({name.lower() for name, _ in self.fields}) == len(self.fields), self.fields
        return dict(self.fields)

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def http_answer(
    status: int = 200,
    body: bytes | str | object = b"",
    headers: Mapping[str, str] | None = None,
    *,
    reason: str = "Told",
) -> bytes:
    """An answer as bytes; a body that is neither `bytes` nor `str` goes out as JSON."""
    content = body if isinstance(body, bytes | str) else json.dumps(body)
    content = content.encode() if isinstance(content, str) else content
    fields = {"Content-Type": "application/json; charset=UTF-8", **(headers or {})}
    if status not in (204, 304):
        fields["Content-Length"] = str(len(content))
    lines = [f"HTTP/1.1 {status} {reason}", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + content


def closed_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


class Recorder:
    """Accepts connections until it is closed; one thread each.

    Attributes:
        received: the requests, in the order in which they came.
        connections: how many connections there were.
        answer: what each request gets, as bytes; a message at first.
    """

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.connections = 0
        self.answer = http_answer(200, HELLO)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}/v1"

    @property
    def only(self) -> Received:
        """The one request that came."""
        (request,) = self.received
        return request

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._threads[0].join()
        for connection in self._open:
            # Those that their client has closed are closed here, too.
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            thread = threading.Thread(target=self._serve, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as stream:
            try:
                while (request := _read(stream)) is not None:
                    self.received.append(request)
                    connection.sendall(self.answer)
            except OSError:  # the client has gone
                return


def _read(stream: BinaryIO) -> Received | None:
    line = stream.readline()
    if not line:
        return None
    fields: list[tuple[str, str]] = []
    while field := stream.readline().rstrip(b"\r\n").decode("latin-1"):
        name, _, value = field.partition(": ")
        fields.append((name, value))
    length = next((value for name, value in fields if name.lower() == "content-length"), "0")
    return Received(line.decode("latin-1").rstrip("\r\n"), tuple(fields), stream.read(int(length)))
