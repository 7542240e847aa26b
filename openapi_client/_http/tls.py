"""TLS: its settings, who is trusted under which name, and the handshake."""

from __future__ import annotations

import os
import socket
import ssl
import warnings
from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from urllib3.exceptions import InsecureRequestWarning
from urllib3.exceptions import TimeoutError as LimitReached
from urllib3.util.ssl_ import create_urllib3_context

from openapi_client._http.foreign import Pending
from openapi_client._http.stream import LONGEST_WAIT, wait_until_ready
from openapi_client.exceptions import ConnectTimeoutException, TLSException

if TYPE_CHECKING:
    from openapi_client._http.tls_in_tls import AnySocket, NestedTLS
    from openapi_client.configuration import Configuration


class Security:
    """How a connection is secured.

    Args:
        context: the settings of TLS.
        server_name: the name sent in the handshake and, unless `certificate_name` is given,
            verified.
        certificate_name: another name that the certificate must have.
    """

    __slots__ = ("certificate_name", "context", "server_name")

    def __init__(
        self, context: ssl.SSLContext, server_name: str, certificate_name: str | None = None
    ) -> None:
        self.context = context
        self.server_name = server_name
        self.certificate_name = certificate_name


class TLSContexts:
    """The TLS settings of one client; each context is made once, when it is first needed.

    The files that it is made of may be pipes, or on a disk that does not answer, so it is waited
    for no longer than a connection.
    """

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration
        self._for_servers: ssl.SSLContext | None = None
        self._for_proxies: ssl.SSLContext | None = None
        self._pending: dict[object, Pending[ssl.SSLContext]] = {}

    def for_server(self, host: str, seconds: float | None) -> Security:
        """Return how a connection to the server `host` is secured.

        Args:
            host: its name or address.
            seconds: to wait for the files at most.

        Raises:
            TLSException: a setting cannot be used; it is named.
            ConnectTimeoutException: a file could not be read in time.
        """
        configuration = self._configuration
        # `True` is what is done anyway.
        name = None if configuration.assert_hostname is True else configuration.assert_hostname
        if self._for_servers is None:
            self._for_servers = configuration.ssl_context or self._loaded(
                _context_for_servers, seconds
            )
        context = self._for_servers
        _warn_if_unverified(context, host)
        return Security(
            context,
            # A certificate, as well as RFC 6066, knows no dot at the end of a name.
            configuration.tls_server_name or host.strip("[]").rstrip("."),
            name if isinstance(name, str) and context.verify_mode else None,
        )

    def for_proxy(self, host: str, seconds: float | None) -> Security:
        """Return how a connection to the proxy `host` is secured: under its name, not ours.

        Args:
            host: its name or address.
            seconds: to wait for the files at most.

        Raises:
            TLSException: a setting cannot be used; it is named.
            ConnectTimeoutException: a file could not be read in time.
        """
        configuration = self._configuration
        if self._for_proxies is None:
            self._for_proxies = configuration.proxy_ssl_context or self._loaded(_context, seconds)
        _warn_if_unverified(self._for_proxies, host)
        return Security(self._for_proxies, host.strip("[]").rstrip("."))

    def _loaded(
        self, load: Callable[[Configuration], ssl.SSLContext], seconds: float | None
    ) -> ssl.SSLContext:
        """Load a context, once for all who want it at the same time."""
        mine = Pending(partial(load, self._configuration))
        pending = self._pending.setdefault(load, mine)
        try:
            return pending.result(seconds)
        except LimitReached:
            reason = "The files of the TLS settings could not be read within the limit"
            raise ConnectTimeoutException(reason=reason) from None
        finally:
            if pending is mine:
                # A failure, or a file that keeps one waiting, is not for later calls.
                self._pending.pop(load, None)


def _warn_if_unverified(context: ssl.SSLContext, host: str) -> None:
    if context.verify_mode == ssl.CERT_NONE:
        message = f"The certificate of {host} is not verified (verify_ssl=False)"
        warnings.warn(message, InsecureRequestWarning, stacklevel=3)


def _context_for_servers(configuration: Configuration) -> ssl.SSLContext:
    context = _context(configuration)
    if configuration.assert_hostname not in (None, True):
        # Another name is compared after the handshake; `False` accepts any name.
        context.check_hostname = False
    _show_certificate(context, configuration)
    return context


def _context(configuration: Configuration) -> ssl.SSLContext:
    verified = configuration.verify_ssl
    context = create_urllib3_context(cert_reqs=ssl.CERT_REQUIRED if verified else ssl.CERT_NONE)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    authorities, data = configuration.ssl_ca_cert, configuration.ca_cert_data
    if authorities is not None:
        with _naming("ssl_ca_cert"):
            folder = os.path.isdir(authorities)  # noqa: PTH112 - unlike `Path`, it never raises
            context.load_verify_locations(
                cafile=None if folder else authorities, capath=authorities if folder else None
            )
    if data is not None:
        with _naming("ca_cert_data"):
            context.load_verify_locations(cadata=data)
    if verified and authorities is None and data is None:
        context.load_default_certs()
        # It says nothing if it cannot read them, for want of descriptors for example; a context
        # without them would refuse every server for the rest of the client's life.
        file: str | None = ssl.get_default_verify_paths().cafile
        if file and not context.cert_store_stats()["x509"]:
            raise TLSException(reason=f"The certificate authorities in {file} cannot be read")
    return context


def _show_certificate(context: ssl.SSLContext, configuration: Configuration) -> None:
    """Give `context` the client's own certificate."""
    certificate, key = configuration.cert_file, configuration.key_file
    if certificate is None:
        return
    asked = False

    def password() -> str | bytes:
        # Without this OpenSSL would ask for the password at the terminal, and wait.
        nonlocal asked
        asked = True
        return configuration.key_password or b""

    with _naming("cert_file" if key is None else "cert_file or key_file"):
        try:
            context.load_cert_chain(certificate, key, password)
        except ssl.SSLError as error:
            if not asked:
                raise
            known = configuration.key_password is not None
            missing = "key_password is not its password" if known else "set key_password"
            raise ValueError(f"the key is encrypted, {missing}") from error


@contextmanager
def _naming(setting: str) -> Generator[None, None, None]:
    """Within this context, what cannot be loaded is told by the name of the setting."""
    try:
        yield
    except (OSError, ValueError, TypeError) as error:
        raise TLSException(reason=f"{setting} cannot be used: {error}") from error


def secured(
    sock: socket.socket, security: Security, remaining: Callable[[], float | None]
) -> ssl.SSLSocket:
    """Make the handshake over `sock`, and check the certificate as `security` says."""
    try:
        # RFC 9112, section 9.8: an end that TLS did not announce may be anyone's doing, and is
        # told.
        wrapped = security.context.wrap_socket(
            sock,
            server_hostname=security.server_name,
            do_handshake_on_connect=False,
            suppress_ragged_eofs=False,
        )
    except ValueError as error:
        raise ssl.SSLError(f"no name for TLS: {error}") from error
    try:
        wrapped.settimeout(0)
        _shake_hands(wrapped, security, remaining)
    except BaseException:
        wrapped.close()
        raise
    return wrapped


def secured_twice(
    outer: ssl.SSLSocket, security: Security, remaining: Callable[[], float | None]
) -> NestedTLS:
    """Make the handshake within the TLS of `outer`."""
    from openapi_client._http.tls_in_tls import NestedTLS

    nested = NestedTLS(outer, security.context, security.server_name)
    _shake_hands(nested, security, remaining)
    return nested


def _shake_hands(
    sock: ssl.SSLSocket | NestedTLS, security: Security, remaining: Callable[[], float | None]
) -> None:
    while True:
        try:
            sock.do_handshake()
            break
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError) as error:
            wait_for_connection(sock, error, remaining)
    if security.certificate_name is not None:
        _check_name(sock, security.certificate_name)


def wait_for_connection(
    sock: AnySocket, would_block: OSError, remaining: Callable[[], float | None]
) -> None:
    """Wait for what `would_block` says is missing.

    Raises:
        urllib3.exceptions.TimeoutError: it did not come in time.
    """
    left = remaining()
    wait = None if left is None else min(left, LONGEST_WAIT)
    if not wait_until_ready(sock, would_block, wait) and wait != LONGEST_WAIT:
        raise LimitReached("No connection in time")


def _check_name(sock: ssl.SSLSocket | NestedTLS, name: str) -> None:
    from urllib3.util.ssl_match_hostname import CertificateError, match_hostname

    try:
        match_hostname(cast("Any", sock.getpeercert()), name)
    except CertificateError as error:
        raise ssl.SSLCertVerificationError(str(error)) from error
