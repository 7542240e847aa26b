"""A certificate authority for one server's life, made by `trustme`."""

from __future__ import annotations

import contextlib
import os
import ssl
import tempfile
from pathlib import Path


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
