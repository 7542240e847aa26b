"""Where the server listens: addresses, ports, and the certificate for them."""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import tempfile
from pathlib import Path

BACKLOG = 1024
_PORT_ATTEMPTS = 20


class Certificates:
    """A new authority, the server's TLS context, and the authority's certificate as a file.

    Args:
        host: the name or address that the server's certificate is for; `localhost` and the
            loopback addresses are always in it.
        path: where the authority's certificate (PEM) is written; None for a temporary file,
            which `remove` deletes. A file that was asked for by name stays.

    Raises:
        ImportError: `trustme` is not installed.
        OSError: the file cannot be written.
    """

    def __init__(self, host: str, path: str | None = None) -> None:
        try:
            import trustme
        except ImportError as error:
            raise ImportError(
                "TLS needs certificates, and they are made by the package 'trustme', which is "
                "not installed: pip install 'openapi-client[testing]', or use tls=False "
                "(--no-tls)"
            ) from error
        authority = trustme.CA(organization_name="openapi_client.testing")
        names = dict.fromkeys((host, "localhost", "127.0.0.1", "::1"))
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        self.context.set_alpn_protocols(["http/1.1"])
        chain = authority.issue_cert(*names).private_key_and_cert_chain_pem
        with chain.tempfile() as chain_path:
            self.context.load_cert_chain(chain_path)
        pem = authority.cert_pem.bytes()
        self._temporary = path is None
        if path is None:
            descriptor, path = tempfile.mkstemp(prefix="openapi-client-ca-", suffix=".pem")
            os.close(descriptor)
        file = Path(path).absolute()
        file.write_bytes(pem)
        self.path = str(file)

    def remove(self) -> None:
        """Deletes the file if it is the temporary one."""
        if self._temporary:
            with contextlib.suppress(OSError):
                Path(self.path).unlink()


def bind(host: str, port: int) -> list[socket.socket]:
    """Listening sockets on all addresses of the host, all on the same port."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    addresses = list(dict.fromkeys((family, address[0]) for family, _, _, _, address in found))
    attempts = _PORT_ATTEMPTS if port == 0 else 1
    while True:
        attempts -= 1
        sockets: list[socket.socket] = []
        chosen = port
        try:
            for family, address in addresses:
                sockets.append(_listen(family, str(address), chosen))
                chosen = sockets[0].getsockname()[1]
            return sockets
        except OSError:
            for listening in sockets:
                listening.close()
            # The port that was free on the first address can be taken on the second.
            if not attempts or not sockets:
                raise


def _listen(family: int, address: str, port: int) -> socket.socket:
    listening = _bind_one(family, address, port)
    try:
        listening.listen(BACKLOG)
    except OSError:
        listening.close()
        raise
    return listening


def bound_again(listening: socket.socket) -> socket.socket:
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
