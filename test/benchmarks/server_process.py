"""Starts the stub server in its own process, and asks it what it has seen."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType

from typing_extensions import Self

from test.benchmarks.answers import Framing

ROOT = Path(__file__).resolve().parents[2]
"""The checkout: where ``openapi_client`` and ``test`` are imported from."""


class StubServer:
    """A running stub server: its two base URLs, its certificate authority, and its counters.

    Args:
        framing: how pages are framed.
        latency: seconds that each answer waits.
    """

    def __init__(self, framing: Framing = "chunked", latency: float = 0.0) -> None:
        # Not at the top, because the workers, who need this module for less, would load it, too.
        import trustme

        self._folder = tempfile.TemporaryDirectory(prefix="benchmark-")
        folder = Path(self._folder.name)
        authority = trustme.CA()
        self.ca_cert = str(folder / "ca.pem")
        """Path of the certificate authority that signed the server's certificate, PEM."""
        authority.cert_pem.write_to_path(self.ca_cert)
        certificate = folder / "server.pem"
        authority.issue_cert("localhost", "127.0.0.1").private_key_and_cert_chain_pem.write_to_path(
            str(certificate)
        )
        command = [sys.executable, "-m", "test.benchmarks.stub_server"]
        self._process = subprocess.Popen(
            [
                *command,
                *("--certificate", str(certificate)),
                *("--framing", framing),
                *("--latency", str(latency)),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        ports = self._read()
        self.plain_url = f"http://127.0.0.1:{ports['plain']}/v1"
        self.tls_url = f"https://127.0.0.1:{ports['tls']}/v1"

    def url(self, *, tls: bool) -> str:
        """Return the base URL, as a ``Configuration`` takes it for its host."""
        return self.tls_url if tls else self.plain_url

    def accepted(self) -> int:
        """Return how many connections were accepted so far, plain and TLS together."""
        return self._ask()["accepted"]

    def served(self) -> int:
        """Return how many requests were answered so far."""
        return self._ask()["served"]

    def _ask(self) -> dict[str, int]:
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return self._read()

    def _read(self) -> dict[str, int]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the stub server ended; its standard error tells why")
        facts: dict[str, int] = json.loads(line)
        return facts

    def close(self) -> None:
        """End the process and remove its files."""
        self._process.communicate()
        self._folder.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
