"""From the addresses of a host to a connection to the first one that answers."""

from __future__ import annotations

import _socket
import os
import selectors
import socket
from collections import deque
from collections.abc import Callable, Sequence
from itertools import zip_longest
from typing import Any, cast

from urllib3.exceptions import TimeoutError as LimitReached

from openapi_client._http.stream import LONGEST_WAIT

# RFC 8305, section 8: seconds that an address gets before the next one is tried beside it.
_HEAD_START = 0.25
_CONNECT = _socket.socket.connect


class Race:
    """Attempts to connect to several addresses, each begun soon after the one before (RFC 8305).

    Args:
        addresses: as of `getaddrinfo`.
        socket_options: options for each socket.
        remaining: the seconds that are left.
    """

    def __init__(
        self,
        addresses: list[Any],
        socket_options: Sequence[tuple[int, int, int | bytes]],
        remaining: Callable[[], float | None],
    ) -> None:
        self._waiting = deque(_interleaved(addresses))
        self._socket_options = socket_options
        self._remaining = remaining
        self._running: list[socket.socket] = []
        self._failure: OSError | None = None

    def winner(self) -> socket.socket:
        """Return the first socket that is connected; the others are closed.

        Raises:
            OSError: there is none.
            urllib3.exceptions.TimeoutError: there is none in time.
        """
        winner = None
        try:
            while winner is None and self._waiting:
                running = len(self._running)
                winner = self._begin()
                if len(self._running) > running:
                    winner = winner or self._wait()
            while winner is None and self._running:
                winner = self._wait()
        finally:
            for sock in self._running:
                if sock is not winner:
                    sock.close()
        if winner is None:
            raise self._failure or OSError("the host has no address")
        return winner

    def _begin(self) -> socket.socket | None:
        """Begin with the next address; the socket, if it is connected at once."""
        family, kind, protocol, _, address = self._waiting.popleft()
        sock = None
        try:
            # Looked up here, because programs put classes of their own into its place.
            sock = socket.socket(family, kind, protocol)
            self._running.append(sock)
            for option in self._socket_options:
                sock.setsockopt(*option)
            # To wait within `connect` for the only one saves several system calls.
            alone = not self._waiting and len(self._running) == 1
            races = not alone and _connects_without_waiting(sock)
            sock.settimeout(0 if races else self._share())
            sock.connect(address)
        except BlockingIOError:
            return None
        except OSError as error:
            self._failed(sock, error)
            return None
        return sock

    def _share(self) -> float | None:
        """Return the seconds for one address, so that the ones after it have theirs, too."""
        left = self._remaining()
        return None if left is None else min(left / (len(self._waiting) + 1), LONGEST_WAIT)

    def _wait(self) -> socket.socket | None:
        """Wait for one that is connected, until the next one is to begin."""
        if not self._running:
            return None
        share = self._share()
        seconds = share
        if self._waiting:
            seconds = _HEAD_START if share is None else min(share, _HEAD_START)
        with selectors.DefaultSelector() as selector:
            for sock in self._running:
                selector.register(sock, selectors.EVENT_WRITE)
            ready = [cast("socket.socket", key.fileobj) for key, _ in selector.select(seconds)]
        for sock in ready:
            code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if not code:
                return sock
            self._failed(sock, OSError(code, os.strerror(code)))
        if not (ready or self._waiting) and seconds != LONGEST_WAIT:
            raise LimitReached("No connection in time")
        return None

    def _failed(self, sock: socket.socket | None, error: OSError) -> None:
        self._failure = error
        if sock is not None:
            sock.close()
            self._running.remove(sock)


def _interleaved(addresses: list[Any]) -> list[Any]:
    """Return addresses so that the families take turns (RFC 8305, section 4)."""
    families: dict[Any, list[Any]] = {}
    for address in addresses:
        families.setdefault(address[0], []).append(address)
    rounds = zip_longest(*families.values())
    return [address for each in rounds for address in each if address is not None]


def _connects_without_waiting(sock: socket.socket) -> bool:
    """Return whether `connect` is the system's own; that of a SOCKS library has to wait."""
    return getattr(type(sock), "connect", None) is _CONNECT
