"""A client that does nothing on its own: what is sent is what stands here, byte for byte."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from openapi_client.testing import MessagesServer

APP, CONNECTION = "app-1", "connection-1"
MESSAGES = f"/apps/{APP}/connections/{CONNECTION}/messages"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class RawClient:
    """One keep-alive connection to a server, opened when first used."""

    def __init__(self, server: MessagesServer, *, timeout: float = 10) -> None:
        self.server = server
        if server.ca_cert is None:
            self.connection = http.client.HTTPConnection("localhost", server.port, timeout=timeout)
        else:
            context = ssl.create_default_context(cafile=server.ca_cert)
            self.connection = http.client.HTTPSConnection(
                "localhost", server.port, timeout=timeout, context=context
            )

    def __enter__(self) -> RawClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    def __call__(
        self,
        method: str,
        path: str = MESSAGES,
        body: object = None,
        *,
        headers: Mapping[str, str] | None = None,
        authorization: str | None = "",
    ) -> Answer:
        """The answer to a request; a body that is neither bytes nor None goes out as JSON.

        An `authorization` of "" is the right one, None is no such header.
        """
        sent = {"Content-Type": "application/json"} if body is not None else {}
        if authorization is not None:
            sent["Authorization"] = authorization or f"Bearer {self.server.token}"
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        self.connection.request(method, f"/v1{path}", data, {**sent, **(headers or {})})
        answer = self.connection.getresponse()
        return Answer(answer.status, dict(answer.headers), answer.read())


def exchange_bytes(server: MessagesServer, sent: bytes, *, timeout: float = 10) -> bytes:
    """All that a plain server answers to these bytes, after which nothing more is sent."""
    with socket.create_connection(("localhost", server.port), timeout) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        received = b""
        while data := connection.recv(1 << 16):
            received += data
        return received
