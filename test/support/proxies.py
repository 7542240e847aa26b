"""A proxy as a script: it opens tunnels (RFC 9110, section 9.3.6) and says so."""

from __future__ import annotations

import socket
import threading

from test.support.scripted import Peer, Script

# Between two bytes of a slow tunnel, seconds.
_PAUSE = 0.005


def tunnel(peer: Peer) -> None:
    """Open a tunnel to the port that CONNECT names, on loopback."""
    _open(peer, threading.Event())


def tunnel_said_in_bytes(peer: Peer) -> None:
    """Open a tunnel, and say so one byte at a time."""
    _open(peer, threading.Event(), piece=1)


def slow_tunnel(slow: threading.Event) -> Script:
    """A tunnel that lets the server's bytes through one at a time once `slow` is set."""
    return lambda peer: _open(peer, slow)


def _open(peer: Peer, slow: threading.Event, piece: int = 100) -> None:
    # One thread for both directions: OpenSSL does not let two use a connection at the same time.
    request = peer.request()
    assert request.line.startswith("CONNECT "), request.line
    port = int(request.target.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port)) as upstream:
        head = b"HTTP/1.1 200 Connection established\r\n\r\n"
        peer.send_each(head[n : n + piece] for n in range(0, len(head), piece))
        waiting = b""
        while True:
            client_speaks = (
                peer.wait_for_more(timeout=_PAUSE) if waiting else peer.wait_for_more(upstream)
            )
            if client_speaks:
                upstream.sendall(peer.receive())
            elif waiting:
                peer.send(waiting[:1])
                waiting = waiting[1:]
            else:
                data = upstream.recv(65536)
                if not data:
                    peer.interrupt()
                    return
                if slow.is_set():
                    waiting = data
                else:
                    peer.send(data)


def answering(answer: bytes) -> Script:
    """A proxy that answers each request, CONNECT or not, with the same."""

    def script(peer: Peer) -> None:
        while True:
            peer.request()
            peer.send(answer)

    return script
