"""Where the server listens: addresses, ports, and the certificate for them."""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import os
import socket
import ssl
import tempfile
from pathlib import Path

from openapi_client._installation import DISTRIBUTION

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
                f"not installed: pip install '{DISTRIBUTION}[testing]', or use tls=False "
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
        self._process = os.getpid()
        if path is None:
            descriptor, path = tempfile.mkstemp(prefix="openapi-client-ca-", suffix=".pem")
            os.close(descriptor)
        file = Path(path).absolute()
        file.write_bytes(pem)
        self.path = str(file)

    def remove(self) -> None:
        """Delete the file if it is the temporary one, and not that of the process before a fork."""
        if self._temporary and self._process == os.getpid():
            with contextlib.suppress(OSError):
                Path(self.path).unlink()


def is_unspecified(host: str) -> bool:
    """Tell whether a host stands for all addresses of the machine."""
    try:
        return not host or ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False


def is_addressed(authority: str | None, host: str) -> bool:
    """Tell whether a Host header names a server that listens on `host`.

    A web page whose own name was made to resolve to a loopback address (DNS rebinding) could
    otherwise read the server from a browser. Such a page sends its name; so names are refused, but
    that of the server and `localhost`, and addresses are not. A server that listens on all
    addresses is there for other machines, which may call it anything.
    """
    if authority is None or is_unspecified(host):
        return True
    name = authority.rpartition("]")[0] + "]" if "]" in authority else authority.partition(":")[0]
    name = name.strip("[]").rstrip(".").lower()
    if name in (host.lower(), "localhost") or name.endswith(".localhost"):
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def bind(host: str, port: int) -> list[socket.socket]:
    """Listen on every address of the host that this machine has, all on the same port.

    A name such as `localhost` may have an IPv6 address where IPv6 is switched off, as in many
    containers. An address that another program uses is an error all the same: a client could
    reach that program in place of this server.

    Raises:
        OSError: none of the addresses can be bound, or the port is in use on one of them.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    addresses = list(dict.fromkeys((family, address[0]) for family, _, _, _, address in found))
    attempts_left = _PORT_ATTEMPTS if port == 0 else 1
    while True:
        attempts_left -= 1
        try:
            return _bind_all([(family, str(address)) for family, address in addresses], port)
        except OSError as error:
            # The port that was free on the first address can be taken on the second.
            if error.errno != errno.EADDRINUSE or not attempts_left:
                raise


def _bind_all(addresses: list[tuple[int, str]], port: int) -> list[socket.socket]:
    sockets: list[socket.socket] = []
    failure = OSError("the host has no address")
    for family, address in addresses:
        chosen = sockets[0].getsockname()[1] if sockets else port
        try:
            sockets.append(_listen(family, address, chosen))
        except OSError as error:
            failure = error
            if error.errno == errno.EADDRINUSE:
                _close_all(sockets)
                raise
    if not sockets:
        raise failure
    return sockets


def _close_all(sockets: list[socket.socket]) -> None:
    for listening in sockets:
        listening.close()


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
        # On Windows SO_REUSEADDR lets two programs share a port, and SO_EXCLUSIVEADDRUSE forbids
        # that; elsewhere it lets a server start again while old connections are in TIME_WAIT.
        exclusive: int | None = getattr(socket, "SO_EXCLUSIVEADDRUSE", None)
        bound.setsockopt(
            socket.SOL_SOCKET, socket.SO_REUSEADDR if exclusive is None else exclusive, 1
        )
        if family == socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        bound.setblocking(False)
        bound.bind((address, port))
    except OSError:
        bound.close()
        raise
    return bound
