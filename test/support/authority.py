"""Certificates for the tests, made once for a run."""

from __future__ import annotations

import atexit
import shutil
import ssl
import tempfile
from functools import cache
from pathlib import Path

import trustme


class Authority:
    """A certificate authority, its certificate as a file, and what it issues.

    Attributes:
        ca: the authority.
        folder: where its files are, until the process ends.
        ca_cert: the path of its certificate (PEM).
    """

    def __init__(self) -> None:
        self.ca = trustme.CA()
        self.folder = Path(tempfile.mkdtemp(prefix="openapi-client-test-"))
        atexit.register(shutil.rmtree, self.folder, ignore_errors=True)
        self.ca_cert = str(self.folder / "ca.pem")
        self.ca.cert_pem.write_to_path(self.ca_cert)

    def issue(self, *names: str) -> str:
        """The path of a certificate for these names with its key (PEM)."""
        path = self.folder / f"{'-'.join(names).replace(':', '_')}.pem"
        if not path.exists():
            self.ca.issue_cert(*names).private_key_and_cert_chain_pem.write_to_path(str(path))
        return str(path)

    def server_context(self, *names: str) -> ssl.SSLContext:
        """A server's TLS context with a certificate for these names, default loopback's."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.issue(*(names or ("localhost", "127.0.0.1", "::1"))))
        return context


@cache
def authority() -> Authority:
    """The authority of this test run."""
    return Authority()
