"""A server that does as little as possible, to run in a process of its own.

One thread, one selector, raw sockets, keep-alive. A request that was seen before, byte for byte,
costs it one look-up in a dictionary; only the first of its kind is read closely
(:class:`Requests`). A thread per connection was tried instead: a little quicker for a single
connection, twice as slow for 64.

It listens twice, plain and over TLS, and writes both ports to standard output as one line of JSON.
Every line on standard input is answered with the numbers of connections accepted and requests
served so far; the end of standard input ends it.
"""

from __future__ import annotations

import argparse
import json
import re
import selectors
import socket
import ssl
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from itertools import cycle, repeat
from time import monotonic
from typing import cast
from urllib.parse import parse_qsl

from test.benchmarks.answers import (
    APP_ID,
    CONNECTION_ID,
    JTI,
    PAGE_SIZES,
    Framing,
    answer,
    conversation_page,
    go_json,
    message_body,
    messages_held,
    page_bodies,
)

_RECEIVE = 65536
_KEPT_REQUESTS = 1000
_HANDSHAKE_SECONDS = 10
_REQUEST_LINE = re.compile(
    rf"(GET|POST) /v1/apps/{APP_ID}/connections/([\w-]+)/messages"
    r"(?:/([\w-]+))?(?:\?(\S*))? HTTP/1\.1"
)


class Requests:
    """What to answer to which request; remembers requests, so that each kind is read only once."""

    def __init__(self, framing: Framing) -> None:
        self.served = 0
        # Each request has answers for ever: one again and again, or several in turn.
        self._answers: dict[bytes, Iterator[bytes]] = {}
        self._message = repeat(answer("200 OK", message_body(), framing))
        self._accepted = repeat(answer("202 Accepted", message_body(), framing))
        self._pages = {
            size: cycle([answer("200 OK", body, framing) for body in page_bodies(size)])
            for size in PAGE_SIZES
        }
        self._framing: Framing = framing

    def reply(self, request: bytes) -> bytes | None:
        """Return the answer; ``None`` as long as the request is not complete."""
        known = self._answers.get(request)
        if known is None:
            known = self._read(request)
            if known is None:
                return None
            if len(self._answers) < _KEPT_REQUESTS:
                self._answers[request] = known
        self.served += 1
        return next(known)

    def _read(self, request: bytes) -> Iterator[bytes] | None:
        head, end, body = request.partition(b"\r\n\r\n")
        if not end:
            return None
        length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
        if len(body) < (int(length[1]) if length else 0):
            return None
        return self._route(head.decode("latin-1"), body)

    def _route(self, head: str, body: bytes) -> Iterator[bytes]:
        """Answer a request that is as it should be, and no other: nobody can save work."""
        line, _, fields = head.partition("\r\n")
        wanted = r"(?im)^authorization: Bearer .+\r?$", r"(?im)^accept: application/json\r?$"
        if not all(re.search(field, fields) for field in wanted):
            refusal = {"message": "missing or malformed jwt"}
            return repeat(answer("401 Unauthorized", go_json(refusal)))
        reply: Iterator[bytes] | None = None
        if asked := _REQUEST_LINE.fullmatch(line):
            method, connection_id, jti, query = asked.groups()
            if method == "POST":
                is_json = re.search(r"(?im)^content-type: application/json", fields)
                if is_json and not jti and set(json.loads(body)) == {"body"}:
                    reply = self._accepted
            elif jti == JTI and not query:
                reply = self._message
            elif not jti:
                reply = self._page(connection_id, dict(parse_qsl(query)))
        unknown = go_json({"message": f"not expected: {head}"})
        return reply or repeat(answer("400 Bad Request", unknown))

    def _page(self, connection_id: str, query: dict[str, str]) -> Iterator[bytes] | None:
        per_page = int(query.get("per_page", 100))
        if connection_id == CONNECTION_ID:
            return self._pages.get(per_page) if query.keys() == {"per_page"} else None
        total = messages_held(connection_id)
        if total is None:
            return None
        body = conversation_page(total, int(query.get("page", 1)), per_page)
        return repeat(answer("200 OK", body, self._framing))


class Server:
    """The loop over all sockets."""

    def __init__(self, requests: Requests, context: ssl.SSLContext, latency: float) -> None:
        self.accepted = 0
        self._latency = latency
        self._late: deque[tuple[float, socket.socket, bytes]] = deque()
        self._requests = requests
        self._context = context
        self._selector = selectors.DefaultSelector()
        self._pending: dict[socket.socket, bytes] = {}

    def listen(self, *, tls: bool) -> int:
        """Listen on a free port of the loopback interface and return it."""
        listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        accept = self._accept_tls if tls else self._accept
        self._selector.register(listener, selectors.EVENT_READ, accept)
        return int(listener.getsockname()[1])

    def serve(self) -> None:
        """Answer until standard input ends."""
        self._selector.register(sys.stdin, selectors.EVENT_READ, None)
        select = self._selector.select
        while True:
            for key, _ in select(self._seconds_to_wait()):
                if key.data is not None:
                    key.data(key.fileobj)
                elif sys.stdin.readline():
                    self._tell({"accepted": self.accepted, "served": self._requests.served})
                else:
                    return

    def _seconds_to_wait(self) -> float | None:
        """Send what has waited long enough; return how long the next answer has to wait."""
        late = self._late
        while late:
            due, connection, reply = late[0]
            left = due - monotonic()
            if left > 0:
                return left
            late.popleft()
            with suppress(OSError):  # the client has gone meanwhile
                connection.sendall(reply)
        return None

    @staticmethod
    def _tell(facts: dict[str, int]) -> None:
        print(json.dumps(facts), flush=True)

    def _accept(self, listener: socket.socket) -> None:
        connection, _ = listener.accept()
        self._add(connection)

    def _accept_tls(self, listener: socket.socket) -> None:
        connection, _ = listener.accept()
        connection.settimeout(_HANDSHAKE_SECONDS)
        try:
            connection = self._context.wrap_socket(connection, server_side=True)
        except OSError:
            connection.close()
            return
        connection.settimeout(None)
        self._add(connection)

    def _add(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.accepted += 1
        self._selector.register(connection, selectors.EVENT_READ, self._answer)

    def _answer(self, connection: socket.socket) -> None:
        try:
            received = connection.recv(_RECEIVE)
            if not received:
                self._drop(connection)
                return
            if self._pending:
                received = self._pending.pop(connection, b"") + received
            reply = self._requests.reply(received)
            if reply is None:
                self._pending[connection] = received
            elif self._latency:
                self._late.append((monotonic() + self._latency, connection, reply))
            else:
                connection.sendall(reply)
        except OSError:
            self._drop(connection)

    def _drop(self, connection: socket.socket) -> None:
        self._pending.pop(connection, None)
        self._selector.unregister(connection)
        connection.close()


def main(arguments: list[str] | None = None) -> None:
    """Serve until standard input ends."""
    parser = argparse.ArgumentParser(prog="python -m test.benchmarks.stub_server")
    parser.add_argument("--certificate", required=True, help="PEM file: key and certificate chain")
    parser.add_argument("--framing", choices=("chunked", "length"), default="chunked")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each answer")
    options = parser.parse_args(arguments)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(options.certificate)
    server = Server(Requests(cast("Framing", options.framing)), context, options.latency)
    ports = {"plain": server.listen(tls=False), "tls": server.listen(tls=True)}
    print(json.dumps(ports), flush=True)
    server.serve()


if __name__ == "__main__":
    main()
