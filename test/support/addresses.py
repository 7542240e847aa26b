"""Addresses that a host may have: dead ones, and what the resolver says."""

from __future__ import annotations

import socket
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import pytest


def resolve_to(monkeypatch: pytest.MonkeyPatch, *ports: int) -> None:
    """Let every host have several addresses: these ports on loopback."""
    addresses: list[Any] = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port)) for port in ports
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: list(addresses))


@contextmanager
def full_backlog() -> Generator[int]:
    """A port that never accepts: its queue is full, further packets are dropped."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        waiting: list[socket.socket] = []
        for _ in range(4):
            one = socket.socket()
            one.setblocking(False)
            one.connect_ex(listener.getsockname())
            waiting.append(one)
        yield listener.getsockname()[1]
        for one in waiting:
            one.close()
