"""A proxy as a script: it opens tunnels (RFC 9110, section 9.3.6) and says so."""

from __future__ import annotations

import contextlib
import select
import socket
import threading

from test.transport.scripted import Peer, Script


def tunnel(peer: Peer) -> None:
    """Open a tunnel to the port that CONNECT names, on loopback."""
    _open(peer, threading.Event())


def slow_tunnel(slow: threading.Event) -> Script:
    """A tunnel that lets the server's bytes through one at a time once `slow` is set."""
    return lambda peer: _open(peer, slow)


def _open(peer: Peer, slow: threading.Event) -> None:
    request = peer.request()
    assert request.line.startswith("CONNECT "), request.line
    port = int(request.target.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port)) as upstream:
        peer.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
        back = threading.Thread(target=_pump_back, args=(upstream, peer, slow))
        back.start()
        try:
            while True:
                upstream.sendall(peer.receive())
        finally:
            with contextlib.suppress(OSError):
                upstream.shutdown(socket.SHUT_RDWR)
            back.join()


def _pump_back(upstream: socket.socket, peer: Peer, slow: threading.Event) -> None:
    with contextlib.suppress(OSError):
        while data := upstream.recv(65536):
            size = 1 if slow.is_set() else len(data)
            for at in range(0, len(data), size):
                peer.send(data[at : at + size])
                if size == 1:
                    # A pause, unless the connection ends meanwhile.
                    select.select([], [], [upstream], 0.005)
    peer.interrupt()


def answering(answer: bytes) -> Script:
    """A proxy that answers each request, CONNECT or not, with the same."""

    def script(peer: Peer) -> None:
        while True:
            peer.request()
            peer.send(answer)

    return script
